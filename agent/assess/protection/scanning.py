"""Finding values in texts: with a scorer of spans, again and again until nothing new is found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from agent.assess.protection.tokens import BLACK, holds_value, without_tokens
from agent.assess.titles import titled_span
from agent.scores import ScoreRow, TextSpan

__all__ = ["Finder", "SpanScorer"]

# A chain in which every value hides the next one is somebody's joke; it must not cost the square of its length.
_MAX_ROUNDS = 6
# Longer cells are texts, not values, and bring their own context; shorter ones are nothing that could be told.
_LEAST, _MOST = 4, 100


class SpanScorer(Protocol):
    """Such as `agent.scoring.pii.PiiScorer`."""

    def score_text(self, text: str) -> ScoreRow:
        """Spans of one text, in order, not overlapping."""


class Finder:
    """Finds what is to be protected in a text.

    A value may hide another, as when two numbers stand side by side: so what was found is blackened, and the text
    scanned again. Tokens of an earlier protection are blackened from the start, so that their words are no context.
    """

    def __init__(self, scorer: SpanScorer) -> None:
        self._scorer = scorer

    def spans(self, text: str, label: str = "") -> Sequence[TextSpan]:
        """The spans of one text.

        Parameters
        ----------
        label
            What the text is called, such as its column. A short text in which nothing is found is scanned with it as
            well: ``13-9-77`` in a column ``birthday`` may be found for that word. What is called a name or an address
            is one, as a whole.

        Returns
        -------
        sequence of TextSpan
            In order, not overlapping.
        """
        if not text:
            return ()
        scanned = without_tokens(text)
        if scanned is not text and not holds_value(scanned, 0, len(scanned)):
            return ()
        titled = titled_span(text, label) if scanned is text else None
        if titled is not None:
            return [titled]
        found = fresh = _unblackened(scanned, self._scorer.score_text(scanned).spans)
        if not found:
            return self._labelled(scanned, label) if label and _LEAST <= len(text) <= _MOST else ()
        for _ in range(_MAX_ROUNDS):
            scanned = _blackened(scanned, fresh)
            if not holds_value(scanned, 0, len(scanned)):
                break  # of most cells one value is all
            fresh = [span for span in self._scorer.score_text(scanned).spans if _is_new(scanned, span)]
            if not fresh:
                break
            found = found + fresh
        return sorted(found, key=lambda span: span.start)

    def _labelled(self, text: str, label: str) -> Sequence[TextSpan]:
        head = f"{label}: "
        shift = len(head)
        return [
            TextSpan(span.start - shift, span.end - shift, span.category, span.type, span.score, span.explanation)
            for span in self._scorer.score_text(head + text).spans
            if span.start >= shift and holds_value(text, span.start - shift, span.end - shift)
        ]


def _unblackened(text: str, spans: Sequence[TextSpan]) -> list[TextSpan]:
    """Without those of earlier tokens: ``password: [SECRET]`` holds no password any more."""
    return [span for span in spans if holds_value(text, span.start, span.end)]


def _blackened(text: str, spans: Sequence[TextSpan]) -> str:
    parts: list[str] = []
    position = 0
    for span in spans:
        parts += (text[position : span.start], BLACK * (span.end - span.start))
        position = span.end
    return "".join((*parts, text[position:]))


def _is_new(text: str, span: TextSpan) -> bool:
    return BLACK not in text[span.start : span.end]
