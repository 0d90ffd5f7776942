"""Names and addresses beside what patterns found: rows of scores with both."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from agent.scores import ScoreRow, TextSpan
from agent.scoring.ner.base import NameFinder
from agent.scoring.occupied import Occupied

__all__ = ["with_names"]


def with_names(
    rows: Sequence[ScoreRow], texts: Sequence[str], finder: NameFinder, wanted: Collection[str]
) -> list[ScoreRow]:
    """The rows with the finder's spans of the wanted categories, as far as they overlap none of a row's own.

    What a pattern found is surer than what a model thinks: a key that looks like a name stays a key.
    """
    found = finder.find(texts)
    return [_joined(row, spans, wanted) for row, spans in zip(rows, found, strict=True)]


def _joined(row: ScoreRow, spans: Sequence[TextSpan], wanted: Collection[str]) -> ScoreRow:
    taken = Occupied((span.start, span.end) for span in row.spans)
    new = [span for span in spans if span.category in wanted and taken.is_free(span.start, span.end)]
    if not new:
        return row
    scores = dict(row.scores)
    for span in new:
        scores[span.category] = max(span.score, scores.get(span.category, 0.0))
    notes = dict.fromkeys([*filter(None, [row.explanation]), *(span.explanation for span in new)])
    together = tuple(sorted([*row.spans, *new], key=lambda span: span.start))
    return ScoreRow(scores, together, ", ".join(notes), row.truncated, row.judged)
