"""agent.policy: the first rule that fits decides, and what relies on a scorer is known."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from agent.config import PolicyConfig
from agent.errors import ConfigError
from agent.policy import Policy
from agent.scores import strongest
from tests.builders import WordScorer


def policy(*rules: dict[str, Any], **over: Any) -> Policy:
    return Policy(PolicyConfig.model_validate({"rules": list(rules), **over}))


def action_of(made: Policy, category: str, **over: Any) -> str:
    dimension = "privacy" if category.startswith("pii.") else "output"
    found = {"dimension": dimension, "direction": "output", "model": "chat", "score": 0.9} | over
    return made.action(category, **found)


def test_without_rules_everything_is_flagged_and_nothing_changes() -> None:
    assert action_of(Policy(), "pii.email") == "flag"
    assert not Policy().enforces
    assert Policy().on_missing({"pii.email": "privacy"}, "output", "chat") is None


def test_the_first_rule_that_fits_decides() -> None:
    made = policy(
        {"category": "pii.ip", "action": "allow"},
        {"category": "pii.*", "direction": "output", "action": "mask"},
        {"dimension": "output", "min_score": 0.95, "action": "block"},
        {"dimension": "output", "model": "kids-*", "action": "block"},
    )
    assert action_of(made, "pii.ip") == "allow"
    assert action_of(made, "pii.email") == "mask"
    assert action_of(made, "pii.email", direction="input") == "flag"
    assert action_of(made, "toxicity", score=0.94) == "flag"
    assert action_of(made, "toxicity", score=0.95) == "block"
    assert action_of(made, "toxicity", score=0.5, model="kids-chat") == "block"
    assert made.enforces


def test_a_category_without_a_star_is_exact() -> None:
    made = policy({"category": "toxicity", "action": "mask"}, default="allow")
    assert action_of(made, "toxicity") == "mask"
    assert action_of(made, "toxicity.severe") == "allow"


@pytest.mark.parametrize(
    ("rules", "over", "missing"),
    [
        ([{"category": "pii.*", "action": "mask"}], {}, "block"),
        ([{"category": "pii.*", "action": "mask", "on_missing": "mask"}], {}, "mask"),
        ([{"category": "pii.*", "action": "mask"}], {"on_missing": "mask"}, "mask"),
        ([{"category": "pii.*", "action": "mask", "model": "other"}], {}, None),
        ([{"category": "pii.*", "action": "mask", "direction": "input"}], {}, None),
        ([{"category": "toxicity", "action": "block"}], {}, None),
        ([{"action": "flag"}, {"category": "pii.*", "action": "mask"}], {}, None),
        ([{"action": "flag", "min_score": 0.9}, {"category": "pii.*", "action": "mask"}], {}, "block"),
        ([{"category": "pii.email", "action": "mask", "on_missing": "mask"}], {"default": "block"}, "block"),
        ([{"category": "pii.*", "action": "allow"}], {"default": "block"}, None),
    ],
)
def test_what_relies_on_a_scorer(rules: list[dict[str, Any]], over: dict[str, Any], missing: str | None) -> None:
    categories = {"pii.email": "privacy", "pii.ip": "privacy"}
    assert policy(*rules, **over).on_missing(categories, "output", "chat") == missing  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "rule",
    [
        {"category": "pii.email", "action": "mask"},
        {"category": "toxicity", "direction": "output", "action": "block"},
        {"category": "toxicity", "dimension": "bias", "action": "mask"},
    ],
)
def test_a_rule_that_nothing_can_set_off_is_a_mistake(rule: dict[str, Any]) -> None:
    scorers = [WordScorer(directions=("input",))]
    with pytest.raises(ConfigError, match=r"policy\.rules\[1\]: no scorer that runs finds"):
        policy({"action": "flag", "model": "a"}, rule).check(scorers)
    policy({"category": "toxicity", "action": "mask"}, {"category": "pii.email", "action": "allow"}).check(scorers)


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"action": "erase"},
        {"action": "mask", "category": "a*b"},
        {"action": "mask", "category": ""},
        {"action": "flag", "on_missing": "block"},
        {"action": "mask", "on_missing": "allow"},
        {"action": "mask", "min_score": 1.5},
    ],
)
def test_wrong_rules_are_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        policy(rule)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("A harmless sentence.", "en"),
        ("一句无害的话。", "zh"),
        ("Please say 你好 to the whole team today.", "en"),
        ("请用 Python 写一个程序", "zh"),
        ("", "en"),
        ("Безобидная фраза", "en"),
    ],
)
def test_the_message_is_in_the_language_of_the_text(text: str, language: str) -> None:
    assert policy(messages={"en": "en", "zh": "zh"}).message(text) == language


def test_the_strongest_action() -> None:
    assert strongest([]) == "allow"
    assert strongest(["flag", "block", "mask"]) == "block"
