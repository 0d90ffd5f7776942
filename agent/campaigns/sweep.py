"""Querying that goes through inputs one by one, as whoever copies a model or its data does: one template, one slot
that varies."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import log
from typing import ClassVar, Final

from agent.campaigns.base import Kind, Member, Sees, Sighting, Suspicion
from agent.campaigns.recent import Recent

__all__ = ["Sweeps", "in_order", "without_repeats"]

_LONGEST_TEXT: Final = 2_000
_LONGEST_SLOT: Final = 48
#: The template must say something by itself.
_SHORTEST_TEMPLATE: Final = 6
_ENDS: Final = 6
_WORD_END: Final = re.compile(r"[0-9A-Za-z]*\Z")
_WORD_START: Final = re.compile(r"\A[0-9A-Za-z]*")
_KEPT: Final = 32
#: Inputs between two comparisons that may give a template, and between two looks at the values.
_PAUSE: Final = 8
_EVERY: Final = 32
#: Share of the steps that go the same way; by chance half do.
_ORDERLY: Final = 0.9
#: Natural logarithm of the chance below which there are too few repeats to be chance.
_CHANCE: Final = -30.0
_DAYS: Final = 10 * 86_400.0


class _Track:
    """What one tenant asks one model: the template that most of its last inputs fit, and what stood in its slot."""

    __slots__ = ("last", "members", "pause", "prefix", "seen", "suffix", "times", "values", "votes")

    def __init__(self) -> None:
        self.last = ""
        self.prefix = self.suffix = ""
        #: Inputs that fitted the template less those that did not (Boyer and Moore's majority vote).
        self.votes = 0
        self.pause = 1
        self.seen = 0
        self.values: deque[str] = deque(maxlen=1)
        self.times: deque[float] = deque(maxlen=1)
        self.members: deque[Member] = deque(maxlen=_KEPT)

    def fits(self, text: str) -> bool:
        """Whether a text may fit the template, or give one."""
        if self.votes:
            if text.startswith(self.prefix) and text.endswith(self.suffix):
                return True
            self.votes -= 1
            return False
        pause = self.pause
        if pause:
            # What two inputs have not in common the next ones hardly will: only one pair of many is compared.
            self.pause = pause - 1
            if pause == 1:
                self.last = text if len(text) <= _LONGEST_TEXT else ""
            return False
        self.pause = _PAUSE
        last = self.last
        return text[:_ENDS] == last[:_ENDS] or text[-_ENDS:] == last[-_ENDS:]


class Sweeps:
    """Finds tenants whose inputs differ in one short place, where the values come in order, or cover a range without
    repeats.

    What people ask through an application fits a template as well: so the values decide. *In order*: when the order
    of arrival says nothing, the number of rises among n distinct values has mean (n - 1) / 2 and variance (n + 1) /
    12; nine of ten is more than fourteen standard deviations away at `min_inputs` = 128. *Without repeats*: n numbers
    drawn independently out of m places repeat about n^2 / 2 m times, and more often when some are likelier than
    others (birthdays); a sweep does not. Both chances are below 1e-13, so that looking often does no harm.

    It does not find a sweep that is less than half of what a tenant asks a model, whose values are drawn at random
    from a large space, or that many tenants share out. It finds honest batch work that goes through numbered records
    as well. Values that are times of day, or near the event's own time, are passed over.

    Parameters
    ----------
    min_inputs
        Values from which on they are looked at; the latest, at most twice as many.
    window_seconds
        And they must have come within this time.
    max_tracks
        Pairs of a model and a tenant; about 25 kB each when full.
    """

    kind: ClassVar[Kind] = "sweep"
    sees: ClassVar[Sees] = "texts"

    def __init__(self, *, min_inputs: int = 128, window_seconds: float = 1800.0, max_tracks: int = 2_000) -> None:
        self._min_inputs = min_inputs
        self._window_seconds = window_seconds
        self._tracks: Recent[tuple[str, str], _Track] = Recent(max_tracks, _Track)

    def follow(self, model: str, tenant: str) -> Callable[[str], bool]:
        """See `agent.campaigns.base.Following.follow`."""
        return self._tracks.of((model, tenant)).fits

    def see(self, sighting: Sighting) -> Suspicion | None:
        """See `agent.campaigns.base.Detector.see`."""
        member, text = sighting.member, sighting.text
        track = self._tracks.of((sighting.model, member.tenant))
        if len(text) > _LONGEST_TEXT:
            return None
        if not track.votes:
            self._learn(track, text)
            return None
        value = text[len(track.prefix) : len(text) - len(track.suffix)]
        if len(text) <= len(track.prefix) + len(track.suffix) or len(value) > _LONGEST_SLOT:
            track.votes -= 1
            return None
        track.votes = min(track.votes + 1, self._min_inputs)
        track.values.append(value)
        track.times.append(member.time)
        track.members.append(member)
        track.seen += 1
        if track.seen % _EVERY or len(track.values) < self._min_inputs:
            return None
        since = max(track.times) - self._window_seconds
        values = [value for value, time in zip(track.values, track.times, strict=True) if time >= since]
        if (
            len(values) < self._min_inputs
            or _are_times(values, member.time)
            or not (in_order(values) or without_repeats(values))
        ):
            return None
        return Suspicion(self.kind, sighting.model, member.tenant, tuple(track.members))

    def _learn(self, track: _Track, text: str) -> None:
        """Take what this input and the one before have in common for a template."""
        last = track.last
        if text == last or abs(len(text) - len(last)) > _LONGEST_SLOT:
            return
        prefix = _common(text, last)
        suffix = _common(text[len(prefix) :][::-1], last[len(prefix) :][::-1])[::-1]
        # 109 and 110 have a 1 in common that belongs to the slot.
        prefix, suffix = _WORD_END.sub("", prefix), _WORD_START.sub("", suffix)
        slot = max(len(text), len(last)) - len(prefix) - len(suffix)
        if len(prefix) + len(suffix) < _SHORTEST_TEMPLATE or slot > _LONGEST_SLOT:
            return
        track.prefix, track.suffix, track.votes, track.pause = prefix, suffix, 2, 0
        track.values = deque(maxlen=2 * self._min_inputs)
        track.times = deque(maxlen=2 * self._min_inputs)
        track.members.clear()


def in_order(values: Sequence[str]) -> bool:
    """Whether nearly all values rise, or nearly all fall; as numbers when they all are. Equal neighbours are left
    out."""
    numbers = _numbers(values)
    ordered: Sequence[object] = values if numbers is None else numbers
    steps = [(a < b) for a, b in pairwise(ordered) if a != b]  # type: ignore[operator]
    rises = sum(steps)
    return len(steps) >= _ORDERLY * (len(values) - 1) and max(rises, len(steps) - rises) >= _ORDERLY * (len(values) - 1)


def without_repeats(values: Sequence[str]) -> bool:
    """Whether the values are whole numbers that repeat less often than independent ones would in the range they lie in.

    By Chernoff's bound of the lower tail of Poisson's distribution, which the number of repeats nearly has.
    """
    numbers = _numbers(values)
    if not numbers:
        return False
    count = len(numbers)
    expected = count * (count - 1) / (2.0 * (max(numbers) - min(numbers) + 1))
    repeats = count - len(set(numbers))
    if repeats >= expected:
        return False
    return repeats - expected + (repeats * log(expected / repeats) if repeats else 0.0) <= _CHANCE


def _numbers(values: Sequence[str]) -> list[int] | None:
    stripped = [value.strip() for value in values]
    return (
        [int(value) for value in stripped]
        if all(v.isascii() and v.isdigit() and len(v) < 19 for v in stripped)
        else None
    )


def _are_times(values: Sequence[str], now: float) -> bool:
    numbers = _numbers(values)
    if numbers is None:
        return sum(":" in value for value in values) > len(values) / 2
    return any(abs(numbers[-1] / scale - now) < _DAYS for scale in (1.0, 1e3, 1e6))


def _common(one: str, two: str) -> str:
    """The longest common beginning, by halving."""
    low, high = 0, min(len(one), len(two))
    while low < high:
        middle = (low + high + 1) // 2
        if one[:middle] == two[:middle]:
            low = middle
        else:
            high = middle - 1
    return one[:low]
