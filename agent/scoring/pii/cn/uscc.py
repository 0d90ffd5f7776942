"""Unified social credit identifiers of companies and sole traders."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded
from agent.scoring.pii.checksums import mod_31

__all__ = ["RECOGNIZER"]


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 1.0 if mod_31(match[0]) else 0.0


RECOGNIZER = Recognizer(
    name="unified social credit identifier",
    type="LICENCE_ID",
    source="GB 32100-2015 (18 characters, check character modulo 31 with weights 3^i)",
    pattern=bounded(r"(?<![\w-])(?<![0-9]\.)[159AY][1239][0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}(?!\w|-[0-9A-Za-z])"),
    trigger=r"\b[159AY][1239][0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}\b",
    starts=True,
    judge=_judge,
    priority=8,
)
