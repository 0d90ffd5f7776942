"""Runs the recognisers over one text: one pass for all patterns, then check digits, context words, overlaps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from agent.scoring.occupied import Occupied
from agent.scoring.pii.base import Match, Nearby, Recognizer
from agent.scoring.pii.folding import fold
from agent.scoring.pii.prefilter import Prefilter, Region, load_prefilter

__all__ = ["Engine"]

_BEFORE = 64
_AFTER = 16
_DENIAL_REACH = 24
# Beyond the last character that a match can reach: what its pattern looks ahead to.
_LOOK_AHEAD = 64
# A word in the sentence before denies nothing. "No. 4111" is not the end of one.
_SENTENCE_END = re.compile(r"[。；！？\n]|[.;!?] (?=[a-z]{3})")


class Engine:
    """Recognisers over texts. For one thread.

    Of overlapping hits the one with the higher priority is kept, then the longer, then that with the better score. What
    overlaps a hit of higher priority is not even judged.

    Parameters
    ----------
    recognizers
        Those to run. Their order decides between hits that are equal in all else.
    one_pass
        False runs every pattern over all of every text, as is done without Hyperscan: the same hits, later.
    """

    def __init__(self, recognizers: Sequence[Recognizer], one_pass: bool = True) -> None:
        self._recognizers = tuple(sorted(recognizers, key=_importance))
        self._one_pass = one_pass
        self._prefilter: Prefilter | None = None
        self._is_warm = False

    def warm_up(self) -> None:
        """Make the database of the triggers, which takes a second; the first search does so otherwise."""
        if not self._is_warm and self._one_pass:
            self._prefilter = load_prefilter(self._recognizers)
        self._is_warm = True

    def search(self, text: str) -> list[Match]:
        """The hits in one text, in order of their start, none overlapping another. Offsets are those of the text."""
        if not self._is_warm:
            self.warm_up()
        folded, offsets = fold(text)
        regions = self._everywhere(folded) if self._prefilter is None else self._prefilter.regions(folded)
        if not regions:
            return []
        kept = _Kept()
        surroundings = _Surroundings(folded)
        rivals: list[Match] = []
        priority = -1
        for place in sorted(regions):
            recognizer = self._recognizers[place]
            if recognizer.priority != priority and rivals:
                kept.add_best(rivals)
                rivals = []
            priority = recognizer.priority
            _collect(recognizer, _matches(recognizer, folded, regions[place]), surroundings, kept, rivals)
        if rivals:
            kept.add_best(rivals)
        if offsets is None:
            return kept.matches
        return [Match(offsets[m.start], offsets[m.end - 1] + 1, m.score, m.recognizer) for m in kept.matches]

    def _everywhere(self, text: str) -> dict[int, list[Region]]:
        return {place: [(0, len(text))] for place in range(len(self._recognizers))} if text else {}


def _importance(recognizer: Recognizer) -> int:
    return -recognizer.priority


def _matches(recognizer: Recognizer, text: str, regions: Sequence[Region]) -> Iterator[re.Match[str]]:
    """The matches that start inside of the regions: all that there are in the text."""
    pattern = recognizer.pattern
    end = 0
    for first, last in regions:
        begin = first if first > end else end
        if recognizer.starts:  # nearly always it does match here, and nothing else does
            there = pattern.match(text, begin)
            if there:
                yield there
                begin = end = there.end()
        if begin < last:
            for match in pattern.finditer(text, begin, last + recognizer.longest + _LOOK_AHEAD):
                if match.start() >= last:
                    break
                end = match.end()
                yield match


def _collect(
    recognizer: Recognizer,
    matches: Iterable[re.Match[str]],
    surroundings: _Surroundings,
    kept: _Kept,
    rivals: list[Match],
) -> None:
    judge, span_of = recognizer.judge, recognizer.span
    group = "value" if recognizer.has_value else 0
    looks_around = recognizer.context is not None or recognizer.denial is not None
    for match in matches:
        start, end = match.span(group) if span_of is None else span_of(match)
        if not kept.is_free(start, end):
            continue
        score = judge(match, looks_around)
        if score > 0.0 and looks_around:
            in_context = surroundings.support(recognizer, match.start(), match.end())
            if in_context is None:
                continue
            if not in_context:
                score = judge(match, False)
        if score > 0.0:
            rivals.append(Match(start, end, score, recognizer))


class _Kept:
    """Hits that are kept, in order, none overlapping another."""

    __slots__ = ("is_free", "matches")

    def __init__(self) -> None:
        self.matches: list[Match] = []
        self.is_free = Occupied().is_free

    def add_best(self, rivals: list[Match]) -> None:
        """Keep hits of one priority, of two that overlap the better one. They are free of what is kept."""
        if len(rivals) > 1:
            rivals = _without_overlaps(rivals)
        self.matches = sorted((*self.matches, *rivals), key=_start) if self.matches else rivals
        self.is_free = Occupied((match.start, match.end) for match in self.matches).is_free


def _start(match: Match) -> int:
    return match.start


def _without_overlaps(found: list[Match]) -> list[Match]:
    found.sort(key=_start)
    apart: list[Match] = []
    for match in found:
        if not apart or match.start >= apart[-1].end:
            apart.append(match)
        elif _worth(match) > _worth(apart[-1]):
            apart[-1] = match
    return apart


def _worth(match: Match) -> tuple[int, float]:
    return match.end - match.start, match.score


class _Surroundings:
    """The words around the hits of one text. Several recognisers ask the same of the same number."""

    __slots__ = ("_before", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._before: dict[int, Nearby] = {}

    def support(self, recognizer: Recognizer, start: int, end: int) -> bool | None:
        """Whether a context word stands near; None when a denying word stands nearer before the hit."""
        context, denial = recognizer.context, recognizer.denial
        before = self._before.get(start)
        if before is None:
            before = self._before[start] = Nearby(self._text[max(0, start - _BEFORE) : start])
        length = len(before.text)
        last = -1 if context is None else context.last_end(before)
        if last < length - recognizer.reach:
            last = -1
        if denial is not None:
            denied = denial.last_end(before)
            if denied > max(last, length - _DENIAL_REACH) and denied > _sentence_start(before.text):
                return None
        if last >= 0:
            return True
        return context is not None and context.last_end(Nearby(self._text[end : end + _AFTER])) >= 0


def _sentence_start(text: str) -> int:
    start = -1
    for match in _SENTENCE_END.finditer(text):
        start = match.end()
    return start
