"""Postcodes of the United Kingdom: about fifteen houses each."""

from __future__ import annotations

import re

from agent.scoring.pii.labels import labelled

__all__ = ["RECOGNIZER"]

_LABELS = "postcode post_code postal_code zip_code"


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 0.8


RECOGNIZER = labelled(
    "UK postcode",
    "ADDRESS",
    source="BS 7666-2:2006 (forms of the postcode; no C, I, K, M, O or V in the inward code); needs its label, or "
    "stands at the end of an address",
    words=_LABELS,
    value="(?:[A-Z]{1,2}[0-9][0-9A-Z]?|GIR) ?[0-9][ABD-HJLNP-UW-Z]{2}",
    judge=_judge,
    end=r"(?!\w)",
    priority=4,
)
