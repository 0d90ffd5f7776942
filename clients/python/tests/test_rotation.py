"""Certificates that are rotated on disk are taken up by the tap that is there."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from clients.python.tests.rig import CLIENT, QUICK, FakeIngest, end, wait_for

from harmwatch_client import Tap, http_transport


def issue(folder: Path, name: str) -> Path:
    """A certificate that is its own authority, with its key in one file."""
    key, certificate, both = (folder / f"{name}-{part}.pem" for part in ("key", "cert", "both"))
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-days", "2",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    both.write_bytes(key.read_bytes() + certificate.read_bytes())
    return certificate


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("certificates")
    for name in ("one", "two", "client-one", "client-two"):
        issue(found, name)
    return found


@contextmanager
def secure(folder: Path, name: str, clients: str | None = None, port: int = 0) -> Iterator[FakeIngest]:
    """An ingest with a certificate; it lets in only who has that of ``clients``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}-both.pem")
    if clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(folder / f"{clients}-cert.pem")
    with FakeIngest(port=port) as ingest:
        # Each handshake in the thread of its connection: one that fails does not end the listener.
        ingest._server.socket = context.wrap_socket(
            ingest._server.socket, server_side=True, do_handshake_on_connect=False
        )
        yield ingest


def copied(path: Path, content: Path) -> None:
    """Written over in place."""
    shutil.copy(content, path)


def moved(path: Path, content: Path) -> None:
    """Written beside it, and moved over it."""
    shutil.copy(content, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)


def linked(path: Path, content: Path) -> None:
    """As Kubernetes mounts secrets: a link that is turned."""
    path.with_suffix(".new").symlink_to(content)
    path.with_suffix(".new").replace(path)


@pytest.mark.parametrize("way", [copied, moved, linked])
def test_an_authority_that_is_rotated_is_trusted(
    folder: Path, tmp_path: Path, way: Callable[[Path, Path], None]
) -> None:
    authority = tmp_path / "ca.pem"
    way(authority, folder / "one-cert.pem")
    with secure(folder, "one") as ingest:
        port = ingest.port
        tap = Tap(f"https://127.0.0.1:{port}", ca_file=str(authority), limits=QUICK)
        tap.log(model="m", input="before")
        assert tap.flush(60)
    with secure(folder, "two", port=port) as ingest:
        tap.log(model="m", input="after")
        wait_for(lambda: tap.stats.last_error == "the certificate is not trusted")
        assert not ingest.events
        way(authority, folder / "two-cert.pem")
        assert tap.flush(60)
        assert [event["input"]["text"] for event in ingest.events] == ["after"]
        assert end(tap, 10)


def test_a_client_certificate_that_is_rotated_is_shown_even_where_the_connection_is_kept(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_transport, "_LOOK_SECONDS", 0.0)
    mine, both = tmp_path / "mine.pem", folder / "both-cert.pem"
    both.write_bytes((folder / "client-one-cert.pem").read_bytes() + (folder / "client-two-cert.pem").read_bytes())
    copied(mine, folder / "client-one-both.pem")
    with secure(folder, "one", "both") as ingest:
        authority = str(folder / "one-cert.pem")
        tap = Tap(f"https://127.0.0.1:{ingest.port}", ca_file=authority, client_certificate=str(mine), limits=QUICK)

        def shown() -> str:
            tap.log(model="m", input="q")
            assert tap.flush(60)
            connection = ingest._connections[-1]
            assert isinstance(connection, ssl.SSLSocket)
            return str((connection.getpeercert() or {})["subject"])

        assert "client-one" in shown() and "client-one" in shown()
        assert len(ingest._connections) == 1
        moved(mine, folder / "client-two-both.pem")
        assert "client-two" in shown() and "client-two" in shown()
        assert len(ingest._connections) == 2 and tap.stats.retries == 0
        assert end(tap, 10)


def test_a_file_that_is_broken_in_between_leaves_the_one_before_and_is_tried_again(
    folder: Path, tmp_path: Path
) -> None:
    authority = tmp_path / "ca.pem"
    copied(authority, folder / "one-cert.pem")
    with secure(folder, "one") as ingest:
        port = ingest.port
        tap = Tap(f"https://127.0.0.1:{port}", ca_file=str(authority), limits=QUICK)
        for broken in (b"-----BEGIN CERTIFICATE-----\nhalf", b"", None):
            if broken is None:
                authority.unlink()
            else:
                authority.write_bytes(broken)
            if tap._sender._transport is not None:
                tap._sender._transport.close()  # so that the next connection is a new one
            tap.log(model="m", input="q")
            assert tap.flush(60), tap.stats
        assert len(ingest.events) == 3 and tap.stats.retries == 0
    with secure(folder, "two", port=port) as ingest:
        tap.log(model="m", input="after")
        said = "the certificate is not trusted, and ca_file or client_certificate has changed and cannot be read"
        wait_for(lambda: tap.stats.last_error == said)
        copied(authority, folder / "two-cert.pem")
        assert tap.flush(60)
        assert len(ingest.events) == 1
        assert end(tap, 10)


def test_an_encrypted_key_is_refused_at_the_start_and_nobody_is_asked_for_its_password(
    folder: Path, tmp_path: Path
) -> None:
    key = tmp_path / "key.pem"
    command = ["openssl", "pkey", "-in", folder / "client-one-key.pem", "-aes256", "-passout", "pass:x", "-out", key]
    subprocess.run(command, check=True, capture_output=True)
    key.write_bytes(key.read_bytes() + (folder / "client-one-cert.pem").read_bytes())
    script = """
import fcntl, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from harmwatch_client import Tap
Tap('https://127.0.0.1:9', client_certificate=sys.argv[1])
"""
    # A terminal of its own, on which OpenSSL would ask, and wait for an answer.
    inner, outer = os.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-c", script, str(key)], env={**os.environ, "PYTHONPATH": str(CLIENT)}, stdin=outer,
            stderr=subprocess.PIPE, start_new_session=True, timeout=60, check=False, text=True,
        )  # fmt: skip
    finally:
        os.close(inner)
        os.close(outer)
    assert "ConfigurationError: ca_file or client_certificate: cannot be read as PEM" in done.stderr
    assert "pass phrase" not in done.stderr
