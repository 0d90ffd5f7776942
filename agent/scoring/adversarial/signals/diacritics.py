"""Marks over and through letters that no orthography writes so; heaps of marks ("zalgo")."""

from __future__ import annotations

import re
import unicodedata

from agent.scoring.adversarial.base import OBFUSCATION, Found, Piece, SignalSource, View
from agent.scoring.adversarial.characters import LIVING, MARK

__all__ = ["SIGNAL"]

_WORD = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff\u0300-\u036f\u1ab0-\u1aff\u20d0-\u20f0]+")
_MARKS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u20d0-\u20f0]+")
#: Composed words are compared, so a run of marks is cut before it is sorted.
_HEAP = re.compile("([\u0300-\u036f\u1ab0-\u1aff\u20d0-\u20f0]{4})[\u0300-\u036f\u1ab0-\u1aff\u20d0-\u20f0]+")
_SINGLE = 0.35


def _look(view: View) -> Found | None:
    odd = 0
    kinds: set[str] = set()
    pieces: list[Piece] = []
    for match in _WORD.finditer(view.text):
        word = match[0]
        if word.isascii():
            continue
        composed = unicodedata.normalize("NFC", _HEAP.sub(r"\1", word))
        here = 0
        for place, letter in enumerate(composed):
            if letter < "\u00c0":
                continue
            if _MARKS.match(letter):
                # A mark that composes with nothing: over a plain letter it belongs to no alphabet, over one with a mark
                # already it may be a tone.
                if place and (composed[place - 1].isascii() or _MARKS.match(composed[place - 1])):
                    here += 1
                    kinds.add(letter)
            elif letter.lower() not in LIVING:
                parts = unicodedata.normalize("NFD", letter)
                if len(parts) > 1:
                    here += 1
                    kinds.update(parts[1:])
        odd += here
        pieces.append(Piece(match.start(), match.end(), _without_marks(composed)))
    if not odd:
        return None
    # One kind of mark throughout is a notation (of a language, phonetics, a vector); several kinds are a disguise.
    strength = min(1.0, _SINGLE * odd) if len(kinds) > 1 or odd > 5 else min(0.4, _SINGLE * odd)
    return Found(strength, pieces, odd)


def _without_marks(composed: str) -> str:
    plain = unicodedata.normalize("NFD", composed)
    return unicodedata.normalize("NFC", _MARKS.sub("", plain))


SIGNAL = SignalSource("diacritics", OBFUSCATION, MARK, "marks", _look, "fold", rank=8)
