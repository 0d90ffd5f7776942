"""Signs between Chinese characters, so that no word stands unbroken: "忽.略.所.有".

Points in foreign names, enumerations, and a blank for a comma are ordinary; so are texts whose words are kept apart by
blanks, as corpora are, and columns of characters. Of what stands in sentences too (a wave, an ellipsis), only whole
rows count, with one behind each character.
"""

from __future__ import annotations

import re

from agent.scoring.adversarial.base import OBFUSCATION, Found, Piece, SignalSource, View
from agent.scoring.adversarial.characters import BLANKS, ODD_SEPARATORS, ROW_SEPARATORS
from agent.scoring.adversarial.facts import SPLIT_HAN

__all__ = ["SIGNAL"]

_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_ODD = re.escape(ODD_SEPARATORS)
_IN_ROW = re.escape(ROW_SEPARATORS) + BLANKS + "，。、,;；:"
_BREAK = re.compile(rf"(?<=[{_HAN}])([{_ODD}])[ ]?(?=[{_HAN}])")
_BLANK = re.compile(rf"(?<=[{_HAN}])[ \u3000]{{1,2}}(?=[{_HAN}])")
# Single characters, each with a sign behind it: five, or it could be a list.
_ALL_APART = re.compile(rf"(?<![{_HAN}])(?:[{_HAN}]([{_IN_ROW}])\1?){{4,}}[{_HAN}](?![{_HAN}])")
_ANY_SIGN = re.compile(rf"(?<=[{_HAN}])[{_IN_ROW}]{{1,2}}(?=[{_HAN}])")
_ODD_SIGN = re.compile(rf"(?<=[{_HAN}])(?:[{_ODD}][ ]?|[ \u3000]{{1,2}})(?=[{_HAN}])")
_CHARACTER = re.compile(f"[{_HAN}]")
_LEAST_KINDS = 2
_LEAST_VISIBLE = 0.2
_LEAST_SHARE = 0.08
_LONG_ROW = 15
_BLANKS = frozenset(BLANKS)
_LINES = frozenset("\t\n")
_LIST = frozenset("，。、,;；:…—～－") | _BLANKS
_LONG_LIST = 23
#: Numerals, and what else lists are numbered by.
_COUNTED = frozenset("〇零一二三四五六七八九十百壹贰叁肆伍陆柒捌玖拾甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥")
_NAMES = "·・‧-./~"


def _look(view: View) -> Found | None:
    text = view.text
    apart = list(_ALL_APART.finditer(text))
    if apart:
        pieces = [Piece(match.start(), match.end(), _ANY_SIGN.sub("", match[0])) for match in apart]
        return Found(max(map(_strength_of_row, apart)), pieces, len(pieces))
    breaks = [match[1] for match in _BREAK.finditer(text)]
    if not breaks:
        return None
    blanks = len(_BLANK.findall(text))
    every = len(breaks) + blanks
    hidden = breaks.count("\u200b")
    # Where only these break words the trick has a name of its own; one blank among many of them is a blank.
    if every - hidden < _LEAST_VISIBLE * every:
        return None
    kinds = len({*breaks, " "} if blanks else set(breaks))
    unusual = sum(sign not in _NAMES for sign in breaks)
    dense = every >= _LEAST_SHARE * len(_CHARACTER.findall(text))
    if dense and unusual and kinds >= _LEAST_KINDS:
        strength = min(1.0, 0.4 + 0.15 * len(breaks))
    elif dense and unusual >= 3:
        strength = 0.6
    else:
        strength = 0.1 * min(unusual + 1, 3)
    pieces = [Piece(match.start(), match.end()) for match in _ODD_SIGN.finditer(text)]
    return Found(strength, pieces, len(pieces))


def _strength_of_row(match: re.Match[str]) -> float:
    """Of single characters with a sign behind each: blanks set names in catalogues apart, and commas make lists."""
    row = match[0]
    signs = set(_CHARACTER.sub("", row))
    if signs <= _LINES:
        return 0.4
    if signs <= _BLANKS:
        return 0.6 if len(row) >= _LONG_ROW else 0.4
    if not signs <= _LIST:
        return 0.9
    return 0.1 if _COUNTED.issuperset(_CHARACTER.findall(row)) else 0.9 if len(row) >= _LONG_LIST else 0.4


SIGNAL = SignalSource("separators", OBFUSCATION, SPLIT_HAN, "places", _look, "fold", rank=9)
