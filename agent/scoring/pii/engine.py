"""Runs the recognisers over one text: one pass for all patterns, then check digits, context words, overlaps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from agent.scoring.pii.base import Match, Nearby, Recognizer
from agent.scoring.pii.folding import fold
from agent.scoring.pii.prefilter import Prefilter, Region, load_prefilter

__all__ = ["Engine"]

_AFTER = 16
_DENIAL_REACH = 24
# Beyond the last character that a match can reach: what its pattern looks ahead to.
_LOOK_AHEAD = 64
# A word in the sentence before denies nothing. "No. 4111" is not the end of one.
_SENTENCE_END = re.compile(r"[。；！？\n]|[.;!?] (?=[a-z]{3})")


class Engine:
    """Recognisers over texts. For one thread.

    Parameters
    ----------
    recognizers
        Those to run. Their order decides between hits that are equal in all else.
    one_pass
        False runs every pattern over all of every text, as is done without Hyperscan: the same hits, later.
    """

    def __init__(self, recognizers: Sequence[Recognizer], one_pass: bool = True) -> None:
        self._recognizers = tuple(recognizers)
        self._prefilter: Prefilter | None = load_prefilter(self._recognizers) if one_pass else None

    def search(self, text: str) -> list[Match]:
        """The hits in one text, in order of their start, none overlapping another. Offsets are those of the text."""
        folded, offsets = fold(text)
        found: list[Match] = []
        surroundings = _Surroundings(folded)
        if self._prefilter is None:
            for recognizer in self._recognizers:
                _collect(recognizer, recognizer.pattern.finditer(folded), surroundings, found)
        else:
            regions = self._prefilter.regions(folded)
            if not regions:
                return []
            for place in sorted(regions):
                recognizer = self._recognizers[place]
                _collect(recognizer, _matches(recognizer, folded, regions[place]), surroundings, found)
        if len(found) > 1:
            found = _without_overlaps(found)
        if offsets is not None:
            found = [Match(offsets[m.start], offsets[m.end - 1] + 1, m.score, m.recognizer) for m in found]
        return found


def _matches(recognizer: Recognizer, text: str, regions: Sequence[Region]) -> Iterator[re.Match[str]]:
    """The matches that start inside of the regions: all that there are in the text."""
    finditer, match_at = recognizer.pattern.finditer, recognizer.pattern.match
    beyond = recognizer.longest + _LOOK_AHEAD
    end = 0
    for first, last in regions:
        if last - first <= recognizer.lead < recognizer.longest:
            # A search would read on to where a match might end, for starts that are out of the question.
            at = max(first, end)
            while at < last:
                match = match_at(text, at, last + beyond)
                at += 1
                if match is not None:
                    at = end = match.end()
                    yield match
            continue
        for match in finditer(text, max(first, end), last + beyond):
            if match.start() >= last:
                break
            end = match.end()
            yield match


def _collect(
    recognizer: Recognizer, matches: Iterable[re.Match[str]], surroundings: _Surroundings, found: list[Match]
) -> None:
    judge = recognizer.judge
    looks_around = recognizer.context is not None or recognizer.denial is not None
    for match in matches:
        score = judge(match, looks_around)
        if score > 0.0 and looks_around:
            in_context = surroundings.support(recognizer, match.start(), match.end())
            if in_context is None:
                continue
            if not in_context:
                score = judge(match, False)
        if score <= 0.0:
            continue
        if recognizer.span is not None:
            start, end = recognizer.span(match)
        else:
            start, end = match.span("value") if recognizer.has_value else match.span()
        found.append(Match(start, end, score, recognizer))


class _Surroundings:
    """The words around the hits of one text. Several recognisers ask the same of the same number."""

    __slots__ = ("_before", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._before: dict[tuple[int, int], Nearby] = {}

    def support(self, recognizer: Recognizer, start: int, end: int) -> bool | None:
        """Whether a context word stands near; None when a denying word stands nearer before the hit."""
        context, denial = recognizer.context, recognizer.denial
        before = self._nearby(start, recognizer.reach)
        last = -1 if context is None else context.last_end(before)
        if denial is not None:
            denied = denial.last_end(before)
            if denied > max(last, len(before.text) - _DENIAL_REACH) and denied > _sentence_start(before.text):
                return None
        if last >= 0:
            return True
        return context is not None and context.last_end(Nearby(self._text[end : end + _AFTER])) >= 0

    def _nearby(self, start: int, reach: int) -> Nearby:
        near = self._before.get((start, reach))
        if near is None:
            near = self._before[start, reach] = Nearby(self._text[max(0, start - reach) : start])
        return near


def _sentence_start(text: str) -> int:
    start = -1
    for match in _SENTENCE_END.finditer(text):
        start = match.end()
    return start


def _without_overlaps(found: list[Match]) -> list[Match]:
    """Of overlapping hits the one with the higher priority, then the longer, then the better score."""
    found.sort(key=lambda match: (match.start, -match.end))
    kept: list[Match] = []
    for match in found:
        if not kept or match.start >= kept[-1].end:
            kept.append(match)
        elif _rank(match) > _rank(kept[-1]):
            kept[-1] = match
    return kept


def _rank(match: Match) -> tuple[int, int, float]:
    return match.recognizer.priority, match.end - match.start, match.score
