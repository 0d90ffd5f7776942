"""The Open Inference Protocol's protobuf messages, without grpcio and without generated code.

The descriptor is built when the first such record arrives, in a pool of its own, so that it cannot clash with the
``inference`` package of tritonclient or mlserver in the same process.

Source: KServe ``grpc_predict_v2.proto``. Fields that nobody here reads (parameters, requested outputs) are left out
and stay unknown fields.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from agent.errors import DecodeError
from agent.events import Direction
from streams.formats.base import bounded_id, bounded_name
from streams.formats.chat import Half
from streams.formats.oip_json import element_text, raw_elements
from streams.formats.tensors import Tensor, rows_of_tensors

__all__ = ["MESSAGES", "read_proto", "unframe"]

_STRING, _BYTES, _MESSAGE = 9, 12, 11
_REPEATED = 3
#: message -> (field, number, type, repeated or not, message type)
MESSAGES: dict[str, list[tuple[str, int, int, bool, str]]] = {
    "InferTensorContents": [
        ("bool_contents", 1, 8, True, ""),
        ("int_contents", 2, 5, True, ""),
        ("int64_contents", 3, 3, True, ""),
        ("uint_contents", 4, 13, True, ""),
        ("uint64_contents", 5, 4, True, ""),
        ("fp32_contents", 6, 2, True, ""),
        ("fp64_contents", 7, 1, True, ""),
        ("bytes_contents", 8, _BYTES, True, ""),
    ],
    "Tensor": [
        ("name", 1, _STRING, False, ""),
        ("datatype", 2, _STRING, False, ""),
        ("shape", 3, 3, True, ""),
        ("contents", 5, _MESSAGE, False, "InferTensorContents"),
    ],
    "ModelInferRequest": [
        ("model_name", 1, _STRING, False, ""),
        ("model_version", 2, _STRING, False, ""),
        ("id", 3, _STRING, False, ""),
        ("tensors", 5, _MESSAGE, True, "Tensor"),
        ("raw", 7, _BYTES, True, ""),
    ],
    "ModelInferResponse": [
        ("model_name", 1, _STRING, False, ""),
        ("model_version", 2, _STRING, False, ""),
        ("id", 3, _STRING, False, ""),
        ("tensors", 5, _MESSAGE, True, "Tensor"),
        ("raw", 6, _BYTES, True, ""),
    ],
}
_CONTENTS = {
    "BOOL": "bool_contents",
    "INT8": "int_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "UINT8": "uint_contents",
    "UINT16": "uint_contents",
    "UINT32": "uint_contents",
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}


@cache
def message_classes() -> dict[str, Any]:
    """The message classes by name, built once."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    file = descriptor_pb2.FileDescriptorProto(name="harmwatch_oip.proto", package="harmwatch.oip", syntax="proto3")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, number, kind, repeated, of in fields:
            entry = message.field.add(name=field, number=number, type=kind, label=_REPEATED if repeated else 1)
            if of:
                entry.type_name = f".harmwatch.oip.{of}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"harmwatch.oip.{name}")) for name in MESSAGES
    }


def unframe(value: bytes) -> bytes:
    """Take off Confluent's framing, when there is one: 0x00, a 4-byte schema id, and protobuf's message indexes.

    A protobuf message never begins with 0x00 (field number 0 is not allowed), nor does JSON.

    Raises
    ------
    DecodeError
        ``bad_framing``.
    """
    if value[:1] != b"\0":
        return value
    if len(value) < 6:
        raise DecodeError("bad_framing", "ends early")
    if value[5:6] in (b"{", b"["):  # a JSON schema: no message indexes
        return value[5:]
    count, position = _zigzag(value, 5)
    if not 0 <= count <= 16:
        raise DecodeError("bad_framing", "message indexes")
    for _ in range(count):
        _, position = _zigzag(value, position)
    return value[position:]


def _zigzag(value: bytes, position: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        if position >= len(value) or shift > 28:
            raise DecodeError("bad_framing", "message indexes")
        byte = value[position]
        position += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return (number >> 1) ^ -(number & 1), position


def read_proto(value: bytes, direction: Direction) -> list[Half]:
    """The rows of a ``ModelInferRequest`` or ``ModelInferResponse``.

    Raises
    ------
    DecodeError
        ``bad_protobuf``, ``shape_mismatch``, ``missing_field``.
    """
    from google.protobuf.message import DecodeError as ProtobufError

    name = "ModelInferRequest" if direction == "input" else "ModelInferResponse"
    try:
        message = message_classes()[name].FromString(value)
    except (ProtobufError, UnicodeError, RecursionError):
        raise DecodeError("bad_protobuf", name) from None
    raw = list(message.raw)
    if raw and len(raw) != len(message.tensors):
        raise DecodeError("shape_mismatch", "raw contents and tensors")
    if not message.model_name and not message.tensors:
        raise DecodeError("missing_field", "model_name")
    tensors = [_tensor(tensor, raw[number] if raw else None) for number, tensor in enumerate(message.tensors)]
    model = bounded_name(message.model_name, "model_name")
    ident = bounded_id(message.id, "id")
    version = bounded_name(message.model_version, "model_version")
    return [Half(direction, row, model, ident, version=version) for row in rows_of_tensors(tensors, direction)]


def _tensor(tensor: Any, raw: bytes | None) -> Tensor:
    name = bounded_name(tensor.name, "tensor.name")
    datatype: str = tensor.datatype
    data: list[object]
    if raw is not None:
        data = raw_elements(raw, datatype)
    elif datatype in _CONTENTS:
        data = list(getattr(tensor.contents, _CONTENTS[datatype]))
        if datatype == "BYTES":
            data = [element_text(item) if isinstance(item, bytes) else None for item in data]
    else:
        raise DecodeError("wrong_type", "tensor.datatype")
    return Tensor(name, datatype, tuple(tensor.shape), data).checked()
