"""What is promised of verdicts, evidence and topics, held against what the code makes."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from agent.clock import ManualClock, SystemClock
from agent.config import CoreConfig
from agent.joining import Origin
from agent.metrics import Metrics, new_registry
from agent.pipeline import build_pipeline
from agent.scores import DIMENSIONS, verdict_id
from agent.scoring import SCORERS, load_scorer
from streams.config import TopicsConfig
from tests.builders import WordScorer, make_event


def verdicts_of(*events: object, scorer: WordScorer | None = None) -> list[dict[str, object]]:
    clock = SystemClock()
    pipeline = build_pipeline(
        CoreConfig(), metrics=Metrics(new_registry(), clock=clock), clock=clock, scorers=[scorer or WordScorer()]
    )
    pipeline.warm_up()
    for offset, event in enumerate(events):
        pipeline.submit(Origin("t", 0, offset), 0.0, [event])  # type: ignore[list-item]
    pipeline.close()
    outcomes = pipeline.join(10.0)
    pipeline.terminate()
    return [json.loads(msgspec.json.encode(verdict)) for outcome in outcomes for verdict in outcome.verdicts]


def test_topic_names() -> None:
    topics = TopicsConfig()
    assert (topics.events, topics.labels) == (("inference.events",), "inference.labels")
    assert (topics.verdicts, topics.evidence, topics.panes, topics.dlq) == (
        "harm.verdicts",
        "harm.evidence",
        "harm.panes",
        "harm.dlq",
    )


def test_a_verdict_has_the_fields_of_the_contract() -> None:
    verdict = verdicts_of(make_event(answer="an awful answer"))[1]
    assert set(verdict) >= {
        "id",
        "inference_id",
        "source",
        "model",
        "direction",
        "time",
        "scored_at",
        "scores",
        "findings",
        "missing",
        "weight",
        "scorers",
        "truncated",
    }
    assert verdict["time"] == "2023-11-14T22:13:20.000Z"
    assert (verdict["scores"], verdict["scorers"]) == ({"words": 1.0}, {"words": "test@1"})
    assert verdict["findings"] == [
        {
            "category": "toxicity",
            "dimension": "output",
            "score": 1.0,
            "threshold": 0.5,
            "leaked": None,
            "spans": [{"start": 3, "end": 8, "type": "TOXICITY"}],
            "explanation": "",
            "action": "flag",
        }
    ]
    assert verdict["action"] == "flag"
    assert (verdict["missing"], verdict["weight"], verdict["truncated"]) == ([], 1.0, False)


def test_one_verdict_for_each_direction_that_the_event_carries() -> None:
    found = verdicts_of(make_event(), make_event(text=None, inference_id="r-2"))
    assert [(verdict["inference_id"], verdict["direction"]) for verdict in found] == [
        ("r-1", "input"),
        ("r-1", "output"),
        ("r-2", "output"),
    ]


def test_ids_are_deterministic_and_do_not_run_together() -> None:
    assert verdict_id("a", "bc", "input") == verdict_id("a", "bc", "input")
    assert len({verdict_id("a", "bc", "input"), verdict_id("ab", "c", "input"), verdict_id("a", "bc", "output")}) == 3


def test_redacted_texts_are_missing_and_not_harmless() -> None:
    verdict = verdicts_of(make_event(redacted=True, answer="redacted-by-gateway"))[1]
    assert verdict["scores"] == {}
    assert verdict["missing"] == [{"scorer": "words", "reason": "redacted"}]


def test_every_scorer_gives_only_the_four_dimensions() -> None:
    options: dict[str, dict[str, Any]] = {
        "canary": {"file": "/nowhere"},
        "detoxify": {"checkpoint": "/nowhere"},
        "transformers": {"model": "/nowhere", "labels": {"toxic": "toxicity"}},
    }
    for name in SCORERS:
        scorer = load_scorer(name, options.get(name, {}))
        assert set(scorer.categories.values()) <= set(DIMENSIONS)
        family = {"groundedness": "misleading", "canary": "pii"}.get(name, name)
        assert all(category == family or category.startswith(f"{family}.") for category in scorer.categories)


def test_pii_categories_are_those_of_the_contract() -> None:
    contract = {"name", "email", "phone", "national_id", "card", "bank_account", "address", "ip", "im_account"}
    contract |= {"licence_id", "medical_id", "plate", "secret"}
    contract |= {"date_of_birth"}  # an addition to the first contract
    assert {category.removeprefix("pii.") for category in load_scorer("pii", {}).categories} <= contract


def test_manual_clock_never_goes_back() -> None:
    clock = ManualClock(10.0)
    clock.advance(2.5)
    assert (clock.now(), clock.monotonic()) == (12.5, 2.5)
