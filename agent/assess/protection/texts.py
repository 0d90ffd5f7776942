"""Protection of whole texts: what was found in them, and wherever else the values stand."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from agent.assess.protection.base import Operator, apply
from agent.assess.protection.known import NONE, Known, KnownValues
from agent.assess.protection.tokens import TOKEN, coarse_token, plain_token
from agent.redaction import blanked, check_spans, fold
from agent.scores import TextSpan

__all__ = ["Protected", "TextProtector"]

REDACT, GENERALISE = "redact", "generalise"


class Protected(NamedTuple):
    """A protected text, and for each replacement in it the type (``EMAIL+PHONE`` for several) and the operator."""

    text: str
    done: list[tuple[str, str]]


class _Piece(NamedTuple):
    start: int
    end: int
    kinds: tuple[str, ...]
    operator: Operator | None


class TextProtector:
    """Applies operators by type. Scan texts as `tokens.without_tokens` gives them.

    Parameters
    ----------
    default
        The operator of types that have none of their own.
    by_type
        Type to operator.
    """

    def __init__(self, default: Operator, by_type: Mapping[str, Operator]) -> None:
        self._default = default
        self._by_type = dict(by_type)

    def operator(self, kind: str) -> Operator:
        """The operator of a type."""
        return self._by_type.get(kind, self._default)

    def known(self, text: str, spans: Sequence[TextSpan]) -> dict[str, Known]:
        """The values of spans, folded, for `protect` of other texts. Values that are kept are not among them.

        Raises
        ------
        ScorerError
            For a span that does not lie in the text.
        """
        return _values(text, self._parts(text, spans)) if spans else {}

    def protect(self, text: str, spans: Sequence[TextSpan], also: Mapping[str, Known] = NONE) -> Protected:
        """Replace what was found in a text, and every other occurrence of it: in any case, in full-width forms, and
        numbers (`agent.notations`) with any separators.

        Parameters
        ----------
        text
            Raw.
        spans
            Of a scorer, in order, not overlapping.
        also
            Values found elsewhere (`known`), to be replaced here as well; as `KnownValues` when there are several
            texts to search for them.

        Returns
        -------
        Protected
            Outside of the tokens that stand for values (`tokens.TOKEN`) no value that was found is left, but where its
            operator keeps it, or it is already in the operator's form. A value of letters alone is found again only as
            whole words, a number in another notation only where it is no part of a longer one. Tokens of an earlier
            protection are left alone.

        Raises
        ------
        ScorerError
            For a span that does not lie in the text.

        Notes
        -----
        Takes time proportional to the length of the text and of the values found in it, however many these are.
        """
        parts = self._parts(text, spans) if spans else []
        known = also if isinstance(also, KnownValues) else KnownValues(also)
        own = _values(text, parts)
        searched = [known] if known else []
        # Mostly they are among the others; what is not, such as numbers too short to be looked for elsewhere, is new.
        new = {value: there for value, there in own.items() if value not in known}
        if new:
            searched.append(KnownValues(new))
        if not searched:
            return Protected(text, [])
        pieces = _merged(parts + _elsewhere(text, searched, own, parts))
        if not pieces:
            return Protected(text, [])
        result = _rendered(text, pieces)
        if _survives(result.text, searched):
            # Two replacements, or one and what stands beside it, happen to form a value again.
            result = _rendered(text, [piece._replace(operator=None) for piece in pieces])
        return result

    def _parts(self, text: str, spans: Sequence[TextSpan]) -> list[_Piece]:
        """What of the spans is to be replaced: no tokens of an earlier protection, nothing in its operator's form."""
        check_spans(text, spans)
        tokens = _Tokens(text)
        parts: list[_Piece] = []
        for span in spans:
            operator = self.operator(span.type)
            start = span.start
            for low, high in (*tokens.between(span.start, span.end), (span.end, span.end)):
                value = text[start:low]
                # Between tokens only signs may be left, such as quotes: they are no values.
                left = value and (not tokens.any or any(character.isalnum() for character in value))
                if left and not operator.finished(value, span.type):
                    parts.append(_Piece(start, low, (span.type,), operator))
                start = high
        return parts


def _values(text: str, parts: Sequence[_Piece]) -> dict[str, Known]:
    return {fold(text[part.start : part.end]): Known(part.kinds[0], part.operator) for part in parts if part.operator}


def _elsewhere(
    text: str, searched: Sequence[KnownValues], own: Mapping[str, Known], parts: Sequence[_Piece]
) -> list[_Piece]:
    """Where known values stand beside the parts themselves, whose own values go before those found elsewhere."""
    folded = fold(text)
    tokens = _Tokens(text)
    if tokens.any:
        folded = blanked(folded, tokens.spans)
    taken = {(part.start, part.end) for part in parts}
    found: list[_Piece] = []

    def add(values: KnownValues, places: Iterator[tuple[int, int, str]]) -> None:
        for start, end, value in places:
            if (start, end) not in taken:
                known = own.get(value) or values[value]
                found.append(_Piece(start, end, (known.kind,), known.operator))

    for values in searched:
        add(values, values.search.literals(folded))
    with_numbers = [values for values in searched if values.search.has_numbers]
    if not with_numbers:
        return found
    taken.update((piece.start, piece.end) for piece in found)
    for values in with_numbers:
        add(values, values.search.numbers(folded))
    places = sorted((piece.start, piece.end) for piece in (*parts, *found))
    if places:
        # Digits that touch a number make it part of a longer one only until they are replaced themselves.
        rest = blanked(folded, places)
        for values in with_numbers:
            add(values, values.search.numbers(rest))
    return found


def _merged(found: Sequence[_Piece]) -> list[_Piece]:
    """In order, those that overlap made one."""
    merged: list[_Piece] = []
    for piece in sorted(found, key=lambda piece: (piece.start, -piece.end)):
        last = merged[-1] if merged else None
        if last is not None and piece.start < last.end:
            merged[-1] = _joined(last, piece)
        else:
            merged.append(piece)
    return merged


class _Tokens:
    """Where the tokens of an earlier protection stand in a text."""

    def __init__(self, text: str) -> None:
        self.spans = [match.span() for match in TOKEN.finditer(text)] if "[" in text else []
        self._ends = [end for _, end in self.spans]
        self.any = bool(self.spans)

    def between(self, start: int, end: int) -> list[tuple[int, int]]:
        """Those that share a character with ``[start, end)``."""
        first = last = bisect_right(self._ends, start)
        while last < len(self.spans) and self.spans[last][0] < end:
            last += 1
        return self.spans[first:last]


def _joined(last: _Piece, piece: _Piece) -> _Piece:
    if piece.end <= last.end:
        return last  # a value inside a longer one, such as a name in an address of mail: it goes with that one
    kinds = last.kinds + tuple(kind for kind in piece.kinds if kind not in last.kinds)
    return _Piece(last.start, piece.end, kinds, None)


def _rendered(text: str, pieces: Sequence[_Piece]) -> Protected:
    parts: list[str] = []
    done: list[tuple[str, str]] = []
    position = 0
    for start, end, kinds, operator in pieces:
        parts.append(text[position:start])
        if operator is None or len(kinds) > 1:
            parts.append(plain_token(*kinds))
            done.append(("+".join(kinds), REDACT))
        else:
            parts.append(_in_text(operator, text[start:end], kinds[0]))
            done.append((kinds[0], operator.name))
        position = end
    parts.append(text[position:])
    return Protected("".join(parts), done)


def _in_text(operator: Operator, value: str, kind: str) -> str:
    replacement = apply(operator, value, kind)
    if operator.name != GENERALISE or TOKEN.fullmatch(replacement):
        return replacement
    # Coarse values look like values: without a mark the next scan might find something in them.
    return coarse_token(kind, replacement)


def _survives(text: str, searched: Sequence[KnownValues]) -> bool:
    # What a token says of a value it says by design; by chance it may hold the letters of a short one.
    folded = fold(TOKEN.sub("\0", text))
    return any(values.search.any_in(folded) for values in searched)
