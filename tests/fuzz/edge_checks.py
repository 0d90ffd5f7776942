"""What receivers and proxies read: requests, responses, bodies of any sender, and a spool, whatever became of it."""

from __future__ import annotations

import gzip
import logging
import shutil
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from agent.clock import ManualClock
from agent.errors import DecodeError, MessageTooLarge, RefusedMessage
from tests.conformance.formats_golden import cases

if TYPE_CHECKING:
    from streams.ports import Message

__all__ = ["PAIRS", "WIRES", "ingest", "proxy_pair", "proxy_wire", "sent", "sound_spool", "spool"]

_TIME = 1_780_000_000.0

WIRES = (
    b'POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 14\r\n\r\n{"model": "m"}',
    b"POST /v1/completions HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5;x=y\r\nhello\r\n0\r\nX: 1\r\n\r\n",
    b"GET http://a:1/x?y HTTP/1.0\r\nHost: b\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.0 200\r\n\r\nuntil the end",
)


def proxy_wire() -> Callable[[bytes], bool]:
    """What is passed on is read as what came; and however it was cut into pieces, it is the same message."""
    from streams.proxy.bodies import body_reader
    from streams.proxy.heads import CHUNKED, read_request, read_response, write_response

    def body(length: int, data: bytes, cut: int) -> tuple[bytes, bytes, bool] | None:
        reader, got = body_reader(length), b""
        try:
            for part in (data[:cut], data[cut:]):
                if part and not reader.done:
                    pieces, _ = reader.read(part, 0)
                    got += b"".join(pieces)
        except RefusedMessage:
            return None
        return got, reader.trailers, reader.done

    def check(data: bytes) -> bool:
        end = data.find(b"\r\n\r\n") + 4
        end = len(data) if end < 4 else end
        length = None
        try:
            head = read_request(data, 0, end, None)
        except RefusedMessage as refused:
            assert refused.status in (400, 431, 501)
        else:
            length = head.length
            again = read_request(head.head, 0, len(head.head), None)
            assert (again.method, again.target, again.length) == (head.method, head.target, head.length)
        try:
            answer = read_response(data, 0, end)
        except RefusedMessage as refused:
            assert refused.status == 502 or refused.reason == "fields"
        else:
            length = answer.length
            written = write_response(answer, chunked=answer.length == CHUNKED, close=answer.close)
            again_answer = read_response(written, 0, len(written))
            assert (again_answer.status, again_answer.length) == (answer.status, answer.length)
        if length is not None:
            rest = data[end:]
            found = [body(length, rest, cut) for cut in (0, 1, len(rest) // 2)]
            # What will be refused may be seen sooner or later, but not after it was taken for whole.
            whole = {one for one in found if one is not None and (one[2] or None not in found)}
            assert len(whole) <= 1 and not (whole and None in found)
        return length is not None

    return check


_KINDS = ("application/json", "application/x-protobuf", "application/cloudevents+json", "")


def sent(*formats: str) -> list[bytes]:
    """Golden bodies as they are sent to the receiver, in JSON and as protobuf: behind a byte that tells the kind."""
    values = [case.value for case in cases() if case.format in formats]
    return [bytes((kind,)) + value for value in values for kind in (0, 1)] + [b"#" + value for value in values]


def ingest() -> Callable[[bytes], bool]:
    """A body at each path of the receiver, and once more taken apart into small records; the worker can read them."""
    from streams.formats import Decoder
    from streams.ingest.intake import Intake
    from streams.ingest.routes import ROUTES, TapRoute
    from streams.ports import Record

    clock, decoder = ManualClock(_TIME), Decoder()
    intakes = [Intake("inference.events", most, clock) for most in (1 << 20, 1 << 10)]

    def check(data: bytes) -> bool:
        headers = {"content-type": _KINDS[data[0] % len(_KINDS)]} if data else {}
        if data[:1] == b"#":
            headers |= {"ce-id": "1", "ce-type": "org.kubeflow.serving.inference.request", "ce-source": "s"}
        taken = [offered(intake, route, data[1:], headers) for route in ROUTES.values() for intake in intakes]
        return any(taken)

    def offered(intake: Intake, route: TapRoute, body: bytes, headers: dict[str, str]) -> bool:
        try:
            taken = intake.take(route, body, headers)
        except (DecodeError, MessageTooLarge) as error:
            assert len(str(error)) < 2000 and "\n" not in str(error)
            return False
        for message in taken.messages:
            record = Record(message.topic, 0, 0, _TIME, message.key, message.value, message.headers)
            assert decoder.decode(record), "acknowledged, and a dead letter"
        return bool(taken.messages)

    return check


def proxy_pair() -> Callable[[bytes], bool]:
    """The two bodies of a call, packed or not, as they come from whoever calls and whoever answers."""
    from streams.formats import Decoder
    from streams.ports import Record
    from streams.proxy.capture import Captured
    from streams.proxy.events import EventMaker, RecentIds

    most = 16 * 1024
    maker = EventMaker("inference.events", "s", own_ids=False, max_record_bytes=most, recent=RecentIds(100))
    decoder = Decoder()
    encodings = (b"", b"gzip", b"deflate", b"br", b"gzip, deflate")

    def check(data: bytes) -> bool:
        kind, data = data[:1] or b"\0", data[1:]
        encoding = encodings[kind[0] % len(encodings)]
        request, _, response = data.partition(b"\n\n\n")
        captured = Captured(
            started=_TIME, ended=_TIME, status=200, request=_pieces(request), response=_pieces(response),
            request_encoding=b"", response_encoding=encoding,
            request_id=request[:40], trace_parent=response[:60],
            cut=bool(kind[0] & 1), request_truncated=False, response_truncated=False,
        )  # fmt: skip
        try:
            message = maker.make(captured)
        except DecodeError:
            return False
        assert message.value is not None and len(message.value) <= most
        try:
            decoder.decode(Record(message.topic, 0, 0, _TIME, message.key, message.value, message.headers))
        except DecodeError as error:
            assert len(str(error)) < 2000
            return False
        return True

    return check


PAIRS = (
    b'\0{"model": "m", "messages": [{"role": "user", "content": "hi"}]}\n\n\n'
    b'{"choices": [{"index": 0, "message": {"role": "assistant", "content": "ho"}}]}',
    b"\1" + gzip.compress(b"data: [DONE]\n\n", mtime=0),
    b"\2\n\n\n" + zlib.compress(b"x" * 5000),
)


def _pieces(data: bytes) -> list[bytes]:
    return [data[at : at + 100] for at in range(0, len(data), 100)]


def _messages() -> list[Message]:
    from streams.ports import Message

    return [Message("inference.events", b"m", b'{"id": "%d"}' % number, (("a", b"b"),)) for number in range(5)]


def sound_spool() -> list[bytes]:
    from streams.courier.frames import MAGIC, encode

    return [MAGIC + b"".join(encode(message, _TIME) for message in _messages()), MAGIC, b""]


def spool() -> Callable[[bytes], bool]:
    """A segment of an earlier life, whatever became of it: what is whole is read, in order, and the spool is of use."""
    from streams.courier.spool import Spool

    logging.getLogger("streams.courier").setLevel(logging.CRITICAL)  # damage is what it is given
    where = Path("/dev/shm") if Path("/dev/shm").is_dir() else Path(tempfile.gettempdir())

    def check(data: bytes) -> bool:
        folder = Path(tempfile.mkdtemp(dir=where, prefix="harmwatch-fuzz-"))
        try:
            (folder / "00000000000000000001.segment").write_bytes(data)
            opened = Spool(folder, 1 << 30, ManualClock(_TIME))
            opened.append(_messages())
            read = []
            while (batch := opened.peek(100, 1 << 20)) is not None:
                read += list(batch.messages)
                opened.advance(batch)
            assert [message.value for message in read[-5:]] == [message.value for message in _messages()]
            assert opened.empty
            opened.close()
            return len(read) > len(_messages())
        finally:
            shutil.rmtree(folder)

    return check
