"""The image's HEALTHCHECK against real web ports: plain, with TLS, with certificates of clients, and dead ones."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from streams.web import Health, Readiness, WebServer
from streams.web.tls import ServerTls
from tests.builders import nothing_measured
from tests.certificates import Authority

_SCRIPT = Path(__file__).parents[2] / "deploy" / "docker" / "healthcheck.py"


async def check(*ports: int) -> int:
    process = await asyncio.create_subprocess_exec(sys.executable, str(_SCRIPT), *map(str, ports))
    return await asyncio.wait_for(process.wait(), 30)


async def checked(live: bool, tls: ServerTls | None = None, *, beside: tuple[int, ...] = ()) -> int:
    """Of a web port that says so."""
    server = WebServer(
        "127.0.0.1",
        0,
        nothing_measured,
        lambda: Health(False),
        lambda: Readiness(False, ("broker",)),
        None,
        dict,
        tls=tls,
        live=lambda: Health(live),
    )
    await server.start()
    try:
        return await check(*beside, server.port)
    finally:
        await server.stop()


def unused_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


Made = Callable[[Path], ServerTls | None]


def _plain(folder: Path) -> None:
    return None


def _tls(folder: Path) -> ServerTls:
    pair = Authority(folder).sign("worker")
    return ServerTls(pair.cert, pair.key)


def _mutual(folder: Path) -> ServerTls:
    authority = Authority(folder)
    pair = authority.sign("worker")
    return ServerTls(pair.cert, pair.key, client_ca_file=authority.ca)


@pytest.mark.parametrize("made", [_plain, _tls, _mutual])
async def test_alive_however_the_port_is_protected(made: Made, tmp_path: Path) -> None:
    # Neither well nor ready: no reason to start it again.
    assert await checked(True, made(tmp_path)) == 0


@pytest.mark.parametrize("made", [_plain, _tls])
async def test_what_a_restart_would_help_is_said(made: Made, tmp_path: Path) -> None:
    assert await checked(False, made(tmp_path)) == 1


async def test_a_container_may_run_either_process() -> None:
    assert await checked(True, beside=(unused_port(),)) == 0


async def test_nobody_there_and_nobody_who_answers_are_not_alive() -> None:
    assert await check(unused_port(), unused_port()) == 1
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        assert await check(silent.getsockname()[1]) == 1
