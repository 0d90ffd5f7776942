"""Chinese phrases of attacks in other characters that sound alike: "呼略之钱的质令" for 忽略之前的指令.

Only phrases out of a table are found, of three syllables or more; tones do not count.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from agent.scoring.adversarial.base import OBFUSCATION, Found, Piece, SignalSource, View
from agent.scoring.adversarial.facts import HEARD
from agent.scoring.adversarial.hearing import heard_in, phrases_heard

__all__ = ["SIGNAL"]

_RUN = re.compile("[\u4e00-\u9fff]{3,}")
_LEAST_SYLLABLES = 3
_MOST_CHARACTERS = 20_000


def _look(view: View) -> Found | None:
    told, beginnings, longest = phrases_heard()
    pieces: list[Piece] = []
    for match in _RUN.finditer(view.text, 0, view.end(_MOST_CHARACTERS)):
        run = match[0]
        heard = heard_in(run)
        place = 0
        while place + _LEAST_SYLLABLES <= len(heard):
            if (heard[place], heard[place + 1]) in beginnings:
                plain = _phrase_at(run, heard, place, told, longest, view.ordinary.simplified)
                if plain is not None:
                    pieces.append(Piece(match.start() + place, match.start() + place + len(plain), plain))
                    place += len(plain)
                    continue
            place += 1
    if not pieces:
        return None
    weight = sum(0.3 if len(piece.plain) == _LEAST_SYLLABLES else 0.6 for piece in pieces)
    return Found(min(1.0, weight), pieces, len(pieces))


def _phrase_at(
    run: str,
    heard: list[int],
    place: int,
    told: Mapping[tuple[int, ...], str],
    longest: int,
    simplified: Mapping[int, str],
) -> str | None:
    for length in range(min(longest, len(heard) - place), _LEAST_SYLLABLES - 1, -1):
        phrase = told.get(tuple(heard[place : place + length]))
        if phrase is not None:
            # The phrase itself is none, in traditional characters neither.
            return None if run[place : place + length].translate(simplified) == phrase else phrase
    return None


SIGNAL = SignalSource("homophones", OBFUSCATION, HEARD, "phrases", _look, "fold", rank=6)
