"""Lines of a key whose armour is elsewhere: what is left of a private key where a log is cut into lines."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded
from agent.scoring.pii.secrets.randomness import is_hexadecimal, randomness

__all__ = ["RECOGNIZER"]

_LOOK_BACK = 8192
# Of 64 random characters of base64, 0.999 have as many bits.
_LEAST_BITS = 24


def _judge(match: re.Match[str], in_context: bool) -> float:
    line = match["line"]
    if is_hexadecimal(line) or randomness(line) < _LEAST_BITS:
        return 0.0
    if not (any(c.isdigit() for c in line) and any(c.isupper() for c in line) and any(c.islower() for c in line)):
        return 0.0
    text, start = match.string, match.start()
    header = text.rfind("-----BEGIN ", max(0, start - _LOOK_BACK), start)
    # The lines of a certificate, of a public key, of a signed or sealed message.
    return 0.0 if header >= 0 and "PRIVATE" not in text[header : header + 60] else 0.6


RECOGNIZER = Recognizer(
    name="line of a key",
    type="SECRET",
    source="RFC 7468 section 2 (lines of exactly 64 characters of base64), OpenSSH's PROTOCOL.key (lines of 70)",
    pattern=bounded(
        r"(?<![\w+/=.,:-])(?P<line>[A-Za-z0-9+/]{64}(?:[A-Za-z0-9+/]{6})?)(?![\w+/=.-])"
        r"(?:(?:\\[rn]|\s){1,16}[A-Za-z0-9+/]{64}(?:[A-Za-z0-9+/]{6})?(?![\w+/=.-])){0,128}+"
        r"(?:(?:\\[rn]|\s){1,16}[A-Za-z0-9+/]{4,63}={1,2}(?![\w+/=.-]))?"
    ),
    # Begins with what is no base64, so that a long line is reported once; the same as of wallets' keys, so that one
    # automaton serves both.
    trigger=r"(?:^|[^\w+/])[A-Za-z0-9+/]{50}",
    judge=_judge,
    priority=3,
    lead=64,
)
