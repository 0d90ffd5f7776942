"""Runs the recognisers over one text: prefilter, patterns, context, overlaps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from agent.scoring.pii.base import Match, Recognizer, facts_of

__all__ = ["Engine"]

# What people type with a Chinese input method instead of the ASCII character. One for one, so that offsets stay.
_WIDE = {chr(code): chr(code - 0xFEE0) for code in (0xFF0B, 0xFF0D, 0xFF0E, 0xFF1A, 0xFF1D, 0xFF20, 0xFF3F)}
_WIDE |= {chr(code): chr(code - 0xFEE0) for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B))}
_WIDE |= {chr(code): chr(code - 0xFEE0) for code in (*range(0xFF41, 0xFF5B), 0xFF08, 0xFF09)}
_WIDE |= dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212\ufe63", "-")
_WIDE |= dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u202f\u3000", " ")
_WIDE_ONE = re.compile("[" + "".join(_WIDE) + "]")
_AFTER = 16
_DENIAL_REACH = 24
# A word in the sentence before denies nothing. "No. 4111" is not the end of one.
_SENTENCE_END = re.compile(r"[。；！？\n]|[.;!?] (?=[a-z]{3})")


class Engine:
    """Recognisers over texts.

    Parameters
    ----------
    recognizers
        Those to run. Their order does not matter.
    """

    def __init__(self, recognizers: Sequence[Recognizer]) -> None:
        self._recognizers = [(int(recognizer.needs), recognizer) for recognizer in recognizers]
        self._smallest_need = [int(recognizer.needs) for recognizer in recognizers]

    def search(self, text: str) -> list[Match]:
        """The hits in one text, in order of their start, none overlapping another."""
        if not text.isascii():
            text = _WIDE_ONE.sub(_narrow, text)
        facts = facts_of(text)
        if not facts:
            return []
        found: list[Match] = []
        lowered = ""
        for needs, recognizer in self._recognizers:
            if needs & facts != needs:
                continue
            if recognizer.literals or recognizer.anchors:
                lowered = lowered or _lower(text)
                if recognizer.literals and not any(literal in lowered for literal in recognizer.literals):
                    continue
            _collect(recognizer, text, lowered, found)
        return _without_overlaps(found) if len(found) > 1 else found


def _lower(text: str) -> str:
    """Lower case in which offsets stay: a few letters have a lower case of two characters."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(lower if len(lower := character.lower()) == 1 else character for character in text)


def _narrow(match: re.Match[str]) -> str:
    return _WIDE[match[0]]


def _collect(recognizer: Recognizer, text: str, lowered: str, found: list[Match]) -> None:
    pattern = recognizer.pattern
    has_value = "value" in pattern.groupindex
    judge = recognizer.judge
    for match in _at_anchors(recognizer, text, lowered) if recognizer.anchors else pattern.finditer(text):
        score = judge(match, True)
        if score <= 0.0:
            continue
        in_context = _in_context(recognizer, text, match.start(), match.end())
        if in_context is None:
            continue
        if not in_context:
            score = judge(match, False)
            if score <= 0.0:
                continue
        if recognizer.span is not None:
            start, end = recognizer.span(match)
        else:
            start, end = match.span("value") if has_value else match.span()
        found.append(Match(start, end, score, recognizer))


def _at_anchors(recognizer: Recognizer, text: str, lowered: str) -> Iterator[re.Match[str]]:
    places: set[int] = set()
    for anchor in recognizer.anchors:
        at = lowered.find(anchor)
        while at >= 0:
            places.add(at)
            at = lowered.find(anchor, at + 1)
    end = 0
    for at in sorted(places):
        if at >= end and (match := recognizer.pattern.match(text, at)):
            end = match.end()
            yield match


def _in_context(recognizer: Recognizer, text: str, start: int, end: int) -> bool | None:
    """Whether a context word stands near; None when a denying word stands nearer before the hit."""
    context, denial = recognizer.context, recognizer.denial
    if context is None and denial is None:
        return False
    before = text[max(0, start - recognizer.reach) : start].lower()
    last = -1 if context is None else context.last_end(before)
    if denial is not None:
        denied = denial.last_end(before)
        if denied > max(last, len(before) - _DENIAL_REACH) and denied > _sentence_start(before):
            return None
    if last >= 0:
        return True
    return context is not None and context.last_end(text[end : end + _AFTER].lower()) >= 0


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
