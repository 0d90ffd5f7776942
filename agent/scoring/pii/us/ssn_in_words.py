"""Social security numbers in words: ``my social is five three six, two two, eight seven one four``."""

from __future__ import annotations

import re

from agent.scoring.pii.labels import labelled

__all__ = ["RECOGNIZER"]

_DIGIT = "(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)"


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 0.9


RECOGNIZER = labelled(
    "US social security number in words",
    "NATIONAL_ID",
    source="US Social Security Administration (nine digits); needs its label",
    words="ssn social_security my_social your_social his_social her_social",
    value=rf"{_DIGIT}(?:[ ,-]{{1,3}}{_DIGIT}){{8}}",
    judge=_judge,
    end=rf"(?!\w|[ ,-]{{1,3}}{_DIGIT}(?!\w))",
)
