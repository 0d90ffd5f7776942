"""Chinese in Latin letters: syllables of pinyin among Chinese characters, or a whole text of them."""

from __future__ import annotations

import re
from itertools import islice

from agent.scoring.adversarial.base import OBFUSCATION, Found, Piece, SignalSource, View
from agent.scoring.adversarial.facts import MIXED, STRANGE

__all__ = ["SIGNAL"]

_INITIALS = "(?:[bpmfdtnlgkhjqxryzcsw]|zh|ch|sh)?"
_SYLLABLE = (
    "(?:zh|ch|sh|[zcs])(?:i|a|ai|an|ang|ao|e|ei|en|eng|ong|ou|u|ua|uai|uan|uang|ui|un|uo)"
    "|[jqx](?:i|ia|ian|iang|iao|ie|in|ing|iong|iu|u|uan|ue|un)"
    "|y(?:a|an|ang|ao|e|i|in|ing|ong|ou|u|uan|ue|un)|w(?:a|ai|an|ang|ei|en|eng|o|u)"
    "|[bpm](?:a|ai|an|ang|ao|ei|en|eng|i|ian|iao|ie|in|ing|o|u|iu)|f(?:a|an|ang|ei|en|eng|o|ou|u)"
    "|[dt](?:a|ai|an|ang|ao|e|ei|eng|i|ian|iao|ie|ing|iu|ong|ou|u|uan|ui|un|uo)"
    "|[nl](?:a|ai|an|ang|ao|e|ei|en|eng|i|ia|ian|iang|iao|ie|in|ing|iu|ong|ou|u|v|uan|un|uo|ve|ue)"
    "|[gkh](?:a|ai|an|ang|ao|e|ei|en|eng|ong|ou|u|ua|uai|uan|uang|ui|un|uo)"
    "|r(?:an|ang|ao|e|en|eng|i|ong|ou|u|uan|ui|un|uo)|er|ai|an|ang|ao|ou|en|ei|e|a"
)
_WORD = re.compile(rf"(?:{_SYLLABLE}){{1,6}}")
_TOKEN = re.compile(r"(?<![A-Za-z@./:&#_-])[a-zü]{2,24}(?![A-Za-z@./:&_-])")
_HAN = re.compile("[\u4e00-\u9fff]")
_LATIN_WORD = re.compile("[A-Za-z]+")
_KANA = re.compile("[\u3041-\u30fa]")
_LEAST_ALONE = 5
_LEAST_RARE = 3
_MOST_CHARACTERS = 5000


def _look(view: View) -> Found | None:
    text = view.text[:_MOST_CHARACTERS]
    words = [(match[0], match) for match in islice(_TOKEN.finditer(text), 400)]
    if not words:
        return None
    han = bool(view.facts & MIXED) and _HAN.search(text) is not None
    if not han and not view.facts & STRANGE:
        return None
    if han and _KANA.search(text):
        return None
    pieces: list[Piece] = []
    others = 0
    rare: set[str] = set()
    for word, match in words:
        if _WORD.fullmatch(word) is None:
            others += 1
            continue
        known = word in view.ordinary.words
        if not known:
            rare.add(word)
        if not known or not han:
            pieces.append(Piece(match.start(), match.end(), word))
    if han:
        # Beside Chinese characters, no English word, and not a term in a list of them.
        if not rare or others > len(rare):
            return None
        return Found(min(0.9, 0.3 * len(rare)), pieces, len(pieces))
    total = len(_LATIN_WORD.findall(text))
    if len(pieces) < 0.9 * total or len(rare) < _LEAST_RARE or total < _LEAST_ALONE:
        return None
    return Found(0.6, pieces, len(pieces))


SIGNAL = SignalSource("pinyin", OBFUSCATION, MIXED | STRANGE, "words", _look, "none", rank=4)
