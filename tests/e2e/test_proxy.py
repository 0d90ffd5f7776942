"""The proxy as a process: Kafka that goes away, processes that are killed, the core behind it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.brokers.base import BrokerCluster
from tests.proxy.load import Result, ask_seeds
from tests.proxy.model_server import planned_answer
from tests.proxy.processes import ProxyProcess, model_server

from .proxy import through_an_outage

CALLS = 60
CONNECTIONS = 8
TAPPABLE = sum(planned_answer(seed).status == 200 for seed in range(CALLS))


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 180.0
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def ask(proxy: ProxyProcess, calls: int = CALLS) -> Result:
    result = Result()
    asyncio.run(ask_seeds(proxy.port, list(range(calls)), CONNECTIONS, result))
    assert not result.wrong
    return result


@pytest.mark.layer("kafka")
@pytest.mark.slow
def test_no_request_fails_and_no_tap_is_lost_while_kafka_is_away(kafka_cluster: Callable[..., BrokerCluster]) -> None:
    books = through_an_outage(kafka_cluster(), 300, 8, topic="inference.proxied")
    assert books.good, books
    assert books.spooled > 0
    assert books.tappable > 250


@pytest.mark.slow
def test_requests_go_on_when_the_taps_process_is_killed(tmp_path: Path) -> None:
    tap = {"spool_directory": str(tmp_path / "spool"), "kafka_patience_seconds": 0.5}
    with model_server() as port:
        proxy = ProxyProcess(port, {"kafka": {"bootstrap_servers": "127.0.0.1:9"}, "proxy": {"tap": tap}})
        try:
            ask(proxy)
            first = proxy.tap_pid
            os.kill(first, signal.SIGKILL)
            ask(proxy)  # while nobody is there to take copies
            until(lambda: "tap_process_ended" in proxy.log and _answers(proxy))
            assert proxy.tap_pid != first
            ask(proxy)
            # The counts of the data plane come to the new process twice a second.
            until(lambda: _spooled(proxy) + _dropped(proxy) >= 3 * TAPPABLE)
            # What was durable and not yet told so counts as dropped too: that is at most a tenth of a second's.
            assert _spooled(proxy) <= 3 * TAPPABLE
            assert _dropped(proxy) <= 2 * TAPPABLE, "the third round is there, whatever became of the others"
            assert proxy.metrics()["harmwatch_proxy_tap_restarts_total"] == 1
        finally:
            code = proxy.stop()
        assert code == 0


def _answers(proxy: ProxyProcess) -> bool:
    try:
        return bool(proxy.metrics())
    except OSError:
        return False


def _dropped(proxy: ProxyProcess) -> float:
    return proxy.metrics()['harmwatch_proxy_taps_dropped_total{reason="process"}']


def _spooled(proxy: ProxyProcess) -> float:
    return proxy.metrics().get("harmwatch_proxy_spool_records", 0.0)


@pytest.mark.slow
def test_copies_that_were_handed_over_outlive_the_data_plane(tmp_path: Path) -> None:
    tap = {"spool_directory": str(tmp_path / "spool"), "kafka_patience_seconds": 0.5}
    config = {"kafka": {"bootstrap_servers": "127.0.0.1:9"}, "proxy": {"tap": tap}}
    with model_server() as port:
        proxy = ProxyProcess(port, config)
        child = proxy.tap_pid
        ask(proxy)
        proxy.kill()
        until(lambda: not Path(f"/proc/{child}").exists())
        proxy.stop()
        again = ProxyProcess(port, config)
        try:
            until(lambda: _spooled(again) > 0)
            # A client has its answer before the copy is handed over: on each connection one may have been on its way.
            assert TAPPABLE - CONNECTIONS <= _spooled(again) <= TAPPABLE
        finally:
            again.stop()


@pytest.mark.slow
def test_a_tap_that_hangs_after_kill_9_keeps_no_request_and_no_copy_from_the_next_proxy(tmp_path: Path) -> None:
    tap = {"spool_directory": str(tmp_path / "spool"), "kafka_patience_seconds": 0.5}
    with socket.create_server(("127.0.0.1", 0)) as free:
        web_port = free.getsockname()[1]
    config = {"kafka": {"bootstrap_servers": "127.0.0.1:9"}, "proxy": {"tap": tap}, "web": {"port": web_port}}
    with model_server() as port:
        proxy = ProxyProcess(port, config)
        child = proxy.tap_pid
        os.kill(child, signal.SIGSTOP)
        proxy.kill()
        again = ProxyProcess(port, config)
        try:
            assert not again.web_port and "another process uses" in again.log
            ask(again)
            os.kill(child, signal.SIGKILL)
            until(lambda: not Path(f"/proc/{child}").exists())  # until then its port takes connections
            until(lambda: _listens(web_port))
            again.web_port = web_port
            until(lambda: TAPPABLE - CONNECTIONS <= _spooled(again) <= TAPPABLE)
            assert again.metrics().get('harmwatch_proxy_taps_dropped_total{reason="sink_full"}', 0.0) == 0.0
        finally:
            again.stop()


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
        return True
    return False


@pytest.mark.slow
def test_without_kafka_the_core_scores_what_passes() -> None:
    scorers = {"scorers": {"toxicity": {"enabled": False}}}
    with model_server() as port:
        proxy = ProxyProcess(port, {**scorers, "proxy": {"tap": {"sink": "core"}}})
        try:
            ask(proxy)
            name = 'harmwatch_events_total{format="openai",model="tiny"}'
            until(lambda: proxy.metrics().get(name, 0.0) >= TAPPABLE)
            metrics = proxy.metrics()
            assert metrics[name] == TAPPABLE
            assert metrics['harmwatch_proxy_taps_kept_total{where="core"}'] == TAPPABLE
        finally:
            code = proxy.stop()
        assert code == 0
