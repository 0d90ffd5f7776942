"""What a model had been given when it answered, whether both halves came in one event or apart."""

from __future__ import annotations

from collections.abc import Mapping

from agent.events import InferenceEvent
from agent.joining import JoinedCall, TextOrigin, given_origins
from agent.scoring.base import Given

__all__ = ["context_tokens", "given_to"]

#: A context costs far less than the text that is judged by it, and is not free: a batch of short answers to megabytes
#: must not use up the deadline.
_CHARS_PER_TOKEN = 64
_PLACES: Mapping[TextOrigin, int] = {"context": 0, "tool": 1, "user": 2, "assistant": 2, "system": 3}


def given_to(event: InferenceEvent, call: JoinedCall) -> Given | None:
    """What the output of an event was made from; None when nothing of it is known.

    The event's own input and context, and what the request brought that came before. When the answer comes first, only
    the context that it carries itself is known: its question is then missing, and is not waited for, since the verdict
    must not be. What is returned refers to strings that the event and the call hold already.
    """
    own = () if event.input is None else tuple([part.text for part in event.input.texts])
    texts, origins = own + event.context, given_origins(event)
    if event.input is None and call.known_texts:
        texts, origins = texts + call.known_texts, origins + call.known_origins
    if not texts:
        return None
    by_place: tuple[list[str], ...] = ([], [], [], [])
    for text, origin in zip(texts, origins, strict=True):
        by_place[_PLACES[origin]].append(text)
    return Given(*map(tuple, by_place))


def context_tokens(given: Given | None) -> int:
    """What judging a text by its context costs beside the text, in tokens of a text; 0 without passages."""
    if given is None or not (given.passages or given.tool_results):
        return 0
    return sum(map(len, given.texts())) // _CHARS_PER_TOKEN
