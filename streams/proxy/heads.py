"""Heads of HTTP/1.1 messages: read strictly, and written anew for the next hop.

Nothing of a head is passed on as it came: what goes out is made of parts that were understood, so that the next hop
cannot read another message into them than we did. What RFC 9112 leaves to a recipient's leniency is refused: bare line
feeds, folded lines, blanks before a colon, two lengths, a length beside a transfer coding, codings but ``chunked``.

Source: RFC 9110 (sections 7.6, 10.1.1), RFC 9112 (sections 2 to 6, 11.2).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from agent.errors import RefusedMessage

__all__ = [
    "CHUNKED",
    "MAX_FIELDS",
    "NO_BODY",
    "UNTIL_CLOSE",
    "RequestHead",
    "ResponseHead",
    "read_fields",
    "read_request",
    "read_response",
    "write_response",
]

#: What a body's length can be beside a number of bytes.
CHUNKED: Final = -1
UNTIL_CLOSE: Final = -2
NO_BODY: Final = 0

MAX_FIELDS: Final = 256

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]"
_REQUEST_LINE = re.compile(rb"(" + _TOKEN + rb"{1,32}+) ([\x21-\x7e]++) HTTP/1\.([01])\r\n")
_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9]{2})(?: ([\t\x20-\x7e\x80-\xff]*+))?\r\n")
_FIELD = re.compile(rb"(" + _TOKEN + rb"{1,256}+):([\t\x20-\x7e\x80-\xff]*+)\r\n")
_LENGTH = re.compile(rb"[0-9]{1,15}")
_ABSOLUTE = re.compile(rb"https?://([^/?#@]++)((?:[/?][^#]*+)?)", re.IGNORECASE)
_AUTHORITY = re.compile(rb"(?:[A-Za-z0-9._~%-]++|\[[0-9A-Fa-f:.]++\])?(?::[0-9]{0,5})?")

#: Fields that a recipient may not be made to lose by naming them in ``Connection``.
_PROTECTED = frozenset(
    b"authorization content-encoding content-length content-type cookie host transfer-encoding x-request-id".split()
)
#: Fields that have to be looked at, those of one hop among them; all others pass as they are.
_LOOKED_AT = frozenset(
    b"""connection content-encoding content-length content-type expect host http2-settings keep-alive proxy-connection
    te traceparent transfer-encoding upgrade x-request-id""".split()
)
_NOTED = frozenset(b"content-encoding content-type traceparent x-request-id".split())
_ORDINARY_OPTIONS = frozenset((b"", b"close", b"keep-alive", b"te", b"upgrade", b"http2-settings", b"proxy-connection"))


@dataclass(slots=True)
class _Fields:
    """What the fields of a head come to.

    Attributes
    ----------
    lines
        As they are written for the next hop, in their order; without those that belong to this hop.
    noted
        Values that the tap asks for, by name in small letters; of several the last.
    """

    lines: list[bytes]
    length: int | None = None
    chunked: bool = False
    close: bool = False
    keep_alive: bool = False
    expects: bool = False
    host: bytes | None = None
    noted: dict[bytes, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class RequestHead:
    """A request as it goes on.

    Attributes
    ----------
    head
        Bytes for the server.
    length
        Of the body: bytes, or `CHUNKED`.
    minor
        The client speaks HTTP/1.1 or, when 0, HTTP/1.0.
    close
        The client wants no further response on this connection.
    """

    method: bytes
    target: bytes
    head: bytes
    length: int
    minor: int
    close: bool
    expects: bool
    noted: dict[bytes, bytes]


@dataclass(slots=True)
class ResponseHead:
    """A response as it came; `write_response` makes of it what the client gets.

    Attributes
    ----------
    length
        Of the body: bytes, `CHUNKED` or `UNTIL_CLOSE`. A HEAD request's has none, whatever this says.
    """

    status: int
    reason: bytes
    lines: list[bytes]
    length: int
    close: bool
    noted: dict[bytes, bytes]


def read_request(data: bytes, start: int, end: int, host: bytes | None) -> RequestHead:
    """Read the head between ``start`` and ``end``, with its empty line.

    Parameters
    ----------
    host
        Named to the server instead of what the client named; None keeps the client's.

    Raises
    ------
    RefusedMessage
        With the status to answer with. The connection cannot be used any more.
    """
    line = _REQUEST_LINE.match(data, start, end)
    if line is None:
        raise RefusedMessage(400, "request_line")
    method, target, minor = line.group(1), line.group(2), int(line.group(3))
    if method in (b"CONNECT", b"TRACE"):
        raise RefusedMessage(501, "method")
    authority: bytes | None = None
    if not target.startswith(b"/") and target != b"*":
        absolute = _ABSOLUTE.fullmatch(target)
        if absolute is None:
            raise RefusedMessage(400, "target")
        authority, target = absolute.group(1), absolute.group(2)
        if not target.startswith(b"/"):
            target = b"/" + target
    fields = _read(data, line.end(), end - 2, response=False)
    named = fields.host if authority is None else authority
    if fields.host is None and minor == 1:
        raise RefusedMessage(400, "host")
    if named is not None and _AUTHORITY.fullmatch(named) is None:
        raise RefusedMessage(400, "host")
    if fields.chunked and (minor == 0 or fields.length is not None):
        raise RefusedMessage(400, "framing")
    length = CHUNKED if fields.chunked else (fields.length or NO_BODY)
    lines = [b"%b %b HTTP/1.1\r\nHost: %b\r\n" % (method, target, host if host is not None else named or b"")]
    lines += fields.lines
    lines.append(b"Via: 1.%d harmwatch\r\n\r\n" % minor)
    close = fields.close or (minor == 0 and not fields.keep_alive)
    expects = fields.expects and minor == 1
    return RequestHead(method, target, b"".join(lines), length, minor, close, expects, fields.noted)


def read_response(data: bytes, start: int, end: int) -> ResponseHead:
    """Read the head between ``start`` and ``end``, with its empty line.

    Raises
    ------
    RefusedMessage
        The server sent what must not be passed on.
    """
    line = _STATUS_LINE.match(data, start, end)
    if line is None:
        raise RefusedMessage(502, "status_line")
    status = int(line.group(2))
    fields = _read(data, line.end(), end - 2, response=True)
    if fields.chunked and (fields.length is not None or line.group(1) == b"0"):
        raise RefusedMessage(502, "framing")
    if (status < 200 or status == 204) and (fields.chunked or fields.length):
        raise RefusedMessage(502, "framing")
    if status < 200 or status in (204, 304):
        length = NO_BODY
    elif fields.chunked:
        length = CHUNKED
    else:
        length = UNTIL_CLOSE if fields.length is None else fields.length
    close = fields.close or (line.group(1) == b"0" and not fields.keep_alive)
    return ResponseHead(status, line.group(3) or b"", fields.lines, length, close, fields.noted)


def write_response(response: ResponseHead, *, chunked: bool, close: bool) -> bytes:
    """The head for the client.

    Parameters
    ----------
    chunked
        The body will be written in chunks.
    close
        The connection ends with this response.
    """
    ending = b"\r\n"
    if chunked:
        ending = b"Transfer-Encoding: chunked\r\n\r\n"
    if close:
        ending = b"Connection: close\r\n" + ending
    return b"HTTP/1.1 %d %b\r\n%b%b" % (response.status, response.reason, b"".join(response.lines), ending)


def read_fields(block: bytes, start: int, end: int) -> list[tuple[bytes, bytes]]:
    """Names and values of the lines between ``start`` and ``end``; values with their blanks.

    Raises
    ------
    RefusedMessage
        When something else is there than lines of fields.
    """
    found: list[tuple[bytes, bytes]] = _FIELD.findall(block, start, end)
    # Matches do not overlap: when their lengths add up to all there is, there is nothing between them.
    if sum([len(name) + len(value) for name, value in found]) + 3 * len(found) != end - start:
        raise RefusedMessage(400, "field")
    if len(found) > MAX_FIELDS:
        raise RefusedMessage(431, "fields")
    return found


def _read(data: bytes, start: int, end: int, *, response: bool) -> _Fields:
    wrong = 502 if response else 400
    try:
        found = read_fields(data, start, end)
    except RefusedMessage as refused:
        raise RefusedMessage(502 if response else refused.status, refused.reason) from None
    lines: list[bytes] = []
    fields = _Fields(lines)
    options: list[bytes] = []
    codings = 0
    for name, raw in found:
        value = raw.strip(b" \t")
        key = name.lower()
        if key not in _LOOKED_AT:
            lines.append(b"%b: %b\r\n" % (name, value))
            continue
        if key in _NOTED:
            fields.noted[key] = value
            lines.append(b"%b: %b\r\n" % (name, value))
        elif key == b"content-length":
            if fields.length is not None or _LENGTH.fullmatch(value) is None:
                raise RefusedMessage(wrong, "framing")
            fields.length = int(value)
            lines.append(b"%b: %d\r\n" % (name, fields.length))
        elif key == b"transfer-encoding":
            codings += 1
            if codings > 1 or value.lower() != b"chunked":
                raise RefusedMessage(wrong if response else 501, "framing")
            fields.chunked = True
            if not response:
                lines.append(b"Transfer-Encoding: chunked\r\n")
        elif key == b"connection":
            options += [option.strip(b" \t").lower() for option in value.split(b",")]
        elif key == b"host":
            if fields.host is not None:
                raise RefusedMessage(wrong, "host")
            fields.host = value
        elif key == b"expect":
            fields.expects = value.lower() == b"100-continue"
            lines.append(b"%b: %b\r\n" % (name, value))
        elif key == b"te" and b"trailers" in value.lower():
            lines.append(b"TE: trailers\r\n")
    fields.close, fields.keep_alive = b"close" in options, b"keep-alive" in options
    named = {option for option in options if option not in _ORDINARY_OPTIONS}
    if named:
        if not named.isdisjoint(_PROTECTED):
            raise RefusedMessage(wrong, "connection")
        fields.lines = [line for line in lines if line.partition(b":")[0].lower() not in named]
    return fields
