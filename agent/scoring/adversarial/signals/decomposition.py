"""Chinese characters taken apart: "弓虽" for 强, "氵又" for 汉. A part that no text has by itself gives it away."""

from __future__ import annotations

import re

from agent.scoring.adversarial.base import OBFUSCATION, Found, Piece, SignalSource, View
from agent.scoring.adversarial.facts import TAKEN_APART
from agent.scoring.adversarial.parts import PARTS, STANDALONE

__all__ = ["SIGNAL"]

_PATTERN = re.compile("|".join(map(re.escape, sorted(PARTS, key=len, reverse=True))))
_LONE = re.compile(f"[{STANDALONE}](?=[\u4e00-\u9fff])")
_LESSON = re.compile("偏旁|部首|笔画|拆字|字形|旁的字|\u90e8\u9996")


def _look(view: View) -> Found | None:
    text = view.text
    pieces: list[Piece] = []
    weight = 0.0
    for match in _PATTERN.finditer(text):
        sure = match[0][0] in STANDALONE
        weight += 0.5 if sure else 0.2
        pieces.append(Piece(match.start(), match.end(), PARTS[match[0]]))
    lone = len(_LONE.findall(text)) - sum(text[piece.start] in STANDALONE for piece in pieces)
    weight += 0.2 * max(lone, 0)
    if not pieces or weight < 0.35:
        return None
    if _LESSON.search(text):
        weight = min(weight, 0.4)
    return Found(min(1.0, weight), pieces, len(pieces))


SIGNAL = SignalSource("character decomposition", OBFUSCATION, TAKEN_APART, "characters", _look, "fold", rank=6)
