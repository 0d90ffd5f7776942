"""Telephone numbers digit by digit: ``1 3 8 0 0 1 3 8 0 0 0``, ``five five five, oh one nine nine``."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer
from agent.scoring.pii.checksums import digits_of
from agent.scoring.pii.context_words import LABEL_DENIAL, PHONE_CONTEXT, PHONE_DENIAL

__all__ = ["RECOGNIZER"]

_WORD = "(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple)"
_CHINESE_MOBILE = re.compile("1[3-9][0-9]{9}")


def _judge(match: re.Match[str], in_context: bool) -> float:
    if match["words"]:
        return 0.9 if in_context else 0.0
    digits = digits_of(match[0])
    if _CHINESE_MOBILE.fullmatch(digits):
        return 0.9 if in_context else 0.8
    return 0.8 if in_context and len(set(digits)) > 3 and not match[0].startswith("1 2 3 4 5 6 ") else 0.0


RECOGNIZER = Recognizer(
    name="telephone number digit by digit",
    type="PHONE",
    source="ITU-T E.164 (7 to 15 digits), MIIT numbering plan (mobile numbers of 11 digits from 13 to 19)",
    pattern=re.compile(
        rf"(?<![\w+.,-])(?:[0-9](?P<s>[ .*_-]|  )[0-9](?:(?P=s)[0-9]){{6,13}}"
        rf"|(?P<words>{_WORD}(?:[ ,-]{{1,3}}{_WORD}){{6,14}}))(?!\w|[.,*-][0-9])",
        re.ASCII | re.IGNORECASE,
    ),
    trigger=rf"\b[0-9](?:[ .*_-]{{1,2}}[0-9]){{5}}|\b{_WORD}[ ,-]{{1,3}}{_WORD}[ ,-]{{1,3}}{_WORD}\b",
    judge=_judge,
    context=PHONE_CONTEXT,
    denial=PHONE_DENIAL,
    label=LABEL_DENIAL,
    priority=6,
)
