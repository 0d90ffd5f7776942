"""TLS of the web port with real handshakes: rotation, clients' certificates, versions, what is refused."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from agent.clock import ManualClock
from agent.errors import ConfigError
from streams.config_web import WebTlsConfig
from streams.web import Health, Readiness, WebServer
from streams.web.tls import ServerTls, server_tls
from tests.builders import nothing_measured
from tests.certificates import Authority, Pair


class Rotated:
    """The files a server was told of, links to whichever pair is current: as Kubernetes mounts secrets."""

    def __init__(self, folder: Path, pair: Pair) -> None:
        self.cert, self.key = folder / "tls.crt", folder / "tls.key"
        self.turn(pair)

    def turn(self, pair: Pair) -> None:
        for link, target in ((self.cert, pair.cert), (self.key, pair.key)):
            new = link.with_suffix(".new")
            new.symlink_to(target)
            new.replace(link)


@asynccontextmanager
async def serving(tls: ServerTls) -> AsyncIterator[WebServer]:
    server = WebServer(
        "127.0.0.1", 0, nothing_measured, lambda: Health(True), lambda: Readiness(True), None, dict, tls=tls
    )
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def trusting(authority: Authority, client: Pair | None = None, **versions: Any) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(authority.ca))
    if client is not None:
        context.load_cert_chain(client.cert, client.key)
    for name, value in versions.items():
        setattr(context, name, value)
    return context


class Client:
    """One connection, kept open."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, server: WebServer, context: ssl.SSLContext, name: str | None = "localhost") -> Client:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", server.port, ssl=context, server_hostname=name or ""
        )
        return cls(reader, writer)

    async def ask(self) -> int:
        self.writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        head = await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\n"), 30)
        length = next(int(row[15:]) for row in head.split(b"\r\n") if row.lower().startswith(b"content-length:"))
        await self._reader.readexactly(length)
        return int(head[9:12])

    @property
    def certificate(self) -> str:
        shown = self.writer.get_extra_info("ssl_object").getpeercert(True)
        (name,) = x509.load_der_x509_certificate(shown).subject
        return str(name.value)

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await self.writer.wait_closed()


async def shown(server: WebServer, context: ssl.SSLContext, name: str | None = "localhost") -> str:
    client = await Client.connect(server, context, name)
    try:
        assert await client.ask() == 200
        return client.certificate
    finally:
        await client.close()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "ca")


async def test_a_rotated_certificate_is_taken_without_dropping_a_connection(
    tmp_path: Path, authority: Authority
) -> None:
    clock, files = ManualClock(), Rotated(tmp_path, authority.sign("first"))
    async with serving(ServerTls(files.cert, files.key, clock=clock)) as server:
        context = trusting(authority)
        open_one = await Client.connect(server, context)
        assert (await open_one.ask(), open_one.certificate) == (200, "first")
        files.turn(authority.sign("second"))
        assert await shown(server, context) == "first"  # looked at within this second
        clock.advance(1.1)
        assert await shown(server, context) == "second"
        unnamed = trusting(authority, check_hostname=False)
        assert await shown(server, unnamed, None) == "second"  # whoever names no server has the new one as well
        assert (await open_one.ask(), open_one.certificate) == (200, "first")
        await open_one.close()


async def test_files_that_do_not_fit_leave_those_of_before(
    tmp_path: Path, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    clock, files = ManualClock(), Rotated(tmp_path, authority.sign("first"))
    async with serving(ServerTls(files.cert, files.key, clock=clock)) as server:
        context = trusting(authority)
        second, third = authority.sign("second"), authority.sign("third")
        for cert, key in ((second.cert, third.key), (tmp_path / "gone", second.key), (second.key, second.key)):
            files.turn(Pair(cert, key))
            clock.advance(1.1)
            assert await shown(server, context) == "first"
        warnings = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
        assert len(warnings) == 1 and "does not belong to the certificate" in warnings[0]
        files.turn(third)
        clock.advance(1.1)
        assert await shown(server, context) == "third"


async def test_clients_need_a_certificate_of_the_authority(tmp_path: Path, authority: Authority) -> None:
    pair, others = authority.sign("server"), Authority(tmp_path / "others", "others")
    tls = ServerTls(pair.cert, pair.key, client_ca_file=authority.ca)
    async with serving(tls) as server:
        assert await shown(server, trusting(authority, authority.sign("prometheus"))) == "server"
        for context in (trusting(authority), trusting(authority, others.sign("intruder"))):
            with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
                await shown(server, context)


async def test_old_versions_and_plain_http_get_nowhere(authority: Authority) -> None:
    pair = authority.sign("server")
    async with serving(ServerTls(pair.cert, pair.key)) as server:
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = trusting(authority, minimum_version=version, maximum_version=version)
            assert await shown(server, context) == "server"
        with pytest.warns(DeprecationWarning):
            old = trusting(authority, minimum_version=ssl.TLSVersion.TLSv1, maximum_version=ssl.TLSVersion.TLSv1_1)
        old.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await shown(server, old)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"HTTP" not in await asyncio.wait_for(reader.read(), 30)
        writer.close()


async def test_a_client_that_never_closes_its_side_is_gone_when_the_server_is(authority: Authority) -> None:
    pair = authority.sign("server")
    deaf = ssl.create_default_context(cafile=str(authority.ca))
    before = _open_files()
    clients = []
    async with serving(ServerTls(pair.cert, pair.key)) as server:
        for words in (b"", b"GET /liv", b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"):
            plain = socket.create_connection(("127.0.0.1", server.port), 30)
            clients.append(await asyncio.to_thread(deaf.wrap_socket, plain, server_hostname="localhost"))
            clients[-1].send(words)
    try:
        # The loop may end now, and has no descriptor left: but for the clients', and what a thread's loop needs.
        assert _open_files() <= before + len(clients)
    finally:
        for each in clients:
            each.close()


def _open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_a_key_with_a_password(authority: Authority) -> None:
    pair = authority.sign("locked", "correct-horse")
    plain = {"cert_file": str(pair.cert), "key_file": str(pair.key)}
    assert server_tls(WebTlsConfig(**plain, key_password="correct-horse")) is not None  # type: ignore[arg-type]
    for wrong, said in (
        ({}, "no password is given: set"),
        ({"key_password": "battery-staple"}, "the password does not open it: correct"),
        ({"key_password": 1025 * "battery"}, "the password does not open it: correct"),
    ):
        with pytest.raises(ConfigError) as caught:
            server_tls(WebTlsConfig(**plain, **wrong))  # type: ignore[arg-type]
        assert str(caught.value) == f"web.tls: the key in {pair.key} is encrypted, and {said} web.tls.key_password"
    other = {"cert_file": str(authority.sign("other").cert), "key_file": str(pair.key)}
    with pytest.raises(ConfigError, match="the key does not belong to the certificate"):
        server_tls(WebTlsConfig(**other, key_password="correct-horse"))  # type: ignore[arg-type]
    assert server_tls(WebTlsConfig()) is None
    with pytest.raises(ValueError, match="needs cert_file"):
        WebTlsConfig(key_file=pair.key)


def test_what_cannot_be_loaded_is_told_in_a_line(tmp_path: Path, authority: Authority) -> None:
    pair = authority.sign("server")
    empty = tmp_path / "empty.pem"
    empty.write_text("")
    gone = tmp_path / "gone"
    for cert, key, ca, said in (
        (gone, pair.key, None, f": {gone} cannot be loaded (No such file or directory): give a PEM file that"),
        (pair.cert, gone, None, f": {gone} cannot be loaded (No such file or directory): give a PEM file that"),
        (pair.cert, tmp_path, None, f": {tmp_path} cannot be loaded (Is a directory): give a PEM file that"),
        (pair.cert, None, None, f": {pair.cert} holds no private key: set web.tls.key_file"),
        (pair.cert, empty, None, f": {empty} holds no private key: give a PEM file"),
        (empty, pair.key, None, f": {empty} holds no certificate: give a PEM file"),
        (pair.key, pair.cert, None, f": {pair.key} holds no certificate: give a PEM file"),
        (pair.cert, pair.key, empty, f".client_ca_file: {empty} cannot be loaded"),
    ):
        with pytest.raises(ConfigError) as caught:
            ServerTls(cert, key, client_ca_file=ca)
        assert str(caught.value).startswith(f"web.tls{said}") and "\n" not in str(caught.value)
