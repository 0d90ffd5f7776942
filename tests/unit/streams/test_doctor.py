"""What doctor says without a broker."""

from __future__ import annotations

from typing import Any

import pytest
from kafka.errors import TopicAuthorizationFailedError

from streams.commands.doctor import Check, _cascades, _drift, _evidence, _room, _said_once, _scorers, _unjudged
from streams.config import WorkerConfig


def config(**drift: Any) -> WorkerConfig:
    return WorkerConfig.model_validate({"topics": {"events": ["e"]}, "drift": drift})


@pytest.mark.parametrize(
    ("drift", "said"),
    [
        ({"enabled": True}, []),
        ({"enabled": True, "attributes": ["gender"]}, []),
        ({"enabled": True, "attributes": ["gender"], "max_series": 64}, ["64 places, 120 needed"]),
        ({"enabled": True, "attributes": ["gender"], "max_series": 120}, []),
        ({"enabled": True, "features": ["output.score"], "attributes": ["gender"]}, []),
        ({"enabled": True, "max_series": 9}, ["40 scores and decisions, 9 places"]),
        (
            {"enabled": True, "attributes": ["gender"], "max_series": 152, "embeddings": {"encoder": "built_in"}},
            [],
        ),
        (
            {"enabled": True, "attributes": ["gender"], "max_series": 151, "embeddings": {"encoder": "built_in"}},
            ["151 places, 152 needed"],
        ),
        (
            {
                "enabled": True,
                "attributes": ["gender", "age"],
                "max_series": 500,
                "embeddings": {"encoder": "built_in", "detectors": ["alibi_mmd"]},
            },
            ["8 places for vectors, 10 needed"],
        ),
        ({"embeddings": {"encoder": "built_in"}}, ["drift.embeddings.encoder is set, but drift.enabled is false"]),
    ],
)
def test_what_a_worker_would_not_complain_about(drift: dict[str, Any], said: list[str]) -> None:
    checks = _drift(config(**drift))
    assert [check.outcome for check in checks] == ["warning"] * len(said)
    assert all(check.found.startswith(start) and check.mend for check, start in zip(checks, said, strict=True))


class Admin:
    """Answers as kafka-python's admin client does."""

    def __init__(self, value: str | None) -> None:
        self._value = value

    def describe_configs(self, resources: list[Any], config_filter: str) -> dict[Any, Any]:
        if self._value is None:
            raise TopicAuthorizationFailedError
        return {"topic": {resource.name: {"max.message.bytes": {"value": self._value}} for resource in resources}}


@pytest.mark.parametrize(("value", "warns"), [("1048588", True), ("4194304", False), (None, False), ("", False)])
def test_a_topic_of_panes_that_takes_little_is_warned_of(value: str | None, warns: bool) -> None:
    checks = _room(config(), Admin(value), {"harm.panes": 3})
    assert [check.outcome for check in checks] == ["warning"] * warns
    assert _room(config(), Admin("1"), {}) == []


def test_a_failure_is_said_once() -> None:
    told = [Check("worker", "failed", "a"), Check("scorer pii", "failed", "a"), Check("web port", "ok", "a")]
    assert _said_once(told) == told[1:]
    assert _said_once([told[0], told[2]]) == [told[0], told[2]]


def test_the_encoder_that_is_missing_is_named_with_what_to_do() -> None:
    made = config(enabled=True, embeddings={"encoder": "/nowhere"})
    made = made.model_copy(update={"scorers": {"pii": made.scorers["pii"]}})
    (failed,) = (check for check in _scorers(made) if check.outcome == "failed")
    assert failed.found.startswith("drift.embeddings.encoder: /nowhere")
    assert failed.mend == "correct it, or leave out drift.embeddings"


@pytest.mark.parametrize(
    ("evidence", "campaigns", "words"),
    [
        ({}, True, ["hashes", "campaign"]),
        ({"enabled": False}, True, ["campaign"]),
        ({}, False, ["hashes"]),
        ({"enabled": False}, False, []),
        ({"hash_key": "a key that all workers have"}, True, []),
    ],
)
def test_what_a_missing_hash_key_costs_is_said(evidence: dict[str, Any], campaigns: bool, words: list[str]) -> None:
    plain = {"topics": {"events": ["e"]}, "evidence": evidence, "campaigns": {"enabled": campaigns}}
    (check,) = _evidence(WorkerConfig.model_validate(plain))
    assert check.outcome == ("warning" if words else "ok")
    assert [word for word in ("hashes", "campaign") if word in check.found] == words


def test_a_kind_that_judges_something_else_than_its_slot_is_named() -> None:
    plain = {"topics": {"events": ["e"]}, "scorers": {"adversarial": {"kind": "encoder"}}}
    (check,) = [check for check in _scorers(WorkerConfig.model_validate(plain)) if check.outcome != "ok"]
    assert (check.name, check.outcome) == ("scorer adversarial", "failed")
    assert "the kind encoder judges the dimension output, and adversarial would not be measured" in check.found


@pytest.mark.parametrize(
    ("scorers", "missing"),
    [({}, []), ({"toxicity": {"enabled": False}}, []), ({"adversarial": {"enabled": False}}, ["adversarial"])],
)
def test_a_dimension_that_nothing_judges_is_told(scorers: dict[str, Any], missing: list[str]) -> None:
    """Without toxicity it is groundedness that judges outputs."""
    found = _unjudged(WorkerConfig.model_validate({"topics": {"events": ["e"]}, "scorers": scorers}))
    assert [check.found.partition(":")[0] for check in found] == [f"none judges {name}" for name in missing]


def cascaded(**section: Any) -> WorkerConfig:
    scorers = {"toxicity": {"cascade": {"screen": "ngrams", **section}}}
    return WorkerConfig.model_validate({"topics": {"events": ["e"]}, "scorers": scorers})


def test_a_cascade_is_shown_and_an_audit_that_can_tell_nothing_is_warned_of() -> None:
    (check,) = _cascades(cascaded())
    assert (check.name, check.outcome, check.mend) == ("cascade toxicity", "ok", "")
    assert check.found == (
        "ngrams screens, from 0.3 on is suspicious, 0.05 of the other calls are audited: "
        "180 an hour at one call a second"
    )
    (check,) = _cascades(cascaded(audit_share=0.01))
    assert check.outcome == "warning"
    assert check.mend.startswith("set scorers.toxicity.cascade.audit_share to 0.029 or more")
    assert _cascades(config()) == []


@pytest.mark.parametrize(
    "sections", [{"overload": {"lag_budget_seconds": 60}}, {"scorers": {"toxicity": {"cascade": {"screen": "ngrams"}}}}]
)
def test_lots_without_a_key_that_all_workers_share_are_warned_of(sections: dict[str, Any]) -> None:
    said = "each worker draws its own lots: halves of a call on different workers may part"
    plain = {"topics": {"events": ["e"]}}
    (check,) = _evidence(WorkerConfig.model_validate(plain | sections))
    assert check.outcome == "warning" and said in check.found
    (check,) = _evidence(WorkerConfig.model_validate(plain))
    assert said not in check.found
    (check,) = _evidence(WorkerConfig.model_validate(plain | sections | {"evidence": {"hash_key": "k" * 32}}))
    assert check.outcome == "ok"
