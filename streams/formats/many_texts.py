"""Events of very many texts, made events of few: each text costs a pass of every scorer, however short it is.

A call of half a megabyte may hold a hundred thousand of them, at the price of an ordinary call to whoever sends it, and
would hold up everything behind it for minutes. Nothing is left out: the older ones of a role are put together, into
texts that every scorer reads to their end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from agent.events import InferenceEvent, PartKind, Payload, Role, TextPart

__all__ = ["MAX_TEXTS", "has_many_texts", "with_few_texts"]

#: The newest of each direction, which stay apart; as many passages.
MAX_TEXTS: Final = 256
_TOGETHER: Final = 4096
"""Characters of a text that was put together, unless it is one that came so."""


def has_many_texts(event: InferenceEvent) -> bool:
    """Whether `with_few_texts` would change it."""
    given, said = event.input, event.output
    return (
        (given is not None and len(given.texts) > MAX_TEXTS)
        or (said is not None and len(said.texts) > MAX_TEXTS)
        or len(event.context) > MAX_TEXTS
    )


def with_few_texts(event: InferenceEvent) -> InferenceEvent:
    """The same with the newest `MAX_TEXTS` texts of each direction, and the older ones put together."""
    context = event.context
    if len(context) > MAX_TEXTS:
        context = (*_together(context[:-MAX_TEXTS]), *context[-MAX_TEXTS:])
    return msgspec.structs.replace(event, input=_few(event.input), output=_few(event.output), context=context)


def _few(payload: Payload | None) -> Payload | None:
    if payload is None or len(payload.texts) <= MAX_TEXTS:
        return payload
    older: dict[tuple[Role, PartKind], list[TextPart]] = {}
    for part in payload.texts[:-MAX_TEXTS]:
        older.setdefault((part.role, part.kind), []).append(part)
    joined = [
        TextPart(text, role, kind)
        for (role, kind), parts in older.items()
        for text in _together([part.text for part in parts])
    ]
    return msgspec.structs.replace(payload, texts=(*joined, *payload.texts[-MAX_TEXTS:]))


def _together(texts: Sequence[str]) -> Iterator[str]:
    """The texts one a line, in as few as their length allows."""
    lines: list[str] = []
    length = 0
    for text in texts:
        if lines and length + len(text) > _TOGETHER:
            yield "\n".join(lines)
            lines, length = [], 0
        lines.append(text)
        length += len(text) + 1
    if lines:
        yield "\n".join(lines)
