"""The topic of sanitised inputs: opt-in, inputs alone, and bounded in size."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from agent.errors import ConfigError
from agent.scores import SanitisedTexts, TextChange
from streams.filtered import sanitised_message
from streams.topics import topic_specs
from tests.builders import WordScorer, native
from tests.unit.streams.rig import TOPICS, Rig, make_broker, make_config, until

TOPIC = "harm.sanitised"
SENT = SanitisedTexts(
    id="v", inference_id="r", source="s", model="m", direction="input", time="t", texts=["hello " * 100], parts=[0],
    changes=[TextChange(0, "tags", "removed", 3, 9)] * 40,
)  # fmt: skip


def test_without_the_setting_nothing_is_published() -> None:
    assert make_config().topics.sanitised is None
    assert TOPIC not in {spec.name for spec in topic_specs(make_config(), 2)}
    assert TOPIC not in TOPICS


def test_the_topic_needs_a_name_of_its_own_and_has_room() -> None:
    with pytest.raises(ConfigError, match="a name of its own"):
        make_config(topics={"sanitised": "harm.verdicts"})
    config = make_config(topics={"sanitised": TOPIC})
    (spec,) = [spec for spec in topic_specs(config, 2) if spec.name == TOPIC]
    assert int(spec.settings["max.message.bytes"]) > config.tap.max_record_bytes


async def test_one_record_for_each_input_without_its_disguise() -> None:
    broker = make_broker()
    broker.create_topic(TOPIC, 1)
    rig = Rig(broker, make_config(topics={"sanitised": TOPIC}), [WordScorer(words={"awful": "toxicity"})])
    for number in range(20):
        question = "see \u202eolleh\u202c now" if number % 2 else "hello"
        broker.append("inference.events", native(f"r-{number}", text=question, answer="fine"), partition=0)
    async with rig.running():
        await until(lambda: rig.committed() == 20)
    found: dict[str, Any] = {}
    for record in broker.log(TOPIC):
        value = json.loads(record.value)
        assert value["direction"] == "input"
        found[value["inference_id"]] = value
    assert len(found) == 20
    assert found["r-0"]["texts"] == ["hello"]
    assert found["r-0"]["changes"] == []
    assert found["r-1"]["texts"] == ["see hello now"]
    (change,) = found["r-1"]["changes"]
    assert change == {"part": 0, "kind": "bidirectional controls", "action": "folded", "start": 4, "end": 11}


def test_what_does_not_fit_goes_without_its_texts_then_without_its_account() -> None:
    size = len(msgspec.json.encode(SENT))
    whole = json.loads(sanitised_message(SENT, TOPIC, size).value or b"")
    assert (len(whole["texts"]), len(whole["changes"])) == (1, 40)
    account = json.loads(sanitised_message(SENT, TOPIC, size - 1).value or b"")
    assert (account["texts"], account["parts"], len(account["changes"])) == ([], [], 40)
    least = json.loads(sanitised_message(SENT, TOPIC, 200).value or b"")
    assert (least["texts"], least["changes"], least["id"]) == ([], [], "v")
