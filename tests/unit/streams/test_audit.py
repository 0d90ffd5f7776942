"""streams.audit: what is written down of the configuration, and that nothing waits for it."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import msgspec
import pytest

from streams.audit import AuditLog, ConfigChange
from streams.memory import MemoryBroker, MemorySink
from streams.ports import Partition

TOPIC = "harm.audit"


def change(**over: Any) -> ConfigChange:
    fields: dict[str, Any] = {
        "time": "2023-11-14T22:13:20.000Z",
        "worker": "w1",
        "group": "harmwatch",
        "version": "0.1.0",
        "trigger": "file",
        "file": "harmwatch.yaml",
        "owner": "ann",
        "user": "harmwatch",
        "modified": "2023-11-14T22:13:19.000Z",
        "old_sha256": "a" * 64,
        "new_sha256": "b" * 64,
        "outcome": "applied",
        "keys": ["policy.rules"],
    }
    return ConfigChange(**(fields | over))


def written(broker: MemoryBroker) -> list[ConfigChange]:
    return [msgspec.json.decode(record.value or b"", type=ConfigChange) for record in broker.log(TOPIC)]


async def test_a_record_is_logged_at_once_and_written_under_the_workers_name(caplog: pytest.LogCaptureFixture) -> None:
    broker = MemoryBroker({TOPIC: 1})
    audit = AuditLog(lambda: MemorySink(broker), TOPIC)
    with caplog.at_level(logging.INFO, logger="streams.audit"):
        audit.note(change())
        audit.note(change(outcome="refused", reason="policy.default: no", new_sha256=""))
    assert [record.levelname for record in caplog.records] == ["INFO", "WARNING"]
    assert caplog.messages[0] == (
        "config_applied trigger=file owner=ann old=aaaaaaaaaaaa new=bbbbbbbbbbbb keys=policy.rules reason=-"
    )
    assert caplog.messages[1].endswith("new=- keys=policy.rules reason=policy.default: no")
    assert await audit.deliver()
    assert [record.key for record in broker.log(TOPIC)] == [b"w1", b"w1"]
    assert [each.outcome for each in written(broker)] == ["applied", "refused"]
    assert await audit.deliver()
    assert len(broker.log(TOPIC)) == 2


@pytest.mark.parametrize("trouble", ["away", "denied"])
async def test_what_the_topic_does_not_take_waits_and_is_complained_about_once(
    trouble: str, caplog: pytest.LogCaptureFixture
) -> None:
    broker = MemoryBroker({TOPIC: 1})
    audit = AuditLog(lambda: MemorySink(broker), TOPIC)
    if trouble == "away":
        broker.away = True
    else:
        broker.denied.add(TOPIC)
    audit.note(change())
    assert not await audit.deliver()
    audit.note(change(outcome="refused"))
    assert not await audit.deliver()
    await audit.close()
    assert audit.waiting == 2
    assert len([message for message in caplog.messages if message.startswith("audit_not_written")]) == 1
    broker.away = False
    broker.denied.clear()
    assert await audit.deliver()
    assert [each.outcome for each in written(broker)] == ["applied", "refused"]
    assert audit.waiting == 0


async def test_the_task_delivers_what_comes(caplog: pytest.LogCaptureFixture) -> None:
    broker = MemoryBroker({TOPIC: 1})
    audit = AuditLog(lambda: MemorySink(broker), TOPIC)
    task = asyncio.create_task(audit.run())
    for number in range(3):
        audit.note(change(reason=str(number)))
        async with asyncio.timeout(30.0):
            while audit.waiting:
                await broker.arrived.wait()
                broker.arrived.clear()
                await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert [each.reason for each in written(broker)] == ["0", "1", "2"]


async def test_what_comes_while_others_are_written_is_not_lost() -> None:
    broker = MemoryBroker({TOPIC: 1})

    class Busy(MemorySink):
        async def flush(self) -> None:
            await super().flush()
            audit.note(change(reason="meanwhile"))

    sinks = iter((Busy(broker), MemorySink(broker)))
    audit = AuditLog(lambda: next(sinks), TOPIC)
    audit.note(change(reason="first"))
    assert await audit.deliver()
    assert audit.waiting == 1
    assert await audit.deliver()
    assert [each.reason for each in written(broker)] == ["first", "meanwhile"]


async def test_without_a_topic_the_log_alone_has_it(caplog: pytest.LogCaptureFixture) -> None:
    audit = AuditLog(lambda: MemorySink(MemoryBroker({})), None)
    audit.note(change(outcome="refused"))
    assert audit.waiting == 0
    assert await audit.deliver()
    assert any(message.startswith("config_refused") for message in caplog.messages)


async def test_of_a_flood_that_nobody_takes_the_last_thousand_wait() -> None:
    broker = MemoryBroker({TOPIC: 1})
    broker.away = True
    audit = AuditLog(lambda: MemorySink(broker), TOPIC)
    for number in range(1_200):
        audit.note(change(reason=str(number)))
    assert not await audit.deliver()
    broker.away = False
    assert await audit.deliver()
    assert [each.reason for each in written(broker)] == [str(number) for number in range(200, 1_200)]
    assert broker.end_offset(Partition(TOPIC, 0)) == 1_000
