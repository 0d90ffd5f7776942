"""Lines of the files in which programs keep passwords: ``.netrc``, ``.pgpass``."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded
from agent.scoring.pii.secrets.secret_values import is_password, stands_for_a_value

__all__ = ["RECOGNIZER"]


def _judge(match: re.Match[str], in_context: bool) -> float:
    value = match["value"]
    if value[0] in "$<{%" or stands_for_a_value(value):
        return 0.0
    return 0.9 if match["netrc"] or is_password(value) else 0.0  # "main.c:1204:5:note:unused" has the form, too


RECOGNIZER = Recognizer(
    name="line of a credentials file",
    type="SECRET",
    source="gnu.org/software/inetutils (.netrc), postgresql.org/docs (The Password File)",
    pattern=bounded(
        r"(?:(?P<netrc>\bmachine\s{1,4}[\w.-]{1,100}\s{1,8}login\s{1,4}\S{1,64}\s{1,8}password\s{1,4})"
        r"|(?<![^\n])[\w.*-]{1,100}:(?:[0-9]{4,5}|\*):[\w*-]{1,64}:[\w*-]{1,64}:)(?P<value>[^\s:]{3,128})"
    ),
    trigger=r"\bmachine\s+[\w.-]+\s+login\s|:(?:[0-9]{4,5}|\*):[\w*-]+:[\w*-]+:",
    judge=_judge,
    priority=5,
    lead=240,
)
