"""Bytes in hexadecimal or binary figures that are text: ``68656c6c6f``, ``68 65 6c``, ``\\x68\\x65``, ``01101000``."""

from __future__ import annotations

import re

from agent.scoring.adversarial.base import OBFUSCATION, Found, Piece, SignalSource, View, apart
from agent.scoring.adversarial.characters import ESCAPE
from agent.scoring.adversarial.facts import NUMBERS, RUN
from agent.scoring.adversarial.readable import readable

__all__ = ["SIGNAL"]

_RUNS = re.compile(r"(?<![0-9A-Za-z\\])(?:0x)?((?:[0-9a-fA-F]{2}){8,}+)(?![0-9A-Za-z])")
_PAIRS = re.compile(
    r"(?<![0-9A-Za-z])[0-9a-fA-F]{2}(?:[ :,-][0-9a-fA-F]{2}){7,}(?![0-9A-Za-z])"
    r"|(?<![0-9A-Za-z])0x[0-9a-fA-F]{2}(?:,? 0x[0-9a-fA-F]{2}){5,}"
)
_ESCAPES = re.compile(r"(?:\\x[0-9a-fA-F]{2}){4,}")
_BINARY = re.compile(r"(?<![0-9])[01]{8}(?: ?[01]{8}){3,}(?![0-9])")
_NO_FIGURE = re.compile(r"0x|\\x|[^0-9a-fA-F]")


def _look(view: View) -> Found | None:
    pieces: list[Piece] = []
    hexadecimal = ((RUN, _RUNS), (NUMBERS, _PAIRS), (ESCAPE, _ESCAPES))
    for fact, pattern in hexadecimal:
        if view.facts & fact:
            for match in pattern.finditer(view.text):
                inside = readable(bytes.fromhex(_NO_FIGURE.sub("", match[0])))
                if inside is not None:
                    pieces.append(Piece(match.start(), match.end(), inside))
    for match in _BINARY.finditer(view.text) if view.facts & NUMBERS else ():
        figures = match[0].replace(" ", "")
        inside = readable(bytes(int(figures[at : at + 8], 2) for at in range(0, len(figures), 8)))
        if inside is not None:
            pieces.append(Piece(match.start(), match.end(), inside))
    if not pieces:
        return None
    pieces = apart(pieces)
    return Found(0.9, pieces, len(pieces))


SIGNAL = SignalSource("hex", OBFUSCATION, RUN | NUMBERS | ESCAPE, "strings", _look, "payload", rank=9)
