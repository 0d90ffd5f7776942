"""Passwords in pairs that a heading explains (``id/pw: a/b``, 账号/密码), or beside the address of a host."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer
from agent.scoring.pii.secrets.secret_values import is_password, stands_for_a_value

__all__ = ["RECOGNIZER"]


def _judge(match: re.Match[str], in_context: bool) -> float:
    value = match["value"]
    if stands_for_a_value(value):
        return 0.0
    if match["heading"]:
        return 0.8 if is_password(value) or (value == match["login"] and len(value) >= 4) else 0.0
    # A host and a path look the same ("10.0.0.1/v1/Users2"): only what no path is written with.
    mixed = any(c.isupper() for c in value) and any(c.islower() for c in value) and any(c.isdigit() for c in value)
    return 0.6 if mixed and len(value) >= 7 and is_password(value) else 0.0


RECOGNIZER = Recognizer(
    name="login and password",
    type="SECRET",
    source="CWE-256 and CWE-312: credentials in pairs, as in hand-over notes and tickets",
    pattern=re.compile(
        r"(?:(?P<heading>"
        r"(?:(?<![a-z])(?:id|login|user(?:name)?|account|acct)[ ]?[/(|][ ]?(?:pw|pwd|pass(?:word|wd)?)\)?"
        r"|(?:账号|帐号|用户名|账户|用户)[ ]?[/、|和&]?[ ]?(?:密码|口令)|账密)"
        r"(?: (?:is|are))?[ \t]{0,3}(?:[:=]|是|为|分别是|分别为)?[ \t]{0,3})"
        r"|(?<![\w./:-])[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}(?::[0-9]{1,5})?[ ]{0,2}[ ,(/][ ]{0,2})"
        r"(?P<login>[A-Za-z][\w.@-]{1,40}?)(?(heading)[ ]?[/,(|:][ ]?|/)"
        r"(?P<value>[^\s/,;()<>\"'，。；（）\u3400-\u9fff]{4,64}(?<![.]))(?!/)",
        re.IGNORECASE | re.ASCII,
    ),
    trigger=(
        r"(?:\b|[_0-9])(?:id|login|user(?:name)?|account|acct) ?[/(|] ?(?:pw|pwd|pass)"
        r"|(?:账号|帐号|用户名|账户|用户) ?(?:/|、|[|&]|和)? ?(?:密码|口令)|账密"
        r"|[0-9]\.[0-9]{1,3}\.[0-9]{1,3}(?::[0-9]{1,5})?[ ]{0,2}[ ,(/][ ]{0,2}[A-Za-z][A-Za-z0-9_.@-]{1,40}/"
    ),
    judge=_judge,
    priority=5,
    lead=128,
)
