"""Private keys in the files of PuTTY."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded

__all__ = ["RECOGNIZER"]


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 1.0


RECOGNIZER = Recognizer(
    name="PuTTY key",
    type="SECRET",
    source="the.earth.li/~sgtatham/putty (appendix C: PPK file format)",
    pattern=bounded(
        r"Private-Lines: ?[0-9]{1,3}(?P<value>(?:(?:\\[rn]|\s){1,8}[A-Za-z0-9+/]{1,64}+={0,2}(?![\w:+/=-])){1,64}+)"
    ),
    trigger=r"Private-Lines: ?[0-9]",
    judge=_judge,
    priority=11,
    lead=16,
)
