"""Where known values stand in a text, exactly as they are: few of them one by one, many of them in one pass.

One pass costs about as much as some hundred searches with `str.find`, however many the values are. It looks up the
first characters that stand at each place, and only where some values begin so compares with these, which lie sorted:
of all values that can stand there each is the beginning of the next.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache

__all__ = ["Literals", "occurrences", "word_places"]

# So many values are as dear one by one as all of them in one pass.
_FEW = 32
# Of how many values each may be the beginning of the next before they are searched one by one.
_DEEP = 8
# By so many first characters values are looked up, of their length the most; the shorter ones would else be found to
# begin at every place of a text.
_WIDTHS = (8, 4, 2, 1)
# At a place as many characters are compared as the longest value has. There cannot be many that are longer than this.
_LONG = 4000


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
    start = folded.find(value)
    if start < 0:
        return  # mostly
    if not _is_words(value):
        yield from occurrences(folded, value)
        return
    while start >= 0:
        end = start + len(value)
        if (start == 0 or not _cased(folded[start - 1])) and (end == len(folded) or not _cased(folded[end])):
            yield start
        start = folded.find(value, start + 1)


class Literals:
    """Finds many values at once.

    Parameters
    ----------
    values
        Folded (`agent.redaction.fold`), not empty, all different.
    whole_words
        Whether values of letters alone count only as whole words.

    Notes
    -----
    Takes time proportional to all characters of the values once, and to the length of each text that is searched (times
    the logarithm of the number of values that begin alike).
    """

    def __init__(self, values: Collection[str], whole_words: bool = False) -> None:
        self._search = word_places if whole_words else occurrences
        self._one_by_one: Collection[str] = values
        self._by_width: list[_ByBeginning] = []
        self._words: frozenset[str] = frozenset()
        if len(values) <= _FEW:
            return
        self._words = frozenset(filter(_is_words, values)) if whole_words else frozenset()
        nested = _nested(values, self._words)
        classes: dict[int, list[str]] = {}
        self._one_by_one = one_by_one = []
        for value in values:
            if len(value) > _LONG or value in nested:
                one_by_one.append(value)
            else:
                classes.setdefault(next(width for width in _WIDTHS if width <= len(value)), []).append(value)
        self._by_width = [_ByBeginning(group, width) for width, group in classes.items()]

    def longest(self, folded: str) -> dict[int, str]:
        """The longest value at each place of a folded text where any stands as `occurrences` or `word_places` says."""
        found: dict[int, str] = {}
        for start, value in self._places(folded):
            other = found.get(start)
            if other is None or len(other) < len(value):
                found[start] = value
        return found

    def stands_in(self, folded: str) -> bool:
        """Whether any value stands in a folded text."""
        return next(self._places(folded), None) is not None

    def _places(self, folded: str) -> Iterator[tuple[int, str]]:
        """All places, but of words that begin at the same one only the longest."""
        for value in self._one_by_one:
            for start in self._search(folded, value):
                yield start, value
        free: dict[str, int] = {}
        words = self._words
        for values in self._by_width:
            for start, standing in values.places(folded):
                may_be_word = start == 0 or not _cased(folded[start - 1])
                for value in reversed(standing):
                    end = start + len(value)
                    if value in words:
                        if may_be_word and (end == len(folded) or not _cased(folded[end])):
                            may_be_word = False
                            yield start, value
                    elif free.get(value, 0) <= start:
                        free[value] = end
                        yield start, value


def _nested(values: Collection[str], words: Collection[str]) -> frozenset[str]:
    """Values to be searched one by one: beginnings of others, such as ``a1``, ``a1a1``, ``a1a1a1`` ..., of which each
    stands wherever a longer one does. Words are not: of these the longest is enough.
    """
    chain: list[str] = []
    nested: set[str] = set()
    depth = 0
    for value in sorted(values):
        while chain and not value.startswith(chain[-1]):
            chain.pop()
        if len(chain) > _DEEP:
            nested.add(chain[-1])
        if value not in words:
            chain.append(value)
            depth = max(depth, len(chain))
    # Too many to be worth it: then they are compared wherever they stand.
    return frozenset(nested) if len(nested) <= _FEW * depth else frozenset()


class _ByBeginning:
    """Values of at least ``width`` characters, by their first ``width``."""

    def __init__(self, values: Collection[str], width: int) -> None:
        self._width = width
        self._alike: dict[str, tuple[list[str], list[Sequence[str]], int]] = {}
        groups: dict[str, list[str]] = {}
        for value in sorted(values):
            groups.setdefault(value[:width], []).append(value)
        for beginning, group in groups.items():
            self._alike[beginning] = (group, _chains(group), max(map(len, group)))

    def places(self, folded: str) -> Iterator[tuple[int, Sequence[str]]]:
        """Where values stand, from left to right, and which, from the shortest on; they may overlap."""
        width, alike = self._width, self._alike
        for start in range(len(folded) - width + 1):
            found = alike.get(folded[start : start + width])
            if found is None:
                continue
            group, chains, longest = found
            # The last value in order up to what stands here: any that does stand here is a beginning of it.
            last = bisect_right(group, folded[start : start + longest])
            standing = _standing(folded, start, chains[last - 1]) if last else ()
            if standing:
                yield start, standing


def _chains(ordered: Sequence[str]) -> list[Sequence[str]]:
    """For each of sorted values those that are beginnings of it, itself the last."""
    chains: list[Sequence[str]] = []
    chain: list[str] = []
    for value in ordered:
        while chain and not value.startswith(chain[-1]):
            chain.pop()
        chain.append(value)
        chains.append(tuple(chain))
    return chains


def _standing(folded: str, start: int, chain: Sequence[str]) -> Sequence[str]:
    """Those of a chain that stand at a place; when one does, so do all before it."""
    if folded.startswith(chain[-1], start):
        return chain
    return chain[: bisect_left(chain, True, hi=len(chain) - 1, key=lambda value: not folded.startswith(value, start))]


@lru_cache(maxsize=4096)
def _is_words(value: str) -> bool:
    return _cased(value[0]) and _cased(value[-1]) and all(_cased(c) or not c.isalnum() for c in value)


def _cased(character: str) -> bool:
    return character.lower() != character.upper()
