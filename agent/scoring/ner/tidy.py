"""From what a model calls a person to a name: what is not part of it is cut off, what is no name is left out. Pure.

Models of named entities were trained on news. On chat, forms and logs they take in labels of forms, handles, line
breaks and possessive endings, and take roles and streets for people. The rules are about writing, not about a data set.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from agent.scoring.ner.han import is_han, names_in_han
from agent.scoring.ner.words import ENDINGS, LABELS, LEADERS, NEVER_INSIDE, PARTICLES, STREETS, TITLES
from agent.scoring.occupied import Occupied

__all__ = ["names_in", "repeats"]

_BREAK: Final = re.compile(r"""[\n\r\t"“”„«»<>(){}\[\]|=;:,!?…*/\\•·~^+]|\s[-–—&]\s|\s(?:and|und|or|vs)\s""")
_WORD: Final = re.compile(r"\S+")
_POSSESSIVE: Final = re.compile(r"\s?['’]\s?s?$", re.IGNORECASE)
_LETTER: Final = "[^\\W\\d_][\u0300-\u036f]*"
_NAME_WORD: Final = re.compile(rf"(?:{_LETTER})+(?:[.'’-](?:{_LETTER})+)*\.?")
_INITIAL: Final = re.compile(rf"(?:{_LETTER}\.?){{1,2}}|[JS]r\.?|I{{1,3}}|IV")
_HOUSE_NUMBER: Final = re.compile(r"(?<![\w.])\d{1,6}[A-Za-z]?(?:[-/]\d+)? $")
_DRAWN_OUT: Final = re.compile(r"(.)\1\1", re.IGNORECASE)
_NEGATION: Final = re.compile(r"\s?['’]\s?t\b")
_MARK: Final = re.compile(r"[@#]\s?$")
_MOST_WORDS: Final = 5
_MOST_REPEATED: Final = 16
_AROUND: Final = 200


def names_in(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The names inside of a span that a model calls a person; often one, sometimes none or several.

    Names in Han and in Latin letters (and what else is written with blanks) are told by their first letter.

    Yields
    ------
    tuple
        Offsets in `text`, inside of the span.
    """
    if is_han(next((letter for letter in text[start:end] if letter.isalpha()), "")):
        yield from names_in_han(text, start, end)
        return
    begin = start
    for stop in (*_BREAK.finditer(text, start, end), None):
        piece_end = end if stop is None else stop.start()
        found = _name(text, begin, piece_end)
        if found is not None:
            yield found
        begin = piece_end if stop is None else stop.end()


def repeats(text: str, names: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Where names of two words and more that were found once occur again: models look at each place by itself.

    The first sixteen names are looked for: the cost stays in proportion to the text.
    """
    taken = Occupied(names)
    found: list[tuple[int, int]] = []
    full = [name for name in dict.fromkeys(text[start:end] for start, end in sorted(names)) if " " in name]
    for name in full[:_MOST_REPEATED]:
        at = text.find(name)
        while at >= 0:
            stop = at + len(name)
            bounded = not (text[at - 1 : at].isalnum() or text[stop : stop + 1].isalnum())
            if bounded and taken.is_free(at, stop):
                taken.take(at, stop)
                found.append((at, stop))
            at = text.find(name, stop)
    return found


def _name(text: str, start: int, end: int) -> tuple[int, int] | None:
    words = [(start + match.start(), start + match.end()) for match in _WORD.finditer(text[start:end])]
    words = [word for word in (_trimmed(text, *word) for word in words) if word[0] < word[1]]
    while words and _belongs_before(text[slice(*words[0])]):
        del words[0]
    while words and _belongs_after(text[slice(*words[-1])]):
        del words[-1]
    spelled = [text[slice(*word)] for word in words]
    if any(word[0].isupper() for word in spelled):
        # "ex-pilot Anna", "Simon wears": a name that is capitalised is so at both ends.
        while spelled[0][0].islower() and spelled[0].lower() not in PARTICLES:
            del words[0], spelled[0]
        while spelled[-1][0].islower():
            del words[-1], spelled[-1]
    if any(word in NEVER_INSIDE for word in spelled):
        return None
    if not 1 <= len(words) <= _MOST_WORDS:
        return None
    if not all(_NAME_WORD.fullmatch(text[slice(*word)]) for word in words):
        return None
    first, last = words[0][0], words[-1][1]
    last -= len(text[first:last]) - len(_POSSESSIVE.sub("", text[first:last]))
    if text[last - 1] == "." and not _INITIAL.fullmatch(text[words[-1][0] : last]):
        last -= 1
    return (first, last) if _is_name(text, first, last, len(words)) else None


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """A word without the punctuation around it."""
    while start < end and not text[start].isalnum():
        start += 1
    while start < end and not (text[end - 1].isalnum() or text[end - 1] == "."):
        end -= 1
    return start, end


def _belongs_before(word: str) -> bool:
    low = word.lower().rstrip(".")
    return low in TITLES or low in LEADERS or low in LABELS or not _NAME_WORD.fullmatch(word)


def _belongs_after(word: str) -> bool:
    low = word.lower().rstrip(".")
    if not _NAME_WORD.fullmatch(word):
        return True
    return low in LABELS or low in PARTICLES or low in ENDINGS


def _is_name(text: str, start: int, end: int, count: int) -> bool:
    name = text[start:end]
    letters = sum(character.isalpha() for character in name)
    if letters < 2 or _MARK.search(text, max(0, start - 2), start):
        return False
    if _in_address(text, start, end) or text[end : end + 1] in ("@", "_"):
        return False
    if (name.islower() and count > 2) or _DRAWN_OUT.search(name) or _NEGATION.match(text, end):
        return False
    if count == 1 and name.isupper() and not text[max(0, start - _AROUND) : end + _AROUND].isupper():
        return False
    last = name.rsplit(None, 1)[-1].lower().rstrip(".")
    if last in STREETS and count > 1:
        return False
    after = text[end : end + 12].split(None, 1)
    if text[end : end + 1] == " " and after and after[0].lower().rstrip(".,") in STREETS:
        return False
    return not _HOUSE_NUMBER.search(text, max(0, start - 14), start)


def _in_address(text: str, start: int, end: int) -> bool:
    """Whether the characters around belong to an e-mail address, a URL or a handle."""
    before = text[max(0, start - 80) : start].rsplit(None, 1)
    token = (before[-1] if before and not text[start - 1 : start].isspace() else "") + text[start:end]
    token += (text[end : end + 80].split(None, 1) or [""])[0] if not text[end : end + 1].isspace() else ""
    return "@" in token or "://" in token or token.lower().startswith("www.")
