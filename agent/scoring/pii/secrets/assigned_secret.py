"""Passwords and keys that the text itself names: ``password=...``, ``密码：...``."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer
from agent.scoring.pii.secrets.placeholders import is_placeholder

__all__ = ["RECOGNIZER"]

_CODE = re.compile(
    r"[a-z_]\w*(?:\.[a-z_]\w*)+\(?$|.*[(\[{]|\$|<|%|self\.|os\.|process\.|null$|none$|true$|false$|undefined$|[A-Z_]+$|"
    r"https?:|/|str\b|string\b|int\b|bool",
    re.IGNORECASE,
)
_WORD = re.compile(r"[A-Za-z]+(?:[_'-][A-Za-z]+)*[.!?]?")
_KEY_OF = re.compile(
    r"(?:secret|api|access|auth|authentication|private|client|encryption|signing|account|master|session|shared)"
    r"[_ -]?(?:access[_ -]?)?$",
    re.IGNORECASE,
)
_HUMP = re.compile("[a-z][A-Z]")
_CHINESE = re.compile("[\u3400-\u9fff]")


def _judge(match: re.Match[str], in_context: bool) -> float:
    value, quoted = match["value"], bool(match["quote"])
    if match["key"] and not _KEY_OF.search(match.string[max(0, match.start() - 24) : match.start()]):
        return 0.0  # the key of a dictionary, of music, of success
    if value[0] in "$<{[*%&(" or is_placeholder(value) or _CHINESE.search(value):
        return 0.0
    if _CODE.match(value) and (not quoted or value.isupper()):
        return 0.0
    plain = _WORD.fullmatch(value) is not None and len(_HUMP.findall(value)) < 2
    if match["password"]:
        if plain and (match["verb"] or not (quoted or match["sign"] == "=")):
            return 0.0  # "the password is incorrect", "Password: required"
        if plain and value.lower() in ("password", "required", "optional", "string", "secret"):
            return 0.0
        return 0.9 if quoted or match["sign"] else 0.7
    return 0.0 if plain or len(value) < 8 or not any(c.isdigit() for c in value) else 0.8


RECOGNIZER = Recognizer(
    name="named secret",
    type="SECRET",
    source="CWE-312 and CWE-532 (secrets in clear text, in logs); key names as in OWASP's secrets management guide",
    pattern=re.compile(
        r"(?:(?P<password>pass(?:word|wd|phrase|code)?|paswd|pwd|(?<![a-z])pw|identified by|"
        r"密码(?!学|本|锁|保护|找回|重置)|口令)"
        r"|(?P<key>key)|(?:secret|token|authorization|密钥|秘钥|令牌|凭证))(?:[_ -]?(?:key|token|id|value))?"
        r"[0-9_]{0,3}(?:\\{0,3}[\"'\])]){0,2}"
        r"(?:[ \t]{0,3}(?P<sign>=>|:=|[:=：＝])|[ \t]{1,3}(?P<verb>is|was)(?= )|是|为|改成|设为|改为"
        r"|[ \t]{0,3},?[ \t]{0,3}(?=[\"'])|(?<=-password) (?=[^ -])|(?<=[码令]) (?=[!-~]{0,64}[0-9]))[ \t]{0,3}"
        r"(?:bearer |basic |ntlm |token )?(?P<quote>\\{0,3}[\"'“‘`])?"
        r"(?P<value>(?(quote)[^\"'“”‘’`\s\\]{4,256}|[^\s\"'“”‘’`<>,;，。；！？、（）)\]}\\]{4,256}))",
        re.IGNORECASE | re.ASCII,
    ),
    trigger=(
        r"(?:pas(?:s|wd)(?:word|wd|phrase|code)?|pwd|pw|identified by|secret|token|key|authorization|"
        r"密码|口令|密钥|秘钥|令牌|凭证)"
        r"(?:[_ -]?(?:key|token|id|value))?[0-9_]{0,3}(?:\\{0,3}[\"'\])]){0,2}[ \t]{0,3}"
        r"(?:=>|[:=：＝]|is |was |是|为|改成|设为|改为|,?[ \t]{0,3}\\{0,3}[\"']| [!-~])"
    ),
    judge=_judge,
    priority=4,
)
