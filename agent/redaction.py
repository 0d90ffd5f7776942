"""Finding values again, and replacing them: what `agent.evidence` and `agent.assess.protection` have in common.

A value counts as found again in any case, in full-width forms and with its accents composed or apart, a number that
identifies somebody (`agent.notations`) also with other separators.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from agent.errors import ScorerError
from agent.literals import Literals
from agent.normalize import caseless, caseless_with_map
from agent.notations import MOST_CHARACTERS, Numbers
from agent.scores import TextSpan

__all__ = [
    "Rendered",
    "Stretch",
    "ValueSearch",
    "blanked",
    "check_spans",
    "fold",
    "redact",
    "render",
    "stretches",
    "values_of",
]

_WIDE = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {"\u3000": " "}
# Digits of other scripts; the ranges are those of living scripts and of mathematics.
_WIDE |= {
    chr(code): str(unicodedata.decimal(chr(code)))
    for code in (*range(0x0660, 0xABFA), *range(0x1D7CE, 0x1D800))
    if chr(code).isdecimal()
}
# Whose other case is another letter's as well: Turkish names in capitals have an I.
_WIDE |= {"ı": "i", "İ": "i"}
_NONE: Mapping[str, str] = {}
# So many blanks between two words are one space: a line break with what the next line is indented by.
_MOST_BLANKS = 32
_SPACE = re.compile(rf"\s{{1,{_MOST_BLANKS}}}")
_ODD_SPACE = re.compile(r"[^\S ]|\s\s")
_HAN_NAME = re.compile(rf"[\u4e00-\u9fff](?:\s{{0,{_MOST_BLANKS}}}[\u4e00-\u9fff]){{1,3}}")
# Characters that one takes up when it is written with its accents apart.
_MOST_APART = 4


class Stretch(NamedTuple):
    """Characters to be replaced, and the types of what lies there in order of appearance."""

    start: int
    end: int
    types: tuple[str, ...]


class Rendered(NamedTuple):
    """A text with replacements, and where these stand in it, ``[start, end)``: not all that has brackets is one."""

    text: str
    marks: list[tuple[int, int]]


def redact(text: str, spans: Sequence[TextSpan], also: Mapping[str, str] = _NONE) -> str:
    """Replace each span by its type in brackets, such as ``[EMAIL]``.

    Every other occurrence of a span's value goes too, in any case, in full-width forms and with accents composed or
    apart, and of numbers (telephone, card, account, identity) of seven digits and more also those with other
    separators. Spans that touch or overlap become one, named by all their types: ``[EMAIL+PHONE]``; one inside of
    another is not named. So no detected value is left in the result, unless the value is made of brackets or is itself
    part of a type's name. Values that were not detected stay.

    Parameters
    ----------
    also
        Values found elsewhere, as `values_of` gives them, to be replaced here as well.

    Raises
    ------
    ScorerError
        For a span that does not lie in the text. Then nothing may be shown.

    Notes
    -----
    Takes time proportional to the length of the text and of the values together, however many these are.
    """
    values = ValueSearch({**also, **values_of(text, spans)})
    return render(text, stretches(text, spans, values), 0, len(text)).text


def values_of(text: str, spans: Sequence[TextSpan]) -> dict[str, str]:
    """What the spans hold, folded in case and width so that it is found again elsewhere, with the type of each.

    Raises
    ------
    ScorerError
        For a span that does not lie in the text.
    """
    check_spans(text, spans)
    return {fold(text[span.start : span.end]): span.type for span in spans}


def check_spans(text: str, spans: Sequence[TextSpan]) -> None:
    """Raise `ScorerError` for a span that does not lie in the text."""
    for span in spans:
        if not 0 <= span.start < span.end <= len(text):
            raise ScorerError(f"span [{span.start}, {span.end}) does not lie in its text of {len(text)} characters")


def fold(text: str) -> str:
    """One case, ASCII width and ASCII digits, character by character, so that offsets stay."""
    if text.isascii():
        return text.lower()
    narrow = (_WIDE.get(character, character) for character in text)
    return "".join(folded if len(folded := character.casefold()) == 1 else character for character in narrow)


class ValueSearch:
    """Finds known values again.

    Parameters
    ----------
    kinds
        Folded values with their types, as `values_of` gives them.
    whole_words
        Whether values of letters alone count only as whole words.
    """

    def __init__(self, kinds: Mapping[str, str], whole_words: bool = False) -> None:
        self.kinds = kinds
        # What is written with its accents apart in one text (file names of macOS, some keyboards) is composed in
        # another; of some letters the capital is two; a name stands in two lines.
        forms = (
            (form, value)
            for value, kind in kinds.items()
            for form in (caseless(value), " ".join(caseless(value).split()), *_spaced_out(value, kind))
        )
        self._as_given = {form: value for form, value in forms if form and form not in kinds}
        self._spaced = any(_SPACE.search(form) for form in (*kinds, *self._as_given))
        self._literals = Literals({**kinds, **self._as_given}, whole_words)
        self._numbers = Numbers(kinds)

    @property
    def has_numbers(self) -> bool:
        """Whether any of the values is looked for in other notations."""
        return bool(self._numbers)

    @property
    def reach(self) -> int:
        """How many characters any of the values may take up in a text, at most."""
        return max((MOST_CHARACTERS if self.has_numbers else 0, *map(_longest, (*self.kinds, *self._as_given))))

    def literals(self, folded: str) -> Iterator[tuple[int, int, str]]:
        """Start, end and value, wherever one stands in a folded text, its accents composed or apart, its words with any
        blanks between them; where several begin, the longest.
        """
        given = self._as_given
        for text, offsets in self._looks(folded):
            for start, value in self._literals.longest(text).items():
                end = start + len(value)
                if offsets is None:
                    yield start, end, given.get(value, value)
                else:
                    # Of what became one character, or several of one, all goes.
                    after = bisect_right(offsets, offsets[end - 1])
                    yield (
                        offsets[start],
                        offsets[after] if after < len(offsets) else len(folded),
                        given.get(value, value),
                    )

    def _looks(self, folded: str) -> Iterator[tuple[str, list[int] | None]]:
        """The forms of a text in which values may stand, and where the characters of each were."""
        yield folded, None
        if not self.kinds:
            return
        text, offsets = folded, None
        mapped = caseless_with_map(folded)
        if mapped is not None:
            text, offsets = mapped
            yield text, offsets
        once = _with_single_spaces(text) if self._spaced else None
        if once is not None:
            text, places = once
            yield text, places if offsets is None else [offsets[place] for place in places]

    def numbers(self, folded: str) -> Iterator[tuple[int, int, str]]:
        """Start, end and value, wherever the number of one stands in a folded text, in any notation."""
        return self._numbers.places(folded)

    def any_in(self, folded: str) -> bool:
        """Whether any value, in any notation, stands in a folded text."""
        if any(self._literals.stands_in(text) for text, _ in self._looks(folded)):
            return True
        return next(self._numbers.places(folded), None) is not None


def _with_single_spaces(text: str) -> tuple[str, list[int]] | None:
    """A text with one space in place of other blanks, and where each character was; None when that changes nothing."""
    if _ODD_SPACE.search(text) is None:
        return None
    pieces: list[str] = []
    offsets: list[int] = []
    position = 0
    for blanks in _SPACE.finditer(text):
        pieces += (text[position : blanks.start()], " ")
        offsets += range(position, blanks.start() + 1)
        position = blanks.end()
    offsets += range(position, len(text))
    return "".join((*pieces, text[position:])), offsets


def _spaced_out(value: str, kind: str) -> Iterator[str]:
    """A Chinese name without blanks in it, and one of two characters as forms and lists have it, as wide as those of
    three: 张　伟.
    """
    if kind == "NAME" and _HAN_NAME.fullmatch(value):
        characters = "".join(value.split())
        yield characters
        if len(characters) == 2:
            yield " ".join(characters)


def _longest(value: str) -> int:
    apart = len(value) if value.isascii() else _MOST_APART * len(value)
    return apart + _MOST_BLANKS * len(_SPACE.findall(value))


def blanked(folded: str, places: Iterable[tuple[int, int]]) -> str:
    """The text without what stands in some places, for a second look: digits may have touched a number until now.

    Parameters
    ----------
    places
        In order; they may overlap.
    """
    parts: list[str] = []
    position = 0
    for start, end in places:
        if end > position:
            parts += (folded[position:start], "\0" * (end - max(start, position)))
            position = end
    return "".join((*parts, folded[position:]))


def stretches(text: str, spans: Sequence[TextSpan], values: ValueSearch) -> list[Stretch]:
    """What to replace: the spans, and wherever else one of the values stands. In order, merged, apart."""
    found = [Stretch(span.start, span.end, (span.type,)) for span in spans]
    folded = fold(text)
    kinds = values.kinds
    found += (Stretch(start, end, (kinds[value],)) for start, end, value in values.literals(folded))
    if values.has_numbers:
        found += (Stretch(start, end, (kinds[value],)) for start, end, value in values.numbers(folded))
        rest = blanked(folded, sorted((start, end) for start, end, _ in found))
        found += (Stretch(start, end, (kinds[value],)) for start, end, value in values.numbers(rest))
    merged: list[Stretch] = []
    for stretch in sorted(found, key=lambda stretch: (stretch.start, -stretch.end)):
        if merged and stretch.start <= merged[-1].end:
            last = merged[-1]
            if stretch.end <= last.end:
                continue  # a name inside of an e-mail address
            types = last.types + tuple(kind for kind in stretch.types if kind not in last.types)
            merged[-1] = Stretch(last.start, max(last.end, stretch.end), types)
        else:
            merged.append(stretch)
    return merged


def render(text: str, stretches: Sequence[Stretch], low: int, high: int) -> Rendered:
    """``text[low:high]`` with the stretches replaced; one that only begins or ends in there is replaced whole."""
    pieces: list[str] = []
    marks: list[tuple[int, int]] = []
    position = low
    length = 0
    for start, end, types in stretches:
        if end <= low:
            continue
        if start >= high:
            break
        before, mark = text[position:start] if start > position else "", f"[{'+'.join(types)}]"
        pieces += (before, mark)
        length += len(before) + len(mark)
        marks.append((length - len(mark), length))
        position = end
    if position < high:
        pieces.append(text[position:high])
    return Rendered("".join(pieces), marks)
