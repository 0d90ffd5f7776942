"""Requests of OTLP in protobuf, byte by byte: protobuf itself writes nothing that it would not read."""

from __future__ import annotations

__all__ = [
    "SPAN",
    "TRACE",
    "a_span",
    "array",
    "call",
    "field",
    "log",
    "message",
    "nested",
    "pairs",
    "request",
    "text",
]

TRACE, SPAN = bytes(range(16)), bytes(range(8))


def field(tag: int, content: bytes) -> bytes:
    length = bytearray()
    left = len(content)
    while left > 0x7F:
        length.append(left & 0x7F | 0x80)
        left >>= 7
    return bytes((tag, *length, left)) + content


def text(said: str | bytes) -> bytes:
    return field(0x0A, said if isinstance(said, bytes) else said.encode())


def array(*values: bytes) -> bytes:
    return field(0x2A, b"".join(field(0x0A, value) for value in values))


def pairs(**values: bytes) -> bytes:
    return field(0x32, b"".join(field(0x0A, text(key) + field(0x12, value)) for key, value in values.items()))


def nested(depth: int, innermost: bytes) -> bytes:
    for _ in range(depth):
        innermost = pairs(k=innermost)
    return innermost


def message(part: bytes) -> bytes:
    return array(pairs(role=text("assistant"), parts=array(part)))


def call(depth: int, said: str | bytes = "x") -> bytes:
    return message(pairs(type=text("tool_call"), name=text("f"), arguments=nested(depth, text(said))))


def log(answered: bytes, *, span: bytes = SPAN) -> bytes:
    attributes = {"gen_ai.operation.name": text("chat"), "gen_ai.output.messages": answered}
    shown = b"".join(field(0x32, text(key) + field(0x12, value)) for key, value in attributes.items())
    return field(0x12, b"\x09" + (10**18).to_bytes(8, "little") + shown + field(0x4A, TRACE) + field(0x52, span))


def a_span(answered: bytes, *, span: bytes = SPAN) -> bytes:
    """A span whose answer stands on an event of it, and that failed."""
    operation = field(0x4A, text("gen_ai.operation.name") + field(0x12, text("chat")))
    said = field(0x1A, text("gen_ai.output.messages") + field(0x12, answered))
    event = field(0x5A, field(0x12, b"gen_ai.client.inference.operation.details") + said)
    when = b"\x39" + (10**18).to_bytes(8, "little")
    return field(0x12, field(0x0A, TRACE) + field(0x12, span) + when + operation + event + field(0x7A, b"\x18\x02"))


def request(*records: bytes, resource: bytes = b"") -> bytes:
    named = field(0x0A, text("service.name") + field(0x12, text("shop")))
    return field(0x0A, field(0x0A, resource + named) + field(0x12, b"".join(records)))
