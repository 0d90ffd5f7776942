"""Writes state with whichever version of the code is on the path, for later versions to read.

Run by ``python -m tests.upgrade.make COMMIT`` in the tree of that commit: nothing here may be newer than the oldest of
them. Traffic is made up here, and the same in every version.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

#: 2023-11-14T22:13:20Z. Events say their time, so it does not matter when they are read.
START = 1_700_000_000.0
SECONDS_APART = 20.0
EVENTS = 240
#: What the earlier version reads; the rest is for the later one.
BEFORE = 120
TOPIC = "inference.events"


def traffic() -> list[tuple[int, bytes, bytes]]:
    """(partition, key, value) of each event, in order: chats of which some are harmful, decisions of which some carry
    their label."""
    return [_event(number) for number in range(EVENTS)]


def _event(number: int) -> tuple[int, bytes, bytes]:
    at = datetime.fromtimestamp(START + SECONDS_APART * number, UTC).isoformat()
    event: dict[str, Any] = {"id": f"e-{number}", "source": "upgrade", "time": at}
    if number % 3:
        event["model"] = f"chat-{number % 2}"
        event["input"] = {"text": f"Who can help me with number {number}?"}
        answer = "this is awful" if number % 7 == 0 else "Women and men can. Ask at the desk."
        if number % 5 == 1:
            answer += f" Write to desk{number}@example.com."
        event["output"] = {"text": answer}
    else:
        approved = number % 5 < 3
        event["model"] = "loans"
        event["output"] = {"decision": "approved" if approved else "declined", "score": number % 11 / 10.0}
        event["attributes"] = {"gender": "female" if number % 2 else "male", "region": f"r{number % 4}"}
        if number % 4 == 0:
            event["label"] = "approved" if number % 8 else "declined"
    return number % 2, str(event["model"]).encode(), json.dumps(event).encode()


def late_labels() -> list[tuple[bytes, bytes]]:
    """(key, value) of labels that come after the change of versions, for decisions from before and after it."""
    found = []
    for number in range(0, EVENTS, 3):
        if number % 4:
            label = "approved" if number % 5 else "declined"
            value = {"id": f"e-{number}", "source": "upgrade", "label": label}
            found.append((f"e-{number}".encode(), json.dumps(value).encode()))
    return found


async def write_state() -> dict[str, Any]:
    """What a worker leaves in Kafka that has read the first half, with the parts that its own unit tests run on."""
    from tests.unit.streams.rig import Rig, make_broker

    broker = make_broker()
    for partition, key, value in traffic()[:BEFORE]:
        broker.append(TOPIC, value, key=key, partition=partition)
    rig = Rig(broker)
    async with rig.running():
        async with asyncio.timeout(60.0):
            while rig.committed() < BEFORE:
                await asyncio.sleep(0.01)
    topics = [topic for topic in ("harm.panes", "harm.decisions") if broker.partitions(topic)]
    records = [record for topic in topics for record in broker.log(topic)]
    committed = [broker.committed("harmwatch", partition) for partition in broker.partitions(TOPIC)]
    return {"committed": committed, "records": [_plain(record) for record in records]}


def _plain(record: Any) -> dict[str, Any]:
    partition = record.partition if isinstance(record.partition, int) else record.partition.number
    return {
        "topic": record.topic,
        "partition": partition,
        "key": (record.key or b"").decode(),
        "value": base64.b64encode(record.value).decode() if record.value is not None else None,
        "headers": [[name, value.decode()] for name, value in record.headers],
    }


def write_spool(folder: Path) -> None:
    """What a receiver leaves on its disk that has been stopped while Kafka was away, half of it delivered before."""
    from agent.clock import ManualClock
    from streams.courier.spool import Spool
    from streams.ports import Message

    spool = Spool(folder, 1 << 20, ManualClock(START))
    spool.append([Message(TOPIC, key, value, (("harmwatch-id", b"i"),)) for _, key, value in traffic()[:20]])
    batch = spool.peek(10, 1 << 20)
    assert batch is not None
    spool.advance(batch)
    spool.close()


def write_journal(path: Path) -> None:
    """What a stopped probe leaves."""
    from agent.probe.journal import Journal
    from agent.probe.question import Outcome

    with Journal(path, {"model": "m"}) as journal:
        for number, question in enumerate(questions()):
            journal.put(question, Outcome("answered", number / 4.0))


def questions() -> list[Any]:
    """What the probe had asked before it was stopped."""
    from agent.probe.question import Choice, Decision, Question, Rating

    kinds = (Choice(("yes", "no"), (1, 0)), Rating(), Decision())
    return [Question(f"q-{number}", f"Question {number}?", kind) for number, kind in enumerate(kinds)]


def main(out: Path) -> None:
    """Write all that this version can write."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "state.json").write_text(json.dumps(asyncio.run(write_state()), indent=1) + "\n", encoding="utf-8")
    for name, write in (("spool", write_spool), ("journal.jsonl", write_journal)):
        try:
            write(out / name)
        except ImportError:
            sys.stderr.write(f"no {name}: this version has none\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
