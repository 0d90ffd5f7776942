"""Bytes in hexadecimal or binary figures that are text: ``68656c6c6f``, ``68 65 6c``, ``0x68 0x65``, ``\\x68\\x65``,
``01101000``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.scoring.adversarial.base import OBFUSCATION, Found, Piece, SignalSource, View, apart
from agent.scoring.adversarial.characters import ESCAPE
from agent.scoring.adversarial.facts import LEET, NUMBERS, RUN
from agent.scoring.adversarial.readable import readable

__all__ = ["SIGNAL"]

_RUN = r"(?:[0-9a-fA-F]{2}){8,}+"
_RUNS = re.compile(rf"(?<![0-9A-Za-z\\])(?:0x)?{_RUN}(?:\r?\n{_RUN})*+(?:\r?\n(?:[0-9a-fA-F]{{2}})++)?(?![0-9A-Za-z])")
_PAIRS = re.compile(r"(?<![0-9A-Za-z])[0-9a-fA-F]{2}(?:(?:[ :,-]|\r?\n)[0-9a-fA-F]{2}){7,}(?![0-9A-Za-z])")
_PREFIXED = re.compile(r"(?<![0-9A-Za-z])0[xX][0-9a-fA-F]{2}(?:(?:, ?| )0[xX][0-9a-fA-F]{2}){5,}(?![0-9A-Za-z])")
_ESCAPES = re.compile(r"(?:\\x[0-9a-fA-F]{2}){4,}")
_BINARY = re.compile(r"(?<![0-9])[01]{8}(?: ?[01]{8}){3,}(?![0-9])")
_LINE = re.compile(r"[^\r\n]+")
_NO_FIGURE = re.compile(r"0[xX]|\\x|[^0-9a-fA-F]")


def _look(view: View) -> Found | None:
    pieces: list[Piece] = []
    hexadecimal = ((RUN, _RUNS), (NUMBERS, _PAIRS), (LEET, _PREFIXED), (ESCAPE, _ESCAPES))
    for fact, pattern in hexadecimal:
        if view.facts & fact:
            for match in pattern.finditer(view.text):
                pieces += _pieces(match)
    for match in _BINARY.finditer(view.text) if view.facts & NUMBERS else ():
        figures = match[0].replace(" ", "")
        inside = readable(bytes(int(figures[at : at + 8], 2) for at in range(0, len(figures), 8)))
        if inside is not None:
            pieces.append(Piece(match.start(), match.end(), inside))
    if not pieces:
        return None
    pieces = apart(pieces)
    return Found(0.9, pieces, len(pieces))


def _pieces(match: re.Match[str]) -> list[Piece]:
    """What the lines say together, or each alone: others may stand before and behind."""
    whole = [Piece(match.start(), match.end(), match[0])]
    lines = [
        Piece(match.start() + line.start(), match.start() + line.end(), line[0]) for line in _LINE.finditer(match[0])
    ]
    return _read(whole) or (_read(lines) if len(lines) > 1 else [])


def _read(written: Sequence[Piece]) -> list[Piece]:
    read = [(piece, readable(bytes.fromhex(_NO_FIGURE.sub("", piece.plain)))) for piece in written]
    return [piece._replace(plain=inside) for piece, inside in read if inside is not None]


SIGNAL = SignalSource("hex", OBFUSCATION, RUN | NUMBERS | LEET | ESCAPE, "strings", _look, "payload", rank=9)
