"""The data plane over real sockets: clients that leave, servers that break off, what hangs, what is slow."""

from __future__ import annotations

import asyncio
from unittest.mock import Mock

import pytest

from streams.proxy.client import ClientConnection
from tests.unit.proxy.rig import ASK, CHAT, LAST_ASK, SECONDS, answering, proxied, read_head


async def test_a_client_that_leaves_ends_the_call_at_the_server_too() -> None:
    async def handle(reader, writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(14)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        assert await reader.read() == b"", "the server sees the end while it streams"

    async with proxied(handle) as rig:
        reader, writer = await rig.connect()
        writer.write(ASK)
        await read_head(reader)
        await reader.readexactly(10)
        writer.close()
        await rig.until(lambda: rig.ended == 1)
        (tap,) = rig.tapped
        assert tap.cut, "whoever hangs up before the end does not hide what was said"
        assert b"".join(tap.response) == b"hello"
        assert rig.plane.counts.requests == {"client_gone": 1}


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"5\r\nhello\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n", b"hello"),
    ],
)
async def test_a_server_that_breaks_off_is_seen_to(head: bytes, body: bytes) -> None:
    async with proxied(answering(head + body, close=True)) as rig:
        reader, writer = await rig.connect()
        writer.write(ASK)
        assert await read_head(reader) == head
        async with asyncio.timeout(SECONDS):
            assert await reader.read() == body, "what came passes, and no end is made up"
        writer.close()
        assert rig.plane.counts.requests == {"server_broke_off": 1}
        assert rig.tapped[0].cut


async def test_a_body_that_ends_with_the_connection_is_framed_anew() -> None:
    async with proxied(answering(b"HTTP/1.1 200 OK\r\n\r\nhel", b"lo", close=True)) as rig:
        reader, writer = await rig.connect()
        writer.write(ASK)
        assert await read_head(reader) == b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        async with asyncio.timeout(SECONDS):
            rest = await reader.readuntil(b"0\r\n\r\n")
        assert b"".join(line for line in rest.split(b"\r\n")[1::2]) == b"hello"
        writer.write(LAST_ASK)
        async with asyncio.timeout(SECONDS):
            assert (await reader.read()).endswith(b"0\r\n\r\n"), "the client's connection lives on"
        writer.close()


async def test_a_client_of_http_1_0_gets_no_chunks() -> None:
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    async with proxied(answering(answer)) as rig:
        got = await rig.ask(b"GET / HTTP/1.0\r\n\r\n")
        assert got == b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello"


async def test_an_answer_before_the_whole_request_passes_though_the_server_closes_at_once() -> None:
    """With much of the request unread, so that the connection is reset under what we still write."""
    answer = b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 5\r\n\r\nlarge"

    async def handle(reader, writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)

    async with proxied(handle) as rig:
        for _ in range(30):
            reader, writer = await rig.connect()
            writer.write(CHAT + b"Connection: close\r\nContent-Length: 3000000\r\n\r\n" + b" " * 3_000_000)
            async with asyncio.timeout(SECONDS):
                assert (await reader.read()).startswith(answer[:30])
            writer.close()
        assert rig.plane.counts.requests == {"complete": 30}


@pytest.mark.parametrize(
    "damaged",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000,
    ],
)
async def test_a_response_that_is_none_becomes_502(damaged: bytes) -> None:
    async with proxied(answering(damaged)) as rig:
        got = await rig.ask(ASK)
        assert got.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
        assert b"nonsense" not in got


async def test_a_server_that_is_not_there_becomes_502_and_the_proxy_goes_on() -> None:
    async with proxied(answering(b""), upstream="http://127.0.0.1:9") as rig:
        for _ in range(2):
            got = await rig.ask(ASK)
            assert got.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
            assert b'"unreachable"' in got
        assert rig.plane.counts.requests == {"unreachable": 2}
        assert rig.plane.counts.open_requests == 0


async def test_a_connection_that_was_closed_while_idle_costs_no_get() -> None:
    async def handle(reader, writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        if rig.connections == 1:
            await reader.readuntil(b"\r\n\r\n")  # the next one is taken and not answered
            return
        await reader.read()

    async with proxied(handle) as rig:
        reader, writer = await rig.connect()
        for _ in range(2):
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await read_head(reader)
            assert await reader.readexactly(2) == b"ok"
        writer.close()
        assert rig.connections == 2


async def test_a_post_is_not_repeated() -> None:
    """The server may have done it."""
    bodies = 0

    async def handle(reader, writer) -> None:
        nonlocal bodies
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(14)
        bodies += 1

    async with proxied(handle) as rig:
        assert (await rig.ask(ASK)).startswith(b"HTTP/1.1 502 ")
        assert (bodies, rig.connections) == (1, 1)


async def test_a_slow_reader_holds_the_server_and_not_memory() -> None:
    sent = 0
    whole = 64 * 1024 * 1024

    async def handle(reader, writer) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % whole)
        while sent < whole:
            writer.write(b"x" * 65536)
            await writer.drain()
            sent += 65536
        await reader.read()

    async with proxied(handle) as rig:
        reader, writer = await rig.connect()
        writer.write(CHAT + b"Content-Length: 0\r\n\r\n")
        await read_head(reader)
        writer.transport.pause_reading()
        stood = 0
        before = -1
        while stood < 20:  # it stands still
            await asyncio.sleep(0.02)
            stood = stood + 1 if sent == before else 0
            before = sent
        assert sent < whole / 2
        writer.transport.resume_reading()
        async with asyncio.timeout(SECONDS):
            assert len(await reader.readexactly(whole)) == whole
        writer.close()
        await rig.until(lambda: len(rig.tapped) == 1)
        assert rig.tapped[0].response_truncated
        assert sum(map(len, rig.tapped[0].response)) == rig.plane.config.tap.max_body_bytes
        rig.plane.refresh_counts()
        assert rig.plane.counts.captured_bytes == 0


async def test_a_large_request_passes_whole_and_waits_for_a_slow_server() -> None:
    whole = 32 * 1024 * 1024
    got = 0

    async def handle(reader, writer) -> None:
        nonlocal got
        await reader.readuntil(b"\r\n\r\n")
        while got < whole:
            got += len(await reader.read(100_000))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await reader.read()

    async with proxied(handle) as rig:
        reader, writer = await rig.connect()
        writer.write(CHAT + b"Content-Length: %d\r\n\r\n" % whole)
        for _ in range(whole // 65536):
            writer.write(b"y" * 65536)
            await writer.drain()
        await read_head(reader)
        writer.close()
    assert got == whole


async def test_framing_that_breaks_in_the_middle_of_a_body_ends_the_call() -> None:
    got: list[bytes] = []

    async def handle(reader, writer) -> None:
        got.append(await reader.read())

    async with proxied(handle) as rig:
        answer = await rig.ask(CHAT + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nnonsense\r\n0\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 400 ")
        await rig.until(lambda: rig.ended == rig.connections)
    assert not any(data.endswith(b"0\r\n\r\n") for data in got), "to the server it must not look complete"


async def test_what_hangs_is_let_go() -> None:
    async def handle(reader, writer) -> None:
        await reader.read()

    async with proxied(handle, head_seconds=0.2, response_seconds=0.3, client_seconds=0.2, idle_seconds=0.2) as rig:
        answers = await asyncio.gather(
            rig.ask(b"POST / HT"),
            rig.ask(CHAT + b"Content-Length: 14\r\n\r\nabc"),
            rig.ask(ASK),
            rig.ask(b""),
        )
        assert [answer[:13] for answer in answers] == [b"HTTP/1.1 408 ", b"HTTP/1.1 408 ", b"HTTP/1.1 504 ", b""]


async def test_one_that_never_reads_the_end_of_its_response_is_let_go() -> None:
    """Its call is complete, and what is closed waits for what was written to be read."""
    async with proxied(answering(b"")) as rig:
        transport = Mock(asyncio.Transport)
        client = ClientConnection(rig.plane)
        client.connection_made(transport)
        now, limits = rig.plane.clock.monotonic(), rig.plane.config
        client.look_at(now + limits.idle_seconds + 1)
        closed = (transport.close.called, transport.abort.called)
        client.look_at(now + limits.client_seconds + 1)
        client.connection_lost(None)
        assert closed == (True, False)
        assert transport.abort.called


async def test_a_blank_line_behind_a_body_begins_no_request() -> None:
    async with proxied(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), head_seconds=0.1) as rig:
        reader, writer = await rig.connect()
        for blank in ((b"\r\n",), (b"\r", b"\n")):
            writer.write(ASK)
            assert (await read_head(reader)).startswith(b"HTTP/1.1 200")
            assert await reader.readexactly(2) == b"ok"
            for part in blank:
                writer.write(part)
                await asyncio.sleep(0.02)
            await asyncio.sleep(1.5)  # the proxy looks once a second
        writer.write(LAST_ASK)
        assert (await read_head(reader)).startswith(b"HTTP/1.1 200")
        assert rig.plane.counts.requests["timeout"] == 0
        # One that goes on with them is waited for no longer than for a head.
        reader, writer = await rig.connect()
        writer.write(b"\r\n\r\n")
        assert (await read_head(reader)).startswith(b"HTTP/1.1 408")


async def test_more_connections_than_may_be_are_told_so() -> None:
    async with proxied(answering(b""), max_connections=1) as rig:
        _, writer = await rig.connect()
        writer.write(ASK)
        await rig.until(lambda: rig.plane.counts.open_requests == 1)
        assert (await rig.ask(b"")).startswith(b"HTTP/1.1 503 ")
        writer.close()


async def test_whoever_has_said_nothing_for_longest_makes_room_and_no_call_does() -> None:
    async with proxied(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"), max_connections=4) as rig:
        going, calling = await rig.connect()
        calling.write(ASK)  # its response lacks two bytes
        await read_head(going)
        silent, _ = await rig.connect()
        await rig.until(lambda: len(rig.plane.clients) == 2)
        partly, trickling = await rig.connect()
        trickling.write(b"POST / HT")
        await rig.until(lambda: len(rig.plane.clients) == 3)
        newest, _ = await rig.connect()
        await rig.until(lambda: len(rig.plane.clients) == 4)
        trickling.write(b"TP")
        for closed in (silent, partly, newest):
            _, another = await rig.connect()
            another.write(ASK)
            async with asyncio.timeout(SECONDS):
                assert await closed.read() == b""
        await rig.until(lambda: rig.plane.counts.open_requests == 4)
        assert (await rig.ask(ASK)).startswith(b"HTTP/1.1 503 ")
        assert not going.at_eof()
        await rig.until(lambda: len(rig.plane.clients) == 4)
        for writer in rig.writers:
            writer.close()


async def test_at_the_end_calls_that_are_going_on_are_finished() -> None:
    go_on = asyncio.Event()

    async def handle(reader, writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        await go_on.wait()
        writer.write(b"0\r\n\r\n")
        await reader.read()

    async with proxied(handle) as rig:
        reader, writer = await rig.connect()
        idle_reader, idle_writer = await rig.connect()
        writer.write(ASK)
        await read_head(reader)
        draining = asyncio.create_task(rig.plane.drain())
        async with asyncio.timeout(SECONDS):
            assert await idle_reader.read() == b"", "who waits for nothing is let go at once"
        go_on.set()
        async with asyncio.timeout(SECONDS):
            assert (await reader.read()).endswith(b"0\r\n\r\n")
            await draining
        writer.close()
        idle_writer.close()


async def test_a_tap_that_fails_fails_no_request() -> None:
    def fail(_: object) -> None:
        raise RuntimeError("closed")

    async with proxied(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), take=fail) as rig:
        reader, writer = await rig.connect()
        for _ in range(3):
            writer.write(ASK)
            await read_head(reader)
            assert await reader.readexactly(2) == b"ok"
        assert rig.plane.counts.requests == {"complete": 3}
        assert rig.plane.counts.dropped == {"process": 3}
