"""Passwords and keys in XML, HTML and lists of names and values, where the name stands in markup of its own."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer
from agent.scoring.pii.secrets.secret_values import is_code, is_password, is_token, is_word, stands_for_a_value

__all__ = ["RECOGNIZER"]


def _judge(match: re.Match[str], in_context: bool) -> float:
    value = match["value"]
    if value[0] in "$<{%&#=@`" or stands_for_a_value(value) or is_code(value):
        return 0.0
    if match["tag"] and "<" not in match.string[max(0, match.start() - 24) : match.start()]:
        return 0.0  # "if gpass > gstop:"
    if match["password"]:
        return 0.8 if is_password(value) or not is_word(value) else 0.0
    return 0.8 if not is_word(value) and len(value) >= 8 and is_token(value) else 0.0


RECOGNIZER = Recognizer(
    name="secret in markup",
    type="SECRET",
    source=(
        "maven.apache.org (servers in settings), learn.microsoft.com (appSettings), docs.spring.io (beans), "
        "kubernetes.io (environment variables), html.spec.whatwg.org (input values)"
    ),
    pattern=re.compile(
        r"(?:(?P<password>pass(?:word|wd|phrase|code)?|pwd|口令|密码)"
        r"|(?:secret|token|(?:api|access|account|private|auth|app)[_.-]?key))[\w.-]{0,16}"
        # name="..." value="...", - name: ...\n  value: ..., <name>...</name><value>...
        r"(?:[\"']?[ ]?(?:/?>[ \n]{0,3}<(?:value|string|td|entry)|[\"']>)?[ ,\n]{1,24}-?[ ]{0,3}"
        r"[\"']?(?:value|content|default)[\"']?[ ]?[:=]"
        # <password>..., <key>...</key><string>...
        r"|[ ]?(?:xsi:type=\"[\w:]{1,24}\")?"
        r"(?:</(?:key|name|th|td|dt|string|b|strong)>\s{0,16}<(?:string|value|td|dd|code|span)[^<>\n]{0,80})?(?P<tag>>))"
        r"[ ]?(?:<!\[CDATA\[)?[\"']?(?P<value>[^\s\"'<>\]]{4,256})",
        re.IGNORECASE | re.ASCII,
    ),
    trigger=(
        r"(?:pass(?:word|wd|phrase|code)?|pwd|口令|密码|secret|token|key)[\w.-]*"
        r"(?:[\"']? ?(?:/?>[ \n]*<(?:value|string|td|entry)|[\"']>)?[ ,\n]+-? *"
        r"[\"']?(?:value|content|default)[\"']? ?[:=]"
        r"| ?(?:xsi:type=\"[\w:]+\")?(?:</[a-z]+>\s*<[a-z]+[^<>\n]*)?>)"
    ),
    judge=_judge,
    priority=4,
    lead=200,
)
