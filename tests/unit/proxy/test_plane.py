"""The data plane over real sockets: what passes, and what is tapped of it."""

from __future__ import annotations

import asyncio

import pytest

from streams.proxy.exchange import Exchange
from tests.unit.proxy.rig import ASK, CHAT, LAST_ASK, SECONDS, answering, proxied, read_head


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


@pytest.mark.parametrize(
    ("line", "reason"), [(b"GET /v1/chat/completions", "method"), (b"POST /v1/embeddings", "route")]
)
async def test_what_is_none_to_tap_is_counted_by_why(line: bytes, reason: str) -> None:
    async with proxied(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")) as rig:
        await rig.ask(line + b" HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await rig.until(lambda: rig.ended == 1)
        assert not rig.tapped
        assert rig.plane.counts.passed_untapped == {reason: 1}


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


async def test_however_small_its_chunks_are_a_body_passes_whole_in_turns_that_are_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    body = b"".join(b"%06d" % number for number in range(20_000))
    seen: list[bytes] = []
    turns: list[int] = []
    add_body = Exchange.add_body

    def noting(self: Exchange, pieces: list[bytes]) -> None:
        turns.append(len(pieces))
        add_body(self, pieces)

    async def handle(reader, writer) -> None:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            got = b""
            while size := int(await reader.readline(), 16):
                got += await reader.readexactly(size)
                await reader.readline()
            seen.append(got + await reader.readline())
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    monkeypatch.setattr(Exchange, "add_body", noting)
    wire = b"".join(b"2\r\n%b\r\n" % body[at : at + 2] for at in range(0, len(body), 2)) + b"0\r\n\r\n"
    async with proxied(handle) as rig:
        answer = await rig.ask(
            CHAT + b"Transfer-Encoding: chunked\r\n\r\n" + wire
            + CHAT + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nend\r\n0\r\n\r\n"
        )  # fmt: skip
    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert seen == [body + b"\r\n", b"end\r\n"]
    assert [b"".join(captured.request) for captured in rig.tapped] == [body, b"end"]
    assert max(turns) <= 1024
