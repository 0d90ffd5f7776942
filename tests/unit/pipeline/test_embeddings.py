"""Embeddings through the pipeline: who is in the sample, what becomes of vectors, and what does not change."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from random import Random
from typing import Any

import numpy as np
import pytest

from agent.clock import ManualClock
from agent.config import CoreConfig
from agent.errors import ConfigError
from agent.events import InferenceEvent, Payload, TextPart
from agent.joining import JoinedCall, Origin
from agent.metrics import Metrics, new_registry
from agent.overload.inclusion import EMBEDDED, Lots
from agent.pipeline import RecordOutcome, build_pipeline
from agent.pipeline.build import watched_features
from agent.pipeline.embeddings import MOST_TEXTS, EmbeddingSample, vector_of
from agent.pipeline.pending import Half
from agent.pipeline.reference_collector import ReferenceCollector
from agent.scores import MissingScore
from agent.scoring.embedding import EmbeddedText
from tests.bench.topics import question
from tests.builders import WordScorer, make_event

START = 1_700_000_000.0
ALL = {"encoder": "built_in", "share": 1.0}
LOTS = Lots(b"k" * 32, EMBEDDED)


class Bench:
    """A pipeline with drift; events come a second apart."""

    def __init__(self, embeddings: dict[str, Any], over: dict[str, Any] | None = None, **options: Any) -> None:
        self.clock = ManualClock(START)
        self.metrics = Metrics(new_registry(), clock=self.clock)
        drift = {"enabled": True, "first": 100, "embeddings": embeddings, **options.pop("drift", {})}
        self.config = CoreConfig.model_validate({"drift": drift, **(over or {})})
        self.pipeline = build_pipeline(
            self.config, metrics=self.metrics, clock=self.clock, scorers=[WordScorer()], **options
        )
        self._offset = 0

    def take(self, events: Sequence[InferenceEvent], at_once: int = 64) -> list[RecordOutcome]:
        outcomes: list[RecordOutcome] = []
        for begin in range(0, len(events), at_once):
            for event in events[begin : begin + at_once]:
                self._offset += 1
                self.pipeline.submit(Origin("t", 0, self._offset), START + self._offset, [event])
            outcomes += self.pipeline.join(60.0)
        self.pipeline.keep_house()
        return outcomes

    def features(self, name: str) -> set[str]:
        return {labels[2] for labels, number in self.metrics.rows(f"harmwatch_drift_{name}").items() if number}

    def missing(self, scorer: str) -> dict[str, float]:
        rows = self.metrics.rows("harmwatch_missing_scores_total").items()
        return {labels[1]: number for labels, number in rows if labels[0] == scorer and number}


def asked(topics: Sequence[str], n: int, *, first: int = 0, language: str = "en", **over: Any) -> list[InferenceEvent]:
    draw = Random(first)
    return [
        make_event(
            inference_id=f"{language}-{first + place}",
            text=question(draw, language, draw.choice(topics)),
            answer=None,
            time=START + first + place,
            **over,
        )
        for place in range(n)
    ]


def half_of(event: InferenceEvent, direction: Any = "input", *, recalled: bool = False) -> Half:
    return Half(event, direction, JoinedCall.first(event, 0.0, 0.0), 0.0, recalled=recalled)


def test_the_sample_is_a_share_of_the_calls_and_the_same_for_both_halves() -> None:
    sample = EmbeddingSample(0.05, ("input", "output"), LOTS)
    chosen = []
    for number in range(4_000):
        event = make_event(inference_id=f"call {number}")
        halves = [sample.first_text(half_of(event, direction), behind=False) for direction in ("input", "output")]
        assert halves[0] == halves[1]
        chosen.append(halves[0] == 0)
    assert sum(chosen) == pytest.approx(200, abs=45)
    again = EmbeddingSample(0.05, ("input",), LOTS)
    assert [again.first_text(half_of(make_event(inference_id=f"call {n}")), behind=False) == 0 for n in range(500)] == (
        chosen[:500]
    )
    larger = EmbeddingSample(0.2, ("input",), LOTS)
    for number in range(500):
        if chosen[number]:
            assert larger.first_text(half_of(make_event(inference_id=f"call {number}")), behind=False) == 0


def test_nobody_without_the_key_chooses_ids_that_are_embedded_or_are_not() -> None:
    """By a digest that everybody can make a sender had all of its texts embedded, twenty times what was planned for."""

    def digest(number: int) -> int:
        name = f"call {number}".encode()
        return int.from_bytes(blake2b(name, digest_size=8, person=b"hw embedding").digest(), "big")

    picked = [number for number in range(40_000) if digest(number) < 0.05 * 2**64]
    sample = EmbeddingSample(0.05, ("input",), LOTS)
    embedded = [sample.first_text(half_of(make_event(inference_id=f"call {n}")), behind=False) == 0 for n in picked]
    assert sum(embedded) == pytest.approx(0.05 * len(picked), abs=45)


def test_what_is_not_embedded() -> None:
    told: list[int] = []
    sample = EmbeddingSample(1.0, ("output",), LOTS, lambda: told.append(1))
    event = make_event()
    assert sample.first_text(half_of(event, "output"), behind=False) == 0
    assert sample.first_text(half_of(event, "input"), behind=False) == 1
    assert sample.first_text(half_of(event, "output", recalled=True), behind=False) == 1
    assert not told
    assert sample.first_text(half_of(event, "output"), behind=True) == 1
    assert told == [1]
    turns = Payload(texts=tuple(TextPart(f"turn {number}", "assistant") for number in range(9)))
    assert sample.first_text(half_of(make_event(output=turns), "output"), behind=False) == 9 - MOST_TEXTS


def test_the_vector_of_several_texts_is_their_mean_and_a_missing_one_is_counted() -> None:
    texts = Payload(texts=tuple(TextPart(f"turn {number}", "user") for number in range(3)))
    half = half_of(make_event(input=texts))
    told: list[tuple[str, str]] = []

    def missed(scorer: str, reason: str) -> None:
        told.append((scorer, reason))

    assert vector_of(half, missed) is None
    first, second = np.float32([1.0, 0.0]), np.float32([0.0, 1.0])
    half.answers = [{}, {"embedding": EmbeddedText({}, vector=first)}, {"embedding": EmbeddedText({}, vector=second)}]
    np.testing.assert_allclose(vector_of(half, missed), [0.5**0.5, 0.5**0.5], rtol=1e-6)
    half.answers[1] = {"embedding": EmbeddedText({})}
    np.testing.assert_array_equal(vector_of(half, missed), second)
    assert told == []
    half.answers[1] = {"embedding": MissingScore("embedding", "deadline")}
    assert vector_of(half, missed) is None
    assert told == [("embedding", "deadline")]


def test_components_are_features_of_their_own_and_of_groups() -> None:
    bench = Bench({**ALL, "components": 2, "directions": ["input"]}, drift={"attributes": ["gender"]})
    bench.take(asked(["banking"], 101, attributes={"gender": "female"}))
    names = {"input.embedding.0", "input.embedding.1"}
    assert bench.features("threshold") == {
        "input.toxicity",
        "input.toxicity[gender=female]",
        *names,
        *(f"{name}[gender=female]" for name in names),
    }
    assert bench.missing("embedding") == {}
    counted = bench.pipeline.windows.totals("chat")["drift"]
    assert names < counted.keys()
    assert set(counted["input.embedding.0"]["by"]["gender"]) == {"female"}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_another_topic_is_found_and_the_same_one_is_not(language: str) -> None:
    bench = Bench({**ALL, "directions": ["input"]}, drift={"first": 200, "events_per_hour": 100.0})
    bench.take(asked(["banking", "travel"], 400, language=language))
    assert bench.features("detected_total") == set()
    bench.take(asked(["cooking"], 120, first=400, language=language))
    found = bench.features("detected_total")
    assert found and all(name.startswith("input.embedding.") for name in found)
    bench.pipeline.terminate()


def test_it_changes_no_verdict_and_is_off_unless_asked_for() -> None:
    told = []
    events = [make_event(inference_id=f"r-{n}", text=f"awful {n}", answer="x" * n) for n in range(100)]
    for embeddings in ({}, ALL):
        bench = Bench(embeddings)
        outcomes = bench.take(events)
        told.append([(o.origin, [(v.id, v.scores, v.findings, v.missing) for v in o.verdicts]) for o in outcomes])
        assert any("embedding" in name for name in bench.features("threshold")) == bool(embeddings)
    assert told[0] == told[1]
    assert len(told[0]) == 100
    off = Bench(ALL, drift={"enabled": False})
    off.take(events[:3])
    assert ("embedding", "busy") not in off.metrics.rows("harmwatch_missing_scores_total")


def test_a_pipeline_that_is_behind_leaves_them_out_and_counts_them() -> None:
    bench = Bench(ALL, max_records=100)
    bench.take(asked(["banking"], 100), at_once=100)
    # The record that fills half of the places is the last one of which texts are embedded.
    assert bench.missing("embedding") == {"busy": 49.0}
    bench.take(asked(["banking"], 100, first=100), at_once=40)
    assert bench.missing("embedding") == {"busy": 49.0}


def test_a_reference_holds_them_and_leaves_none_out() -> None:
    config = CoreConfig.model_validate({"drift": {"embeddings": {**ALL, "components": 1}}})
    collector = ReferenceCollector(watched_features(config, [WordScorer()]))
    bench = Bench({**ALL, "components": 1}, drift={"enabled": False}, watcher=collector, max_records=60)
    bench.take(asked(["banking"], 60), at_once=60)
    assert collector.values["chat"]["input.embedding.0"] == 60
    assert collector.references().find("chat", "input.embedding.0") is not None


@pytest.mark.parametrize(
    ("embeddings", "message"),
    [
        ({"encoder": "/nowhere/at/all"}, "^drift.embeddings.encoder: /nowhere/at/all is no directory"),
        ({"encoder": "built-in"}, "^drift.embeddings.encoder: built-in is no directory"),
    ],
)
def test_mistakes_are_said_at_the_start(embeddings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Bench(embeddings)


@pytest.mark.parametrize(
    "embeddings", [{"share": 0.0}, {"share": 1e-7}, {"share": 1.5}, {"detectors": ["cusum"]}, {"components": 99}]
)
def test_values_out_of_range_are_no_configuration(embeddings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(embeddings))):
        CoreConfig.model_validate({"drift": {"embeddings": embeddings}})


@pytest.mark.layer("drift")
@pytest.mark.slow
def test_vectors_reach_alibi_detects_detector_and_nobody_waits_for_it() -> None:
    bench = Bench(
        {**ALL, "components": 1, "detectors": ["alibi_mmd"], "directions": ["input"], "max_series": 1},
        drift={"first": 200, "ert_hours": 0.001, "events_per_hour": 1_000.0},
    )
    try:
        bench.take(asked(["banking", "travel"], 260))
        # All were judged while the detector was not there yet.
        assert "alibi_mmd" not in {labels[1] for labels in bench.metrics.rows("harmwatch_drift_threshold")}
        bench.take(asked(["cooking"], 80, first=300))
        assert bench.pipeline._drifts._vectors.join(300.0)  # type: ignore[union-attr]
        bench.pipeline.keep_house()
        assert bench.metrics.rows("harmwatch_drift_detected_total")["chat", "alibi_mmd", "input.embedding"] >= 1
        assert ("chat", "alibi_mmd", "input.embedding") in bench.metrics.rows("harmwatch_drift_threshold")
        assert bench.missing("embedding_detectors") == {}
    finally:
        bench.pipeline.terminate()
