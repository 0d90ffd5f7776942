"""Identity and foreigners' numbers of Singapore."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, Words, bounded
from agent.scoring.pii.context_words import NUMBER_DENIAL

__all__ = ["RECOGNIZER"]

_WEIGHTS = (2, 7, 6, 5, 4, 3, 2)
# Offset of the sum, and the letters by its remainder: S and T for citizens, F, G and M for foreigners.
_SERIES = {
    "S": (0, "JZIHGFEDCBA"),
    "T": (4, "JZIHGFEDCBA"),
    "F": (0, "XWUTRQPNMLK"),
    "G": (4, "XWUTRQPNMLK"),
    "M": (3, "XWUTRQPNJLK"),
}


def _judge(match: re.Match[str], in_context: bool) -> float:
    number = match[0]
    offset, letters = _SERIES[number[0]]
    remainder = (offset + sum(int(c) * w for c, w in zip(number[1:8], _WEIGHTS, strict=True))) % 11
    if number[8] != letters[remainder]:
        return 0.0
    return 1.0 if in_context else 0.6


RECOGNIZER = Recognizer(
    name="Singapore NRIC or FIN",
    type="NATIONAL_ID",
    source="Immigration & Checkpoints Authority, NRIC and FIN: letter, seven digits, check letter (weights 2, 7, 6, 5, "
    "4, 3, 2; mod 11), with the series M of 2022",
    pattern=bounded(r"[FGMST](?<![\w.-][FGMST])[0-9]{7}[A-Z](?![\w-])"),
    trigger=r"\b[FGMST][0-9]{7}[A-Z]\b",
    judge=_judge,
    context=Words("nric fin ic singapore identity identification passport"),
    denial=NUMBER_DENIAL,
    priority=8,
    seldom=True,
)
