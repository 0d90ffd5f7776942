"""The inference event: what every wire format is decoded into.

One event is one call of one model, or one half of it when request and response travel apart. The two halves of a
call share ``(source, inference_id)`` and are joined in `agent.joining`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

__all__ = ["DIRECTIONS", "Direction", "FeatureValue", "InferenceEvent", "Payload", "Role", "TextPart"]

Direction: TypeAlias = Literal["input", "output"]
DIRECTIONS: tuple[Direction, Direction] = ("input", "output")

FeatureValue: TypeAlias = float | int | str | bool | None

Role: TypeAlias = Literal["system", "user", "assistant", "tool"]
PartKind: TypeAlias = Literal["text", "tool_arguments", "tool_result", "reasoning", "refusal"]


class TextPart(msgspec.Struct, frozen=True, gc=False):
    """One piece of text of one direction: a message, a tool call's arguments, a choice.

    Attributes
    ----------
    text
        Exactly as it came; offsets of findings count its characters (Unicode code points).
    role
        Who speaks. Decoders map ``developer`` to ``system``, ``function`` to ``tool``.
    kind
        What the text is.
    choice
        Index of the alternative answer (OpenAI's ``n`` > 1); 0 otherwise.
    """

    text: str
    role: Role = "user"
    kind: PartKind = "text"
    choice: int = 0


class Payload(msgspec.Struct, frozen=True):
    """One direction of an event. Any of the fields may be empty, not all in a useful event.

    Attributes
    ----------
    texts
        In the order of the conversation.
    features
        A flat row of model features; None when the model does not take any.
    decision
        The label that a deciding model gave, e.g. ``approved``.
    score
        The number that a deciding model gave.
    """

    texts: tuple[TextPart, ...] = ()
    features: Mapping[str, FeatureValue] | None = None
    decision: str | None = None
    score: float | None = None


class InferenceEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One call of a model, or one half of it.

    Attributes
    ----------
    inference_id
        The caller's id of the call; unique within `source`.
    source
        The system the event comes from, e.g. the KServe logger's URI or the gateway's name; "" when unknown.
    model
        The model's name, as the server calls it.
    format
        Name of the wire format, a row of ``streams.formats.FORMATS``.
    time
        Event time, seconds since the Unix epoch; None when the event does not say (the record's time is used).
    context
        Retrieved passages or tool results given to the model beside the input.
    attributes
        Protected attributes of the person concerned, e.g. ``{"gender": "female"}``.
    label
        Ground truth, when already known.
    redacted
        The sender removed the texts (e.g. LiteLLM's sentinel): there is nothing to score.
    truncated
        The sender or the transport cut a text.
    failed
        The call itself failed (an error body): there is no output.
    """

    inference_id: str
    model: str
    format: str = "native"
    source: str = ""
    time: float | None = None
    input: Payload | None = None
    output: Payload | None = None
    context: tuple[str, ...] = ()
    model_version: str = ""
    tenant: str = ""
    trace_id: str = ""
    attributes: Mapping[str, str] = {}
    label: str | None = None
    redacted: bool = False
    truncated: bool = False
    failed: bool = False

    def payload(self, direction: Direction) -> Payload | None:
        """The payload of one direction, None when this event does not carry it."""
        return self.input if direction == "input" else self.output

    @property
    def directions(self) -> tuple[Direction, ...]:
        """The directions that this event carries."""
        return tuple(direction for direction in DIRECTIONS if self.payload(direction) is not None)
