"""What `tests.bench.overload` plants, what really came, and how often intervals hold it."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

__all__ = ["DISPARITIES", "FAVOURABLE", "WORDS", "Coverage", "Planted", "Truth", "planted_models"]

WORDS: Final = {"output": "awful", "privacy": "secretnumber", "adversarial": "attackword"}
"""By dimension, the word that the scorer of it finds."""

FAVOURABLE: Final = {"a": {True: 0.8, False: 0.4}, "b": {True: 0.6, False: 0.3}}
"""Of a group, how likely a favourable decision is where the label is favourable, and where it is not: one in two is."""

DISPARITIES: Final = {"spd": 0.15, "dir": 0.75, "eod": 0.2, "equalised_odds": 0.2, "predictive_parity": 0.0}
"""What these rates make."""


@dataclass(frozen=True)
class Planted:
    """One model: events a second, and what is likely in them."""

    name: str
    rate: float
    suspicious: float
    harm: dict[str, tuple[float, float]]
    apart: bool
    decides: bool

    def expected(self, dimension: str) -> float:
        """Probability of harm of an event."""
        plain, suspicious = self.harm[dimension]
        return (1.0 - self.suspicious) * plain + self.suspicious * suspicious


@dataclass
class Coverage:
    """Of one kind of rate: intervals, those that hold the planted probability, those that hold what really was."""

    intervals: int = 0
    planted: int = 0
    real: int = 0
    widths: float = 0.0

    def take(self, bounds: tuple[float, float], planted: float, real: float) -> None:
        """One interval."""
        low, high = bounds
        self.intervals += 1
        self.planted += low - 1e-9 <= planted <= high + 1e-9
        self.real += low - 1e-9 <= real <= high + 1e-9
        self.widths += high - low

    def figures(self) -> dict[str, float]:
        """Shares."""
        n = max(1, self.intervals)
        return {
            "intervals": self.intervals,
            "holds_planted": round(self.planted / n, 4),
            "holds_real": round(self.real / n, 4),
            "mean_width": round(self.widths / n, 4),
        }


@dataclass
class Truth:
    """What all events of one model in one pane were."""

    events: int = 0
    harmful: Counter[str] = field(default_factory=Counter)
    harmful_any: int = 0
    decided: Counter[tuple[str, bool, bool]] = field(default_factory=Counter)
    """By group, whether the label is favourable, and whether the decision is."""

    def add(self, other: Truth) -> None:
        """Merge."""
        self.events += other.events
        self.harmful.update(other.harmful)
        self.harmful_any += other.harmful_any
        self.decided.update(other.decided)

    def favoured(self, group: str, label: bool | None = None) -> float | None:
        """Share of favourable decisions about a group, where the label is this one; None without decisions."""
        labels = (False, True) if label is None else (label,)
        hits = sum(self.decided[group, one, True] for one in labels)
        count = hits + sum(self.decided[group, one, False] for one in labels)
        return hits / count if count else None

    def disparity(self, measure: str) -> float | None:
        """Of the two groups; None where one of them has no decisions that the measure looks at."""
        if measure == "equalised_odds":
            gaps = [self._gap(label) for label in (True, False)]
            return None if None in gaps else max(gap for gap in gaps if gap is not None)
        if measure == "predictive_parity":
            precision = [self._precision(group) for group in FAVOURABLE]
            return None if None in precision else abs(precision[0] - precision[1])  # type: ignore[operator]
        if measure == "dir":
            low, high = sorted(self.favoured(group) or 0.0 for group in FAVOURABLE)
            return low / high if high else None
        return self._gap(True if measure == "eod" else None)

    def _gap(self, label: bool | None) -> float | None:
        one, two = (self.favoured(group, label) for group in FAVOURABLE)
        return None if one is None or two is None else abs(one - two)

    def _precision(self, group: str) -> float | None:
        hits, misses = (self.decided[group, label, True] for label in (True, False))
        return hits / (hits + misses) if hits + misses else None


def planted_models(rng: random.Random, total: float, most_events: int = 18) -> list[Planted]:
    """Models with sizes from 1 to 100; of some the harm is mostly where no phrase is, of others where one is."""
    sizes = [100.0, 60.0, 40.0, 30.0, 25.0, 20.0, 15.0, 12.0, 10.0, 8.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.5, 1.2, 1.0]
    sizes = sizes[:most_events]
    models = []
    for place, size in enumerate(sizes):
        hidden = rng.uniform(0.002, 0.05)
        models.append(
            Planted(
                name=f"m{place:02d}",
                rate=total * size / sum(sizes),
                suspicious=rng.choice((0.01, 0.05, 0.3)),
                harm={
                    "output": (rng.uniform(0.003, 0.15), rng.uniform(0.01, 0.5)),
                    "privacy": (rng.uniform(0.003, 0.05), rng.uniform(0.0, 0.02)),
                    "adversarial": (hidden, rng.uniform(0.2, 0.9)),
                },
                apart=place % 2 == 1,
                decides=place % 3 == 0,
            )
        )
    return models
