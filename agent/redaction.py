"""Finding values again, and replacing them: what `agent.evidence` and `agent.assess.protection` have in common.

A value counts as found again in any case and in full-width forms.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from agent.errors import ScorerError
from agent.scores import TextSpan

__all__ = ["Stretch", "check_spans", "fold", "occurrences", "redact", "render", "stretches", "values_of", "word_places"]

_WIDE = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {"\u3000": " "}
_NONE: Mapping[str, str] = {}


class Stretch(NamedTuple):
    """Characters to be replaced, and the types of what lies there in order of appearance."""

    start: int
    end: int
    types: tuple[str, ...]


def redact(text: str, spans: Sequence[TextSpan], also: Mapping[str, str] = _NONE) -> str:
    """Replace each span by its type in brackets, such as ``[EMAIL]``.

    Every other occurrence of a span's value goes too, in any case and in full-width forms. Spans that touch or overlap
    become one, named by all their types: ``[EMAIL+PHONE]``; one inside of another is not named. So no detected value is
    left in the result, unless the value is made of brackets or is itself part of a type's name. Values that were not
    detected stay.

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
    Takes time proportional to the length of the text times the number of different values.
    """
    values = {**also, **values_of(text, spans)}
    return render(text, stretches(text, spans, values), 0, len(text))


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
    """Lower case and ASCII width, character by character, so that offsets stay."""
    if text.isascii():
        return text.lower()
    narrow = (_WIDE.get(character, character) for character in text)
    return "".join(lower if len(lower := character.lower()) == 1 else character for character in narrow)


def occurrences(folded: str, value: str) -> Iterator[int]:
    """Where a folded value stands in a folded text, from left to right, apart from each other."""
    start = folded.find(value)
    while start >= 0:
        yield start
        start = folded.find(value, start + len(value))


def word_places(folded: str, value: str) -> Iterator[int]:
    """Like `occurrences`, but a value of letters alone counts only as whole words: no ``ann`` stands in ``annual``.

    Letters here are those with a case; writing without blanks between words, such as Chinese, has no whole words.
    """
    if not _is_words(value):
        yield from occurrences(folded, value)
        return
    start = folded.find(value)
    while start >= 0:
        end = start + len(value)
        if (start == 0 or not _cased(folded[start - 1])) and (end == len(folded) or not _cased(folded[end])):
            yield start
        start = folded.find(value, start + 1)


@lru_cache(maxsize=4096)
def _is_words(value: str) -> bool:
    return _cased(value[0]) and _cased(value[-1]) and all(_cased(c) or not c.isalnum() for c in value)


def _cased(character: str) -> bool:
    return character.lower() != character.upper()


def stretches(text: str, spans: Sequence[TextSpan], values: Mapping[str, str]) -> list[Stretch]:
    """What to replace: the spans, and wherever else one of the values stands. In order, merged, apart."""
    found = [Stretch(span.start, span.end, (span.type,)) for span in spans]
    folded = fold(text)
    for value, kind in values.items():
        found += (Stretch(start, start + len(value), (kind,)) for start in occurrences(folded, value))
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


def render(text: str, stretches: Sequence[Stretch], low: int, high: int) -> str:
    """``text[low:high]`` with the stretches replaced; one that only begins or ends in there is replaced whole."""
    pieces: list[str] = []
    position = low
    for start, end, types in stretches:
        if end <= low:
            continue
        if start >= high:
            break
        pieces += (text[position:start] if start > position else "", f"[{'+'.join(types)}]")
        position = end
    if position < high:
        pieces.append(text[position:high])
    return "".join(pieces)
