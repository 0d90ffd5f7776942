"""E-mail addresses written so that machines shall not read them: ``name (at) domain (dot) com``."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer
from agent.scoring.pii.context_words import MAIL_CONTEXT

__all__ = ["RECOGNIZER"]

_LOCAL = (
    r"(?P<local>[A-Za-z0-9_](?<![\w.%+@/-][A-Za-z0-9_])[A-Za-z0-9._%+-]{0,63}+"
    r"(?:(?: ?[\[({<] ?(?:dot|DOT|Dot|点) ?[\])}>] ?| (?:dot|DOT) )[A-Za-z0-9_%+-]{1,32}+){0,2})"
)
_DOT = r"(?:\.| ?[\[({<] ?(?:dot|DOT|Dot|点|\.) ?[\])}>] ?| (?:dot|DOT|Dot|点) |点)"
_DOMAIN = rf"[A-Za-z0-9-]{{2,40}}(?:{_DOT}[A-Za-z0-9-]{{2,40}}){{0,2}}{_DOT}[A-Za-z]{{2,12}}"
_PROVIDERS = (
    "gmail|googlemail|outlook|hotmail|live|yahoo|icloud|protonmail|proton|qq|foxmail|163|126|139|189|sina|sohu|aliyun|"
    "yandex|mail|gmx|web"
)
# Where "at" and "dot" are plain words, only endings that no sentence has.
_ENDINGS = frozenset(
    [
        "com",
        "org",
        "net",
        "edu",
        "gov",
        "io",
        "cn",
        "de",
        "uk",
        "fr",
        "it",
        "es",
        "nl",
        "eu",
        "us",
        "ca",
        "au",
        "jp",
        "in",
        "ru",
        "ch",
        "info",
        "me",
        "co",
        "ai",
        "dev",
    ]
)


def _judge(match: re.Match[str], in_context: bool) -> float:
    if match["signed"]:
        return 1.0
    if match["provider"] or match["said"]:
        return 0.9
    if match["end"].lower() not in _ENDINGS:
        return 0.0
    local = match["local"]
    if in_context or any(c in "._ " or c.isdigit() for c in local):
        return 0.9
    return 0.7 if match["plain"] == " AT " and not local.isupper() else 0.0


RECOGNIZER = Recognizer(
    name="spelled-out e-mail address",
    type="EMAIL",
    source='RFC 5322 section 3.4.1 for what is meant; D. Fenton et al. and the usual ways of "address munging"',
    pattern=re.compile(
        rf"{_LOCAL}(?:(?P<signed> ?[\[({{<] ?(?:at|AT|At|@|艾特) ?[\])}}>] ?)(?!\d{{1,2}}:){_DOMAIN}"
        rf"|(?P<said> ?(?:艾特|圈a) ?){_DOMAIN}"
        rf"|(?P<provider>#(?:{_PROVIDERS})\.(?:com|net|org|cn|me|ru|de)(?:\.cn)?)"
        rf"|(?P<plain> at | AT )[A-Za-z0-9-]{{2,40}}(?: (?:dot|DOT) [A-Za-z0-9-]{{2,40}})?"
        rf" (?:dot|DOT) (?P<end>[A-Za-z]{{2,6}}))(?![\w-])",
        re.ASCII,
    ),
    trigger=r"(?:at|AT|At|@|艾特) ?[\])}>]|(?:艾特|圈a)|#[a-z0-9]+\.[a-z]| (?:dot|DOT) [A-Za-z]",
    judge=_judge,
    context=MAIL_CONTEXT,
    priority=6,
)
