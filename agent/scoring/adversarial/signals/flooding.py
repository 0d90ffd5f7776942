"""Floods: many dialogue turns in one text (many-shot jailbreaking, Anil et al. 2024), and long stretches of repeats."""

from __future__ import annotations

import re
import zlib

from agent.scoring.adversarial.base import CATEGORY, Found, Piece, SignalSource, View
from agent.scoring.adversarial.facts import LONG

__all__ = ["SIGNAL"]

_TURN = re.compile(
    r"^[ \t>*#\"']{0,4}(?:human|user|person|customer|question|q|prompt|assistant|ai|bot|chatbot|model|answer|a|"
    r"response|"
    r"用户|助手|人类|问|答|客户|提问|回答|问题|机器人)[ *\"']{0,3}(?:\d{1,4})?[ *\"']{0,3}[:：]",
    re.IGNORECASE | re.MULTILINE,
)
#: Shots from which attacks begin to work in the paper (32 to 256), each of two turns.
_TURNS = 64
_REPEATED = 0.03
_LEAST_BYTES = 3000
_MOST_BYTES = 1 << 20


def _look(view: View) -> Found | None:
    text = view.text
    turns = [match.start() for match in _TURN.finditer(text)]
    by_turns = min(1.0, 0.5 * len(turns) / _TURNS)
    data = text[:_MOST_BYTES].encode("utf-8", "replace")
    by_repeats = 0.0
    if len(data) >= _LEAST_BYTES:
        # What compresses a hundredfold says one thing a hundred times; prose shrinks to a third, logs to a tenth.
        share = len(zlib.compress(data, 1)) / len(data)
        by_repeats = max(0.0, min(1.0, 1.0 - 0.5 * share / _REPEATED))
    strength = max(by_turns, by_repeats)
    if strength < 0.1:
        return None
    if by_turns >= by_repeats:
        return Found(strength, [Piece(turns[0], len(text))], len(turns))
    return Found(strength, [Piece(0, len(text))], 1)


SIGNAL = SignalSource("flooding", f"{CATEGORY}.flooding", LONG, "turns or repeats/turn or repeat", _look, rank=3)
