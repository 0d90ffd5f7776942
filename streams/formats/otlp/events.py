"""Spans and log records turned into inference events; which convention each follows is decided here."""

from __future__ import annotations

from collections.abc import Iterable

from agent.errors import DecodeError
from agent.events import InferenceEvent
from streams.formats.batches import partly
from streams.formats.otlp import genai, openinference
from streams.formats.otlp.items import Item

__all__ = ["events_of"]


def events_of(items: Iterable[Item], name: str) -> list[InferenceEvent]:
    """The events of a record, in order. Items that are no call of a model give none.

    The log events that GenAI conventions before 1.37 wrote per message are put together by trace and span.
    """
    found: list[InferenceEvent | genai.Conversation] = []
    open_conversations: dict[tuple[str, str], genai.Conversation] = {}
    problems: list[tuple[str, str]] = []  # not the errors: in a frame of their traceback they would be a cycle
    for item in items:
        if item.problem is not None:
            problems.append(item.problem)
            continue
        try:
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
        except DecodeError as error:
            problems.append((error.reason, error.detail))
    events = []
    for entry in found:
        try:
            if isinstance(entry, InferenceEvent):
                events.append(entry)
            elif not entry.is_empty:
                events.append(entry.event(name))
        except DecodeError as error:
            problems.append((error.reason, error.detail))
    if problems:
        # One bad call of a collector's batch does not cost the others, which may come from anywhere.
        raise partly(problems[0], events)
    return events
