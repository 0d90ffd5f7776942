"""Which words carried a score: words are left out, and what the score loses by it is theirs.

Works for any scorer through its public ``score(batch)``: leave-one-out (Li, Monroe, Jurafsky, "Understanding neural
networks through representation erasure", 2016, arXiv:1612.08220), hierarchically, so that the cost is bounded:

1. Each sentence is scored alone. Those that reach the threshold are taken out, and further ones from the highest on
   until what is left scores below it. So the sentences told are enough: without them the text would have passed.
2. Within the highest of these sentences each word (in Chinese each character) is left out in turn, and scored alone; in
   long ones first stretches of words, then the words of the stretches that matter.

A word weighs what it takes from the sentence's log-odds, and as much again as its own log-odds are above those of the
sentence's other words (comprehensiveness and sufficiency: DeYoung et al., "ERASER", 2020, arXiv:1911.03429). Neither is
enough: of two insults each leaves the other's score where it is, and a negated insult is one when it stands alone.
Log-odds, since probabilities near 1 hide both.

Nothing of the text leaves but offsets.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Protocol

import msgspec
import numpy as np

from agent.calibration import log_odds
from agent.scores import ScoreRow, TextSpan
from agent.scoring.base import Batch, Scorer, ScoringItem
from agent.scoring.segments import Bounds, cut_out, sentences, words

__all__ = ["SENTENCE", "WORD", "Allowance", "Explainer", "Explanation"]

WORD = "WORD"
SENTENCE = "SENTENCE"
"""Types of the spans of an explanation."""

#: Texts of one call of the scorer: an allowance is asked between calls.
_CALL = 16
#: Sentences whose words are looked at.
_CLOSE_LOOKS = 3
#: Words told of one sentence: enough to see why, and no copy of the sentence in offsets.
_MOST_WORDS = 8
#: The words told weigh this share of what all words of the sentence weigh, when nothing better can be asked.
_SHARE = 0.8
#: And none of them less than this share of what the first weighs.
_OF_THE_LARGEST = 0.15
#: Below this a change of the log-odds is noise.
_LEAST_DROP = 0.02


class Allowance(Protocol):
    """How much may still be spent on explaining."""

    def take(self, evaluations: int) -> bool:
        """Whether this many more texts may be scored."""


class Explanation(msgspec.Struct, frozen=True):
    """Where the score of one category comes from.

    Attributes
    ----------
    spans
        In order of `start`, not overlapping: types WORD, and SENTENCE where no word stands out. ``score`` is by how
        much the sentence's score falls without the word, or the score that it has alone when that is more; for a
        sentence the score that it has alone.
    text
        One line without payload, such as ``3 words carry 84 % of the score``.
    """

    spans: tuple[TextSpan, ...]
    text: str


class _Exhausted(Exception):
    """The allowance is spent."""


class Explainer:
    """Explains scores of one scorer.

    Parameters
    ----------
    max_evaluations
        Texts scored for one explanation, at most; at least 8.
    """

    def __init__(self, scorer: Scorer, max_evaluations: int = 48) -> None:
        self._scorer = scorer
        self._max_evaluations = max(8, max_evaluations)

    def explain(
        self, item: ScoringItem, scores: Mapping[str, float], over: Mapping[str, float], allowance: Allowance
    ) -> dict[str, Explanation]:
        """Explain some categories of one text.

        Parameters
        ----------
        scores
            What the scorer gave for the text.
        over
            The categories to explain, each with the threshold that its score reached.

        Returns
        -------
        dict
            By category. A category is absent when the allowance or `max_evaluations` did not suffice to find sentences
            without which the text would pass: then nobody can say where its score lies.
        """
        told: dict[str, Explanation] = {}
        trial = _Trial(self._scorer, item, scores, self._max_evaluations, allowance)
        for category, threshold in over.items():
            try:
                told[category] = _Search(trial, category, threshold).run()
            except _Exhausted:
                continue
        return told


class _Trial:
    """Scores variants of one text, each once."""

    def __init__(
        self, scorer: Scorer, item: ScoringItem, scores: Mapping[str, float], most: int, allowance: Allowance
    ) -> None:
        self.text = item.raw
        self.stretches = _grouped(sentences(item.raw), max(2, most // 3))
        self._scorer = scorer
        self._item = item
        self._known: dict[str, Mapping[str, float]] = {item.raw: scores, "": {}}
        self._left = most
        self._allowance = allowance

    @property
    def left(self) -> int:
        """Evaluations that may still be spent on this text."""
        return self._left

    def scores(self, variants: Sequence[str], category: str) -> list[float]:
        """The category's score of each variant.

        Raises
        ------
        _Exhausted
            When not all of them may be scored.
        """
        unknown = list(dict.fromkeys(variant for variant in variants if variant not in self._known))
        if len(unknown) > self._left:
            raise _Exhausted
        for place in range(0, len(unknown), _CALL):
            part = unknown[place : place + _CALL]
            if not self._allowance.take(len(part)):
                raise _Exhausted
            self._left -= len(part)
            rows: Sequence[ScoreRow] = self._scorer.score(Batch([self._variant(text) for text in part]))
            self._known.update({text: row.scores for text, row in zip(part, rows, strict=True)})
        return [self._known[variant].get(category, 0.0) for variant in variants]

    def _variant(self, text: str) -> ScoringItem:
        # Copied, so that whatever else an item carries (direction, context) is the variant's as well.
        made = copy.copy(self._item)
        made.part = msgspec.structs.replace(self._item.part, text=text)
        made._normalized = None
        return made


class _Search:
    """The search for one category."""

    def __init__(self, trial: _Trial, category: str, threshold: float) -> None:
        self._trial = trial
        self._category = category
        self._threshold = threshold
        self._text = trial.text

    def run(self) -> Explanation:
        stretches, alone, carriers = self._look(self._trial.stretches)
        whole = [one for place in carriers for one in _sentences_within(self._text, stretches[place])]
        if len(carriers) < len(whole) <= self._trial.left // 2:
            # Among the sentences of the stretches that matter, those that do. The stretches are enough, if need be.
            with suppress(_Exhausted):
                stretches, alone, carriers = self._look(whole)
        spans: list[TextSpan] = []
        for rank, place in enumerate(carriers):
            start, end = stretches[place]
            found: list[TextSpan] = []
            # A stretch of several sentences stays whole: it is what was seen to be enough.
            if rank < _CLOSE_LOOKS and len(_sentences_within(self._text, (start, end))) == 1:
                found = self._words(start, end, alone[place], min(_CLOSE_LOOKS, len(carriers)) - rank)
            spans += found or [self._span(start, end, SENTENCE, alone[place])]
        spans.sort(key=lambda span: span.start)
        return Explanation(tuple(spans), self._told(spans))

    def _look(self, stretches: Sequence[Bounds]) -> tuple[Sequence[Bounds], list[float], list[int]]:
        """Some stretches, the score that each has alone, and the places of those that carry the text's."""
        alone = self._score([self._text[start:end] for start, end in stretches])
        return stretches, alone, self._carriers(stretches, alone)

    def _carriers(self, stretches: Sequence[Bounds], alone: Sequence[float]) -> list[int]:
        """Places of the stretches without which the text scores below the threshold, the highest first."""
        order = sorted(range(len(stretches)), key=lambda place: (-alone[place], place))
        number = max(1, sum(score >= self._threshold for score in alone))
        step = 1
        while number < len(order):
            rest = cut_out(self._text, [stretches[place] for place in order[:number]])
            if not rest.strip() or self._score([rest])[0] < self._threshold:
                break
            number, step = number + step, 2 * step
        return order[:number]

    def _words(self, start: int, end: int, score: float, shares: int) -> list[TextSpan]:
        """The words that carry the score of one sentence; none when the evaluations do not suffice, or none does."""
        units = words(self._text, start, end)
        # Each unit costs two evaluations: the rest without it, and it alone.
        room = (self._trial.left - 1) // (2 * shares)
        if len(units) < 2 or room < 2:
            return []
        try:
            drops = self._drops(start, end, score, units, room)
        except _Exhausted:
            return []
        ranked = sorted(drops, reverse=True)[:_MOST_WORDS]
        whole = sum(odds for odds, _, _ in drops)
        kept: list[tuple[Bounds, float]] = []
        told = 0.0
        for odds, drop, unit in ranked:
            if kept and (odds < _OF_THE_LARGEST * ranked[0][0] or self._enough(start, end, kept, told / whole)):
                break
            kept.append((unit, drop))
            told += odds
        return [self._span(*unit, WORD, drop) for unit, drop in _joined(self._text, sorted(kept))]

    def _enough(self, start: int, end: int, kept: Sequence[tuple[Bounds, float]], share: float) -> bool:
        """Whether these words explain the sentence: without them it passes. When that cannot be asked, most of what all
        words weigh is enough."""
        try:
            (left,) = self._score([cut_out(self._text[:end], [(0, start), *sorted(unit for unit, _ in kept)])])
        except _Exhausted:
            return share >= _SHARE
        return left < self._threshold

    def _drops(
        self, start: int, end: int, score: float, units: Sequence[Bounds], room: int
    ) -> list[tuple[float, float, Bounds]]:
        """What each unit weighs in log-odds, and in score; only what weighs something."""
        level: Sequence[Bounds] = units
        if len(units) > room:
            level = _grouped(units, max(2, room // 2))
        found = list(self._left_out(start, end, score, level))
        if len(units) <= room:
            return found
        # The words of the stretches that matter, as far as the evaluations go.
        close: list[Bounds] = []
        for _, _, stretch in sorted(found, reverse=True):
            inside = words(self._text, *stretch)
            if close and len(close) + len(inside) > room - len(level):
                break
            close += inside
        return list(self._left_out(start, end, score, close)) or found

    def _left_out(
        self, start: int, end: int, score: float, stretches: Sequence[Bounds]
    ) -> Iterator[tuple[float, float, Bounds]]:
        without = self._score([self._text[start:low] + self._text[high:end] for low, high in stretches])
        alone = self._score([self._text[low:high] for low, high in stretches])
        itself = log_odds(np.array(alone))
        needed = log_odds(np.array([score])) - log_odds(np.array(without))
        weights = np.maximum(needed, 0.0) + np.maximum(itself - np.median(itself), 0.0)
        for stretch, left, own, weight in zip(stretches, without, alone, weights.tolist(), strict=True):
            if weight > _LEAST_DROP:
                yield weight, max(score - left, own), stretch

    def _told(self, spans: Sequence[TextSpan]) -> str:
        """One line without payload."""
        if any(span.type == SENTENCE for span in spans):
            return "1 place carries the score" if len(spans) == 1 else f"{len(spans)} places carry the score"
        noun = "word carries" if len(spans) == 1 else "words carry"
        (score,) = self._score([self._text])
        try:
            (left,) = self._score([cut_out(self._text, [(span.start, span.end) for span in spans])])
        except _Exhausted:
            return f"{len(spans)} {noun} the score"
        share = max(0.0, score - left) / score if score > 0.0 else 0.0
        return f"{len(spans)} {noun} {100.0 * share:.0f} % of the score"

    def _score(self, variants: Sequence[str]) -> list[float]:
        return self._trial.scores(variants, self._category)

    def _span(self, start: int, end: int, kind: str, score: float) -> TextSpan:
        return TextSpan(start, end, self._category, kind, round(min(1.0, max(0.0, score)), 4))


def _sentences_within(text: str, stretch: Bounds) -> list[Bounds]:
    """The sentences of a stretch of whole sentences, counted from the start of the text."""
    start, end = stretch
    return [(start + low, start + high) for low, high in sentences(text[start:end])]


def _grouped(units: Sequence[Bounds], most: int) -> list[Bounds]:
    """At most so many stretches of neighbouring units, about equally many units in each."""
    number = min(len(units), most)
    edges = [round(index * len(units) / number) for index in range(number + 1)] if number else []
    return [(units[low][0], units[high - 1][1]) for low, high in pairwise(edges)]


def _joined(text: str, kept: Sequence[tuple[Bounds, float]]) -> list[tuple[Bounds, float]]:
    """Neighbouring Chinese characters become one word, with the larger drop: either breaks the word."""
    joined: list[tuple[Bounds, float]] = []
    for (start, end), drop in kept:
        if joined and joined[-1][0][1] == start and not text[start - 1].isascii():
            (first, _), before = joined[-1]
            joined[-1] = ((first, end), max(before, drop))
        else:
            joined.append(((start, end), drop))
    return joined
