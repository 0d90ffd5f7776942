"""The Open Inference Protocol's JSON form, with the binary tensor data extension. Shared by KServe and Seldon.

Source: KServe "Open Inference Protocol (V2)" and "Binary Tensor Data Extension": little-endian, row-major, no padding;
BOOL is a byte, a BYTES element is a 4-byte unsigned length followed by its bytes; FP16 and BF16 exist only in binary.
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Iterator

from agent.errors import DecodeError
from agent.events import Direction
from streams.formats.base import MAX_DEPTH, as_list, as_object, bounded_id, bounded_name
from streams.formats.chat import Half, model_name
from streams.formats.tensors import Tensor, rows_of_tensors

__all__ = ["DATATYPES", "element_text", "has_tensors", "is_v2", "raw_elements", "split_binary", "v2_halves"]

#: `struct` codes of the fixed-size datatypes; BYTES and BF16 have their own rules.
DATATYPES = {
    "BOOL": "?",
    "UINT8": "B",
    "UINT16": "H",
    "UINT32": "I",
    "UINT64": "Q",
    "INT8": "b",
    "INT16": "h",
    "INT32": "i",
    "INT64": "q",
    "FP16": "e",
    "FP32": "f",
    "FP64": "d",
}


def is_v2(body: dict[str, object]) -> bool:
    """Whether an object has V2's ``inputs`` or ``outputs``: a list of named tensors."""
    return has_tensors(body, "inputs") or has_tensors(body, "outputs")


def has_tensors(body: dict[str, object], key: str) -> bool:
    """Whether a field is a list of named tensors; an empty one where a model is named as V2 does."""
    tensors = body.get(key)
    if not isinstance(tensors, list):
        return False
    if not tensors:
        return "model_name" in body
    return any(isinstance(tensor, dict) and "datatype" in tensor for tensor in tensors)


def split_binary(value: bytes, header_length: str) -> tuple[bytes, bytes]:
    """A body of ``Inference-Header-Content-Length`` into its JSON and its binary part."""
    if not header_length:
        return value, b""
    if not (header_length.isascii() and header_length.isdigit() and len(header_length) < 12):
        raise DecodeError("bad_framing", "inference-header-content-length")
    length = int(header_length)
    if length > len(value):
        raise DecodeError("truncated_json", "inference-header-content-length")
    return value[:length], value[length:]


def element_text(data: bytes) -> str | None:
    """A BYTES element as text; None when it is not UTF-8 (an image, say)."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def raw_elements(raw: bytes, datatype: str) -> list[object]:
    """The elements of a raw tensor."""
    if datatype == "BYTES":
        return list(_raw_strings(raw))
    if datatype == "BF16":  # the upper half of an FP32
        if len(raw) % 2:
            raise DecodeError("shape_mismatch", "raw contents")
        halves = struct.unpack(f"<{len(raw) // 2}H", raw)
        return list(struct.unpack(f"<{len(halves)}f", struct.pack(f"<{len(halves)}I", *(h << 16 for h in halves))))
    code = DATATYPES.get(datatype)
    if code is None:
        raise DecodeError("wrong_type", "datatype")
    size = struct.calcsize(f"<{code}")
    if len(raw) % size:
        raise DecodeError("shape_mismatch", "raw contents")
    return list(struct.unpack(f"<{len(raw) // size}{code}", raw))


def _raw_strings(raw: bytes) -> Iterator[str | None]:
    position = 0
    while position < len(raw):
        if position + 4 > len(raw):
            raise DecodeError("shape_mismatch", "raw contents of BYTES")
        (length,) = struct.unpack_from("<I", raw, position)
        position += 4
        if position + length > len(raw):
            raise DecodeError("shape_mismatch", "raw contents of BYTES")
        yield element_text(raw[position : position + length])
        position += length


def v2_halves(body: dict[str, object], path: str, binary: bytes = b"") -> list[Half]:
    """The rows of a V2 request or answer in JSON; which of the two is told by ``inputs`` / ``outputs``.

    Raises
    ------
    DecodeError
        ``shape_mismatch``, ``wrong_type``, ``missing_field``.
    """
    # A request may carry `outputs` too (those it asks for), but only an answer lacks `inputs`.
    direction: Direction = "input" if isinstance(body.get("inputs"), list) else "output"
    key = f"{direction}s"
    if body.get("error") is not None and key not in body:
        return [Half("output", None, failed=True)]
    if key not in body:
        raise DecodeError("missing_field", f"{path}{key}")
    tensors = []
    for number, item in enumerate(as_list(body[key], f"{path}{key}")):
        tensor, binary = _tensor(as_object(item, f"{path}{key}[{number}]"), f"{path}{key}[{number}]", binary)
        tensors.append(tensor)
    model = model_name(body.get("model_name"))
    ident = bounded_id(body.get("id"), f"{path}id")
    version = model_name(body.get("model_version"))
    return [Half(direction, row, model, ident, version=version) for row in rows_of_tensors(tensors, direction)]


def _tensor(item: dict[str, object], path: str, binary: bytes) -> tuple[Tensor, bytes]:
    name = bounded_name(item.get("name"), f"{path}.name")
    datatype = item.get("datatype")
    if not isinstance(datatype, str):
        raise DecodeError("missing_field" if datatype is None else "wrong_type", f"{path}.datatype")
    parameters = item.get("parameters")
    parameters = parameters if isinstance(parameters, dict) else {}
    size = parameters.get("binary_data_size")
    if isinstance(size, int) and not isinstance(size, bool):
        if not 0 <= size <= len(binary):
            raise DecodeError("shape_mismatch", f"{path}.parameters.binary_data_size")
        data = raw_elements(binary[:size], datatype)
        binary = binary[size:]
    else:
        data = list(_flatten(as_list(item.get("data"), f"{path}.data"), f"{path}.data"))
        if datatype == "BYTES":
            as_base64 = parameters.get("content_type") == "base64"
            data = [_string(value, as_base64, f"{path}.data") for value in data]
        elif any(isinstance(value, (str, dict)) for value in data):
            raise DecodeError("wrong_type", f"{path}.data")
    shape = item.get("shape")
    if shape is None:
        return Tensor(name, datatype, (len(data),), data), binary
    sizes: list[int] = []
    for extent in as_list(shape, f"{path}.shape"):
        if not isinstance(extent, int) or isinstance(extent, bool):
            raise DecodeError("wrong_type", f"{path}.shape")
        sizes.append(extent)
    return Tensor(name, datatype, tuple(sizes), data).checked(), binary


def _string(value: object, as_base64: bool, path: str) -> object:
    """A BYTES element in JSON: text, or base64 when the tensor says so (or the object ``{"b64": ...}``)."""
    if isinstance(value, dict) and isinstance(value.get("b64"), str):
        value, as_base64 = value["b64"], True
    if value is not None and not isinstance(value, str):
        raise DecodeError("wrong_type", path)
    if value is None or not as_base64:
        return value
    try:
        return element_text(base64.b64decode(value, validate=True))
    except (binascii.Error, ValueError):
        raise DecodeError("wrong_type", path) from None


def _flatten(values: list[object], path: str) -> Iterator[object]:
    """Nested or flat lists in row-major order, without recursion."""
    stack = [iter(values)]
    while stack:
        for item in stack[-1]:
            if isinstance(item, list):
                if len(stack) >= MAX_DEPTH:
                    raise DecodeError("too_deep", path)
                stack.append(iter(item))
                break
            yield item
        else:
            stack.pop()
