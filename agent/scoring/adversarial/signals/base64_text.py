"""Base64 and Base32 (RFC 4648) that decode to text. Images, hashes, keys and tokens do not."""

from __future__ import annotations

import base64
import binascii
import re

from agent.scoring.adversarial.base import OBFUSCATION, Found, Piece, SignalSource, View
from agent.scoring.adversarial.facts import RUN
from agent.scoring.adversarial.readable import readable

__all__ = ["SIGNAL"]

# Lines of 60 to 76 characters are joined, as in e-mail (RFC 2045).
_BODY = "[A-Za-z0-9+/_-]{16,}+"
_RUN = re.compile(rf"(?<![A-Za-z0-9+/_=-]){_BODY}(?:\r?\n{_BODY})*+={{0,6}}")
_BASE32 = re.compile("[A-Z2-7]+=*")
_STRUCTURED = re.compile(r"\s*[\[{<]|[A-Za-z_]+[=:]")
_URL_SAFE = str.maketrans("-_", "+/")


def _look(view: View) -> Found | None:
    pieces: list[Piece] = []
    prose = False
    for match in _RUN.finditer(view.text):
        inside = _decoded(match[0])
        if inside is not None:
            pieces.append(Piece(match.start(), match.end(), inside))
            # A token's JSON, a configuration: decoded and judged all the same, but nobody hides there.
            prose |= _STRUCTURED.match(inside) is None
    return Found(0.9 if prose else 0.3, pieces, len(pieces)) if pieces else None


def _decoded(run: str) -> str | None:
    body = run.rstrip("=").replace("\r", "").replace("\n", "")
    if _BASE32.fullmatch(run):
        try:
            inside = readable(base64.b32decode(body + "=" * (-len(body) % 8)))
        except (binascii.Error, ValueError):
            inside = None
        if inside is not None:
            return inside
    if len(body) % 4 == 1:
        return None
    try:
        return readable(base64.b64decode(body.translate(_URL_SAFE) + "=" * (-len(body) % 4), validate=True))
    except (binascii.Error, ValueError):
        return None


SIGNAL = SignalSource("base64", OBFUSCATION, RUN, "strings", _look, "payload", rank=9)
