"""``harmwatch reference``: ranges of topics on the embedded broker and on real Kafka, and files of events."""

from __future__ import annotations

import asyncio
import json
import random
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from confluent_kafka import Producer

from agent.clock import SystemClock
from agent.drift.reference import NumberReference
from agent.drift.reference_file import load_references
from agent.errors import TransportError
from streams.cli import main
from streams.config import KafkaConfig
from streams.topic_range import TopicRange
from tests.brokers.base import BrokerCluster

BROKERS = [
    pytest.param("embedded_broker", marks=pytest.mark.layer("embedded")),
    pytest.param("kafka", marks=pytest.mark.layer("kafka")),
]
HOUR = 3600.0
#: Of late: brokers delete what is older than their retention.
BEGIN = SystemClock().now() // HOUR * HOUR - 4 * HOUR


def event(number: int, *, income: float, model: str = "loans") -> bytes:
    value = {
        "id": f"r-{number}",
        "model": model,
        "time": BEGIN + number * 10.0,
        "input": {"text": "How much?", "features": {"income": income, "channel": "web", "note": None}},
        "output": {"text": "Enough, you idiot.", "decision": "approved", "score": 0.5},
    }
    return json.dumps(value).encode()


def hours(seed: int = 3) -> list[bytes]:
    """Two hours of 360 events each; in the second one incomes are a hundredfold."""
    draw = random.Random(seed)
    return [event(number, income=draw.uniform(10.0, 20.0) * (100.0 if number >= 360 else 1.0)) for number in range(720)]


def published(cluster: BrokerCluster) -> str:
    topic = f"reference-{uuid.uuid4().hex[:8]}"
    cluster.create_topic(topic, 3)
    # Idempotent: others may send an earlier batch again behind a later one, and a range of times would cut it off.
    producer = Producer({"bootstrap.servers": cluster.bootstrap, "log_level": 0, "enable.idempotence": True})
    for number, value in enumerate(hours()):
        producer.produce(topic, value, f"k{number}", timestamp=int((BEGIN + number * 10.0) * 1000))
    assert producer.flush(30.0) == 0
    return topic


def utc(time: float) -> str:
    """Without its zone, which is UTC where none is given."""
    return datetime.fromtimestamp(time, UTC).replace(tzinfo=None).isoformat()


def edges(reference: object) -> list[float]:
    assert isinstance(reference, NumberReference)
    return reference.edges


@pytest.mark.parametrize("broker", BROKERS)
def test_a_range_of_a_topic_becomes_a_reference(
    broker: str, request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster: BrokerCluster = request.getfixturevalue(broker)
    topic = published(cluster)
    config, out = tmp_path / "harmwatch.yaml", tmp_path / "reference.json"
    config.write_text(f"kafka: {{bootstrap_servers: '{cluster.bootstrap}'}}\n")
    words = ["reference", "--config", str(config), "--topic", topic, "--out", str(out), "--no-scores", "--json"]
    shanghai = datetime.fromtimestamp(BEGIN + HOUR, timezone(timedelta(hours=8)))
    assert main([*words, "--from", utc(BEGIN - HOUR), "--to", shanghai.isoformat()]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["records"] == 360
    assert told["events_per_hour"] == pytest.approx(360.0, rel=0.01)
    found = load_references(out).models["loans"]
    assert set(found) == {"input.features.income", "input.features.channel", "output.decision", "output.score"}
    assert found["input.features.income"].total == 360
    assert max(edges(found["input.features.income"])) < 20.0
    # Without an end, to what is there now.
    assert main([*words, "--from", utc(BEGIN + HOUR)]) == 0
    assert json.loads(capsys.readouterr().out)["records"] == 360
    assert min(edges(load_references(out).models["loans"]["input.features.income"])) > 500.0
    # Kafka knows no time before 1970.
    assert main([*words, "--from", "0001-01-01"]) == 0
    assert json.loads(capsys.readouterr().out)["records"] == 720
    before = out.read_bytes()
    assert main([*words, "--from", utc(BEGIN - 2 * HOUR), "--to", utc(BEGIN - HOUR)]) == 1
    assert "no record of that time" in capsys.readouterr().err
    assert out.read_bytes() == before
    absent = ["reference", "--config", str(config), "--topic", "no-such-topic", "--out", str(out)]
    assert main(absent) == 2
    assert "does not exist" in capsys.readouterr().err


@pytest.mark.slow
async def test_a_broker_that_dies_is_not_the_end_of_a_range(kafka_cluster: Callable[..., BrokerCluster]) -> None:
    cluster = kafka_cluster()
    cluster.create_topic("t", 1)
    producer = Producer({"bootstrap.servers": cluster.bootstrap, "log_level": 0})
    for _ in range(1000):  # more than is fetched ahead
        producer.produce("t", b"x" * 20_000)
    assert producer.flush(30.0) == 0
    read = 0
    async with TopicRange(KafkaConfig(bootstrap_servers=cluster.bootstrap), "t", 1, None, None) as range_:
        with pytest.raises(TransportError, match="records cannot be read"):
            async for records in range_.records():
                if not read:
                    await asyncio.to_thread(cluster.kill_broker, 0)
                read += len(records)
    assert 0 < read < range_.total == 1000


def test_a_file_of_events_gives_scores_as_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, out, config = tmp_path / "events.jsonl", tmp_path / "reference.json", tmp_path / "harmwatch.yaml"
    lines = [*hours()[:60], event(0, income=1.0), event(1000, income=12.0, model="other"), b"no event"]
    file.write_bytes(b"\n".join(lines))
    config.write_text(
        f"scorers: {{pii: {{}}, toxicity: {{kind: ngrams}}}}\ndrift: {{enabled: true, reference: {out}, features: "
        f"[output.toxicity, output.pii.email, input.features.income], events_per_hour: 100}}\n"
    )
    # The configuration may name the reference that is still to be made.
    assert main(["reference", str(file), "--config", str(config), "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    # The first event came twice: it counts once.
    assert (told["records"], told["undecodable"], told["left_out"]) == (63, 1, 0)
    loans = {"output.toxicity": 60, "output.pii.email": 60, "input.features.income": 60}
    assert told["models"] == {"loans": loans, "other": dict.fromkeys(loans, 1)}
    references = load_references(out)
    assert references.find("loans", "output.toxicity") is not None
    assert references.find("loans", "output.pii.email") == NumberReference.of([0.0] * 60)
    assert references.find("nobody", "output.toxicity") is None
    assert b"idiot" not in out.read_bytes()


@pytest.mark.parametrize(
    ("words", "code", "complaint"),
    [
        ([], 2, "FILE of events or --topic"),
        (["x.jsonl", "--topic", "t"], 2, "FILE of events or --topic"),
        (["x.jsonl", "--from", "2026-01-01"], 2, "belong to --topic"),
        (["--topic", "t", "--from", "yesterday"], 2, "--from must be a time such as"),
        (["--topic", "t", "--from", "2026-01-02", "--to", "2026-01-01"], 2, "must be before"),
        (["/nowhere/x.jsonl", "--no-scores"], 2, "cannot be read"),
        (["/dev/null", "--no-scores"], 1, "holds no event"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(
    words: list[str], code: int, complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["reference", *words, "--out", str(tmp_path / "reference.json")]) == code
    assert complaint in capsys.readouterr().err


def test_events_without_anything_that_is_watched_make_no_reference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = tmp_path / "events.jsonl", tmp_path / "reference.json"
    file.write_bytes(b'{"id": "a", "model": "m", "output": {"text": "hello"}}\n')
    assert main(["reference", str(file), "--no-scores", "--out", str(out)]) == 1
    assert "leave out --no-scores" in capsys.readouterr().err
    assert not out.exists()


def test_records_that_all_cannot_be_decoded_are_said_to_be_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = tmp_path / "events.jsonl", tmp_path / "reference.json"
    file.write_bytes('{"id": "a", "model": "m", "output": {"text": "caf\u00e9"}}\n'.encode("latin-1"))
    assert main(["reference", str(file), "--out", str(out), "--no-scores"]) == 1
    assert "none of 1 records could be decoded, the first because of bad_utf8" in capsys.readouterr().err
    assert not out.exists()


def test_a_place_that_takes_no_reference_is_said_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for out in (".", str(tmp_path)):
        # That file would be missed first.
        assert main(["reference", "nowhere.jsonl", "--out", out]) == 2
        assert f"--out {out}: cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize("link", [False, True])
def test_the_events_are_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str], *, link: bool) -> None:
    events = tmp_path / "events.jsonl"
    events.write_bytes(b"\n".join(hours()))
    out = tmp_path / "link.jsonl" if link else events
    if link:
        out.symlink_to(events)
    assert main(["reference", str(events), "--out", str(out), "--no-scores"]) == 2
    assert "would be lost" in capsys.readouterr().err
    assert events.read_bytes() == b"\n".join(hours())
