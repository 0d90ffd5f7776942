"""Drift detectors fed by the pipeline: what is watched, under which names, and what is exposed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agent.clock import ManualClock
from agent.config import CoreConfig, validate
from agent.drift.watch import WatchPlan
from agent.errors import ConfigError
from agent.events import InferenceEvent, Payload
from agent.joining import Origin
from agent.metrics import Metrics, new_registry
from agent.pipeline import build_pipeline
from agent.pipeline.drifts import _of_vectors
from tests.builders import WordScorer, make_event

START = 1_700_000_000.0


class Bench:
    def __init__(self, **drift: Any) -> None:
        self.clock = ManualClock(START)
        self.metrics = Metrics(new_registry(), clock=self.clock)
        config = CoreConfig.model_validate({"drift": {"enabled": True, "first": 100, **drift}})
        self.pipeline = build_pipeline(config, metrics=self.metrics, clock=self.clock, scorers=[WordScorer()])
        self._offset = 0

    def take(self, events: list[InferenceEvent]) -> Bench:
        for event in events:
            self._offset += 1
            self.pipeline.submit(Origin("t", 0, self._offset), self.clock.now(), [event])
            self.pipeline.join(20.0)
        self.pipeline.keep_house()
        return self

    def features(self, name: str) -> set[str]:
        return {labels[2] for labels, number in self.metrics.rows(f"harmwatch_drift_{name}").items() if number}


def loans(scores: list[float], *, group: str = "female", first: int = 0, **over: Any) -> list[InferenceEvent]:
    return [
        make_event(
            inference_id=f"{group}-{first + number}",
            model="loans",
            time=START + first + number,
            input=Payload(features={"income": 1000.0 * score, "owner": score > 0.5, "branch": "north", "gap": None}),
            output=Payload(decision="approved" if score > 0.4 else "denied", score=score),
            attributes={"gender": group, "region": "north"},
            **over,
        )
        for number, score in enumerate(scores)
    ]


def drawn(seed: int, n: int, mean: float = 0.5) -> list[float]:
    return np.random.default_rng(seed).normal(mean, 0.1, n).tolist()


def test_scores_decisions_and_features_are_watched_by_name() -> None:
    bench = Bench().take(loans(drawn(0, 400)))
    assert bench.features("threshold") == {
        "output.score",
        "output.decision",
        "input.features.income",
        "input.features.owner",
        "input.features.branch",
    }
    detectors = {labels[1] for labels in bench.metrics.rows("harmwatch_drift_threshold")}
    assert detectors == {"cusum", "chi_square"}
    texts = Bench().take([make_event(inference_id=f"r-{number}") for number in range(101)])
    assert texts.features("threshold") == {"input.toxicity", "output.toxicity"}


def test_drift_is_counted_where_it_is_and_nowhere_else() -> None:
    bench = Bench(features=["output.*", "input.features.branch"]).take(loans(drawn(1, 600)))
    assert bench.features("detected_total") == set()
    bench.take(loans(drawn(2, 600, mean=0.3), first=600))
    assert bench.features("detected_total") == {"output.score", "output.decision"}
    statistic = bench.metrics.rows("harmwatch_drift_statistic")
    assert statistic["loans", "chi_square", "input.features.branch"] < 3.0


def test_groups_of_the_attributes_named_have_detectors_of_their_own() -> None:
    bench = Bench(features=["output.score"], attributes=["gender"])
    for seed, group in enumerate(("female", "male")):
        bench.take(loans(drawn(seed, 100), group=group))
    bench.take(loans(drawn(3, 300, mean=0.3), first=100))
    assert bench.features("threshold") == {
        "output.score",
        "output.score[gender=female]",
        "output.score[gender=male]",
    }
    assert bench.features("detected_total") == {"output.score", "output.score[gender=female]"}


def test_the_gauges_of_a_model_that_has_gone_stay_away() -> None:
    bench = Bench().take(loans(drawn(0, 400)))
    bench.pipeline.forget([("t", 0)])
    for _ in range(2):
        bench.pipeline.keep_house()
    assert bench.metrics.rows("harmwatch_drift_threshold") == {}


def test_a_reference_from_a_file_needs_no_learning(tmp_path: Path) -> None:
    path = tmp_path / "scores.jsonl"
    path.write_text("\n".join(f'{{"output.score": {score}}}' for score in drawn(5, 500)))
    options = {"reference": str(path), "features": ["output.score"], "first": 10_000}
    bench = Bench(events_per_hour=1000.0, **options).take(loans(drawn(6, 200, mean=0.3)))
    assert bench.features("detected_total") == {"output.score"}
    with pytest.raises(ConfigError, match="events_per_hour"):
        Bench(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reference": "/nowhere/reference.json", "events_per_hour": 1.0}, "cannot be read"),
    ],
)
def test_mistakes_are_said_at_the_start(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Bench(**options)


@pytest.mark.parametrize(
    ("drift", "message"),
    [
        ({"numbers": ["voodoo"]}, "drift.numbers.0: Input should be 'cusum', 'ks' or 'psi'"),
        ({"numbers": ["alibi_cvm"]}, "drift.numbers.0: Input should be 'cusum', 'ks' or 'psi'"),
        ({"categories": ["ks"]}, "drift.categories.0: Input should be 'chi_square' or 'fisher'"),
        ({"numbers": ["ks", "ks"]}, "drift.numbers: a name stands there twice"),
        (
            {"embeddings": {"encoder": "built_in", "detectors": ["alibi_mmd"] * 2}},
            "drift.embeddings.detectors: a name stands there twice",
        ),
        ({"embeddings": {"detectors": ["alibi_mmd"]}}, "drift.embeddings: .* set drift.embeddings.encoder"),
        ({"features": ["output.score"], "embeddings": {"encoder": "built_in"}}, "drift: .* features .* encoder"),
        (
            {"features": ["input.*"], "embeddings": {"encoder": "built_in", "directions": ["output"]}},
            "drift: .* features .* encoder",
        ),
        (
            {"features": ["output.embedding.*"], "embeddings": {"encoder": "built_in", "detectors": ["alibi_mmd"]}},
            "drift: .* features .* output.embedding, .* detectors",
        ),
    ],
)
def test_what_makes_no_sense_is_no_configuration(drift: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        validate(CoreConfig, {"drift": drift}, "harmwatch.yaml")


@pytest.mark.parametrize(
    ("drift", "directions"),
    [
        ({}, ["input", "output"]),
        ({"features": ["output.*"]}, ["output"]),
        ({"features": ["input.embedding.7"]}, ["input"]),
    ],
)
def test_texts_are_embedded_where_something_looks_at_their_vectors(
    drift: dict[str, Any], directions: list[str]
) -> None:
    config = CoreConfig.model_validate({"drift": {**drift, "embeddings": {"encoder": "built_in"}}})
    assert config.drift.embedded_directions == directions


@pytest.mark.parametrize(
    ("attributes", "most", "places"),
    [([], 8, 2), ([], 1, 1), (["gender"], 8, 8), (["gender"], 7, 6), (["gender"], 1, 1)],
)
def test_false_alarms_of_vectors_are_shared_out_among_series_that_can_be(
    attributes: list[str], most: int, places: int
) -> None:
    embeddings = {"encoder": "built_in", "detectors": ["alibi_mmd"], "max_series": most}
    config = CoreConfig.model_validate({"drift": {"attributes": attributes, "embeddings": embeddings}})
    assert _of_vectors(WatchPlan(components=16), config.drift).places == places


def test_who_has_no_place_is_counted_and_told_now_and_then(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench(features=["output.score"], attributes=["gender"], max_series=1, max_models=1).take(loans(drawn(0, 5)))
    bench.take([make_event(inference_id="x", model="other", output=Payload(score=0.5))])
    assert bench.metrics.rows("harmwatch_drift_not_watched_total") == {("models",): 1, ("series",): 5}
    assert [record.getMessage() for record in caplog.records if "not_watched" in record.message] == [
        "drift_not_watched models=[] series=['loans: output.score[gender=female]'] "
        "see=drift.features,drift.max_series,drift.max_models"
    ]
    bench.clock.advance(300.0)
    bench.pipeline.keep_house()
    assert "models=['other']" in caplog.records[-1].message


def test_nothing_is_watched_unless_asked_for() -> None:
    bench = Bench(enabled=False).take(loans(drawn(0, 400)))
    assert bench.metrics.rows("harmwatch_drift_threshold") == {}


def test_numbers_that_no_float_holds_are_taken_all_the_same() -> None:
    over = make_event(input=Payload(features={"n": 10**400}), output=None)
    events = [make_event(input=Payload(features={"n": float(n)}), output=None, inference_id=f"{n}") for n in range(100)]
    bench = Bench(features=["input.features.n"]).take([*events, over])
    assert bench.features("threshold") == {"input.features.n"}
