"""How H and its components went, by model and window, in bounded memory."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from math import isnan, nan
from typing import Any, Final, TypeAlias

from agent.pipeline.export import components_of
from agent.scores import DIMENSIONS
from agent.windows.engine import Reading

__all__ = ["COLUMNS", "Histories"]

_MOST_POINTS: Final = 240
_FIRST_STEP: Final = 1.0
_LONGEST_STEP: Final = 256.0
_BOUNDS: Final = ("value", "lower", "upper")

COLUMNS: Final = ("index", *DIMENSIONS)
"""What is kept over time, each with its 95 % interval: the sum form of H, and its components."""

_Key: TypeAlias = tuple[str, float]


class Histories:
    """One track per model and window.

    A track begins with a point per second. When it is full every second point goes and the step doubles, up to 256
    seconds; from then on the oldest goes. So a track covers the whole run at first, then the last 8 to 17 hours, in at
    most 240 points of 15 single-precision numbers: 16 kB. Models that have left the windows lose theirs.

    Figures with too few events are gaps, as they are in the metrics.
    """

    def __init__(self, most_points: int = _MOST_POINTS, longest_step: float = _LONGEST_STEP) -> None:
        self._most = most_points
        self._longest = longest_step
        self._tracks: dict[_Key, _Track] = {}

    def sample(self, readings: Iterable[Reading], now: float) -> None:
        """Take a point of every track whose step has passed. Call once a second."""
        seen: set[_Key] = set()
        for reading in readings:
            key = (reading.model, reading.window_seconds or 0.0)
            seen.add(key)
            track = self._tracks.get(key)
            if track is None:
                track = self._tracks[key] = _Track()
            if track.is_due(now):
                track.add(now, _numbers(reading), self._most, self._longest)
        for gone in self._tracks.keys() - seen:
            del self._tracks[gone]

    def of(self, model: str, window_seconds: float) -> dict[str, Any]:
        """``times`` (Unix seconds), and by column ``value``, ``lower``, ``upper``, each a list with None for a gap."""
        track = self._tracks.get((model, window_seconds)) or _Track()
        return {
            "times": [round(time, 3) for time in track.times],
            "step": track.step,
            **{
                column: {
                    bound: [None if isnan(number) else _short(number) for number in track.values[3 * place + offset]]
                    for offset, bound in enumerate(_BOUNDS)
                }
                for place, column in enumerate(COLUMNS)
            },
        }

    def sums(self, model: str, window_seconds: float, most: int) -> list[float]:
        """The latest values of H that are known, oldest first."""
        track = self._tracks.get((model, window_seconds))
        return [] if track is None else [_short(number) for number in track.values[0] if not isnan(number)][-most:]


class _Track:
    __slots__ = ("step", "times", "values")

    def __init__(self) -> None:
        self.step = _FIRST_STEP
        self.times: array[float] = array("d")
        self.values: tuple[array[float], ...] = tuple(array("f") for _ in range(3 * len(COLUMNS)))

    def is_due(self, now: float) -> bool:
        # A call that comes a little early counts: the next one comes a whole second later.
        return not self.times or now - self.times[-1] >= 0.9 * self.step or now < self.times[-1]

    def add(self, now: float, numbers: list[float], most: int, longest_step: float) -> None:
        if self.times and now < self.times[-1]:
            self._empty()  # the clock was set back: points must rise
        if len(self.times) >= most:
            if self.step < longest_step:
                self.step *= 2.0
                self._thin()
                if not self.is_due(now):
                    return
            else:
                del self.times[0]
                for column in self.values:
                    del column[0]
        self.times.append(now)
        for column, number in zip(self.values, numbers, strict=True):
            column.append(number)

    def _thin(self) -> None:
        """Every second point, counted from the last one, which stays."""
        first = (len(self.times) - 1) % 2
        self.times = self.times[first::2]
        self.values = tuple(column[first::2] for column in self.values)

    def _empty(self) -> None:
        del self.times[:]
        for column in self.values:
            del column[:]


def _numbers(reading: Reading) -> list[float]:
    components, index = components_of(reading)
    numbers = [nan, nan, nan]
    if index is not None and index.sufficient:
        numbers = [index.sum.value, index.sum.lower, index.sum.upper]
    for name in DIMENSIONS:
        part = components.get(name)
        known = part is not None and part.sufficient and part.value is not None
        numbers += [part.value, part.lower, part.upper] if known else [nan, nan, nan]  # type: ignore[union-attr, list-item]
    return numbers


def _short(number: float) -> float:
    return float(f"{number:.5g}")
