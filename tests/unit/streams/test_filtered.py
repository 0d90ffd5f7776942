"""The filtered topic: opt-in, flushed before offsets come back, and nothing of a blocked text in any of its bytes."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from agent.errors import ConfigError, TopicUnavailable
from agent.scores import FilteredTexts, ScoreRow
from agent.scoring.base import Batch
from streams.filtered import filtered_message
from streams.topics import topic_specs
from tests.builders import WordScorer, native
from tests.unit.streams.rig import TOPICS, Rig, make_broker, make_config, until

TOPIC = "harm.filtered"
SECRET = "zyzzyva"
POLICY = {
    "rules": [
        {"category": "toxicity", "action": "block"},
        {"category": "pii.email", "action": "mask"},
    ]
}


def make_filtering_config(**over: Any) -> Any:
    return make_config(topics={"filtered": TOPIC}, policy=POLICY, **over)


def scorer() -> WordScorer:
    return WordScorer(words={"awful": "toxicity", "ann@b.example": "pii.email"})


def broker_with_topic() -> Any:
    broker = make_broker()
    broker.create_topic(TOPIC, 1)
    return broker


def records(broker: Any) -> list[dict[str, Any]]:
    return [json.loads(record.value) for record in broker.log(TOPIC)]


def test_without_the_setting_nothing_is_published() -> None:
    assert make_config().topics.filtered is None
    assert TOPIC not in {spec.name for spec in topic_specs(make_config(), 2)}
    assert TOPIC not in TOPICS


def test_filtered_texts_without_a_policy_are_a_mistake() -> None:
    with pytest.raises(ConfigError, match=r"topics\.filtered needs a policy that masks or blocks"):
        make_config(topics={"filtered": TOPIC})
    with pytest.raises(ConfigError, match="a name of its own"):
        make_config(topics={"filtered": "harm.verdicts"}, policy=POLICY)


def test_the_topic_has_room_for_the_largest_record() -> None:
    config = make_filtering_config()
    (spec,) = [spec for spec in topic_specs(config, 2) if spec.name == TOPIC]
    assert spec.partitions == config.topics.verdict_partitions
    assert int(spec.settings["max.message.bytes"]) > config.tap.max_record_bytes


async def test_one_record_for_each_direction_and_blocked_texts_are_in_no_byte() -> None:
    rig = Rig(broker_with_topic(), make_filtering_config(), [scorer()])
    for number in range(60):
        answer = f"an awful {SECRET}" if number % 3 == 0 else "I told ann@b.example"
        rig.broker.append("inference.events", native(f"r-{number}", answer=answer), partition=number % 2)
    async with rig.running():
        await until(lambda: rig.committed() == 60)
    found = records(rig.broker)
    assert len(found) == 120
    by_id = {(record["inference_id"], record["direction"]): record for record in found}
    assert len(by_id) == 120
    assert by_id["r-1", "output"]["texts"] == ["I told [PII.EMAIL]"]
    assert by_id["r-1", "input"]["texts"] == ["hello"]
    assert by_id["r-0", "output"]["action"] == "block"
    assert {record["id"] for record in found} == {verdict["id"] for verdict in rig.verdicts()}
    everything = b"".join((r.key or b"") + (r.value or b"") for r in rig.broker.log(TOPIC))
    assert SECRET.encode() not in everything
    assert b"ann@b.example" not in everything
    assert {record.key for record in rig.broker.log(TOPIC)} == {b"chat"}
    assert rig.metrics.rows("harmwatch_actions_total") == {
        ("chat", "output", "block"): 20,
        ("chat", "output", "mask"): 40,
    }


async def test_a_failed_scorer_closes_the_filter() -> None:
    class Broken(WordScorer):
        def score(self, batch: Batch) -> list[ScoreRow]:
            raise RuntimeError(SECRET)

    broken = Broken(words={"awful": "toxicity", "ann@b.example": "pii.email"})
    rig = Rig(broker_with_topic(), make_filtering_config(), [broken])
    rig.broker.append("inference.events", native("r-1", text=f"some {SECRET}", answer="hm"), partition=0)
    async with rig.running():
        await until(lambda: rig.committed() == 1)
    assert [record["action"] for record in records(rig.broker)] == ["block", "block"]
    assert not any(SECRET.encode() in (record.value or b"") for record in rig.broker.log(TOPIC))


async def test_offsets_wait_for_the_filtered_texts() -> None:
    rig = Rig(broker_with_topic(), make_filtering_config(), [scorer()])
    rig.broker.denied.add(TOPIC)
    rig.broker.append("inference.events", native("r-1"), partition=0)
    with pytest.raises(TopicUnavailable):
        async with rig.running() as task:
            await until(task.done)
    assert rig.committed() == 0
    rig.broker.denied.clear()
    again = Rig(rig.broker, make_filtering_config(), [scorer()])
    async with again.running():
        await until(lambda: again.committed() == 1)
    assert {record["inference_id"] for record in records(rig.broker)} == {"r-1"}


def test_a_record_that_grew_too_large_leaves_without_its_texts() -> None:
    record = FilteredTexts(
        id="v", inference_id="r", source="s", model="m", direction="output", time="t", action="mask",
        texts=["\x01" * 1000], parts=[0], findings=["toxicity"],
    )  # fmt: skip
    whole = filtered_message(record, TOPIC, 10_000)
    assert msgspec.json.decode(whole.value or b"", type=FilteredTexts) == record
    cut = filtered_message(record, TOPIC, 5_000)
    decoded = msgspec.json.decode(cut.value or b"", type=FilteredTexts)
    assert (decoded.action, decoded.texts, decoded.parts) == ("block", [], [])
    assert (cut.topic, cut.key) == (TOPIC, b"m")
