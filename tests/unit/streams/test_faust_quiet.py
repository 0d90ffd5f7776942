"""What Faust says of topics on which nothing happened for minutes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from streams.faust_app import _ConsumerThread

NOW = 1_700_000_000.0
PANES = TP("harm.panes", 0)


class Log:
    def __init__(self) -> None:
        self.said: list[str] = []

    def error(self, message: str, *args: Any) -> None:
        self.said.append(message)


def thread(log: Log, fetched: float, inbound: float, committed: float) -> _ConsumerThread:
    """Started an hour ago; one record has come that is not fetched yet."""
    state = SimpleNamespace(timestamp=fetched * 1000.0, highwater=8, position=7)
    subscription = SimpleNamespace(assignment=SimpleNamespace(active=True, state_value=lambda _: state))
    client = SimpleNamespace(_fetcher=SimpleNamespace(_subscriptions=SimpleNamespace(subscription=subscription)))
    app = SimpleNamespace(
        monitor=SimpleNamespace(stream_inbound_time={PANES: inbound}),
        topics=SimpleNamespace(acks_enabled_for=lambda _: True),
        conf=SimpleNamespace(stream_processing_timeout=300.0, broker_commit_livelock_soft_timeout=300.0),
    )
    made = _ConsumerThread.__new__(_ConsumerThread)
    vars(made).update(
        log=log, time_started=NOW - 3600.0, consumer=SimpleNamespace(app=app), _ensure_consumer=lambda: client,
        tp_last_committed_at={PANES: committed}, tp_fetch_request_timeout_secs=300.0,
        tp_fetch_response_timeout_secs=300.0, tp_stream_timeout_secs=300.0, tp_commit_timeout_secs=300.0,
    )  # fmt: skip
    return made


@pytest.mark.parametrize(("inbound", "committed"), [(400.0, 400.0), (1.0, 400.0)])
def test_a_record_after_quiet_minutes_is_no_error(inbound: float, committed: float) -> None:
    log = Log()
    thread(log, NOW - 1.0, NOW - inbound, NOW - committed).verify_event_path(NOW, PANES)
    assert log.said == []


def test_that_nothing_is_fetched_any_more_is_said() -> None:
    log = Log()
    thread(log, NOW - 400.0, NOW - 400.0, NOW - 400.0).verify_event_path(NOW, PANES)
    assert [said for said in log.said if "stopped fetching" in said]
