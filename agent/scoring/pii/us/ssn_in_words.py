"""Social security numbers in words: ``my social is five three six, two two, eight seven one four``."""

from __future__ import annotations

import re

from agent.scoring.pii.labels import labelled
from agent.scoring.pii.us.ssn import is_given

__all__ = ["RECOGNIZER"]

_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_DIGITS = {word: str(digit) for digit, word in enumerate(_WORDS)} | {"oh": "0"}
_DIGIT = f"(?:{'|'.join(_DIGITS)})"
_ONE = re.compile(_DIGIT)


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 0.9 if is_given("".join(map(_DIGITS.__getitem__, _ONE.findall(match["value"].lower())))) else 0.0


RECOGNIZER = labelled(
    "US social security number in words",
    "NATIONAL_ID",
    source="US Social Security Administration (nine digits); needs its label",
    words="ssn social_security my_social your_social his_social her_social",
    value=rf"{_DIGIT}(?:[ ,-]{{1,3}}{_DIGIT}){{8}}",
    judge=_judge,
    end=rf"(?!\w|[ ,-]{{1,3}}{_DIGIT}(?!\w))",
)
