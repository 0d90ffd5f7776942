"""Heads and bodies: what is refused, what goes on, and that we and h11 see the same message in what is passed."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.errors import RefusedMessage
from streams.proxy.bodies import ChunkedBody, body_reader, chunk, last_chunk
from streams.proxy.heads import CHUNKED, UNTIL_CLOSE, read_request, read_response, write_response

TOKENS = st.text("abcXYZ0129!#$%&'*+.^_`|~-", min_size=1, max_size=12)
VALUES = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=30)


def request(data: bytes, host: bytes | None = b"server:8000"):
    return read_request(data, 0, len(data), host)


def response(data: bytes):
    return read_response(data, 0, len(data))


def lines_of(head: bytes) -> list[bytes]:
    return head.split(b"\r\n")[:-2]


def test_a_request_goes_on_as_it_came_but_for_what_is_of_this_hop() -> None:
    head = request(
        b"POST /v1/chat/completions?x=1 HTTP/1.1\r\nHost: proxy\r\nUser-Agent: a b\r\nconnection: keep-alive, X-Hop\r\n"
        b"Keep-Alive: 5\r\nX-Hop: gone\r\nTE: trailers, deflate\r\nUpgrade: h2c\r\nContent-Type:application/json\r\n"
        b"AUTHORIZATION:  Bearer x \r\nContent-Length: 007\r\n\r\n"
    )
    assert lines_of(head.head) == [
        b"POST /v1/chat/completions?x=1 HTTP/1.1",
        b"Host: server:8000",
        b"User-Agent: a b",
        b"TE: trailers",
        b"Content-Type: application/json",
        b"AUTHORIZATION: Bearer x",
        b"Content-Length: 7",
        b"Via: 1.1 harmwatch",
    ]
    assert (head.length, head.close, head.minor) == (7, False, 1)
    assert head.noted == {b"content-type": b"application/json"}, "of the head, no secret is kept"


def test_an_absolute_target_names_the_host() -> None:
    head = request(b"GET http://other:81/x?y HTTP/1.1\r\nHost: proxy\r\n\r\n", host=None)
    assert lines_of(head.head)[:2] == [b"GET /x?y HTTP/1.1", b"Host: other:81"]


#: What two servers have been known to read as different messages. Sources: CWE-444, RFC 9112 section 11.2, and the
#: published lists of request smuggling (CL.TE, TE.CL, TE.TE, CL.0, header folding, bare line ends).
SMUGGLED = [
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5 6\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1_0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \xb2\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding\t: chunked\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0bchunked\r\n\r\n",
    b'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "chunked"\r\n\r\n',
    b"POST / HTTP/1.1\r\nHost: a\r\n Transfer-Encoding: chunked\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nX: y\r\n Transfer-Encoding: chunked\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nX: y\rTransfer-Encoding: chunked\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nX: y\nTransfer-Encoding: chunked\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nX: y\x00\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\n: y\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n",
    b"POST / HTTP/1.1\nHost: a\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"POST / HTTP/1.1\r\nX: y\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a b\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a/b\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a@b\r\n\r\n",
    b"POST  / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST /a b HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST / HTTP/1.1 \r\nHost: a\r\n\r\n",
    b"POST / HTTP/2.0\r\nHost: a\r\n\r\n",
    b"POST / HTTP/1.2\r\nHost: a\r\n\r\n",
    b"POST / http/1.1\r\nHost: a\r\n\r\n",
    b"POST /\r\nHost: a\r\n\r\n",
    b"PO ST / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST x HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST http://a@b/ HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST /\x80 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nConnection: content-length\r\nContent-Length: 5\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nConnection: Authorization\r\nAuthorization: x\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 300 + b"\r\n",
]


@pytest.mark.parametrize("data", SMUGGLED)
def test_what_two_servers_could_read_differently_is_refused(data: bytes) -> None:
    with pytest.raises(RefusedMessage):
        request(data)


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 204 OK\r\nContent-Length: 5\r\n\r\n",
        b"HTTP/1.1 100 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
        b"HTTP/1.1 99 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
    ],
)
def test_responses_that_could_be_read_differently_are_refused(data: bytes) -> None:
    with pytest.raises(RefusedMessage) as caught:
        response(data)
    assert caught.value.status == 502


@given(
    method=st.sampled_from([b"GET", b"POST", b"PUT", b"OPTIONS"]),
    fields=st.lists(st.tuples(TOKENS, VALUES), max_size=8),
    framing=st.sampled_from([b"", b"Content-Length: 12\r\n", b"Transfer-Encoding: chunked\r\n"]),
)
@settings(max_examples=300)
def test_what_we_pass_on_is_for_h11_the_message_that_we_read(method, fields, framing) -> None:
    block = b"".join(f"{name}: {value}\r\n".encode("latin-1") for name, value in fields)
    data = method + b" /v1/x HTTP/1.1\r\nHost: a\r\n" + block + framing + b"\r\n"
    try:
        head = request(data)
    except RefusedMessage:
        return
    theirs = h11.Connection(h11.SERVER)
    theirs.receive_data(head.head)
    event = theirs.next_event()
    assert isinstance(event, h11.Request)
    assert event.method == method
    got = [(name, value) for name, value in event.headers if name not in (b"host", b"via")]
    named = {name.lower().encode() for name, value in fields}
    if not named & {b"connection", b"te", b"expect", b"upgrade", b"keep-alive"}:
        wanted = [(name.lower().encode(), value.strip(" \t").encode("latin-1")) for name, value in fields]
        assert got[: len(wanted)] == wanted
    length = [value for name, value in event.headers if name == b"content-length"]
    coding = [value for name, value in event.headers if name == b"transfer-encoding"]
    assert head.length == (CHUNKED if coding else int(length[0]) if length else 0)


@given(st.binary(max_size=400))
@settings(max_examples=500)
def test_whatever_comes_is_read_or_refused(noise: bytes) -> None:
    for data in (noise, b"POST / HTTP/1.1\r\n" + noise, b"POST / HTTP/1.1\r\nHost: a\r\n" + noise + b"\r\n\r\n"):
        for reader in (request, response):
            try:
                reader(data)
            except RefusedMessage:
                pass


def pieces_of(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({min(cut, len(data)) for cut in cuts})
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True) if a < b]


@given(
    body=st.lists(st.binary(min_size=1, max_size=40), max_size=8),
    cuts=st.lists(st.integers(0, 600), max_size=30),
    trailer=st.booleans(),
    extension=st.sampled_from([b"", b";a=b", b' ; q="x;y"']),
    rest=st.binary(max_size=10),
)
@settings(max_examples=400)
def test_a_chunked_body_is_the_same_however_it_is_cut(body, cuts, trailer, extension, rest) -> None:
    """And so is what stands behind it."""
    wire = b"".join(b"%X%b\r\n%b\r\n" % (len(piece), extension, piece) for piece in body)
    wire += b"0\r\n" + (b"X-Sum:  7\r\n" if trailer else b"") + b"\r\n" + rest
    reader, out, behind = ChunkedBody(), [], b""
    for piece in pieces_of(wire, cuts):
        at = 0
        if not reader.done:
            got, at = reader.read(piece, 0)
            out += got
        behind += piece[at:]
    assert reader.done
    assert b"".join(out) == b"".join(body)
    assert behind == rest
    assert reader.trailers == (b"X-Sum: 7\r\n" if trailer else b"")
    # What we write of it is for h11 the same body.
    again = h11.Connection(h11.CLIENT)
    again.send(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
    again.send(h11.EndOfMessage())
    head = write_response(
        read_response(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 0, 47), chunked=True, close=False
    )
    again.receive_data(head + b"".join(map(chunk, out)) + last_chunk(reader.trailers))
    seen = b""
    while not isinstance(event := again.next_event(), h11.EndOfMessage):
        if isinstance(event, h11.Data):
            seen += event.data
    assert seen == b"".join(body)
    assert len(event.headers) == trailer


@pytest.mark.parametrize(
    "wire",
    [
        b"5\nhello\r\n0\r\n\r\n",
        b"5\r\nhelloX0\r\n\r\n",
        b"5\r\nhello\rX",
        b"5\r\nhello\n0\r\n\r\n",
        b"-5\r\nhello\r\n",
        b"0x5\r\nhello\r\n",
        b"5 \r\nhello\r\n",
        b" 5\r\nhello\r\n",
        b"\r\nhello\r\n",
        b"1234567890abcdef\r\n",
        b"g\r\n",
        b"5;\x00\r\nhello\r\n",
        b"5;a\nb\r\nhello\r\n",
        b"5\rX\nhello\r\n",
        b"0\r\nContent-Length: 5\r\n\r\n",
        b"0\r\nX : y\r\n\r\n",
        b"0\r\n X: y\r\n\r\n",
        b"0\r\nX: y\n\r\n\r\n",
        b"5;" + b"x" * 2000 + b"\r\nhello\r\n",
        b"0\r\n" + b"X: y\r\n" * 3000 + b"\r\n",
    ],
)
@pytest.mark.parametrize("together", [True, False])
def test_chunks_that_are_none_are_refused(wire: bytes, together: bool) -> None:
    reader = ChunkedBody()
    with pytest.raises(RefusedMessage):
        for piece in [wire] if together else [wire[n : n + 1] for n in range(len(wire))]:
            reader.read(piece, 0)


@given(length=st.integers(0, 60), data=st.binary(min_size=60, max_size=90), cuts=st.lists(st.integers(0, 90)))
def test_a_counted_body_ends_where_it_says(length, data, cuts) -> None:
    reader, out, behind = body_reader(length), b"", b""
    for piece in pieces_of(data, cuts):
        got, at = reader.read(piece, 0)
        out += b"".join(got)
        behind += piece[at:]
    assert reader.done
    assert (out, behind) == (data[:length], data[length:])


def test_a_body_until_the_end_takes_all() -> None:
    reader = body_reader(UNTIL_CLOSE)
    assert reader.read(b"abc", 1) == ([b"bc"], 3)
    assert not reader.done
