"""What every wire format shares: the port, the limits, headers, times, names, gzip, and careful JSON.

Everything here raises `DecodeError` and nothing else, whatever the bytes.
"""

from __future__ import annotations

import json
import math
import re
import zlib
from datetime import UTC, datetime
from hashlib import blake2b
from typing import ClassVar, Protocol

import msgspec

from agent.errors import DecodeError
from agent.events import InferenceEvent
from streams.formats.nesting import shallow
from streams.ports import Headers

__all__ = [
    "FORMAT_HEADER",
    "ID_HEADER",
    "MAX_BYTES",
    "MAX_DEPTH",
    "MAX_EVENTS",
    "MAX_ID",
    "MAX_NAME",
    "REASONS",
    "TIME_HEADER",
    "TOPIC_HEADER",
    "UNKNOWN_MODEL",
    "Format",
    "as_list",
    "as_object",
    "bounded_id",
    "bounded_name",
    "epoch_seconds",
    "gunzip",
    "header",
    "json_failure",
    "label_text",
    "mend_surrogates",
    "parse_json",
    "parse_time",
    "shortened",
    "utf8",
]

#: Largest record value, and largest body after decompression, in bytes.
MAX_BYTES = 8 * 1024 * 1024
#: Deepest nesting that a walk of ours follows. The JSON parser's own limit is the interpreter's; what is nested deeper
#: than that is read down to here.
MAX_DEPTH = 64
#: Most events that one record may hold: a batch tensor of one byte per row would else fill the memory.
MAX_EVENTS = 10_000
#: Longest model, source, tenant or version, in characters.
MAX_NAME = 256
#: Longest id, in characters.
MAX_ID = 512
#: The model of a call that does not name it.
UNKNOWN_MODEL = "unknown"
#: Pseudo-header by which `Decoder` tells a format the topic; the colon keeps it apart from real ones, as in HTTP/2.
TOPIC_HEADER = ":topic"

#: What our own taps say of a record that they bring: its format, the id of an event that has none, and when they took
#: it, in seconds since the epoch. A record may reach Kafka twice and late: its place and time there name no event.
FORMAT_HEADER = "harmwatch-format"
ID_HEADER = "harmwatch-id"
TIME_HEADER = "harmwatch-received"

#: Every ``DecodeError.reason`` that a format may give: the closed set of the dead letters' metric label.
REASONS = frozenset(
    {
        "bad_framing",
        "bad_gzip",
        "bad_protobuf",
        "bad_time",
        "bad_utf8",
        "empty",
        "field_too_long",
        "internal",
        "missing_field",
        "not_json",
        "shape_mismatch",
        "too_deep",
        "too_large",
        "truncated_json",
        "unknown_format",
        "wrong_type",
    }
)

_GZIP_MAGIC = b"\x1f\x8b"
#: Streams that stand one after another in one body. What follows each is copied: empty ones would take hours.
_MAX_MEMBERS = 256
_BOM = b"\xef\xbb\xbf"
#: One JSON escape: a surrogate pair, a lone surrogate (the group), or any other, so that ``\\\\ud800`` is left alone.
_ESCAPE = re.compile(rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL)
#: What JSON has no numbers for, or msgspec no room, with strings so that it is not found in them.
_BEYOND = re.compile(
    rb'"(?:[^"\\]++|\\.)*+"?|NaN|-?Infinity|'
    rb"(?<![0-9.eE+-])-?(?:[0-9]{200,}+(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?|[0-9]++(?:\.[0-9]++)?[eE]\+?[0-9]{3,}+)",
    re.DOTALL,
)
_MOST_DIGITS = 4000
_LAST_EPOCH_SECOND = 253_402_300_799.0  # the end of the year 9999, where datetime ends


class Format(Protocol):
    """One wire format: a row of ``FORMATS``.

    A class of this kind holds no state; `Decoder` fills in what only the record knows: a missing id and a missing time.
    """

    name: ClassVar[str]

    def matches(self, headers: Headers, value: bytes) -> bool:
        """Whether a record is of this format. Never raises.

        With an empty ``value`` the answer must come from the headers alone (`Decoder` asks that first).
        """

    def decode(self, value: bytes, headers: Headers) -> list[InferenceEvent]:
        """The events of one record, none when the record is well formed but holds no inference.

        An event whose id is not known has ``inference_id == ""``; whose time is not known, ``time is None``.

        Raises
        ------
        DecodeError
            With a reason out of `REASONS`. No other exception, whatever the bytes.
        """


def header(headers: Headers, name: str) -> str:
    """The last header of that lower-case name, whatever its case on the wire; "" when there is none."""
    found = ""
    for key, value in headers:
        if key == name or key.lower() == name:
            found = (value or b"").decode("utf-8", "replace")
    return found


def utf8(data: bytes) -> str:
    """Decode, or raise ``bad_utf8`` with the position of the first bad byte."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DecodeError("bad_utf8", f"byte {error.start}") from None


def gunzip(data: bytes, max_bytes: int = MAX_BYTES) -> bytes:
    """Inflate when ``data`` begins like gzip, else give it back as it is.

    Raises
    ------
    DecodeError
        ``too_large`` as soon as the output passes ``max_bytes`` (a zip bomb is never inflated whole), ``bad_gzip``.
    """
    if not data.startswith(_GZIP_MAGIC):
        return data
    out = bytearray()
    members = 0
    try:
        while data.startswith(_GZIP_MAGIC):
            members += 1
            if members > _MAX_MEMBERS:
                raise DecodeError("bad_gzip", "too many members")
            inflater = zlib.decompressobj(31)
            out += inflater.decompress(data, max_bytes + 1 - len(out))
            if len(out) > max_bytes:
                raise DecodeError("too_large", "after gunzip")
            if not inflater.eof:
                raise DecodeError("bad_gzip", "ends early")
            if inflater.unused_data and len(inflater.unused_data) >= len(data):
                break
            data = inflater.unused_data
    except zlib.error:
        raise DecodeError("bad_gzip") from None
    return bytes(out)


def parse_json(data: bytes | str, path: str = "", *, keep_surrogates: bool = False) -> object:
    """Parse JSON into plain objects: strict about syntax, lenient about what real servers get wrong.

    Lone surrogates become U+FFFD; ``NaN``, ``Infinity`` and numbers beyond what we can hold become null; a byte order
    mark is skipped; of what is nested deeper than the parser follows, all below `MAX_DEPTH` becomes null. Model servers
    take all of them: who writes ``1e999`` somewhere must not go unseen by it.

    Parameters
    ----------
    path
        Where the text stands in the record, for the error's detail.
    keep_surrogates
        Keep lone surrogates: streamed deltas may split an emoji in two. Join, then `mend_surrogates`.

    Raises
    ------
    DecodeError
        ``not_json``, ``truncated_json`` (ends in the middle), ``bad_utf8``.
    """
    try:
        return _parse(data, path, keep_surrogates)
    except RecursionError:
        pass
    raw = data.encode("utf-8", "replace") if isinstance(data, str) else data
    return _parse(shallow(raw, MAX_DEPTH), path, keep_surrogates)


def _parse(data: bytes | str, path: str, keep_surrogates: bool) -> object:
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError as error:
        return _parse_leniently(data, path, keep_surrogates, error)
    except UnicodeError:
        raise DecodeError("bad_utf8", path) from None


def _parse_leniently(data: bytes | str, path: str, keep_surrogates: bool, error: msgspec.DecodeError) -> object:
    try:
        raw = data.encode("utf-8", "replace") if isinstance(data, str) else data
        raw = raw.removeprefix(_BOM)
        surrogates = b"\\ud" in raw or b"\\uD" in raw
        raw = _BEYOND.sub(_or_null, raw)
        if surrogates and keep_surrogates:
            return json.loads(utf8(raw))
        if surrogates:
            raw = _ESCAPE.sub(_replace_lone, raw)
        if raw != data:
            return msgspec.json.decode(raw)
    except msgspec.DecodeError as second:
        # Not kept in a variable: an error in a frame of its own traceback is a cycle, which keeps the text in memory.
        raise json_failure(second, path) from None
    except DecodeError:
        raise
    except ValueError:  # json.JSONDecodeError, UnicodeError, and the interpreter's limit on digits of an integer
        pass
    raise json_failure(error, path) from None


def json_failure(error: BaseException, path: str = "") -> DecodeError:
    """The DecodeError that says what a msgspec error says, without the values that it may hold."""
    if isinstance(error, RecursionError):
        return DecodeError("too_deep", path)
    message = str(error)
    if isinstance(error, UnicodeError) or message.startswith("Invalid UTF-8"):  # before msgspec 0.23, and since
        return DecodeError("bad_utf8", path)
    if isinstance(error, msgspec.ValidationError):
        where = message.rpartition(" - at `$")[2].rstrip("`") if " - at `$" in message else ""
        where = f"{path}{where}".lstrip(".")
        if "missing required field" in message:
            field = message.partition("required field `")[2].partition("`")[0]
            return DecodeError("missing_field", f"{where}.{field}".lstrip("."))
        if "out of range" in message:
            return DecodeError("not_json", "number out of range")
        return DecodeError("wrong_type", where or "top level")
    if message == "Input data was truncated":
        return DecodeError("truncated_json", path)
    position = message.rpartition("(")[2].rstrip(")") if message.endswith(")") else ""
    return DecodeError("not_json", " ".join(part for part in (path, position) if part))


def _replace_lone(match: re.Match[bytes]) -> bytes:
    return match.group(0) if match.group(1) is None else b"\\ufffd"


def _or_null(match: re.Match[bytes]) -> bytes:
    found = match.group()
    if found[:1] == b'"' or (found[-1:].isdigit() and len(found) <= _MOST_DIGITS and math.isfinite(float(found))):
        return found
    return b"null"


def mend_surrogates(text: str) -> str:
    """Join surrogate pairs that arrived as two characters; a surrogate that stays alone becomes U+FFFD."""
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def epoch_seconds(number: float) -> float | None:
    """Seconds since the epoch from s, ms, µs or ns, told apart by magnitude; None when it is no time at all.

    As seconds 1e11 is the year 5138, as milliseconds it is 1973: no inference log is ambiguous.
    """
    if not 0 <= number < 1e20:  # also false for NaN
        return None
    for divisor, limit in ((1, 1e11), (1e3, 1e14), (1e6, 1e17)):
        if number < limit:
            return number / divisor
    return number / 1e9


def parse_time(value: object) -> float | None:
    """Seconds since the epoch from RFC 3339 text (nanoseconds allowed, no zone means UTC), or an epoch number.

    None when there is no time in it. A leap second counts as the second before.
    """
    if isinstance(value, str):
        if value[4:5] != "-":
            return _parse_odd_time(value)
        try:
            stamp = datetime.fromisoformat(value)
            seconds = (stamp if stamp.tzinfo is not None else stamp.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            return _parse_odd_time(value)
        return seconds if 0 <= seconds <= _LAST_EPOCH_SECOND else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return epoch_seconds(value)


def _parse_odd_time(value: str) -> float | None:
    text = value.strip() if len(value) <= 64 else ""
    if text[17:19] == "60" and text[4:5] == "-":
        return parse_time(f"{text[:17]}59{text[19:]}")
    if text.isascii() and text.replace(".", "", 1).isdigit() and len(text.partition(".")[0]) > 8:
        return epoch_seconds(float(text))
    return parse_time(text) if text != value and text[4:5] == "-" else None


def bounded_name(value: object, path: str) -> str:
    """A model, source, tenant or version: at most `MAX_NAME` characters, any of them; "" for null.

    A longer one is `shortened`. Different names stay different: whoever shows one writes out what does not print
    (`agent.metrics.label_values`).
    """
    if type(value) is str and len(value) <= MAX_NAME and value.isprintable():
        return value  # first of all, for this is the hot path
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        value = _int_text(value, path)
    if not isinstance(value, str):
        raise DecodeError("wrong_type", path)
    return shortened(mend_surrogates(value), MAX_NAME)


def bounded_id(value: object, path: str) -> str:
    """An id: at most `MAX_ID` characters, any of them, a longer one `shortened`; integers written out; "" for null."""
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        value = _int_text(value, path)
    if not isinstance(value, str):
        raise DecodeError("wrong_type", path)
    return shortened(mend_surrogates(value), MAX_ID)


def shortened(text: str, most: int) -> str:
    """The beginning of a text that is too long, and a digest of it, by which different ones stay different.

    Clients choose what they call models and calls, and many servers pass it over: no call must go unseen by its names.
    """
    if len(text) <= most:
        return text
    return f"{text[: most - 17]}~{blake2b(text.encode(), digest_size=8).hexdigest()}"


def _int_text(value: int, path: str) -> str:
    if value.bit_length() > 256:  # writing it out costs the square of its length
        raise DecodeError("field_too_long", path)
    return str(value)


def label_text(value: object, path: str) -> str | None:
    """A decision or label as text: 1, 1.0 and "1" are the same class, true is "true"; None for null."""
    if type(value) is str and len(value) <= MAX_NAME and value.isprintable():
        return value
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, str) and len(value) > MAX_NAME:
        raise DecodeError("field_too_long", path)
    return bounded_name(value, path)


def as_object(value: object, path: str) -> dict[str, object]:
    """``value`` itself when it is a JSON object, else ``wrong_type``."""
    if isinstance(value, dict):
        return value
    raise DecodeError("wrong_type", path or "top level")


def as_list(value: object, path: str) -> list[object]:
    """``value`` itself when it is a JSON array, else ``wrong_type``."""
    if isinstance(value, list):
        return value
    raise DecodeError("wrong_type", path or "top level")
