"""Passwords in statements that make users of databases."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer
from agent.scoring.pii.secrets.secret_values import is_code, is_password, is_word, stands_for_a_value

__all__ = ["RECOGNIZER"]


def _judge(match: re.Match[str], in_context: bool) -> float:
    value = match["value"]
    if match["quote"]:
        return 0.0 if value[0] in "$<{%:?" or stands_for_a_value(value) or is_word(value) else 0.9
    return 0.7 if is_password(value) and not is_code(value) else 0.0


RECOGNIZER = Recognizer(
    name="password in SQL",
    type="SECRET",
    source=(
        "dev.mysql.com (CREATE USER, SET PASSWORD), postgresql.org/docs (CREATE ROLE), docs.oracle.com (CREATE USER), "
        "learn.microsoft.com (CREATE LOGIN)"
    ),
    pattern=re.compile(
        r"(?:\bidentified\s{1,4}(?:by|with\s{1,4}[\w'\"`]{1,40}\s{1,4}(?:by|as))\s{1,4}(?:password\s{1,4})?"
        r"|\b(?:login|with|encrypted|superuser|createdb)\s{1,4}password\s{1,4}|=\s{0,4}password\s{0,4}\(\s{0,4}|\bset\s{1,4}password\s{0,4}=\s{0,4})"
        r"(?P<quote>\\{0,2}['\"`])?(?P<value>[^\s'\"`;,()\\]{4,128})",
        re.IGNORECASE | re.ASCII,
    ),
    trigger=(
        r"(?:\bidentified\s+(?:with\s+[\w'\"`]+\s+)?(?:by|as)\s+|\b(?:login|with|encrypted|superuser|createdb)\s+password\s+"
        r"|=\s*password\s*\(|\bset\s+password\s*=)"
    ),
    judge=_judge,
    priority=5,
    lead=80,
)
