"""Base64 and Base32 (RFC 4648) that decode to text. Images, hashes, keys and tokens do not."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence

from agent.scoring.adversarial.base import OBFUSCATION, Found, Piece, SignalSource, View
from agent.scoring.adversarial.facts import RUN
from agent.scoring.adversarial.readable import readable

__all__ = ["SIGNAL"]

_CHAR = "[A-Za-z0-9+/_-]"
_BODY = f"{_CHAR}{{16,}}+"
# The last of several lines may be short, and ends a group of four then.
_TAIL = rf"\r?\n(?:{_CHAR}{{4}}){{0,3}}(?:{_CHAR}{{4}}|{_CHAR}{{3}}=|{_CHAR}{{2}}==)(?![A-Za-z0-9+/_=-])"
_RUN = re.compile(rf"(?<![A-Za-z0-9+/_=-]){_BODY}(?:\r?\n{_BODY})*+(?:{_TAIL}|={{0,6}})")
_LINE = re.compile(rf"{_CHAR}+=*")
_BASE32 = re.compile("[A-Z2-7]+=*")
_STRUCTURED = re.compile(r"\s*[\[{<]|[A-Za-z_]+[=:]")
_URL_SAFE = str.maketrans("-_", "+/")


def _look(view: View) -> Found | None:
    pieces: list[Piece] = []
    prose = False
    for match in _RUN.finditer(view.text):
        for piece in _pieces(match):
            pieces.append(piece)
            # A token's JSON, a configuration: decoded and judged all the same, but nobody hides there.
            prose |= _STRUCTURED.match(piece.plain) is None
    return Found(0.9 if prose else 0.3, pieces, len(pieces)) if pieces else None


def _pieces(match: re.Match[str]) -> list[Piece]:
    """What neighbouring lines say: together, as in e-mail (RFC 2045), or as far as they have one width, or each alone.

    A long word or a rule of dashes on the line before or behind is none of it.
    """
    whole = _decoded(match[0])
    if whole is not None:
        return [Piece(match.start(), match.end(), whole)]
    at = match.start()
    lines = [Piece(at + line.start(), at + line.end(), line[0]) for line in _LINE.finditer(match[0])]
    found: list[Piece] = []
    for group in _of_one_width(lines) if len(lines) > 1 else ():
        # What stands before or behind may be as wide by chance.
        together = _joined(group) or _joined(group[:-1]) or _joined(group[1:])
        alone = () if together else [_joined([line]) for line in group]
        found += [piece for piece in (together, *alone) if piece is not None]
    return found


def _joined(lines: Sequence[Piece]) -> Piece | None:
    inside = _decoded("".join(line.plain for line in lines)) if lines else None
    return None if inside is None else Piece(lines[0].start, lines[-1].end, inside)


def _of_one_width(lines: Sequence[Piece]) -> list[list[Piece]]:
    """Neighbouring lines as wide as the first of them; the last may be shorter."""
    groups: list[list[Piece]] = []
    is_open = False
    for line in lines:
        width = len(line.plain)
        if is_open and width <= len(groups[-1][0].plain):
            groups[-1].append(line)
            is_open = width == len(groups[-1][0].plain)
        else:
            groups.append([line])
            is_open = True
    return groups


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
