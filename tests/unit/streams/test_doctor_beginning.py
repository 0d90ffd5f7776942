"""What doctor says of a group that is new: how much it would begin with, or that it could not be asked."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from kafka import TopicPartition
from kafka.errors import CoordinatorNotAvailableError, GroupAuthorizationFailedError, UnsupportedVersionError

from streams.commands import doctor_beginning
from streams.commands.doctor_beginning import look_at_beginning
from streams.config import WorkerConfig

CONFIG = WorkerConfig.model_validate({"topics": {"events": ["events"]}, "kafka": {"auto_offset_reset": "earliest"}})


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_beginning, "_PAUSE_SECONDS", 0.0)


class FakeAdmin:
    def __init__(self, committed: int = -1, error: type[Exception] | None = None, times: int = 1_000) -> None:
        self._committed, self._error, self._times = committed, error, times

    def list_group_offsets(self, group: str) -> dict[str, dict[TopicPartition, Any]]:
        if self._error is not None and self._times:
            self._times -= 1
            raise self._error
        return {group: {TopicPartition("events", 0): SimpleNamespace(offset=self._committed)}}

    def list_partition_offsets(self, asked: dict[TopicPartition, Any]) -> dict[TopicPartition, Any]:
        return {partition: SimpleNamespace(offset=7 if int(spec) == -1 else 2) for partition, spec in asked.items()}


@pytest.mark.parametrize(
    "error",
    [GroupAuthorizationFailedError, UnsupportedVersionError, AttributeError, CoordinatorNotAvailableError],
)
def test_that_nobody_could_be_asked_is_said(error: type[Exception]) -> None:
    found = look_at_beginning(CONFIG, FakeAdmin(error=error), {"events": 1})
    assert found is not None
    assert found[0] == f"where it would begin was not looked at: {error.__name__}"
    assert "doctor --acls" in found[1]


def test_what_a_new_group_would_begin_with() -> None:
    found = look_at_beginning(CONFIG, FakeAdmin(), {"events": 1})
    assert found is not None and "begins with the 5 records" in found[0]
    assert look_at_beginning(CONFIG, FakeAdmin(committed=3), {"events": 1}) is None


def test_a_coordinator_that_is_being_made_is_waited_for() -> None:
    found = look_at_beginning(CONFIG, FakeAdmin(error=CoordinatorNotAvailableError, times=3), {"events": 1})
    assert found is not None and "begins with the 5 records" in found[0]
