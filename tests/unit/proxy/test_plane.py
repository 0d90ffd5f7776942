"""The data plane over real sockets: what passes, what ends, what is tapped."""

from __future__ import annotations

import asyncio

import pytest

from tests.unit.proxy.rig import SECONDS, proxied, read_head

CHAT = b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
ASK = CHAT + b'Content-Length: 14\r\n\r\n{"model": "m"}'
LAST_ASK = ASK.replace(b"Host: a\r\n", b"Host: a\r\nConnection: close\r\n")


def answering(*parts: bytes, close: bool = False):
    """A server that answers every request, which must have 14 bytes, with these parts."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            if b"Content-Length: 14" in head:
                await reader.readexactly(14)
            for part in parts:
                writer.write(part)
                await writer.drain()
            if close:
                return

    return handle


async def test_a_response_passes_as_it_is_and_is_tapped() -> None:
    answer = (
        b"HTTP/1.1 200 Fine\r\nContent-Type: application/json\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 5\r\n\r\nhello"
    )
    async with proxied(answering(answer)) as rig:
        got = await rig.ask(LAST_ASK)
        assert got == answer.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        (tap,) = rig.tapped
        assert (b"".join(tap.request), b"".join(tap.response), tap.status, tap.cut) == (
            b'{"model": "m"}',
            b"hello",
            200,
            False,
        )


async def test_chunks_and_trailers_pass_as_they_come() -> None:
    """A part is there before the next one is sent."""
    go_on = asyncio.Event()

    async def handle(reader, writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\ndata:\r\n")
        await go_on.wait()
        writer.write(b"3;x=y\r\nabc\r\n0\r\nX-Sum: 9\r\n\r\n")
        await reader.read()

    async with proxied(handle) as rig:
        reader, writer = await rig.connect()
        writer.write(CHAT + b"Content-Length: 0\r\n\r\n")
        assert b"Transfer-Encoding: chunked\r\n" in await read_head(reader)
        async with asyncio.timeout(SECONDS):
            assert await reader.readexactly(10) == b"5\r\ndata:\r\n"
        go_on.set()
        async with asyncio.timeout(SECONDS):
            assert await reader.readexactly(23) == b"3\r\nabc\r\n0\r\nX-Sum: 9\r\n\r\n"
        writer.close()


async def test_connections_are_used_again_on_both_sides() -> None:
    async with proxied(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")) as rig:
        reader, writer = await rig.connect()
        for _ in range(5):
            writer.write(ASK)
            await read_head(reader)
            assert await reader.readexactly(2) == b"ok"
        writer.close()
        assert rig.connections == 1
        assert len(rig.tapped) == 5


async def test_requests_that_came_together_are_answered_in_order() -> None:
    async def handle(reader, writer) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            body = head.split(b" ")[1]
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

    async with proxied(handle) as rig:
        reader, writer = await rig.connect()
        count = 300
        writer.write(b"".join(b"GET /%03d HTTP/1.1\r\nHost: a\r\n\r\n" % n for n in range(count)))
        for n in range(count):
            await read_head(reader)
            assert await reader.readexactly(4) == b"/%03d" % n
        writer.close()
        assert rig.connections == 1, "one after the other"


async def test_what_follows_a_body_is_never_a_part_of_it() -> None:
    """The server sees the two requests that we saw, whatever they hold."""
    seen: list[bytes] = []

    async def handle(reader, writer) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = 44 if b"Content-Length: 44" in head else 0
            seen.append(head.split(b"\r\n")[0] + b"|" + await reader.readexactly(length))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    inner = b"GET /admin HTTP/1.1\r\nHost: a\r\nX-Admin: yes\r\n\r\n"[:44]
    async with proxied(handle) as rig:
        await rig.ask(
            b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 44\r\n\r\n" + inner.ljust(44)
            + b"GET /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        )  # fmt: skip
    assert seen == [b"POST /a HTTP/1.1|" + inner.ljust(44), b"GET /b HTTP/1.1|"]


@pytest.mark.parametrize("body", [b"", b"hello"])
async def test_head_responses_have_no_body_whatever_they_say(body: bytes) -> None:
    async with proxied(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + body)) as rig:
        reader, writer = await rig.connect()
        for _ in range(2):  # a body that came all the same must not be the next response
            writer.write(b"HEAD /v1/models HTTP/1.1\r\nHost: a\r\n\r\n")
            assert await read_head(reader) == b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
        writer.close()


async def test_interim_responses_pass_and_expect_is_the_servers_to_answer() -> None:
    async def handle(reader, writer) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"Expect: 100-continue\r\n" in head
        writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")
        assert await reader.readexactly(14) == b'{"model": "m"}'
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    async with proxied(handle) as rig:
        reader, writer = await rig.connect()
        writer.write(CHAT + b"Expect: 100-continue\r\nContent-Length: 14\r\n\r\n")
        assert await read_head(reader) == b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        assert await read_head(reader) == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b'{"model": "m"}')
        assert (await read_head(reader)).startswith(b"HTTP/1.1 200 OK")
        assert await reader.readexactly(2) == b"ok"
        writer.close()


async def test_a_response_before_the_whole_request_ends_the_connection() -> None:
    """A client that was told 417 may send no body: what comes next must not be taken for one."""
    async with proxied(answering(b"HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n")) as rig:
        got = await rig.ask(CHAT + b"Expect: 100-continue\r\nContent-Length: 20\r\n\r\n")
        assert got == b"HTTP/1.1 417 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        await rig.until(lambda: rig.ended == 1)
        assert not rig.tapped
        assert rig.plane.counts.passed_untapped == {"status": 1}


async def test_an_upgrade_is_not_offered_to_the_server() -> None:
    """Java's client asks for h2c with every request; it is content with HTTP/1.1."""
    heads: list[bytes] = []

    async def handle(reader, writer) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        await reader.readexactly(14)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await reader.read()

    async with proxied(handle) as rig:
        upgrade = b"Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n"
        got = await rig.ask(ASK.replace(b"Content-Type", upgrade + b"Content-Type"))
        assert got.endswith(b"\r\n\r\nok")
    assert b"pgrade" not in heads[0]
    assert b"HTTP2" not in heads[0]


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
    assert bodies == 1
    assert rig.connections == 1


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


async def test_more_connections_than_may_be_are_told_so() -> None:
    async with proxied(answering(b""), max_connections=1) as rig:
        _, writer = await rig.connect()
        await rig.until(lambda: len(rig.plane.clients) == 1)
        assert (await rig.ask(b"")).startswith(b"HTTP/1.1 503 ")
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
