"""Attacks on models of features: small changes within the range that values have.

Numbers stay within a share of their feature's range around the original (L-infinity), and within that range; whole
numbers stay whole; of the other features a few take another value that was seen. Black box: by chance
(`RandomSearch`), by chance and then back towards the original (`BoundarySearch`, in the spirit of Brendel et al., ICLR
2018), along an estimate of the gradient (`SpsaSearch`: Spall, IEEE TAC 37, 1992; Uesato et al., ICML 2018). White box:
FGSM (Goodfellow et al., ICLR 2015) and PGD (Madry et al., ICLR 2018).
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from agent.errors import ConfigError
from agent.probe.adversarial.attack import Attack, Hunt, Limits, Result, Try, chance
from agent.probe.adversarial.items import Item
from agent.probe.served import Features

__all__ = [
    "FEATURE_ATTACKS",
    "BoundarySearch",
    "FeatureSpace",
    "GradientAttack",
    "Gradients",
    "RandomSearch",
    "SpsaSearch",
]

Gradients: TypeAlias = Callable[[Sequence[Features], Sequence[str]], list[list[float]]]
"""`agent.probe.served.GivesGradients.input_gradients`."""

_BATCH = 8
_HALVINGS = 8
_STEPS = 10
_STEP = 0.25
_PERTURBATION = 0.1


@dataclass(frozen=True, slots=True)
class FeatureSpace:
    """What values features may take, and how far an attack may go.

    Attributes
    ----------
    ranges
        Lowest and highest of each number.
    whole
        Names of numbers that are whole.
    values
        Those that were seen of each other feature.
    epsilon
        Share of a range by which a number may change.
    swaps
        How many other features may take another value.
    """

    ranges: Mapping[str, tuple[float, float]]
    whole: frozenset[str]
    values: Mapping[str, Sequence[str]]
    epsilon: float = 0.1
    swaps: int = 1

    @classmethod
    def of(cls, rows: Sequence[Features], *, epsilon: float, swaps: int) -> FeatureSpace:
        """The space that rows span.

        Raises
        ------
        ConfigError
            When a feature is a number in one row and a text in another.
        """
        ranges: dict[str, tuple[float, float]] = {}
        values: dict[str, dict[str, None]] = {}
        whole: set[str] = set(rows[0])
        for row in rows:
            for name, value in row.items():
                if isinstance(value, str):
                    values.setdefault(name, {})[value] = None
                    continue
                low, high = ranges.get(name, (value, value))
                ranges[name] = (min(low, value), max(high, value))
                if not float(value).is_integer():
                    whole.discard(name)
        mixed = sorted(set(ranges) & set(values))
        if mixed:
            number = list(rows[0]).index(mixed[0]) + 1
            raise ConfigError(f"--data: feature number {number} is a number in one row and a text in another")
        seen = {name: sorted(found) for name, found in values.items()}
        return cls(ranges, frozenset(whole & set(ranges)), seen, epsilon, swaps)

    def check(self, row: Features) -> None:
        """Raise `ConfigError` when a value is a number where the space has texts, or a text where it has numbers."""
        for number, (name, value) in enumerate(row.items(), start=1):
            if isinstance(value, str) == (name in self.ranges):
                kinds = ("a text", "a number") if isinstance(value, str) else ("a number", "a text")
                raise ConfigError(
                    f"--reference: feature number {number} is {kinds[0]} in the data and {kinds[1]} there"
                )

    def near(self, original: Features, moves: Mapping[str, float]) -> dict[str, float | str]:
        """The original with numbers moved by shares of their ranges, cut to what is allowed."""
        changed = dict(original)
        for name, move in moves.items():
            low, high = self.ranges[name]
            at = float(original[name])
            reach = self.epsilon * (high - low)
            way = max(-reach, min(reach, move * (high - low)))
            # The original may lie outside of what the reference has; nothing goes further out than it.
            way = max(min(low, at), min(max(high, at), at + way)) - at
            # Whole steps, towards the original.
            changed[name] = original[name] if not way else int(at + int(way)) if name in self.whole else at + way
        return changed

    def swapped(self, row: Features, rng: random.Random) -> dict[str, float | str]:
        """The row with at most `swaps` other features changed."""
        changed = dict(row)
        open_ones = [name for name, seen in self.values.items() if len(seen) > 1]
        for name in rng.sample(open_ones, min(len(open_ones), rng.randint(0, self.swaps))):
            changed[name] = rng.choice([value for value in self.values[name] if value != row[name]])
        return changed

    def similarity(self, original: Features, other: Features) -> float:
        """One less the largest change of a number as a share of its range, and less the share of features swapped."""
        moved = 0.0
        for name, (low, high) in self.ranges.items():
            if high > low:
                moved = max(moved, abs(float(other[name]) - float(original[name])) / (high - low))
        swapped = sum(other[name] != original[name] for name in self.values)
        return max(0.0, 1.0 - moved - swapped / len(original))

    @property
    def fixed(self) -> bool:
        """Whether nothing can be changed."""
        return not self.numbers() and not (self.swaps and any(len(seen) > 1 for seen in self.values.values()))

    def numbers(self) -> list[str]:
        """Names of numbers that can move at all."""
        return [name for name, (low, high) in self.ranges.items() if high > low]


class _FeatureAttack(ABC):
    kind = "features"
    also_known_as = ""

    def __init__(self, name: str, space: FeatureSpace, limits: Limits) -> None:
        self.name, self._space, self._limits = name, space, limits

    def suits(self, item: Item) -> bool:
        return item.features is not None

    def hunt(self, item: Item, label: str, original: Result) -> Hunt:
        del original
        assert item.features is not None  # `suits`
        return self._hunt(item.features, label, chance(self._limits.seed, item.id, self.name))

    @abstractmethod
    def _hunt(self, original: Features, label: str, rng: random.Random) -> Hunt:
        """Attack a row."""

    def _try(self, original: Features, other: Features) -> Try:
        return Try(other, self._space.similarity(original, other), (self.name,))


class RandomSearch(_FeatureAttack):
    """Draws around the original, half of them at the corners of what is allowed."""

    def _hunt(self, original: Features, label: str, rng: random.Random) -> Hunt:
        if self._space.fixed:
            return "unchanged"
        yield from self._until_found(original, rng)
        return None

    def _until_found(
        self, original: Features, rng: random.Random
    ) -> Generator[Sequence[Try], Sequence[Result], tuple[Features | None, int]]:
        """Draw until the decision changes; the row that did it, and how many queries are left."""
        left = self._limits.queries
        found: Features | None = None
        while left > 0 and found is None:
            rows = [self._drawn(original, rng) for _ in range(min(_BATCH, left))]
            results = yield [self._try(original, row) for row in rows]
            left -= len(rows)
            found = next((row for row, result in zip(rows, results, strict=True) if result.succeeded), None)
        return found, left

    def _drawn(self, original: Features, rng: random.Random) -> dict[str, float | str]:
        reach = self._space.epsilon
        corner = rng.random() < 0.5
        moves = {
            name: rng.choice((-reach, reach)) if corner else rng.uniform(-reach, reach)
            for name in self._space.numbers()
        }
        return self._space.swapped(self._space.near(original, moves), rng)


class BoundarySearch(RandomSearch):
    """The same until the decision changes; then numbers go back towards the original as far as it stays changed."""

    def _hunt(self, original: Features, label: str, rng: random.Random) -> Hunt:
        if self._space.fixed:
            return "unchanged"
        found, left = yield from self._until_found(original, rng)
        if found is None:
            return None
        low, high = 0.0, 1.0
        for _ in range(min(_HALVINGS, left)):
            middle = (low + high) / 2.0
            results = yield [self._try(original, self._between(original, found, middle))]
            if results[0].succeeded:
                high = middle
            else:
                low = middle
        return None

    def _between(self, original: Features, found: Features, share: float) -> dict[str, float | str]:
        moves = {}
        for name in self._space.numbers():
            low, high = self._space.ranges[name]
            moves[name] = share * (float(found[name]) - float(original[name])) / (high - low)
        return self._space.near({**found, **{name: original[name] for name in self._space.ranges}}, moves)


class SpsaSearch(_FeatureAttack):
    """Steps along the sign of a gradient that is estimated from pairs of tries; needs probabilities."""

    def _hunt(self, original: Features, label: str, rng: random.Random) -> Hunt:
        names = self._space.numbers()
        reach = self._space.epsilon
        at = dict.fromkeys(names, 0.0)
        left = self._limits.queries
        if not names or left < 3:
            return "unchanged"
        while left >= 3:
            pairs = max(1, min(_BATCH // 2, (left - 1) // 2))
            directions = [{name: rng.choice((-1.0, 1.0)) for name in names} for _ in range(pairs)]
            tries = [
                self._try(original, self._space.near(original, _moved(at, side, _PERTURBATION * sign * reach)))
                for side in directions
                for sign in (1.0, -1.0)
            ]
            results = yield tries
            left -= len(tries)
            if any(result.succeeded for result in results):
                return None
            slope = {
                name: sum(
                    (results[2 * number].score - results[2 * number + 1].score) * side[name]
                    for number, side in enumerate(directions)
                )
                for name in names
            }
            at = _stepped(at, slope, _STEP * reach, reach)
            results = yield [self._try(original, self._space.near(original, at))]
            left -= 1
            if results[0].succeeded:
                return None
        return None


def _moved(at: Mapping[str, float], side: Mapping[str, float], by: float) -> dict[str, float]:
    return {name: at[name] + by * side[name] for name in at}


def _stepped(at: Mapping[str, float], slope: Mapping[str, float], by: float, reach: float) -> dict[str, float]:
    """Up the slope, by so much whatever its steepness, and no further from 0 than `reach`."""
    return {
        name: max(-reach, min(reach, move + by * ((slope[name] > 0) - (slope[name] < 0)))) for name, move in at.items()
    }


class GradientAttack(_FeatureAttack):
    """Steps up the loss of the label that the model gave, by its own gradients: one long one (FGSM), or many (PGD)."""

    def __init__(self, name: str, space: FeatureSpace, limits: Limits, gradients: Gradients, *, steps: int) -> None:
        super().__init__(name, space, limits)
        self._gradients, self._steps = gradients, steps

    def _hunt(self, original: Features, label: str, rng: random.Random) -> Hunt:
        reach = self._space.epsilon
        length = reach if self._steps == 1 else max(_STEP, 2.5 / self._steps) * reach
        names = list(original)
        at = dict.fromkeys(self._space.numbers(), 0.0)
        for _ in range(min(self._steps, self._limits.queries)):
            row = self._space.near(original, at)
            (gradient,) = self._gradients([row], [label])
            slope = dict(zip(names, gradient, strict=True))
            at = _stepped(at, slope, length, reach)
            results = yield [self._try(original, self._space.near(original, at))]
            if results[0].succeeded:
                return None
        return None


def _gradient(name: str, steps: int) -> Callable[[FeatureSpace, Limits, Gradients | None], Attack]:
    def make(space: FeatureSpace, limits: Limits, gradients: Gradients | None) -> Attack:
        if gradients is None:
            raise ConfigError(f"--attacks {name}: needs gradients; give a torch module as --target module:attribute")
        return GradientAttack(name, space, limits, gradients, steps=steps)

    return make


FEATURE_ATTACKS: Mapping[str, Callable[[FeatureSpace, Limits, Gradients | None], Attack]] = {
    "random": lambda space, limits, gradients: RandomSearch("random", space, limits),
    "boundary": lambda space, limits, gradients: BoundarySearch("boundary", space, limits),
    "spsa": lambda space, limits, gradients: SpsaSearch("spsa", space, limits),
    "fgsm": _gradient("fgsm", 1),
    "pgd": _gradient("pgd", _STEPS),
}
"""Attacks on features by name; the last two need gradients."""
