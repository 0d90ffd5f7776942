"""The native event: what harmwatch's own producers and `harmwatch replay` publish. This is the hot path.

`NativeEvent` is the public schema (`harmwatch schema` prints it as JSON Schema).
"""

from __future__ import annotations

from typing import Any, ClassVar, TypeAlias

import msgspec

from agent.errors import DecodeError
from agent.events import InferenceEvent, Payload, TextPart
from streams.formats.base import (
    MAX_ID,
    MAX_NAME,
    bounded_name,
    json_failure,
    label_text,
    parse_json,
    parse_time,
)
from streams.formats.messages import message_parts
from streams.ports import Headers

__all__ = ["NativeEvent", "NativeFormat", "NativeInput", "NativeOutput"]

Scalar: TypeAlias = float | int | str | bool | None


class NativeInput(msgspec.Struct, frozen=True):
    """What went into the model: text, or messages in OpenAI's form, or a flat row of features."""

    text: str | None = None
    messages: list[dict[str, Any]] | None = None
    features: dict[str, Scalar] | None = None


class NativeOutput(msgspec.Struct, frozen=True):
    """What came out of the model; a deciding model gives its decision and score."""

    text: str | None = None
    messages: list[dict[str, Any]] | None = None
    features: dict[str, Scalar] | None = None
    decision: Scalar = None
    score: float | None = None


class NativeEvent(msgspec.Struct, frozen=True):
    """One call of a model, or one half of it. ``id``, ``model`` and one of ``input`` / ``output`` are required.

    Attributes
    ----------
    time
        RFC 3339, or a number of seconds, milliseconds or nanoseconds since the Unix epoch; the record's when missing.
    attributes
        Protected attributes of the person concerned; numbers and booleans are taken as text.
    """

    id: str
    model: str
    source: str | None = None
    time: str | float | None = None
    model_version: str | int | None = None
    input: NativeInput | None = None
    output: NativeOutput | None = None
    context: list[str] | None = None
    attributes: dict[str, Scalar] | None = None
    label: Scalar = None
    tenant: str | None = None
    trace_id: str | None = None
    redacted: bool = False
    truncated: bool = False
    failed: bool = False


class _Outline(msgspec.Struct, frozen=True, gc=False):
    """The fields that tell a native event from its neighbours, unparsed."""

    id: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    input: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    output: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    object: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    specversion: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_read_outline = msgspec.json.Decoder(_Outline).decode
_read_event = msgspec.json.Decoder(NativeEvent).decode


class NativeFormat:
    """Decoder of the native event."""

    name: ClassVar[str] = "native"

    def matches(self, headers: Headers, value: bytes) -> bool:
        """Whether ``input`` or ``output`` stands there as an object, or with an ``id`` where OpenAI's has none."""
        if b'"input"' not in value and b'"output"' not in value:
            return False
        try:
            outline = _read_outline(value)
        except (ValueError, RecursionError):
            return self._matches_damaged(value)
        return _is_native(outline)

    def _matches_damaged(self, value: bytes) -> bool:
        # Lone surrogates and NaN are mended by the careful parser, which the hot path cannot afford.
        try:
            document = parse_json(value)
        except DecodeError:
            return False
        if not isinstance(document, dict):
            return False
        return "specversion" not in document and any(isinstance(document.get(k), dict) for k in ("input", "output"))

    def attempt(self, value: bytes) -> InferenceEvent | None:
        """The event when the value is a faultless native one, else None: detection and decoding in one pass."""
        try:
            return _event(_read_event(value))
        except (ValueError, RecursionError, DecodeError):
            return None

    def decode(self, value: bytes, headers: Headers) -> list[InferenceEvent]:
        try:
            native = _read_event(value)
        except msgspec.ValidationError as error:
            raise json_failure(error) from None
        except (ValueError, RecursionError):
            document = parse_json(value)
            try:
                native = msgspec.convert(document, NativeEvent)
            except (ValueError, RecursionError) as error:
                raise json_failure(error) from None
        return [_event(native)]


def _is_native(outline: _Outline) -> bool:
    if outline.specversion is not msgspec.UNSET:
        return False
    for half in (outline.input, outline.output):
        if half is not msgspec.UNSET and bytes(memoryview(half)[:1]) == b"{":
            return True
    either = outline.input is not msgspec.UNSET or outline.output is not msgspec.UNSET
    return either and outline.id is not msgspec.UNSET and outline.object is msgspec.UNSET


def _event(native: NativeEvent) -> InferenceEvent:
    ident, model, source, stamp = native.id, native.model, native.source, native.time
    if not ident:
        raise DecodeError("missing_field", "id")
    if not model:
        raise DecodeError("missing_field", "model")
    if len(ident) > MAX_ID:
        raise DecodeError("field_too_long", "id")
    if len(model) > MAX_NAME:
        raise DecodeError("field_too_long", "model")
    if not model.isprintable():
        model = bounded_name(model, "model")
    if native.input is None and native.output is None:
        raise DecodeError("missing_field", "input or output")
    time = None
    if stamp is not None:
        time = parse_time(stamp)
        if time is None:
            raise DecodeError("bad_time", "time")
    version, tenant, trace_id = native.model_version, native.tenant, native.trace_id
    return InferenceEvent(
        inference_id=ident,
        model=model,
        source="" if source is None else bounded_name(source, "source"),
        time=time,
        input=None if native.input is None else _input(native.input),
        output=None if native.output is None else _output(native.output),
        context=() if native.context is None else tuple(native.context),
        model_version="" if version is None else bounded_name(version, "model_version"),
        tenant="" if tenant is None else bounded_name(tenant, "tenant"),
        trace_id="" if trace_id is None else bounded_name(trace_id, "trace_id"),
        attributes=_NONE if native.attributes is None else _attributes(native.attributes),
        label=None if native.label is None else label_text(native.label, "label"),
        redacted=native.redacted,
        truncated=native.truncated,
        failed=native.failed,
    )


_NONE: dict[str, str] = {}


def _input(half: NativeInput) -> Payload:
    texts: tuple[TextPart, ...] = ()
    if half.messages is not None:
        texts = tuple(message_parts(half.messages, "user", "input.messages"))
    if half.text:
        texts = (*texts, TextPart(half.text))
    return Payload(texts, half.features)


def _output(half: NativeOutput) -> Payload:
    texts: tuple[TextPart, ...] = ()
    if half.messages is not None:
        texts = tuple(message_parts(half.messages, "assistant", "output.messages"))
    if half.text:
        texts = (*texts, TextPart(half.text, "assistant"))
    decision = None if half.decision is None else label_text(half.decision, "output.decision")
    return Payload(texts, half.features, decision, half.score)


def _attributes(given: dict[str, Scalar]) -> dict[str, str]:
    labels = {}
    for name, value in given.items():
        label = value if type(value) is str and len(value) <= MAX_NAME else label_text(value, "attributes")
        if label is not None:
            labels[name] = label
    return labels
