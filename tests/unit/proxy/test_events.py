"""From a copy to an event: through our own decoder, as any consumer of the topic reads it."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.clock import ManualClock
from agent.errors import DecodeError, Overloaded
from streams.formats import Decoder
from streams.ports import Message, Record
from streams.proxy.capture import Capture, Captured, CaptureRoom
from streams.proxy.counts import Counts
from streams.proxy.custody import Custody
from streams.proxy.events import EventMaker, RecentIds
from streams.proxy.routes import TappedRoutes
from tests.proxy.model_server import planned_answer

ASKED = {"model": "tiny-7", "messages": [{"role": "user", "content": "How do I reach Ann? 你好"}]}
ANSWERED = {"id": "c", "object": "chat.completion", "model": "tiny", "choices": [
    {"index": 0, "message": {"role": "assistant", "content": "Ask the desk."}, "finish_reason": "stop"}]}  # fmt: skip


def captured(**changes: object) -> Captured:
    fields: dict[str, object] = {
        "started": 1_700_000_000.5,
        "ended": 1_700_000_001.0,
        "status": 200,
        "request": [json.dumps(ASKED).encode()],
        "response": [json.dumps(ANSWERED).encode()],
        "request_id": b"",
        "trace_parent": b"",
        "request_encoding": b"",
        "response_encoding": b"",
        "request_truncated": False,
        "response_truncated": False,
        "cut": False,
    }
    return Captured(**(fields | changes))  # type: ignore[arg-type]


def maker(**changes: object) -> EventMaker:
    fields: dict[str, object] = {"topic": "t", "source": "px", "own_ids": True, "max_record_bytes": 900_000}
    return EventMaker(**(fields | {"recent": RecentIds()} | changes))  # type: ignore[arg-type]


def decoded(message: Message):
    (event,) = Decoder().decode(Record("inference.events", 0, 1, 0.0, message.key, message.value, message.headers))
    return event


def text_of(payload) -> str:
    return "".join(part.text for part in payload.texts)


def test_an_event_is_what_the_call_was() -> None:
    message = maker().make(captured(trace_parent=b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"))
    event = decoded(message)
    assert message.key == b"tiny-7"
    assert (event.format, event.source, event.time) == ("openai", "px", 1_700_000_000.5)
    assert event.trace_id == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert text_of(event.input) == "How do I reach Ann? 你好"
    assert text_of(event.output) == "Ask the desk."
    assert not event.truncated


@pytest.mark.parametrize("field", [{"body": '{"prompt": "Hi"}'}, {"headers": {}}, {"body": None, "headers": None}])
def test_a_body_is_no_http_message_around_another_one(field: dict[str, object]) -> None:
    message = maker().make(captured(request=[json.dumps({"nobody knows": 5, **field}).encode()]))
    with pytest.raises(DecodeError, match="unknown_format"):
        decoded(message)
    assert isinstance(json.loads(message.value)["request"], str)


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, lambda data: zlib.compress(data, wbits=-15)])
def test_packed_bodies_are_unpacked(pack) -> None:
    kind = b"gzip" if pack is gzip.compress else b"deflate"
    whole = pack(json.dumps(ANSWERED).encode())
    event = decoded(maker().make(captured(response=[whole[:9], whole[9:]], response_encoding=kind)))
    assert text_of(event.output) == "Ask the desk."


def test_what_is_packed_in_a_way_that_we_do_not_know_leaves_the_other_half() -> None:
    event = decoded(maker().make(captured(response=[b"\x8b\x02"], response_encoding=b"br")))
    assert text_of(event.input).startswith("How")
    with pytest.raises(DecodeError):
        packed = {"request": [b"\x28\xb5\x2f\xfd"], "response": [b"\x8b\x02"]}
        maker().make(captured(request_encoding=b"zstd", response_encoding=b"br", **packed))


BROTLI = {"response": [b"\x8b\x02"], "response_encoding": b"br"}


@pytest.mark.parametrize(
    "copy",
    [
        {"request": [b" " * 524_288], "request_truncated": True},
        {"request": [b'{"pad": "' + b"x" * 524_280], "request_truncated": True},
        {"request": [], "request_truncated": True},
        {"response": [], "cut": True},
        BROTLI,
        {"request": BROTLI["response"], "request_encoding": b"br"},
        {"request": [gzip.compress(json.dumps(ASKED).encode())[:60]], "request_encoding": b"gzip", "cut": True},
    ],
    ids=["blanks", "a field", "no room", "hung up", "answer in br", "question in br", "half of a gzip"],
)
def test_an_event_that_lacks_a_part_of_its_call_says_so_and_has_the_other(copy: dict[str, object]) -> None:
    event = decoded(maker().make(captured(**copy)))
    assert event.truncated
    if "request" in copy:
        assert event.input is None
        assert text_of(event.output) == "Ask the desk."
    else:
        assert text_of(event.input).startswith("How do I reach Ann?")


@pytest.mark.parametrize("before", [b"", b" ", b"{"])
def test_all_members_of_a_gzip_are_read(before: bytes) -> None:
    """Servers that unpack what they are asked read all of them."""
    body = before + json.dumps(ASKED).encode()[len(before) if before == b"{" else 0 :]
    members = [before, body[len(before) :]] if before else [b"", b"", body]
    event = decoded(maker().make(captured(request=[gzip.compress(m) for m in members], request_encoding=b"gzip")))
    assert text_of(event.input) == "How do I reach Ann? 你好"
    assert not event.truncated


def test_members_without_end_are_not_read_and_the_event_says_so() -> None:
    body = gzip.compress(b"") * 20_000 + gzip.compress(json.dumps(ASKED).encode())
    event = decoded(maker().make(captured(request=[body], request_encoding=b"gzip")))
    assert event.input is None
    assert event.truncated


def test_a_bomb_fills_no_memory() -> None:
    bomb = gzip.compress(b" " * 200_000_000)
    message = maker().make(captured(response=[bomb], response_encoding=b"gzip"))
    assert len(message.value or b"") <= 900_000


@pytest.mark.parametrize("seed", range(200))
def test_every_answer_of_the_model_server_is_an_event(seed: int) -> None:
    answer = planned_answer(seed)
    packed = dict(answer.headers).get("Content-Encoding", "").encode()
    event = decoded(maker().make(captured(response=answer.pieces, response_encoding=packed)))
    assert event.output is not None
    assert text_of(event.output)
    assert not event.truncated


@pytest.mark.parametrize("seed", [seed for seed in range(200) if len(planned_answer(seed).body) > 60][:60])
def test_an_answer_without_its_end_is_an_event_that_says_so(seed: int) -> None:
    answer = planned_answer(seed)
    headers = dict(answer.headers)
    packed = headers.get("Content-Encoding", "").encode()
    body = answer.body[: len(answer.body) * 2 // 3]
    message = maker().make(captured(response=[body], response_encoding=packed, cut=True))
    try:
        event = decoded(message)
    except DecodeError as error:
        assert error.reason == "truncated_json"
        return
    assert event.truncated


def test_a_record_is_cut_until_it_fits() -> None:
    asked = {"model": "m", "messages": [{"role": "user", "content": "\x01" * 300_000}]}
    message = maker(max_record_bytes=50_000).make(captured(request=[json.dumps(asked).encode()]))
    assert len(message.value or b"") <= 50_000
    event = decoded(message)
    assert event.truncated
    assert text_of(event.output) == "Ask the desk."


@given(request=st.binary(max_size=300), response=st.binary(max_size=300), ident=st.binary(max_size=700))
def test_hostile_bytes_make_a_record_that_decodes_or_is_a_dead_letter(request, response, ident) -> None:
    message = maker(own_ids=False).make(captured(request=[request], response=[response], request_id=ident))
    document = msgspec.json.decode(message.value or b"")
    assert 0 < len(document["id"]) <= 512
    try:
        decoded(message)
    except DecodeError as error:
        assert error.reason != "internal"


def test_ids_are_ours_or_the_clients_and_no_two_are_one() -> None:
    ours = maker()
    assert len({decoded(ours.make(captured(request_id=b"r-1"))).inference_id for _ in range(50)}) == 50
    theirs = maker(own_ids=False)
    ids = [decoded(theirs.make(captured(request_id=b"r-1"))).inference_id for _ in range(50)]
    assert ids[0] == "r-1"
    assert len(set(ids)) == 50
    assert theirs.repeated_ids == 49
    for hostile in (b"x" * 600, b"a\x00b", b"\x1b[31m", "\u202eabc".encode()):
        assert len(decoded(theirs.make(captured(request_id=hostile))).inference_id) == 36


def test_recent_ids_are_bounded() -> None:
    recent = RecentIds(most=10)
    assert not any(recent.seen(str(n)) for n in range(100))
    assert recent.seen("99")
    assert not recent.seen("5")


@pytest.mark.parametrize(
    ("target", "taps"),
    [
        (b"/v1/chat/completions", True),
        (b"/v1/chat/completions?x=1", True),
        (b"/v1/chat/%63ompletions", True),
        (b"/v1/chat/%2563ompletions", True),
        (b"//v1//chat/completions//", True),
        (b"/v1/x/../chat/completions", True),
        (b"/V1/Chat/Completions", True),
        (b"/v1/chat/completions;a=b", True),
        (b"/v1/chat/completions%0a", True),
        (b"/v1/chat/completions%0A?x=1", True),
        (b"/openai/deployments/x/completions", True),
        (b"/v1/responses", True),
        (b"/v1/embeddings", False),
        (b"/v1/models", False),
        (b"*", False),
    ],
)
def test_which_routes_are_tapped(target: bytes, taps: bool) -> None:
    routes = TappedRoutes(["/chat/completions", "/completions", "/responses"])
    assert routes.taps(b"POST", target) is taps
    assert routes.taps(b"POST", target) is taps, "and again, from memory"
    assert not routes.taps(b"GET", target)


def test_copies_are_bounded_each_and_together() -> None:
    room = CaptureRoom(most_of_a_body=10, most=25)
    captures = [Capture(room, 0.0, {}) for _ in range(3)]
    for each in captures:
        each.response.add([b"123456", b"7890ab"])
        each.response.add([b"c"])
    assert [each.response.size for each in captures] == [10, 10, 5]
    assert all(each.response.truncated for each in captures)
    assert room.held == 25
    counts = Counts()
    whole = [each.finish(1.0, 200, {}, counts, cut=False) for each in captures]
    assert room.held == 0
    assert counts.truncated == 3
    assert [b"".join(each.response) for each in whole] == [b"1234567890", b"1234567890", b"12345"]


def test_small_pieces_of_a_copy_take_about_the_memory_that_is_counted() -> None:
    room = CaptureRoom(most_of_a_body=1 << 20, most=1 << 20)
    capture = Capture(room, 0.0, {})
    wire = b"".join(b"%06d" % number for number in range(40_000))
    tracemalloc.start()
    try:
        for at in range(0, len(wire), 6):
            capture.request.add([wire[at : at + 6]])
        capture.request.add([b"x" * 100_000])
        capture.request.add([b"y", b"z"])
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 1.5 * room.held
    whole = capture.finish(1.0, 200, {}, Counts(), cut=False)
    assert b"".join(whole.request) == wire + b"x" * 100_000 + b"yz"


class Sink:
    """Takes what it is allowed to."""

    def __init__(self) -> None:
        self.allowed = 0
        self.taken: list[Message] = []

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def deliver(self, messages) -> int:
        if not self.allowed:
            raise Overloaded("no", 0.001)
        taken = list(messages)[: self.allowed]
        self.taken += taken
        return len(taken)


async def test_custody_keeps_what_waits_and_counts_what_it_drops() -> None:
    import asyncio

    sink = Sink()
    custody = Custody(sink, maker(), 10_000, ManualClock())
    running = asyncio.create_task(custody.run())
    for _ in range(100):
        custody.take(captured())
        await asyncio.sleep(0)
    dropped = custody.dropped["sink_full"]
    assert 0 < dropped < 100
    assert custody.settled == dropped
    custody.take(captured(request=[b"\x8b\x02"], request_encoding=b"br", response=[b"\x8b"], response_encoding=b"br"))
    sink.allowed = 3
    await custody.finish(60.0)
    assert len(sink.taken) == 100 - dropped
    assert custody.queued_bytes == 0
    assert custody.settled == 100 + (custody.dropped.total() - dropped)
    sink.allowed = 0
    custody.take(captured())
    await custody.finish(0.0)
    assert custody.dropped["sink_full"] >= dropped + 1
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_what_the_sink_takes_when_patience_ends_is_settled_once() -> None:
    import asyncio

    class Slow(Sink):
        asked, answer = asyncio.Event(), asyncio.Event()

        async def deliver(self, messages) -> int:
            self.asked.set()
            await self.answer.wait()
            self.taken += messages[:150]
            return 150

    sink = Slow()
    custody = Custody(sink, maker(), 1_000_000, ManualClock())
    for _ in range(250):
        custody.take(captured())
    running = asyncio.create_task(custody.run())
    await sink.asked.wait()  # of 200
    await custody.finish(0.0)
    assert custody.dropped["sink_full"] == 50
    sink.answer.set()
    async with asyncio.timeout(60.0):
        await running
    assert len(sink.taken) == 150
    assert custody.dropped["sink_full"] == 100
    assert custody.settled == 250
    assert custody.queued_bytes == 0
