"""Runs the recognisers over one text: one pass for all patterns, then check digits, context words, overlaps."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

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
# Up to so many regions are searched one by one, which is faster where each has its match.
_FEW_REGIONS = 8
# Characters by which a hit grows at most on either side.
_WORD_REST = 32
# So many intervals are inserted into the others one by one.
_FEW = 16
# Between a label and what it is the label of.
_UP_TO_VALUE = re.compile(
    r"(?:[\s:：=#.°º\"'()\[\]-]{0,3}(?:number|num|no|nr|n|id|is|was|ist|of|de|del|do|di|von|是|为|為|码|碼)?){0,3}"
)
# A word in the sentence before denies nothing. "No. 4111" is not the end of one.
_SENTENCE_END = re.compile(r"[。；！？\n]|[.;!?] (?=[a-z]{3})")

# Between a label and what would be its value: *one more item. +1 415 ...*.
_NEW_SENTENCE = re.compile(r"[!?]|(?<!\bn)(?<!\bno)(?<!\bnr)(?<!\bnum)(?<!\bref)(?<!\bid)\. (?:[a-z]{3}|\+)")


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
        hits = _Hits(folded)
        for place in sorted(regions):
            hits.collect(self._recognizers[place], regions[place])
        matches = hits.best()
        if offsets is None:
            return matches
        return [Match(offsets[m.start], offsets[m.end - 1] + 1, m.score, m.recognizer) for m in matches]

    def _everywhere(self, text: str) -> dict[int, list[Region]]:
        return {place: [(0, len(text))] for place in range(len(self._recognizers))} if text else {}


def _importance(recognizer: Recognizer) -> int:
    return -recognizer.priority


class _Hits:
    """The hits of one text: those that are kept, and the rivals of one priority that are not yet decided between."""

    __slots__ = ("_kept", "_priority", "_rivals", "_surroundings", "_taken", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._surroundings = _Surroundings(text)
        self._kept: list[Match] = []
        self._taken = Occupied()
        self._rivals: list[Match] = []
        self._priority = 0

    def collect(self, recognizer: Recognizer, regions: Sequence[Region]) -> None:
        """Add a recogniser's hits: of the matches that start inside of the regions, which are all that there are.

        Recognisers come in order of their priority. Where the whole match is the hit, none is looked for that begins in
        what is taken.
        """
        if recognizer.priority != self._priority:
            self._keep_best_rivals()
            self._priority = recognizer.priority
        pattern, text = recognizer.pattern, self._text
        free_from = self._taken.free_from if recognizer.is_whole else _anywhere
        beyond = recognizer.longest + _LOOK_AHEAD
        end = 0
        for first, last in regions if len(regions) <= _FEW_REGIONS else _joined(regions, beyond):
            begin = free_from(first if first > end else end)
            if begin >= last:
                continue
            if recognizer.starts and begin == first:  # nearly always it does match here, and nothing else does
                there = pattern.match(text, begin)
                if there:
                    end = self._weigh(recognizer, there)
                    begin = free_from(end)
            reach = last + beyond
            while begin < last:
                match = pattern.search(text, begin, reach)
                if match is None or match.start() >= last:
                    break
                begin = free_from(match.start())
                if begin == match.start():
                    end = self._weigh(recognizer, match)
                    begin = free_from(end)

    def _weigh(self, recognizer: Recognizer, match: re.Match[str]) -> int:
        """Add a match to the rivals if it is a hit. Returns where the search goes on: behind the match, or the hit."""
        start, end = match.span(recognizer.group) if recognizer.span is None else recognizer.span(match)
        if not self._taken.is_free(start, end):
            return match.end()
        looks_around = recognizer.looks_around
        score = recognizer.judge(match, looks_around)
        if score > 0.0 and looks_around:
            in_context = self._surroundings.support(recognizer, match)
            if in_context is None:
                return match.end()
            if not in_context:
                score = recognizer.judge(match, False)
        if score <= 0.0:
            return match.end()
        self._rivals.append(Match(start, end, score, recognizer))
        return max(match.end(), end)

    def best(self) -> list[Match]:
        """What is kept of all that was collected, in order."""
        self._keep_best_rivals()
        self._kept.sort(key=_start)
        return self._kept if self._text.isascii() else _whole_words(self._kept, self._text)

    def _keep_best_rivals(self) -> None:
        """Keep hits of one priority, of two that overlap the better one. They are free of what is kept."""
        rivals = self._rivals
        if not rivals:
            return
        if len(rivals) > 1:
            rivals = _without_overlaps(rivals)
        self._kept += rivals
        if len(rivals) <= _FEW:
            for match in rivals:
                self._taken.take(match.start, match.end)
        else:
            self._taken = Occupied((match.start, match.end) for match in self._kept)
        self._rivals = []


def _joined(regions: Sequence[Region], beyond: int) -> list[Region]:
    """Regions with those joined that are nearer to each other than a search of one goes on: it reads the next one too,
    and a search of many would read the same characters as many times.
    """
    joined = [regions[0]]
    for first, last in regions[1:]:
        if first - joined[-1][1] < beyond:
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return joined


def _anywhere(place: int) -> int:
    return place


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


def _whole_words(matches: Sequence[Match], text: str) -> list[Match]:
    """Hits with what belongs to the same word in another script: of an address with one Cyrillic letter, which the
    patterns pass over, nothing may be left.
    """
    widened: list[Match] = []
    floor = 0
    for place, match in enumerate(matches):
        ceiling = matches[place + 1].start if place + 1 < len(matches) else len(text)
        start, end = match.start, match.end
        if start > floor and _is_foreign(text[start - 1]):
            least = max(floor, start - _WORD_REST)
            while start > least and (_is_foreign(text[start - 1]) or _is_latin(text[start - 1])):
                start -= 1
        if end < ceiling and _is_foreign(text[end]):
            most = min(ceiling, end + _WORD_REST)
            while end < most and (_is_foreign(text[end]) or _is_latin(text[end])):
                end += 1
        same = (start, end) == (match.start, match.end)
        widened.append(match if same else Match(start, end, match.score, match.recognizer))
        floor = end
    return widened


def _is_foreign(character: str) -> bool:
    """A letter, digit or mark beyond ASCII, of a script that sets blanks between words."""
    if not ("\x7f" < character < "\u0e00" or "\u1e00" <= character < "\u2000"):
        return False
    return character.isalnum() or unicodedata.combining(character) > 0


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _worth(match: Match) -> tuple[int, float]:
    return match.end - match.start, match.score


class _Surroundings:
    """The words around the hits of one text. Several recognisers ask the same of the same number."""

    __slots__ = ("_before", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._before: dict[int, Nearby] = {}

    def support(self, recognizer: Recognizer, match: re.Match[str]) -> bool | None:
        """Whether a context word stands near; None when a denying word stands nearer before the hit."""
        context, denial = recognizer.context, recognizer.denial
        start, end = match.span()
        before = self._before.get(start)
        if before is None:
            before = self._before[start] = Nearby(self._text[max(0, start - _BEFORE) : start])
        length = len(before.text)
        last = -1 if context is None else context.last_end(before)
        if last < length - recognizer.reach:
            last = -1
        if recognizer.label is not None:
            labelled = recognizer.label.last_end(before)
            is_value = labelled > last and _UP_TO_VALUE.fullmatch(before.text, labelled) is not None
            if is_value and not _NEW_SENTENCE.search(before.text + match[0][:1], labelled):
                return None
        if denial is not None and not (recognizer.is_plain is not None and recognizer.is_plain(match)):
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
