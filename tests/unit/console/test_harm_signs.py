"""Signs of harm: over the limits of the alert rules by more than chance, and not below."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec import structs

from agent.quality.marks import LEAST_MARKS
from agent.windows.base import Component, FinishContext, Observation
from agent.windows.disparity import AttributeMeasurement, BiasMeasurement, Disparity
from agent.windows.engine import Reading
from agent.windows.harm import HarmAggregator, HarmMeasurement
from streams.console import limits
from streams.console.findings import RecentFindings
from streams.console.harm_signs import harm_signs, leaked_signs
from tests.unit.console.console_builders import finding, outcome

ROOT = Path(__file__).parents[3]
RULES = ROOT / "deploy" / "prometheus" / "rules"
TIME = 1_795_428_000.0  # 2026-11-23T10:00:00Z, of console_builders.outcome


def expressions(file: str, key: str) -> dict[str, str]:
    groups = yaml.safe_load((RULES / file).read_text(encoding="utf-8"))["groups"]
    return {rule[key]: rule["expr"] for group in groups for rule in group["rules"] if key in rule}


def numbers(pattern: str, text: str) -> set[float]:
    return {float(found) for found in re.findall(pattern, text)}


def test_the_limits_are_those_of_the_rules() -> None:
    groups = yaml.safe_load((RULES / "budgets.yaml").read_text(encoding="utf-8"))["groups"]
    budgets = {rule["labels"]["dimension"]: rule["expr"] for group in groups for rule in group["rules"]}
    assert {name: f"vector({limit:g})" for name, limit in limits.BUDGETS.items()} == budgets
    harm = expressions("harm.yaml", "alert")
    for alert in ("HarmSpike", "HarmBudgetBurnFast"):
        pattern = r"(?:harmful_events:(?:increase|effective)\S*|scored_events:effective) >= ([\d.]+)"
        assert numbers(pattern, harm[alert]) == {limits.HARMFUL_LEAST}
    attacks = expressions("adversarial.yaml", "alert")
    assert numbers(r"> (0[\d.]+)", attacks["AdversarialAttempts"]) == {limits.ATTEMPTS_SHARE}
    assert numbers(r"attacked_events:increase\S* >= ([\d.]+)", attacks["AdversarialAttempts"]) == {
        limits.ATTEMPTS_LEAST
    }
    assert numbers(r"> (0[\d.]+)", attacks["AdversarialSucceeded"]) == {limits.SUCCEEDED_SHARE}
    least = numbers(r"findings:effective\{[^}]*\} >= ([\d.]+)", attacks["AdversarialSucceeded"])
    assert least == {limits.SUCCEEDED_LEAST, limits.LEAKS_LEAST}
    bias = expressions("bias.yaml", "alert")["GroupDisparity"]
    assert numbers(r"\) > ([\d.]+)", bias) == {limits.DIFFERENCE}
    assert numbers(r"< ([\d.]+)", bias) == {limits.RATIO}
    marks = expressions("pipeline.yaml", "record")["dimension_category:harmwatch_feedback_precision:ratio"]
    assert numbers(r">= ([\d.]+)", marks) == {LEAST_MARKS}


def test_every_sign_has_its_words_in_both_languages() -> None:
    sources = "".join(
        (ROOT / "streams" / "console" / name).read_text(encoding="utf-8")
        for name in ("signs.py", "harm_signs.py", "detail.py")
    )
    kinds = set(re.findall(r'(?:Sign\(\s*sign=|told\(|_reached\(metrics, )"(\w+)"', sources))
    kinds |= {"critical", "leaked", "unknown_origin"}
    assert {"harm", "leaks", "broker", "backlog", "drift", "campaign"} <= kinds
    words = json.loads((ROOT / "streams" / "static" / "messages.json").read_text(encoding="utf-8"))
    for language in ("en", "zh"):
        told = {name for name in words[language] if name.startswith("sign_")}
        assert {f"sign_{kind}{rest}" for kind in kinds for rest in ("", "_says")} <= told


def harm(events: int = 600, *, dimension: str = "", harmful: int = 0, leaks: int = 0, **categories: int) -> Any:
    aggregator = HarmAggregator()
    state = aggregator.empty()
    measured = aggregator.finish(state, None)  # type: ignore[arg-type]
    shares = {name: harmful if name == dimension else 0 for name in ("output", "privacy", "adversarial")}
    parts = tuple(
        Component(name, number / events, 0.0, 1.0, float(events), events >= 30) for name, number in shares.items()
    )
    fields = {name: getattr(measured, name) for name in measured.__struct_fields__}
    found = {f"adversarial.{name}": float(number) for name, number in categories.items()}
    return HarmMeasurement(
        **fields
        | {
            "events": float(events),
            "components": parts,
            "leaks": float(leaks),
            "scored": {"output": float(events)},
            "scored_dimensions": {"privacy": float(events), "adversarial": float(events)},
            "categories": {"output": found},
        }
    )


def signs(*measurements: Any, bias: Any = None) -> list[tuple[str, str, str]]:
    readings = [
        Reading("chat", 60.0 * 5**number, {"harm": one, "bias": bias}) for number, one in enumerate(measurements)
    ]
    return [(one["sign"], one["tone"], one["detail"]) for one in harm_signs(readings)]


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        ({}, []),
        # A quarter of all answers, and of the same size in either direction; just over a budget by chance.
        ({"dimension": "output", "harmful": 150}, [("harm", "bad", "output")]),
        ({"dimension": "output", "harmful": 6}, []),
        ({"dimension": "output", "harmful": 9, "events": 30}, []),
        ({"dimension": "output", "harmful": 10, "events": 29}, []),
        ({"dimension": "output", "harmful": 10, "events": 30}, [("harm", "bad", "output")]),
        ({"dimension": "privacy", "harmful": 150}, [("harm", "warn", "privacy")]),
        ({"dimension": "privacy", "harmful": 150, "leaks": 150}, [("leaks", "bad", "privacy")]),
        ({"dimension": "privacy", "harmful": 15, "leaks": 15}, []),
        ({"dimension": "adversarial", "harmful": 60}, [("attempts", "warn", "adversarial")]),
        ({"dimension": "adversarial", "harmful": 31}, []),
        ({"succeeded": 60}, [("succeeded", "bad", "adversarial.succeeded")]),
        ({"succeeded": 4, "events": 40}, []),
        ({"succeeded": 20}, []),
        ({"leak": 3}, [("instructions", "bad", "adversarial.leak")]),
        ({"leak": 2}, []),
    ],
)
def test_shares_over_their_limits(measured: dict[str, Any], expected: list[tuple[str, str, str]]) -> None:
    assert signs(harm(**measured)) == expected


def test_of_several_windows_the_one_that_is_surest_speaks() -> None:
    readings = [
        Reading("chat", 60.0, {"harm": harm(60, dimension="output", harmful=30)}),
        Reading("chat", 300.0, {"harm": harm(3000, dimension="output", harmful=30)}),
    ]
    (sign,) = harm_signs(readings)
    assert (sign["window"], sign["value"], sign["limit"], sign["number"]) == ("1m", 0.5, 0.005, 30)
    assert 0.36 < sign["lower"] < 0.37  # one window alone: 0.377


def sampled(events: int, harmful: int, weight: float, **over: Any) -> HarmMeasurement:
    """Of so many events that were drawn and scored, each of which stands for ``weight``."""
    aggregator = HarmAggregator()
    state = aggregator.empty()
    for number in range(events):
        found: Any = over if number < harmful else {}
        aggregator.add(state, Observation(model="chat", time=0.0, weight=weight, directions=("output",), **found))
    return aggregator.finish(state, FinishContext("chat"))


@pytest.mark.parametrize("weight", [1.0, 5.0, 50.0])
@pytest.mark.parametrize(
    ("over", "sign", "few", "many"),
    [
        ({"dimensions": ("output",)}, "harm", 3, 12),
        ({"leaked": True}, "leaks", 8, 20),
        ({"dimensions": ("adversarial",)}, "attempts", 18, 40),
        ({"categories": (("output", "adversarial.succeeded"),)}, "succeeded", 5, 20),
    ],
)
def test_a_sample_says_the_same_as_as_many_events_that_are_all(
    over: Any, sign: str, few: int, many: int, weight: float
) -> None:
    def told(harmful: int) -> list[Any]:
        reading = Reading("chat", 60.0, {"harm": sampled(300, harmful, weight, **over)})
        return [(one["sign"], one["number"], pytest.approx(one["value"])) for one in harm_signs([reading])]

    assert told(few) == []
    assert told(many) == [(sign, many, many / 300)]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        # (weight, how many) of outputs that told instructions, beside many events that count once.
        ([(50.0, 1)], None),
        ([(20.0, 2)], None),
        ([(20.0, 3)], 3),
        ([(1.0, 3)], 3),
        ([(1.0, 2)], None),
    ],
)
def test_instructions_that_were_told_count_as_often_as_it_was_seen(
    found: list[tuple[float, int]], expected: int | None
) -> None:
    aggregator = HarmAggregator()
    state = aggregator.empty()
    quiet = Observation(model="chat", time=0.0, directions=("output",))
    told = Observation(
        model="chat", time=0.0, directions=("output",), dimensions=("adversarial",),
        categories=(("output", "adversarial.leak"),),
    )  # fmt: skip
    for observation, number in [
        (quiet, 600),
        *((structs.replace(told, weight=weight), many) for weight, many in found),
    ]:
        for _ in range(number):
            aggregator.add(state, observation)
    reading = Reading("chat", 60.0, {"harm": aggregator.finish(state, FinishContext("chat"))})
    numbers = [one["number"] for one in harm_signs([reading]) if one["sign"] == "instructions"]
    assert numbers == ([] if expected is None else [expected])


def test_leaks_at_their_budget_are_a_sign_as_rarely_as_promised_when_weights_differ() -> None:
    """Half of the events count twenty, and one of fifty leaks: at the budget, not over it."""
    generator = random.Random(8)
    looks, signs_seen = 300, 0
    for _ in range(looks):
        aggregator = HarmAggregator()
        state = aggregator.empty()
        for number in range(800):
            leaked = generator.random() < limits.BUDGETS["privacy"]
            aggregator.add(
                state,
                Observation(
                    model="chat", time=0.0, weight=20.0 if number % 2 else 1.0, directions=("output",),
                    dimensions=("privacy",) if leaked else (), leaked=leaked,
                ),
            )  # fmt: skip
        reading = Reading("chat", 60.0, {"harm": aggregator.finish(state, FinishContext("chat"))})
        signs_seen += any(one["sign"] == "leaks" for one in harm_signs([reading]))
    # Promised: 2.5 %. As sums of weights it was 30 %.
    assert signs_seen / looks < 0.06


def disparity(measure: str, value: float, lower: float, upper: float) -> Disparity:
    return Disparity(measure, value, lower, upper, "male", "female", 1)


@pytest.mark.parametrize(
    ("disparities", "expected"),
    [
        ([disparity("spd", 0.67, 0.6, 0.7)], "gender: female / male (spd)"),
        ([disparity("dir", 0.3, 0.2, 0.4)], "gender: female / male (dir)"),
        ([disparity("spd", 0.15, 0.11, 0.3), disparity("dir", 0.3, 0.2, 0.4)], "gender: female / male (dir)"),
        ([disparity("spd", 0.3, 0.09, 0.5), disparity("dir", 0.7, 0.5, 0.81)], ""),
        ([disparity("mean_gap", 9.0, 8.0, 10.0)], ""),
    ],
)
def test_disparities_by_the_bound_that_is_nearer_to_parity(disparities: list[Disparity], expected: str) -> None:
    attributes = (AttributeMeasurement("gender", (), tuple(disparities)),)
    bias = BiasMeasurement(Component("bias", 0.0, 0.0, 0.0, 0.0, False), attributes, {})
    found = signs(harm(), bias=bias)
    assert [detail for _, _, detail in found] == [expected] * bool(expected)


def test_a_secret_that_was_told_is_a_sign_at_once_and_for_a_while() -> None:
    recent = RecentFindings()
    recent.take(outcome("echo", finding("pii.secret", leaked=False)))
    recent.take(outcome("plain", finding("pii.email", leaked=True)))
    assert list(leaked_signs(recent, 0.0)) == []
    for number in range(3):
        recent.take(outcome(f"leak-{number}", finding("pii.secret", leaked=True)))
    recent.take(outcome("canary", finding("pii.canary", severity="critical", leaked=True), model="two"))
    assert [(one["sign"], one["model"], one["detail"]) for one in leaked_signs(recent, TIME)] == [
        ("critical", "two", "pii.canary"),
        ("leaked", "chat", "pii.secret"),
    ]
    assert list(leaked_signs(recent, TIME + 1.0)) == []


def test_the_page_says_that_a_restart_forgets_findings_and_the_signs_of_told_secrets() -> None:
    words = json.loads((ROOT / "streams" / "static" / "messages.json").read_text(encoding="utf-8"))
    for language, since, forgets in (("en", "since it started", "a restart forgets"), ("zh", "启动起", "重启后即遗忘")):
        assert since in words[language]["recent_hint"] and forgets in words[language]["recent_hint"]
        assert forgets in words[language]["mark_gone"]
    page = (ROOT / "docs" / "console.md").read_text(encoding="utf-8")
    (row,) = [line for line in page.splitlines() if line.startswith("| `critical`, `leaked` |")]
    assert "since this worker started" in row
    assert "A restart" in page.partition("## Memory")[2].partition("\n## ")[0]


def test_a_secret_that_was_perhaps_only_repeated_is_told_apart() -> None:
    recent = RecentFindings()

    def told() -> list[tuple[str, str, str]]:
        return [(one["sign"], one["tone"], one["model"]) for one in leaked_signs(recent, TIME)]

    recent.take(outcome("unseen", finding("pii.secret", leaked=None)))
    assert told() == [("unknown_origin", "warn", "chat")]
    recent.take(outcome("leak", finding("pii.secret", leaked=True)))
    recent.take(outcome("unseen-later", finding("pii.secret", leaked=None)))
    recent.take(outcome("unseen-too", finding("pii.secret", leaked=None), model="two"))
    assert sorted(told()) == [("leaked", "bad", "chat"), ("unknown_origin", "warn", "two")]
    recent.take(outcome("canary", finding("pii.canary", severity="critical", leaked=None), model="three"))
    assert ("critical", "bad", "three") in told()
