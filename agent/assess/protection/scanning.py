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
# A label is context for what stands near it: the scorer looks back 64 characters. What reaches the cut is left out.
_HEAD = 2000


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
            What the text is called, such as its column. The beginning of the text (2,000 characters from the first
            that is not blank) is read with it as well, as `agent.assess.scanning.RowScanner` reads cells: ``13-9-77``
            in a column ``birthday`` may be found for that word. What is called a name or an address is one, as a whole.

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
        found: list[TextSpan] = []
        for _ in range(_MAX_ROUNDS):
            fresh = self._fresh(scanned, label, first=not found)
            if not fresh:
                break
            found += fresh
            scanned = _blackened(scanned, fresh)
            if not holds_value(scanned, 0, len(scanned)):
                break  # of most cells one value is all
        return sorted(found, key=lambda span: span.start)

    def _fresh(self, text: str, label: str, first: bool) -> list[TextSpan]:
        """What is found in the text as it is; when that is nothing, what is found behind its label."""
        # What is black at first are earlier tokens, that a value may surround: `TextProtector` takes them out of it.
        is_new = holds_value if first else _is_unblackened
        fresh = [span for span in self._scorer.score_text(text).spans if is_new(text, span.start, span.end)]
        if fresh or not label:
            return fresh
        return [span for span in self._labelled(text, label) if is_new(text, span.start, span.end)]

    def _labelled(self, text: str, label: str) -> list[TextSpan]:
        begin = len(text) - len(text.lstrip())
        cut = text[begin : begin + _HEAD]
        head = f"{label}: "
        shift = begin - len(head)
        end = len(head) + len(cut) if begin + _HEAD < len(text) else len(head) + len(cut) + 1
        return [
            TextSpan(span.start + shift, span.end + shift, span.category, span.type, span.score, span.explanation)
            for span in self._scorer.score_text(head + cut).spans
            if span.start >= len(head) and span.end < end
        ]


def _blackened(text: str, spans: Sequence[TextSpan]) -> str:
    parts: list[str] = []
    position = 0
    for span in spans:
        parts += (text[position : span.start], BLACK * (span.end - span.start))
        position = span.end
    return "".join((*parts, text[position:]))


def _is_unblackened(text: str, start: int, end: int) -> bool:
    return BLACK not in text[start:end]
