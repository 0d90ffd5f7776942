"""Words spelled out with something between their letters: "a.g.r.e.e", "s p e l l". Initials and formulas are not."""

from __future__ import annotations

import re
from itertools import pairwise

from agent.scoring.adversarial.base import OBFUSCATION, Found, Piece, SignalSource, View
from agent.scoring.adversarial.facts import SPLIT
from agent.scoring.adversarial.wordlike import wordlike

__all__ = ["SIGNAL"]

_LETTER = "[A-Za-z\u00c0-\u024f]"
# The same sign throughout, in no address of mail; blanks may be wider between words.
_SIGNS = re.compile(rf"(?<![^\W_]){_LETTER}(?:([-.*_·•|/~+,])\1?{_LETTER}(?![^\W_])){{2,}}+(?![^\W_]|[\w.+-]{{0,64}}@)")
_BLANKS = re.compile(rf"(?<![\w.*'’-]){_LETTER}(?: {{1,3}}{_LETTER}(?![\w.*'’-])){{2,}}")
_GAP = re.compile(r"[^A-Za-z\u00c0-\u024f]+")
_MOST = 20_000
#: Answers of a test, the alphabet: letters that say nothing together.
_FIRST_LETTERS = frozenset("abcdef")
_CAPITALS = 0.2
"""What one word in capitals is worth: acronyms, titles, and names that are spelled for whoever has to write them."""


def _look(view: View) -> Found | None:
    weight = 0.0
    pieces: list[Piece] = []
    capitals: set[str] = set()
    for pattern, blanks in ((_SIGNS, False), (_BLANKS, True)):
        for match in pattern.finditer(view.text, 0, view.end(_MOST)):
            plain = _joined(match[0], blanks)
            worth = _worth(plain, match[0], blanks, view)
            if not worth:
                continue
            pieces.append(Piece(match.start(), match.end(), plain))
            if plain.isupper():
                capitals.update(plain.split())
            else:
                weight += worth
    weight += _CAPITALS * len(capitals)
    if not pieces:
        return None
    pieces.sort()
    return Found(min(1.0, weight), pieces, len(pieces))


def _joined(run: str, blanks: bool) -> str:
    gaps = [len(gap) for gap in _GAP.findall(run)]
    if blanks and max(gaps) > min(gaps):
        return _GAP.sub(lambda gap: " " if len(gap[0]) > min(gaps) else "", run)
    return _GAP.sub("", run)


def _worth(plain: str, run: str, blanks: bool, view: View) -> float:
    letters = len(plain.replace(" ", ""))
    words = plain.lower().split()
    if _FIRST_LETTERS.issuperset("".join(words)) or _is_in_order("".join(words)):
        return 0.0
    common = all(word in view.ordinary.words for word in words)
    if letters < 4:
        # Initials, enumerations, lists of options.
        return 0.35 if common and plain.islower() and not blanks else 0.0
    if common:
        return 0.7
    # Initials of a name or an agency.
    if plain.isupper() and letters < 6:
        return 0.0
    if all(wordlike(word, view.ordinary) for word in words):
        return 0.6 if letters >= 5 or not blanks else 0.3
    return 0.0


def _is_in_order(letters: str) -> bool:
    return all(ord(after) - ord(before) == 1 for before, after in pairwise(letters))


SIGNAL = SignalSource("split words", OBFUSCATION, SPLIT, "words", _look, "fold", rank=7)
