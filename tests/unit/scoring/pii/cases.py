"""How the tables of the recognisers' tests are read: what must be found, with its bounds, and what must be left."""

from __future__ import annotations

from agent.scoring.pii import PiiScorer

__all__ = ["Found", "found"]

Found = tuple[str, list[tuple[str, str]]]
"""A text, and the type and value of each span in it."""

_SCORER = PiiScorer()


def found(text: str) -> list[tuple[str, str]]:
    """Type and value of each span that all recognisers together find."""
    return [(span.type, text[span.start : span.end]) for span in _SCORER.score_text(text).spans]
