"""Addresses of the United States' armed forces and missions abroad."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer

__all__ = ["RECOGNIZER"]


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 1.0


RECOGNIZER = Recognizer(
    name="military address",
    type="ADDRESS",
    source="USPS Publication 28, appendix B and section 238 (PSC, CMR or unit with a box, or a ship; APO, FPO or DPO "
    "with AA, AE or AP)",
    pattern=re.compile(
        r"(?<!\w)(?:(?:PSC|CMR|Unit) {1,2}[0-9]{1,5},? {1,2}Box {1,2}[0-9]{1,5}|US[A-Z]{1,4} {1,2}[^\W\d_]{2,24})"
        r"[,\s]{1,8}[AFD]PO,? {1,2}A[AEP] {1,2}[0-9]{5}(?:-[0-9]{4})?(?!\w)",
        re.IGNORECASE,
    ),
    trigger=r"\b[AFD]PO,? {1,2}A[AEP] {1,2}[0-9]{5}",
    judge=_judge,
    priority=7,
)
