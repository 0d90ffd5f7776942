"""deploy/profiles: six domains, each a configuration that loads, with budgets, and told on its page as it is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.pipeline import build_scorers
from agent.scoring.pii.packs import PACKS
from streams.config import WorkerConfig, load_config
from streams.worker import Worker

ROOT = Path(__file__).parents[2]
PROFILES = ROOT / "deploy" / "profiles"
NAMES = ("customer-service", "education", "finance", "healthcare", "justice", "public-safety")

each_profile = pytest.mark.parametrize("name", NAMES)


def of_yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def profile(name: str) -> WorkerConfig:
    return load_config(PROFILES / f"{name}.yaml")


def budgets(path: Path) -> dict[tuple[str, str], float]:
    """Share by record and dimension."""
    (group,) = of_yaml(path)["groups"]
    assert group["name"] == "harmwatch-budgets"
    return {
        (rule["record"], rule["labels"]["dimension"]): float(rule["expr"].removeprefix("vector(").removesuffix(")"))
        for rule in group["rules"]
    }


def test_the_profiles_are_those_that_the_chart_and_its_examples_know() -> None:
    chart = ROOT / "deploy" / "helm" / "harmwatch"
    assert sorted(path.stem for path in PROFILES.glob("*.yaml")) == sorted(NAMES)
    assert sorted(path.stem for path in (PROFILES / "budgets").glob("*.yaml")) == sorted(NAMES)
    assert sorted(path.stem for path in (chart / "examples").glob("*.yaml")) == sorted(NAMES)
    schema = json.loads((chart / "values.schema.json").read_text(encoding="utf-8"))
    assert set(schema["properties"]["profile"]["enum"]) == {"", *NAMES}
    for name in NAMES:
        assert of_yaml(chart / "examples" / f"{name}.yaml")["profile"] == name


@each_profile
def test_a_worker_can_be_made_of_a_profile(name: str) -> None:
    config = profile(name)
    Worker.build(config)
    # A threshold of a category that no scorer has would be an error there. One that is the default would say nothing.
    for scorer in build_scorers(config.scorers):
        for category, threshold in config.scorers[scorer.name].thresholds.items():
            assert scorer.thresholds[category] != threshold


@each_profile
def test_a_profile_says_what_is_looked_for_and_whom_to_compare(name: str) -> None:
    config = profile(name)
    packs = config.scorers["pii"].options["packs"]
    assert set(packs) <= set(PACKS) and {"core", "secrets"} <= set(packs)
    assert config.bias.attributes
    assert {step for pair in config.bias.intersections for step in pair} <= set(config.bias.attributes)


@each_profile
def test_a_profile_leaves_brokers_topics_and_the_port_to_its_operator(name: str) -> None:
    assert set(of_yaml(PROFILES / f"{name}.yaml")) <= {"scorers", "bias", "evidence", "windows", "drift"}


@each_profile
def test_every_choice_that_differs_from_the_default_has_a_reason_beside_it(name: str) -> None:
    lines = (PROFILES / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        if re.search(r"thresholds:|tolerated_ratio:|keep_texts:", line):
            around = "\n".join(lines[max(0, number - 3) : number + 1])
            assert "#" in around, line


@each_profile
def test_budgets_take_the_place_of_the_default_ones(name: str) -> None:
    default = budgets(ROOT / "deploy" / "prometheus" / "rules" / "budgets.yaml")
    own = budgets(PROFILES / "budgets" / f"{name}.yaml")
    assert own.keys() == default.keys()
    # A budget below what scorers take for harm by mistake would always be spent.
    assert all(default[key] <= share < 1.0 for key, share in own.items())


@each_profile
def test_the_page_tells_the_profile_as_it_is(name: str) -> None:
    page = (ROOT / "docs" / "profiles.md").read_text(encoding="utf-8")
    (row,) = [line for line in page.splitlines() if line.startswith(f"| `{name}` |")]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    config, shares = profile(name), budgets(PROFILES / "budgets" / f"{name}.yaml")
    thresholds = {
        category: value for section in config.scorers.values() for category, value in section.thresholds.items()
    }
    assert cells[1] == (", ".join(f"{key} {value:g}" for key, value in thresholds.items()) or "-")
    assert cells[2] == ", ".join(config.bias.attributes or [])
    assert cells[3] == f"{config.bias.tolerated_ratio:g}"
    assert cells[4] == ("yes" if config.evidence.keep_texts else "no")
    record = "dimension:harmwatch_harm_budget:default"
    assert cells[5] == ", ".join(f"{shares[record, dimension] * 100:g} %" for dimension in ("output", "privacy"))
