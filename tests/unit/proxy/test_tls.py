"""TLS towards clients, with real handshakes: what passes, renewed certificates, what never becomes a connection."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from pathlib import Path

import pytest
import uvloop
from cryptography import x509

from agent.clock import SystemClock
from agent.errors import ConfigError
from streams.cli import main
from streams.config_proxy import ProxyConfig
from streams.proxy.counts import Counts
from streams.proxy.plane import DataPlane
from streams.web import handshakes
from tests.certificates import Authority, Pair
from tests.unit.proxy.rig import ASK, CHAT, LAST_ASK, SECONDS, Rig, answering, proxied, read_head

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture(params=[asyncio.DefaultEventLoopPolicy(), uvloop.EventLoopPolicy()], ids=["asyncio", "uvloop"])
def event_loop_policy(request: pytest.FixtureRequest) -> asyncio.AbstractEventLoopPolicy:
    """The proxy runs on uvloop where there is one; its own TLS is another one than asyncio's."""
    policy: asyncio.AbstractEventLoopPolicy = request.param
    return policy


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "ca")


def trusting(authority: Authority, client: Pair | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(authority.ca))
    if client is not None:
        context.load_cert_chain(client.cert, client.key)
    return context


def files(pair: Pair, **more: object) -> dict[str, object]:
    return {"cert_file": pair.cert, "key_file": pair.key, **more}


def shown(writer: asyncio.StreamWriter) -> str:
    certificate = writer.get_extra_info("ssl_object").getpeercert(True)
    (name,) = x509.load_der_x509_certificate(certificate).subject
    return str(name.value)


async def test_bodies_pass_as_they_are_and_are_tapped(authority: Authority) -> None:
    body = bytes(range(256)) * 4096  # of many TLS records, and more than what a transport holds at a time
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    async with proxied(answering(answer), tls=files(authority.sign("proxy"))) as rig:
        got = await rig.ask(LAST_ASK, trusting(authority))
        assert got.partition(b"\r\n\r\n")[2] == body
        (tap,) = rig.tapped
        assert (b"".join(tap.request), tap.status, tap.cut) == (b'{"model": "m"}', 200, False)
        # HTTP alone gets nowhere, and neither it nor a probe that only connects leaves anything behind.
        for data in (LAST_ASK, b""):
            reader, writer = await rig.connect()
            writer.write(data)
            if not data:
                writer.close()
            async with asyncio.timeout(SECONDS):
                with contextlib.suppress(ConnectionError):
                    assert b"HTTP" not in await reader.read()
        await rig.until(lambda: not rig.plane.clients and not _handshakes(rig))


async def test_a_stream_passes_piece_by_piece(authority: Authority) -> None:
    go_on = asyncio.Event()

    async def handle(reader, writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\ndata:\r\n")
        await go_on.wait()
        writer.write(b"0\r\n\r\n")
        await reader.read()

    async with proxied(handle, tls=files(authority.sign("proxy"))) as rig:
        reader, writer = await rig.connect(trusting(authority))
        writer.write(CHAT + b"Content-Length: 0\r\n\r\n")
        assert b"Transfer-Encoding: chunked\r\n" in await read_head(reader)
        async with asyncio.timeout(SECONDS):
            assert await reader.readexactly(10) == b"5\r\ndata:\r\n", "before there is more"
            go_on.set()
            assert await reader.readexactly(5) == b"0\r\n\r\n"
        writer.close()


async def test_whoever_reads_slowly_is_waited_for(authority: Authority) -> None:
    size = 24 * 1024 * 1024
    sent = 0

    async def handle(reader, writer) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(size // 65536):
            writer.write(b"x" * 65536)
            await writer.drain()
            sent += 65536

    async with proxied(handle, tls=files(authority.sign("proxy"))) as rig:
        reader, writer = await rig.connect(trusting(authority))
        writer.transport.pause_reading()
        writer.write(CHAT + b"Content-Length: 0\r\n\r\n")
        await rig.until(lambda: any(client.stuck for client in rig.plane.clients))
        assert sent < size, "the server is made to wait"
        writer.transport.resume_reading()
        await read_head(reader)
        async with asyncio.timeout(SECONDS):
            assert len(await reader.readexactly(size)) == size
        writer.close()


async def test_a_server_that_breaks_off_is_seen_to(authority: Authority) -> None:
    part = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
    async with proxied(answering(part, close=True), tls=files(authority.sign("proxy"))) as rig:
        assert await rig.ask(ASK, trusting(authority)) == part, "what came passes, and no end is made up"
        assert rig.plane.counts.requests == {"server_broke_off": 1}


async def test_what_is_refused_is_answered_whole(authority: Authority) -> None:
    async with proxied(answering(OK), tls=files(authority.sign("proxy"))) as rig:
        answer = await rig.ask(b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", trusting(authority))
        assert answer.startswith(b"HTTP/1.1 501 ") and answer.endswith(b"}}")


async def test_a_renewed_certificate_is_taken_and_calls_go_on(tmp_path: Path, authority: Authority) -> None:
    first, second = authority.sign("first"), authority.sign("second")
    cert, key = tmp_path / "tls.crt", tmp_path / "tls.key"

    def turn(pair: Pair) -> None:
        for link, target in ((cert, pair.cert), (key, pair.key)):
            new = link.with_suffix(".new")
            new.symlink_to(target)
            new.replace(link)

    turn(first)
    async with proxied(answering(OK), tls=files(Pair(cert, key))) as rig:
        context = trusting(authority)

        async def once() -> str:
            _, writer = await rig.connect(context)
            name = shown(writer)
            writer.close()
            return name

        reader, kept = await rig.connect(context)
        assert shown(kept) == "first"
        turn(Pair(second.cert, first.key))  # do not fit together: those of before stay
        assert await once() == "first"
        turn(second)
        async with asyncio.timeout(SECONDS):
            while await once() != "second":
                await asyncio.sleep(0.05)
        kept.write(ASK)
        assert (await read_head(reader)).startswith(b"HTTP/1.1 200 ")
        assert await reader.readexactly(2) == b"ok"
        assert len(rig.tapped) == 1
        kept.close()


async def test_clients_need_a_certificate_where_one_is_asked_for(authority: Authority) -> None:
    tls = files(authority.sign("proxy"), client_ca_file=authority.ca)
    async with proxied(answering(OK), tls=tls) as rig:
        assert (await rig.ask(LAST_ASK, trusting(authority, authority.sign("gateway")))).endswith(b"\r\n\r\nok")
        with pytest.raises((ssl.SSLError, ConnectionError)):
            assert not await rig.ask(LAST_ASK, trusting(authority))
            raise ConnectionError  # an end without a word is a refusal as well
        assert rig.connections == 1, "nothing of it reached the server"


# asyncio leaves the socket of a refused connection to the collector, which closes it at once.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_of_too_many_handshakes_the_oldest_makes_room(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handshakes, "_MAX_HANDSHAKES", 8)
    async with proxied(answering(OK), tls=files(authority.sign("proxy"))) as rig:
        silent = [await rig.connect() for _ in range(20)]
        await rig.until(lambda: _handshakes(rig) == 8)
        for reader, _ in silent[:12]:
            async with asyncio.timeout(SECONDS):
                with contextlib.suppress(ConnectionError):
                    assert await reader.read() == b""
        assert (await rig.ask(LAST_ASK, trusting(authority))).endswith(b"\r\n\r\nok"), "and whoever speaks gets in"
        assert not silent[-1][0].at_eof()
    assert _handshakes(rig) == 0, "those that were going on end with the listener"


def _handshakes(rig: Rig) -> int:
    listening = rig.plane._listener
    assert isinstance(listening, handshakes.TlsListener)
    return len(listening.handshakes)


async def test_a_port_that_is_taken_is_told(authority: Authority) -> None:
    tls = files(authority.sign("proxy"))
    async with proxied(answering(OK), tls=tls) as rig:
        config = ProxyConfig.model_validate({"port": rig.plane.port, "upstream": "http://127.0.0.1:1", "tls": tls})
        plane = DataPlane(config, SystemClock(), Counts(), lambda _: None)
        with pytest.raises(ConfigError, match=r"^proxy: cannot listen on"):
            await plane.start()


def test_files_that_cannot_be_taken_are_one_line(
    tmp_path: Path, authority: Authority, capsys: pytest.CaptureFixture[str]
) -> None:
    pair, other = authority.sign("proxy"), authority.sign("other")
    path = tmp_path / "harmwatch.yaml"
    for cert, key, said in (
        (tmp_path / "gone.crt", pair.key, "cannot be loaded"),
        (pair.cert, other.key, "does not belong to the certificate"),
    ):
        tls = f"tls: {{cert_file: '{cert}', key_file: '{key}'}}"
        path.write_text(f"web: {{port: 0}}\nproxy: {{port: 0, tap: {{sink: core}}, {tls}}}\n")
        assert main(["proxy", "--config", str(path), "--upstream", "http://127.0.0.1:1"]) == 2
        (line,) = [row for row in capsys.readouterr().err.splitlines() if "tls" in row]
        assert line.startswith("harmwatch proxy: proxy.tls: ") and said in line
    path.write_text(f"proxy: {{tls: {{key_file: '{pair.key}'}}}}\n")
    assert main(["proxy", "--config", str(path)]) == 2
    assert "needs cert_file" in capsys.readouterr().err
