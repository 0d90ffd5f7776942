"""What `tests.bench.overload` plants, what really came, and how often intervals hold it."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

__all__ = ["WORDS", "Coverage", "Planted", "Truth", "planted_models"]

WORDS: Final = {"output": "awful", "privacy": "secretnumber", "adversarial": "attackword"}
"""By dimension, the word that the scorer of it finds."""


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
    groups: Counter[str] = field(default_factory=Counter)
    favoured: Counter[str] = field(default_factory=Counter)

    def add(self, other: Truth) -> None:
        """Merge."""
        self.events += other.events
        self.harmful.update(other.harmful)
        self.harmful_any += other.harmful_any
        self.groups.update(other.groups)
        self.favoured.update(other.favoured)


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
