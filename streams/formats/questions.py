"""Requests of which their envelope says that they are requests: whatever is asked in them is read.

Model servers pass over fields that they do not know, and whoever sends a request chooses its fields. So none that is of
another format, of another kind of call or of no type that we know may hide what is asked beside it, turn the request
into an answer, or make the call a dead letter: of what cannot be read as a whole the pieces are, and it is `truncated`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import msgspec

from agent.errors import DecodeError
from agent.events import Payload, TextPart
from streams.formats.base import mend_surrogates
from streams.formats.chat import Half, model_name, request_half
from streams.formats.go_names import ASKED, odd_names
from streams.formats.messages import role_of
from streams.formats.oip_json import has_tensors, v2_halves
from streams.formats.own_forms import asks_tokens, own_questions, ranks
from streams.formats.said import said
from streams.formats.tensors import v1_halves

__all__ = ["asks", "has_rows", "is_question", "question_halves", "with_asked"]

#: What is told of a request that is read in pieces.
_BESIDE: Final = frozenset({"model", "documents", "items", "texts"})
#: Of names in other letters, those that ask by themselves. Gateways write ``Query`` of an address.
_ASK_ALONE: Final = frozenset({"input", "inputs", "messages", "prompt"})
#: Pieces that are read one by one.
_MOST_PIECES: Final = 10_000


def asks(body: dict[str, object]) -> bool:
    """Whether something is asked of a model that generates, under a name of its own."""
    if any(body.get(key) for key in ("messages", "prompt", "input")):
        return True
    if body.get("inputs") and not has_tensors(body, "inputs"):
        return True
    return any(body[key] for key in own_questions(body, certain=True)) or asks_tokens(body)


def has_rows(body: dict[str, object]) -> bool:
    """Whether rows are asked: V1's instances, V2's tensors."""
    return "instances" in body or has_tensors(body, "inputs")


def is_question(body: dict[str, object]) -> bool:
    """Whether an object asks by itself, so that it is no HTTP message around one, whatever is written beside it."""
    return asks(body) or has_rows(body) or ranks(body) or any(v for name, v in odd_names(body) if name in _ASK_ALONE)


def question_halves(body: dict[str, object], path: str) -> list[Half]:
    """What is asked, one half for each row where rows are; [] where nothing is.

    Raises
    ------
    DecodeError
        Where nothing of it can be read.
    """
    if has_rows(body) and not asks(body):
        return _rows(body, path)
    if asks(body) or own_questions(body) or any(value for _, value in odd_names(body)):
        return [_question(body, path)]
    return []


def with_asked(rows: list[Half], body: dict[str, object], path: str) -> list[Half]:
    """Tensors that were read otherwise, with what is asked beside them."""
    if rows and rows[0].direction == "output":
        return question_halves(body, path) or rows
    try:
        asked = question_halves(_without_tensors(body), path)
    except DecodeError:
        return _with_texts(rows, body, (), True)
    return _with_texts(rows, body, _texts(asked), any(half.truncated for half in asked))


def _rows(body: dict[str, object], path: str) -> list[Half]:
    """Rows, which keep their features; with the first of them what else is asked."""
    texts, unread = _texts_beside(body, path)
    rows, problem = _read_rows(body, path)
    if problem is not None and not rows and not texts:
        raise DecodeError(*problem)
    return _with_texts(rows, body, texts, unread or problem is not None)


def _with_texts(rows: list[Half], body: dict[str, object], texts: Sequence[TextPart], unread: bool) -> list[Half]:
    if not texts and not unread:
        return rows
    first, *others = rows or [Half("input", Payload(()))]
    given = first.payload or Payload(())
    payload = msgspec.structs.replace(given, texts=(*given.texts, *texts))
    # A server that passes over rows takes its model's name from where OpenAI's has it.
    model = model_name(body.get("model")) or first.model
    first = replace(first, payload=payload, truncated=first.truncated or unread)
    return [replace(half, model=model) for half in (first, *others)]


def _question(body: dict[str, object], path: str) -> Half:
    texts, unread = _texts_beside(body, path, own=False)
    asked = {"prompt": None} | _without_tensors(body)
    try:
        half = request_half(asked, path)
    except DecodeError as error:
        half = _legible(asked, path)
        if not texts and not _texts([half]):
            raise DecodeError(error.reason, error.detail) from None
    rows, problem = _read_rows(body, path) if has_rows(body) else ([], None)
    if not (texts or unread or rows or problem):
        return half  # nearly every one
    return replace(
        half,
        payload=Payload((*_texts([half]), *texts, *_texts(rows))),
        model=half.model or next((row.model for row in rows), ""),
        truncated=half.truncated or unread or problem is not None,
    )


def _texts(halves: Sequence[Half]) -> list[TextPart]:
    return [text for half in halves if half.payload for text in half.payload.texts]


def _without_tensors(body: dict[str, object]) -> dict[str, object]:
    """Tensors are not read as prompts as well."""
    if not has_tensors(body, "inputs"):
        return body
    return {key: value for key, value in body.items() if key != "inputs"}


def _read_rows(body: dict[str, object], path: str) -> tuple[list[Half], tuple[str, str] | None]:
    """The rows of a request, and why some cannot be read. Of two kinds of rows the others' texts go with the first."""
    prefix = f"{path}." if path else ""
    readers: list[Callable[..., list[Half]]] = []
    if has_tensors(body, "inputs"):
        readers.append(v2_halves)
    if "instances" in body:
        readers.append(partial(v1_halves, direction="input"))
    rows: list[Half] = []
    problem: tuple[str, str] | None = None  # not the error: in a frame of its own traceback it would be a cycle
    for read in readers:
        try:
            found = read(body, path=prefix)
        except DecodeError as error:
            problem = error.reason, error.detail
            continue
        rows = _with_texts(rows, {}, _texts(found), False) if rows else found
    return rows, problem


def _texts_beside(body: dict[str, object], path: str, *, own: bool = True) -> tuple[list[TextPart], bool]:
    """What is asked under names in other letters, and, if `own`, what is ranked or compared; whether some is unread."""
    found: list[TextPart] = []
    unread = False
    asked = [*odd_names(body), *(own_questions(body).items() if own else ())]
    for name, value in asked:
        texts, whole = _texts_of(name, value, path)
        found += texts
        unread = unread or not whole
    return found, unread


def _texts_of(name: str, value: object, path: str) -> tuple[Sequence[TextPart], bool]:
    """What is asked under one name, as far as it can be read, and whether all of it could be."""
    try:
        half = request_half({"prompt": None, name: value}, path)
    except DecodeError:
        return _pieces(name, value, path), False
    return (half.payload.texts if half.payload else ()), not half.truncated


def _legible(body: dict[str, object], path: str) -> Half:
    """What can be read of a request that cannot be read as a whole."""
    names = dict.fromkeys((*ASKED, *own_questions(body)))
    texts = [text for name in names for text in _texts_of(name, body.get(name), path)[0]]
    named = {"prompt": None} | {key: value for key, value in body.items() if key in _BESIDE}
    return replace(request_half(named, path), payload=Payload(tuple(texts)), truncated=True)


def _pieces(name: str, value: object, path: str) -> list[TextPart]:
    """Of a list that cannot be read as a whole each item, as far as it can be read."""
    if not isinstance(value, list):
        return []
    found: list[TextPart] = []
    for piece in value if len(value) <= _MOST_PIECES else ():
        try:
            half = request_half({"prompt": None, name: [piece]}, path)
            found += half.payload.texts if half.payload else ()
        except DecodeError:
            found += _said(piece)
    return found if len(value) <= _MOST_PIECES else _said(value)


def _said(value: object) -> list[TextPart]:
    text = said(value)
    role = role_of(value.get("role") if isinstance(value, dict) else None, "user")
    return [TextPart(mend_surrogates(text), role)] if text else []
