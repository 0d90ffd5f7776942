"""What a column holds, told by its title and some of its cells: numbers, dates, categories, texts, names of rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from agent.assess.bias.columns import is_missing
from agent.assess.cells import number_of

__all__ = ["Kind", "kind_of", "numbers_of", "plain_form", "tells_rows_apart", "tokens_of"]

Kind: TypeAlias = Literal["empty", "number", "date", "category", "value", "text"]
"""``value`` is a category with too many values to look at each, such as a postcode or a name."""

_MOSTLY = 0.95
_MOST_CATEGORIES = 50
_WORDS_OF_A_TEXT = 4.0
_CHARACTERS_OF_A_TEXT = 40.0

_ROW_TITLES = re.compile(
    # A column without a title is the index that pandas writes.
    r"|(?:.*[_\-. ])?(?:id|ids|uuid|guid|index|row|rownum|row_?number|key|hash|serial)"
    r"|unnamed: ?\d+|.*(?:编号|序号|流水号|主键)"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORD = re.compile(r"[^\W\d_]+|\d+")
_WIDE = re.compile("[\u3400-\u9fff]+")


def tells_rows_apart(title: str, texts: Sequence[str]) -> bool:
    """Whether a column is the number or the name of its row: by its title, and because no filled cell comes twice."""
    filled = [text for text in texts if text]
    return bool(
        len(filled) > 1
        and len(set(filled)) == len(filled)
        and _ROW_TITLES.fullmatch(_CAMEL.sub("_", title.strip()).lower())
    )


def kind_of(texts: Sequence[str]) -> Kind:
    """The kind of a column by some of its cells."""
    filled = [text for text in texts if not is_missing(text)]
    if not filled:
        return "empty"
    different = set(filled)
    if len(different) <= _MOST_CATEGORIES:
        words = sum(map(_length, different)) / len(different)
        # Few sentences that come again and again are categories all the same.
        return "category" if words < _WORDS_OF_A_TEXT or len(filled) >= 2 * len(different) else "text"
    for kind, read in (("number", number_of), ("date", _time)):
        if sum(read(text) is not None for text in filled) >= _MOSTLY * len(filled):
            return kind  # type: ignore[return-value]
    length = sum(map(len, filled)) / len(filled)
    words = sum(map(_length, filled)) / len(filled)
    return "text" if words >= _WORDS_OF_A_TEXT or length >= _CHARACTERS_OF_A_TEXT else "value"


def _length(text: str) -> float:
    # A Chinese word has about two characters.
    return len(_WORD.findall(text)) + sum(len(run) / 2 for run in _WIDE.findall(text))


def numbers_of(texts: Sequence[str], kind: Kind) -> NDArray[np.float64]:
    """Cells of a column of numbers or dates (seconds) as numbers; NaN for what is neither."""
    read = _time if kind == "date" else number_of
    found = (read(text) for text in texts)
    return np.array([np.nan if value is None else value for value in found], dtype=np.float64)


def tokens_of(text: str) -> list[str]:
    """Words in lower case, Chinese in pairs of characters; each once."""
    found: dict[str, None] = {}
    for word in _WORD.findall(text.casefold()):
        if _WIDE.search(word):
            found.update(dict.fromkeys(word[place : place + 2] for place in range(max(1, len(word) - 1))))
        else:
            found[word] = None
    return list(found)


def plain_form(text: str) -> str:
    """Letters and digits alone, in lower case: the same for texts that differ in case, spaces and punctuation."""
    return "".join(_WORD.findall(text.casefold()))


def _time(text: str) -> float | None:
    try:
        found = datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        return None
    # Only the order counts, so that a zone of the machine must not come in.
    return (found.replace(tzinfo=None) - datetime(1970, 1, 1)).total_seconds()
