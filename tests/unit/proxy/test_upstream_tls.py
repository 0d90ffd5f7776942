"""TLS towards the model server that fails: every call is 502, and the log says why, once a minute."""

from __future__ import annotations

import asyncio
import logging
import ssl
from pathlib import Path
from typing import Any

import pytest
import uvloop

from tests.certificates import Authority, Pair
from tests.unit.proxy.rig import LAST_ASK, answering, proxied

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture(params=[asyncio.DefaultEventLoopPolicy(), uvloop.EventLoopPolicy()], ids=["asyncio", "uvloop"])
def event_loop_policy(request: pytest.FixtureRequest) -> asyncio.AbstractEventLoopPolicy:
    policy: asyncio.AbstractEventLoopPolicy = request.param
    return policy


async def nobody(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def listening(pair: Pair | None) -> tuple[asyncio.Server, int]:
    """A server that takes handshakes where it has a pair, and answers anything by words of its own where not."""
    if pair is None:

        async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1)
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            writer.close()

        server = await asyncio.start_server(plain, "127.0.0.1", 0)
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.cert, pair.key)
        server = await asyncio.start_server(nobody, "127.0.0.1", 0, ssl=context)
    return server, server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("untrusted", "its certificate is not trusted: "),
        ("expired", "its certificate has expired"),
        ("name", "its certificate is for another host name"),
        ("none", "it answers without TLS"),
    ],
)
async def test_why_tls_with_the_server_fails_is_logged_once_and_told_to_the_client(
    kind: str, words: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    authority, other = Authority(tmp_path / "ca"), Authority(tmp_path / "other")
    pairs = {
        "untrusted": other.sign("model"),
        "expired": authority.sign("old", expired=True),
        "name": authority.sign("elsewhere", host="elsewhere.test"),
    }
    server, port = await listening(pairs.get(kind))
    tls: dict[str, Any] = {"upstream": f"https://localhost:{port}", "upstream_ca_file": authority.ca}
    with caplog.at_level(logging.INFO, "streams.proxy"):
        async with server, proxied(answering(OK), **tls) as rig:
            for _ in range(3):
                answer = await rig.ask(LAST_ASK)
                assert answer.startswith(b"HTTP/1.1 502 ") and words.encode() in answer
            assert rig.plane.counts.requests == {"unreachable": 3}
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"server_not_reached reason='{words}")


async def test_a_server_that_only_hangs_up_is_no_matter_of_tls(caplog: pytest.LogCaptureFixture) -> None:
    server = await asyncio.start_server(nobody, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with caplog.at_level(logging.INFO, "streams.proxy"):
        async with server, proxied(answering(OK), upstream=f"https://localhost:{port}") as rig:
            assert b" 502 " in await rig.ask(LAST_ASK)
    assert not caplog.records
