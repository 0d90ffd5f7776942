"""Slots and kinds: what may fill which name, and how the configuration says so."""

from __future__ import annotations

from typing import Any

import pytest

from agent.config import CoreConfig, ScorerConfig, validate
from agent.errors import ConfigError
from agent.pipeline import build_scorers
from agent.scoring import load_scorer

DETOXIFY = {"checkpoint": "absent.ckpt"}


def scorers_of(sections: dict[str, Any]) -> dict[str, ScorerConfig]:
    return validate(CoreConfig, {"scorers": sections}, "test").scorers


def test_a_kind_fills_a_slot_under_its_name() -> None:
    config = scorers_of(
        {"toxicity": {"kind": "detoxify", "checkpoint": "absent.ckpt", "thresholds": {"toxicity": 0.7}}}
    )
    by_name = {scorer.name: scorer for scorer in build_scorers(config)}
    assert set(by_name) == {"pii", "toxicity", "adversarial", "groundedness"}
    assert by_name["toxicity"].version == "detoxify@1"
    assert by_name["adversarial"].version == "builtin@3"
    assert config["toxicity"].thresholds == {"toxicity": 0.7}


def test_any_name_takes_a_kind() -> None:
    section = {"kind": "transformers", "model": "./absent", "labels": {"toxic": "toxicity"}}
    (scorer,) = [each for each in build_scorers(scorers_of({"toxicity_zh": section})) if each.name == "toxicity_zh"]
    assert set(scorer.categories) == {"toxicity_zh.toxicity"}


@pytest.mark.parametrize("section", [{"options": DETOXIFY}, DETOXIFY, {"kind": "builtin", **DETOXIFY}])
def test_a_scorer_in_the_slot_of_its_own_name_needs_no_kind(section: dict[str, Any]) -> None:
    names = {scorer.name: scorer.version for scorer in build_scorers(scorers_of({"detoxify": section}))}
    assert names["detoxify"] == "detoxify@1"


def test_builtin_is_what_stands_there_by_itself() -> None:
    assert load_scorer("toxicity", {}, "builtin").version == load_scorer("toxicity", {}).version == "builtin@2"


def test_options_stand_inline_or_nested_but_not_twice() -> None:
    inline = scorers_of({"detoxify": {"checkpoint": "a", "options": {"device": "cpu"}, "enabled": False}})["detoxify"]
    assert (inline.options, inline.enabled) == ({"checkpoint": "a", "device": "cpu"}, False)
    with pytest.raises(ConfigError, match="checkpoint stands both here and under options") as caught:
        scorers_of({"detoxify": {"checkpoint": "secret", "options": {"checkpoint": "other"}}})
    assert "secret" not in str(caught.value)


def test_a_misspelt_key_is_an_option_that_the_scorer_does_not_take() -> None:
    config = scorers_of({"toxicity": {"treshold": 0.8}})
    with pytest.raises(ConfigError, match="scorer toxicity: no option 'treshold'; it takes model, threshold"):
        build_scorers(config)


@pytest.mark.parametrize("name", ["Toxicity", "toxicity-zh", "1st", "", "a" * 33, "毒"])
def test_names_are_labels_of_metrics(name: str) -> None:
    with pytest.raises(ConfigError, match="lower-case word"):
        scorers_of({name: {"kind": "detoxify"}})


@pytest.mark.parametrize(
    ("slot", "kind", "says"),
    [
        ("toxicity", "astrology", "no kind is called 'astrology'"),
        ("toxicity", "pii", "the kind pii cannot fill it"),
        ("toxicity_zh", None, "no scorer is called 'toxicity_zh'"),
        ("toxicity_zh", "builtin", "no scorer is called 'toxicity_zh'"),
        ("pii", "detoxify", "the kind detoxify cannot fill it"),
        ("adversarial", "detoxify", "judges the dimension output, and adversarial would not be measured"),
        ("groundedness", "detoxify", "judges toxicity, not groundedness"),
    ],
)
def test_what_does_not_go_together_is_refused(slot: str, kind: str | None, says: str) -> None:
    """Evidence is redacted by the spans of `pii`: a classifier there would let texts out as they are."""
    with pytest.raises(ConfigError, match=says) as caught:
        load_scorer(slot, DETOXIFY, kind)
    assert "\n" not in str(caught.value)


def test_an_option_that_is_missing_is_named() -> None:
    with pytest.raises(ConfigError, match="scorer toxicity: the option checkpoint is missing"):
        load_scorer("toxicity", {"sha256": "0" * 64}, "detoxify")


def test_the_slot_is_no_option() -> None:
    with pytest.raises(ConfigError, match="no option 'slot'"):
        load_scorer("detoxify", {**DETOXIFY, "slot": "other"})


@pytest.mark.parametrize("kind", ["encoder", "ngrams"])
@pytest.mark.parametrize("slot", ["adversarial", "groundedness"])
def test_toxicity_does_not_pass_for_what_the_slot_stands_for(slot: str, kind: str) -> None:
    with pytest.raises(ConfigError, match=f"scorer {slot}: the kind {kind} judges .*; give it a name of its own"):
        load_scorer(slot, {}, kind)
    assert load_scorer("second_opinion", {}, kind).categories == {"second_opinion": "output"}


def test_a_classifier_of_another_dimension_than_its_slot_is_refused() -> None:
    options = {"checkpoint": "/x", "labels": {"a": "b"}}
    with pytest.raises(ConfigError, match="judges the dimension output, and adversarial would not be measured"):
        load_scorer("adversarial", {**options, "dimension": "output"}, "transformers")
    with pytest.raises(ConfigError, match="judges the dimension adversarial, and output would not be measured"):
        load_scorer("toxicity", {**options, "dimension": "adversarial"}, "transformers")
