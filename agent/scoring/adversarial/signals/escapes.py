"""Characters written as escapes that need none: ``%69%67``, ``&#105;``, ``\\u0069``; and escapes of escapes.

Addresses escape what must be (RFC 3986, section 2.3 forbids it for letters and figures), so a link with ``%20`` or with
Chinese characters is no trick; so are an entity or two in a piece of HTML. Escaped letters of other scripts cannot be
read as escaped ASCII can, so what they say is judged all the same.
"""

from __future__ import annotations

import html
import re
from urllib.parse import unquote

from agent.scoring.adversarial.base import OBFUSCATION, Found, Piece, SignalSource, View
from agent.scoring.adversarial.characters import ESCAPE
from agent.scoring.adversarial.readable import says_something

__all__ = ["ENTITIES", "URL"]

_TOKEN = re.compile(r"(?<![^\s%<>\"])[^\s%<>\"]*+%[0-9A-Fa-f]{2}[^\s<>\"]*+")
_NEEDLESS = re.compile("%(?:[46][1-9A-Fa-f]|[57][0-9Aa]|3[0-9])")
_NESTED = re.compile("%25(?:25)*(?:[0-9A-Fa-f]{2})")
_DEEP = re.compile("%(?:25){2,}[0-9A-Fa-f]{2}")
_ESCAPE = re.compile("%[0-9A-Fa-f]{2}")
_ADDRESS = re.compile(r"://|www\.|mailto:|/|\w=", re.IGNORECASE)
_BLANK = re.compile("%(?:20|0[Aa])")
#: Words of other scripts, in a row: an order has more letters than most names.
_FOREIGN = re.compile(r"[^\W\d_\x00-\x7f]")
_LEAST_FOREIGN = 6
_FILE = re.compile(r"\.[A-Za-z0-9]{2,5}$")
_ENTITY = re.compile(
    r"(?:(?:&#[0-9]{1,7};|&#[xX][0-9A-Fa-f]{1,6};|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}|\\u\{[0-9A-Fa-f]{1,6}\})[ ]?){4,}"
)
_ONE = re.compile(r"\\(?:u\{([0-9A-Fa-f]{1,6})\}|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))")


def _look_url(view: View) -> Found | None:
    pieces: list[Piece] = []
    strength, count = 0.0, 0
    for match in _TOKEN.finditer(view.text):
        token = match[0]
        escapes = len(_ESCAPE.findall(token))
        inside = unquote(token, errors="replace")
        needless = len(_NEEDLESS.findall(token))
        if _NESTED.search(token):
            strength = max(strength, 0.7 if _DEEP.search(token) or needless >= 3 else 0.2)
        elif needless >= 3:
            strength = max(strength, 0.9)
        elif len(_BLANK.findall(token)) >= 2 and not _ADDRESS.search(token) and says_something(inside):
            strength = max(strength, 0.6)
        elif len(_FOREIGN.findall(inside)) >= _LEAST_FOREIGN and says_something(inside):
            # Links and names of files have them by right.
            strength = max(strength, 0.2 if _ADDRESS.search(token) or _FILE.search(token) else 0.6)
        else:
            continue
        count += escapes
        pieces.append(Piece(match.start(), match.end(), inside))
    return Found(strength, pieces, count) if pieces else None


def _look_entities(view: View) -> Found | None:
    pieces: list[Piece] = []
    latin = 0
    for match in _ENTITY.finditer(view.text):
        inside = html.unescape(_ONE.sub(_character, match[0]))
        pieces.append(Piece(match.start(), match.end(), inside))
        latin += sum(letter.isascii() and letter.isalpha() for letter in inside)
    # JSON escapes what is not ASCII; nobody need escape letters.
    return Found(0.9 if latin >= 4 else 0.2, pieces, len(pieces)) if pieces else None


def _character(match: re.Match[str]) -> str:
    code = int(match[1] or match[2] or match[3], 16)
    return chr(code) if code < 0x110000 else ""


URL = SignalSource("url encoding", OBFUSCATION, ESCAPE, "escapes", _look_url, "payload", rank=9)
ENTITIES = SignalSource("character escapes", OBFUSCATION, ESCAPE, "strings", _look_entities, "payload", rank=9)
