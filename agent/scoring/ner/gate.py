"""Which texts are worth a model: a cheap look at the letters. Pure.

Measured (docs/privacy.md): the gate for Latin script spares the model a tenth to a third of all texts and costs less
than half a point of F1, since what it leaves out is what models miss anyway, names in lower case.
"""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

from agent.scoring.ner.han import COMPOUND, HAN, SURNAMES
from agent.scoring.ner.words import LABELS, LEADERS, OPENERS, TITLES

__all__ = ["SCRIPTS", "Script", "holds_script", "may_hold_names"]

Script: TypeAlias = Literal["latin", "han", "any"]
SCRIPTS: Final[tuple[Script, ...]] = ("latin", "han", "any")

LATIN: Final = "A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff"
"""For a class of a regular expression."""

_LATIN_WORD: Final = re.compile(f"[{LATIN}]{{2}}")
_LATIN_LETTERS: Final = re.compile(f"[{LATIN}]+")
_HAN_TWO: Final = re.compile(f"[{HAN}].?[{HAN}]")
_HAN_RUNS: Final = re.compile(f"[{HAN}]+")
_SURNAME: Final = re.compile(f"[{SURNAMES}][{HAN}]|{'|'.join(COMPOUND)}|[{HAN}][·•・][{HAN}]")
_CAPITALISED: Final = re.compile(
    f"(?<![{LATIN}\\d_'’])[A-Z\u00c0-\u00d6\u00d8-\u00de\u0100-\u024f\u1e00-\u1eff][{LATIN}'’-]+"
)
_ENDS_SENTENCE: Final = re.compile(r"(?:[.!?:;\n]|^)[\s\"'“”‘’*#>()\[\]\-•\d.]*$")
_COMMON: Final = LEADERS | LABELS | TITLES
_AT_START: Final = _COMMON | OPENERS


def holds_script(text: str, script: Script) -> bool:
    """Whether enough of a text is in a script for its names to be: a product's name in a Chinese text is not."""
    if script == "any":
        return bool(_LATIN_WORD.search(text) or _HAN_TWO.search(text))
    if script == "han":
        return not text.isascii() and _HAN_TWO.search(text) is not None
    if not _LATIN_WORD.search(text):
        return False
    if text.isascii():
        return True
    # A Han character says about what two letters say.
    han = sum(map(len, _HAN_RUNS.findall(text)))
    return 2 * han <= sum(map(len, _LATIN_LETTERS.findall(text)))


def may_hold_names(text: str, script: Script) -> bool:
    """Whether a text could hold a name in a script.

    Latin: a capitalised word that is not one of those with which sentences begin; or no capital at all, since then its
    writer does not capitalise names either. Han: a surname before another character, or a transcribed name's dot.
    """
    if script == "latin":
        return _latin(text)
    if script == "han":
        return _SURNAME.search(text) is not None
    return _SURNAME.search(text) is not None or (_LATIN_WORD.search(text) is not None and _latin(text))


def _latin(text: str) -> bool:
    capitals = False
    for word in _CAPITALISED.finditer(text):
        capitals = True
        low = word[0].lower().removesuffix("'s").removesuffix("’s")
        if low in _COMMON:
            continue
        if low not in _AT_START or not _ENDS_SENTENCE.search(text, max(0, word.start() - 12), word.start()):
            return True
    return not capitals and not any(map(str.isupper, text))
