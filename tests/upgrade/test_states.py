"""State written by earlier versions is read by this one, which goes on with numbers as if it had counted everything."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from agent.clock import ManualClock
from agent.errors import StateError
from agent.pipeline.build import build_windows
from agent.probe.journal import Journal
from agent.windows.codec import decode
from agent.windows.engine import WindowEngine
from agent.windows.groups import DECISION_SLOTS
from agent.windows.harm import _MISSING
from streams.courier.spool import Spool
from streams.memory import MemoryBroker
from tests.unit.streams.rig import Rig, make_broker, make_config, until
from tests.upgrade import writer
from tests.upgrade.make import STATES

COMMITS = sorted(path.name for path in STATES.iterdir())
#: Before these, labels that came on their own waited for nobody's decision.
WITHOUT_LATE_LABELS = {"4604460"}
#: Before these, no sums of scores were kept: what was not counted cannot be known.
WITHOUT_SCORES = {"4604460"}
#: Before these, halves of which nobody knows what they held were not counted beside missing scores.
WITHOUT_UNREAD = {"4604460", "54168a9", "9b552fc", "b015cc9"}
#: After the last event: everything is within a window of an hour and a half.
NOW = writer.START + writer.SECONDS_APART * writer.EVENTS

each_commit = pytest.mark.parametrize("commit", COMMITS)


def left_behind(commit: str) -> dict[str, Any]:
    state: dict[str, Any] = json.loads((STATES / commit / "state.json").read_text(encoding="utf-8"))
    return state


def value_of(record: dict[str, Any]) -> bytes | None:
    return None if record["value"] is None else base64.b64decode(record["value"])


def broker_with(commit: str | None) -> MemoryBroker:
    """Kafka as the earlier worker left it; for None as it is before any worker came."""
    broker = make_broker()
    for partition, key, value in writer.traffic()[: writer.BEFORE]:
        broker.append(writer.TOPIC, value, key=key, partition=partition)
    if commit is not None:
        state = left_behind(commit)
        for record in state["records"]:
            headers = tuple((name, value.encode()) for name, value in record["headers"])
            place = {"key": record["key"].encode(), "partition": record["partition"], "headers": headers}
            broker.append(record["topic"], value_of(record), **place)
        partitions = broker.partitions(writer.TOPIC)
        broker.commit("harmwatch", dict(zip(partitions, state["committed"], strict=True)))
    return broker


async def go_on(broker: MemoryBroker, labels: bool) -> Rig:
    """This version's worker, until it has read all there is and all that comes."""
    rig = Rig(broker)
    async with rig.running():
        await until(lambda: rig.committed() == writer.BEFORE, 60.0)
        for partition, key, value in writer.traffic()[writer.BEFORE :]:
            broker.append(writer.TOPIC, value, key=key, partition=partition)
        await until(lambda: rig.committed() == writer.EVENTS, 60.0)
        if labels:
            sent = writer.late_labels()
            for key, value in sent:
                broker.append("inference.labels", value, key=key)
            await until(lambda: rig.metrics.rows("harmwatch_labels_total").get(("joined",), 0) == len(sent), 60.0)
    assert rig.pipeline.windows.damaged((writer.TOPIC, 0)) == rig.pipeline.windows.damaged((writer.TOPIC, 1)) == 0
    return rig


def counted(broker: MemoryBroker) -> dict[str, Any]:
    """All states of all models, in total and over ninety minutes, from the pane topic alone."""
    config = make_config(windows={"windows_seconds": [5400.0]})
    engine: WindowEngine = build_windows(config, ManualClock(NOW))
    for record in broker.log("harm.panes"):
        if record.value is not None:
            engine.absorb(record.value)
    return {model: (engine.totals(model), engine.window(model, 5400.0, NOW)) for model in engine.models()}


def decisions_of(bias: dict[str, dict[str, list[float]]]) -> dict[str, dict[str, list[float]]]:
    """Counts of decisions, with or without labels."""
    return {attribute: {group: numbers[:DECISION_SLOTS] for group, numbers in groups.items()}
            for attribute, groups in bias.items()}  # fmt: skip


def without_missing(harm: dict[str, Any]) -> dict[str, Any]:
    counts = harm["counts"]
    return harm | {"counts": [*counts[:_MISSING], *counts[_MISSING + 1 :]]}


@each_commit
async def test_a_worker_goes_on_from_earlier_state_with_equal_numbers(commit: str) -> None:
    labels = commit not in WITHOUT_LATE_LABELS
    upgraded, truth = broker_with(commit), broker_with(None)
    await go_on(upgraded, labels)
    await go_on(truth, labels)
    found, wanted = counted(upgraded), counted(truth)
    assert found.keys() == wanted.keys() == {"chat-0", "chat-1", "loans"}
    for model, (total, window) in wanted.items():
        for name in ("harm", "bias", "identity"):
            for mine, theirs in zip(found[model], (total, window), strict=True):
                one, two = mine[name], theirs[name]
                if name == "bias" and commit in WITHOUT_SCORES:
                    one, two = decisions_of(one), decisions_of(two)
                if name == "harm" and commit in WITHOUT_UNREAD:
                    one, two = without_missing(one), without_missing(two)
                assert one == two, (model, name)
    # The comparison is of something.
    assert wanted["loans"][0]["bias"]["gender"].keys() == {"female", "male"}
    assert sum(wanted["chat-0"][0]["harm"]["categories"].values()) > 5


@each_commit
def test_the_console_shows_what_the_earlier_version_had_counted_at_once(commit: str) -> None:
    """It reads the pane topic alone, before its worker owns anything."""
    engine = build_windows(make_config(), ManualClock(NOW))
    for record in left_behind(commit)["records"]:
        if record["topic"] == "harm.panes" and (value := value_of(record)) is not None:
            engine.absorb(value)
    events = {reading.model: reading.results["harm"].events for reading in engine.total_measurements()}
    assert sum(events.values()) == writer.BEFORE


@pytest.mark.parametrize("commit", [commit for commit in COMMITS if (STATES / commit / "spool").is_dir()])
def test_a_spool_is_delivered_from_where_it_stood(commit: str, tmp_path: Path) -> None:
    shutil.copytree(STATES / commit / "spool", tmp_path / "spool")
    spool = Spool(tmp_path / "spool", 1 << 20, ManualClock(NOW))
    batch = spool.peek(100, 1 << 20)
    assert batch is not None
    assert [(message.key, message.value) for message in batch.messages] == [
        (key, value) for _, key, value in writer.traffic()[10:20]
    ]
    assert all(message.topic == writer.TOPIC and dict(message.headers) for message in batch.messages)
    spool.close()


@pytest.mark.parametrize("commit", [commit for commit in COMMITS if (STATES / commit / "journal.jsonl").is_file()])
def test_a_probe_asks_nothing_twice(commit: str, tmp_path: Path) -> None:
    shutil.copy(STATES / commit / "journal.jsonl", tmp_path)
    with Journal(tmp_path / "journal.jsonl", {"model": "m"}) as journal:
        outcomes = [journal.get(question) for question in writer.questions()]
    assert [outcome and outcome.value for outcome in outcomes] == [0.0, 0.25, 0.5]


def test_state_of_a_later_version_is_refused_by_name() -> None:
    """Whatever else it may hold: the way back loses windows, and says so."""
    import msgspec

    value = msgspec.msgpack.encode({"version": 99, "panes": "something else", "new": [1, 2]})
    with pytest.raises(StateError, match="format 99, this version reads up to 2: upgrade"):
        decode(value)
