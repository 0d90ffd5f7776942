"""Spans and log records turned into inference events; which convention each follows is decided here."""

from __future__ import annotations

from collections.abc import Iterable

from agent.events import InferenceEvent
from streams.formats.otlp import genai, openinference
from streams.formats.otlp.items import Item

__all__ = ["events_of"]


def events_of(items: Iterable[Item], name: str) -> list[InferenceEvent]:
    """The events of a record, in order. Items that are no call of a model give none.

    The log events that GenAI conventions before 1.37 wrote per message are put together by trace and span.
    """
    found: list[InferenceEvent | genai.Conversation] = []
    open_conversations: dict[tuple[str, str], genai.Conversation] = {}
    for item in items:
        if genai.is_message(item):
            key = (item.trace_id, item.span_id)
            conversation = open_conversations.get(key) if item.span_id else None
            if conversation is None:
                conversation = genai.Conversation(item)
                found.append(conversation)
                open_conversations[key] = conversation
            conversation.add(item)
        elif genai.is_call(item):
            found.append(genai.event(item, name))
        elif openinference.is_call(item):
            found.extend(openinference.events(item, name))
    return [entry if isinstance(entry, InferenceEvent) else entry.event(name) for entry in found]
