"""From the best label of each token to entities: BIO, BIOES and plain schemes, words of several tokens. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from agent.scoring.ner.base import Entity, EntityKind
from agent.scoring.ner.han import HAN

__all__ = ["Tagged", "Token", "entities_of"]

_UNSPACED: Final = re.compile(f"[{HAN}\u3040-\u30ff\u0e00-\u0eff\uac00-\ud7af]")


class Tagged(NamedTuple):
    """What an output of the network means. `position` is B, I, E, S or ""; `kind` None for what is not wanted."""

    position: str
    label: str
    kind: EntityKind | None


class Token(NamedTuple):
    """A token's place in the text, the word that it is part of, its best output and that output's probability."""

    start: int
    end: int
    word: int | None
    column: int
    probability: float


class _Open(NamedTuple):
    start: int
    end: int
    label: str
    kind: EntityKind
    total: float
    tokens: int
    closed: bool


def entities_of(text: str, tokens: Sequence[Token], columns: Sequence[Tagged]) -> Iterator[Entity]:
    """Entities of a text, in order.

    A word of several tokens has the label of its first, as such models are trained; scripts without blanks go token by
    token. Damaged sequences are read kindly: an I that follows nothing begins an entity. Neighbours with different
    labels of one kind (given name, surname) are joined when one blank stands between them.
    """
    held: _Open | None = None
    for token, tagged, probability in _by_word(text, tokens, columns):
        if tagged.kind is None:
            if held is not None:
                yield _entity(held)
            held = None
            continue
        if held is not None and _goes_on(text, held, token, tagged):
            held = held._replace(
                end=token.end, label=tagged.label, total=held.total + probability, tokens=held.tokens + 1,
                closed=tagged.position in ("E", "S"),
            )  # fmt: skip
            continue
        if held is not None:
            yield _entity(held)
        closed = tagged.position in ("E", "S")
        held = _Open(token.start, token.end, tagged.label, tagged.kind, probability, 1, closed)
    if held is not None:
        yield _entity(held)


def _by_word(
    text: str, tokens: Sequence[Token], columns: Sequence[Tagged]
) -> Iterator[tuple[Token, Tagged, float]]:  # fmt: skip
    first: Token | None = None
    last_end = -1
    for token in tokens:
        inside = first is not None and token.word is not None and token.word == first.word and token.start == last_end
        last_end = token.end
        if inside and first is not None and not _UNSPACED.search(text, token.start, token.end):
            tagged = columns[first.column]
            position = {"B": "I", "S": "E"}.get(tagged.position, tagged.position)
            yield token, tagged._replace(position=position), first.probability
            continue
        first = token
        yield token, columns[token.column], token.probability


def _goes_on(text: str, held: _Open, token: Token, tagged: Tagged) -> bool:
    if tagged.kind != held.kind:
        return False
    between = text[held.end : token.start]
    if tagged.label != held.label:
        return between in ("", " ") and not _UNSPACED.search(text, token.start, token.end)
    if tagged.position in ("B", "S"):
        return False
    # A closed entity goes on only inside of a word.
    return not held.closed or not (between or _UNSPACED.search(text, token.start, token.end))


def _entity(held: _Open) -> Entity:
    return Entity(held.start, held.end, held.kind, held.total / held.tokens)
