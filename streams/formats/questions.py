"""Requests of which their envelope says that they are requests: whatever is asked in them is read.

Model servers pass over fields that they do not know, and whoever sends a request chooses its fields. So none that is of
another format, of another kind of call or of no type that we know may hide what is asked beside it, turn the request
into an answer, or make the call a dead letter: of what cannot be read as a whole the pieces are, and it is `truncated`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import msgspec

from agent.errors import DecodeError
from agent.events import Payload, TextPart
from streams.formats.base import mend_surrogates
from streams.formats.chat import Half, request_half
from streams.formats.go_names import ASKED, odd_names
from streams.formats.messages import role_of
from streams.formats.oip_json import has_tensors, v2_halves
from streams.formats.own_forms import RANKED, asks_tokens, own_questions, ranks
from streams.formats.said import said
from streams.formats.tensors import v1_halves

__all__ = ["is_question", "question_halves", "with_asked"]

#: `request_half` wants something that asks; a prompt of null asks nothing.
_NOTHING: Final[dict[str, object]] = {"prompt": None}
#: What is told of a request that is read in pieces.
_TOLD: Final = frozenset({"model", *RANKED})
#: Of names in other letters, those that ask by themselves.
_ASK_ALONE: Final = frozenset({"input", "inputs", "messages", "prompt"})
#: What gateways write of no HTTP message, so that it may be empty: instructions alone are asked as well.
_NO_GATEWAYS: Final = frozenset({"input", "instructions", "messages"})
#: Pieces of a list that are read one by one, with their roles: a body may have hundreds of lists, at 15 us a piece.
_MOST_PIECES: Final = 256


def is_question(body: dict[str, object]) -> bool:
    """Whether an object asks by itself, so that it is no HTTP message around one, whatever is written beside it."""
    if _generates(body) or _has_rows(body) or ranks(body):
        return True
    if any(body.get(key) is not None for key in _NO_GATEWAYS):
        return True
    return bool(body.get("inputs")) or any(value for name, value in odd_names(body) if name in _ASK_ALONE)


def question_halves(body: dict[str, object], path: str) -> list[Half]:
    """What is asked, one half for each row where rows are; [] where nothing is.

    Rows keep their features, and have with the first of them what is asked beside them. But where a model that
    generates is asked, it is one call, and what rows say goes with it.

    Raises
    ------
    DecodeError
        Where nothing of it can be read.
    """
    if not _has_rows(body):
        return [_asked(body, path)] if _asks(body) else []
    rows, problem = _read_rows(body, path)
    beside = _without_rows(body)
    if not _asks(beside):
        if problem is not None and not rows:
            raise DecodeError(*problem)
        return _with_texts(rows, None, unread=problem is not None)
    try:
        asked = _asked(beside, path)
    except DecodeError:
        if not rows:
            raise
        return _with_texts(rows, None, unread=True)
    if not _generates(beside):
        return _with_texts(rows, asked, unread=problem is not None)
    return [
        replace(
            asked,
            payload=Payload((*_texts([asked]), *_texts(rows))),
            model=asked.model or next((row.model for row in rows), ""),
            truncated=asked.truncated or problem is not None,
        )
    ]


def with_asked(rows: list[Half], body: dict[str, object], path: str) -> list[Half]:
    """Tensors that were read otherwise, with what is asked beside them."""
    if not rows or rows[0].direction == "output":
        return question_halves(body, path) or rows
    try:
        asked = question_halves({key: value for key, value in body.items() if key != "inputs"}, path)
    except DecodeError:
        return _with_texts(rows, None, unread=True)
    if not asked:
        return rows
    together = Payload(tuple(_texts(asked)))
    return _with_texts(rows, replace(asked[0], payload=together, truncated=any(half.truncated for half in asked)))


def _generates(body: dict[str, object]) -> bool:
    """Whether something is asked of a model that generates, under a name of its own."""
    if any(body.get(key) for key in ("messages", "prompt", "input")) or isinstance(body.get("inputs"), str):
        return True
    return any(body[key] for key in own_questions(body, certain=True)) or asks_tokens(body)


def _asks(body: dict[str, object]) -> bool:
    """Whether anything is asked, of any model."""
    if _generates(body) or own_questions(body):
        return True
    return any(body.get(key) for key in ("inputs", "instructions", "system")) or any(value for _, value in _odd(body))


def _odd(body: dict[str, object]) -> Iterator[tuple[str, object]]:
    """What is asked under names in other letters. A ``Query`` is one of texts: gateways write an address's."""
    for name, value in odd_names(body):
        if name != "query" or any(key.casefold() in RANKED for key in body):
            yield name, value


def _has_rows(body: dict[str, object]) -> bool:
    """Whether rows are asked: V1's instances, V2's tensors."""
    return body.get("instances") is not None or has_tensors(body, "inputs")


def _without_rows(body: dict[str, object]) -> dict[str, object]:
    rows = {"instances", "inputs"} if has_tensors(body, "inputs") else {"instances"}
    return {key: value for key, value in body.items() if key not in rows}


def _read_rows(body: dict[str, object], path: str) -> tuple[list[Half], tuple[str, str] | None]:
    """The rows of a request, and why some cannot be read. Of two kinds of rows the others' texts go with the first."""
    prefix = f"{path}." if path else ""
    readers: list[Callable[..., list[Half]]] = []
    if has_tensors(body, "inputs"):
        readers.append(v2_halves)
    if body.get("instances") is not None:
        readers.append(partial(v1_halves, direction="input"))
    rows: list[Half] = []
    problem: tuple[str, str] | None = None  # not the error: in a frame of its own traceback it would be a cycle
    for read in readers:
        try:
            found = read(body, path=prefix)
        except DecodeError as error:
            problem = error.reason, error.detail
            continue
        rows = _with_texts(rows, Half("input", Payload(tuple(_texts(found))))) if rows else found
    return rows, problem


def _with_texts(rows: list[Half], asked: Half | None, *, unread: bool = False) -> list[Half]:
    """Rows, and with the first what is asked besides; a server that passes over them goes by the model's name there."""
    if asked is None and not unread:
        return rows
    asked = asked or Half("input", None)
    first, *others = rows or [Half("input", Payload(()))]
    given = first.payload or Payload(())
    first = replace(
        first,
        payload=msgspec.structs.replace(given, texts=(*given.texts, *_texts([asked]))),
        context=first.context + asked.context,
        truncated=first.truncated or asked.truncated or unread,
    )
    return [replace(half, model=asked.model or half.model) for half in (first, *others)]


def _asked(body: dict[str, object], path: str) -> Half:
    """What is asked in a body without rows."""
    texts: list[TextPart] = []
    unread = False
    for name, value in _odd(body):
        found, whole = _texts_of(name, value, path)
        texts += found
        unread = unread or not whole
    try:
        half = request_half(_NOTHING | body, path)
    except DecodeError as error:
        half = _legible(body, path)
        if not texts and not _texts([half]):
            raise DecodeError(error.reason, error.detail) from None
    if not texts and not unread:
        return half  # nearly every one
    return replace(half, payload=Payload((*_texts([half]), *texts)), truncated=half.truncated or unread)


def _texts(halves: Sequence[Half]) -> list[TextPart]:
    return [text for half in halves if half.payload for text in half.payload.texts]


def _texts_of(name: str, value: object, path: str) -> tuple[Sequence[TextPart], bool]:
    """What is asked under one name, as far as it can be read, and whether all of it could be."""
    try:
        half = request_half({**_NOTHING, name: value}, path)
    except DecodeError:
        return _pieces(name, value, path), False
    return (half.payload.texts if half.payload else ()), not half.truncated


def _legible(body: dict[str, object], path: str) -> Half:
    """What can be read of a request that cannot be read as a whole."""
    names = dict.fromkeys((*ASKED, *own_questions(body)))
    texts = [text for name in names for text in _texts_of(name, body.get(name), path)[0]]
    named = _NOTHING | {key: value for key, value in body.items() if key in _TOLD}
    return replace(request_half(named, path), payload=Payload(tuple(texts)), truncated=True)


def _pieces(name: str, value: object, path: str) -> list[TextPart]:
    """Of a list that cannot be read as a whole each item, as far as it can be read."""
    if not isinstance(value, list):
        return []
    found: list[TextPart] = []
    for piece in value if len(value) <= _MOST_PIECES else ():
        if not piece or isinstance(piece, (int, float)):
            continue  # holds no text
        try:
            half = request_half({**_NOTHING, name: [piece]}, path)
            found += half.payload.texts if half.payload else ()
        except DecodeError:
            found += _said(piece)
    return found if len(value) <= _MOST_PIECES else _said([piece for piece in value if piece])


def _said(value: object) -> list[TextPart]:
    text = said(value)
    role = role_of(value.get("role") if isinstance(value, dict) else None, "user")
    return [TextPart(mend_surrogates(text), role)] if text else []
