"""E-mail addresses."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded
from agent.scoring.pii.core.top_level_domains import TOP_LEVEL_DOMAINS

__all__ = ["RECOGNIZER"]

# The last label of a file name that looks like an address (icon@2x.png), of code and of markup.
_NOT_A_DOMAIN = re.compile("png|jpe?g|gif|svg|webp|ico|css|js|ts|jsx|json|html|py|rb|java|kt")
# No mail goes there from elsewhere: RFC 6761, RFC 6762, and what is reserved for private use.
_NOT_PUBLIC = re.compile("local|localhost|localdomain|internal|invalid|lan|corp|intranet")
# Accounts of machines, not of people: git@github.com:owner/repository.
_MACHINES = frozenset(("git",))


# Letters with accents are allowed by RFC 6531; Chinese ones too, but in running text they are not part of the address.
_LETTERS = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f"


# What comes before the password of https://user:password@host, which is no address of mail.
_USERINFO = re.compile(r"://[^\s/@]{0,64}:$")


_STOPS = re.compile("[.。｡]")
# With a full stop of Chinese in it only these, or the next sentence would begin after it.
_COMMON = frozenset(("com", "cn", "net", "org", "edu", "gov", "hk", "tw"))
# Before a domain that is not in the table.
_CALLED_MAIL = re.compile(r"(?:mail|邮箱|邮件|电邮|郵箱|郵件|電郵|信箱)[^\n@]{0,16}$", re.IGNORECASE)
# Methods of tensors and of objects, which are countries too: q@k.to(device)
_METHODS = frozenset(("to", "is", "id", "so", "in", "as", "at", "do"))
# The next sentence follows without a blank: anna@example.comThen
_RUN_ON = re.compile("(?:com|net|org|edu|gov|io|cn|de|fr|it|uk)[A-Z][a-z]{0,12}")
_BEFORE = 24


def _is_told(match: re.Match[str], top_level: str) -> bool:
    """Whether the domain is one of mail: in the table, or called so."""
    text, start, end = match.string, match.start(), match.end()
    if match["stop"]:
        return top_level in _COMMON
    if top_level.lower() in TOP_LEVEL_DOMAINS:
        return not (top_level in _METHODS and text[end : end + 1] == "(")
    if _RUN_ON.fullmatch(top_level):
        return True
    return top_level.islower() and _CALLED_MAIL.search(text, max(0, start - _BEFORE), start) is not None


def _judge(match: re.Match[str], in_context: bool) -> float:
    value = match[0]
    local, _, domain = value.partition("@")
    top_level = _STOPS.split(domain)[-1]
    if not _is_told(match, top_level):
        return 0.0
    top_level = top_level.lower()
    if _NOT_A_DOMAIN.fullmatch(top_level) or _NOT_PUBLIC.fullmatch(top_level) or local.lower() in _MACHINES:
        return 0.0
    if _USERINFO.search(match.string[max(0, match.start() - 80) : match.start()]):
        return 0.0
    if ".." in local or local[-1] == ".":
        return 0.0
    return 1.0


RECOGNIZER = Recognizer(
    name="e-mail address",
    type="EMAIL",
    source="RFC 5321 section 4.1.2 (dot-string, at most 64 characters, domain), RFC 1035 section 2.3.1, RFC 6531",
    pattern=bounded(
        rf"[{_LETTERS}0-9_](?<![{_LETTERS}\w.%+-].)[{_LETTERS}0-9._%+'-]{{0,63}}+"
        rf"@(?:[{_LETTERS}0-9-]{{1,63}}+(?:\.|(?P<stop>[。｡]))){{1,8}}[A-Za-z]{{2,24}}+(?![\w-])"
    ),
    trigger=r"@[A-Za-z0-9\x80-\xbf\xc3-\xc9-]{1,126}(?:\.|。|｡)[A-Za-z0-9\xc3-\xc9]",
    lead=132,
    judge=_judge,
    priority=6,
)
