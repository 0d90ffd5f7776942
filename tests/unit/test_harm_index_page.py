"""docs/harm-index.md: its figures come out of the code."""

from __future__ import annotations

import re
from math import sqrt
from pathlib import Path

import pytest

from agent.windows.base import Component, FinishContext, Observation
from agent.windows.bias import BiasAggregator
from agent.windows.disparity import BiasMeasurement
from agent.windows.harm import HarmAggregator, HarmMeasurement
from agent.windows.index import Estimate, harm_index
from agent.windows.intervals import wilson, z_value
from tests.unit.windows.builders import make_observation

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "harm-index.md").read_text(encoding="utf-8")


def table(title: str) -> list[list[str]]:
    """The rows of the first table after a heading or sentence, without its head."""
    rows = re.findall(r"^\|(.+)\|$", PAGE.partition(title)[2], re.MULTILINE)
    begun = [[cell.strip() for cell in row.split("|")] for row in rows]
    width = len(begun[0])
    return [row for row in begun[2:] if len(row) == width and re.match(r"[\d.,-]+$", row[-1])]


def decisions(group: str, favourable: int, count: int) -> list[Observation]:
    return [
        make_observation(decision="approved" if place < favourable else "denied", attributes={"gender": group})
        for place in range(count)
    ]


def bias_of(stream: list[Observation]) -> BiasMeasurement:
    made = BiasAggregator()
    state = made.empty()
    for observation in stream:
        made.add(state, observation)
    measured: BiasMeasurement = made.finish(state, FinishContext("m"))
    return measured


@pytest.fixture(scope="module")
def harm() -> HarmMeasurement:
    counts = {("output",): 27, ("privacy",): 8, ("adversarial",): 5, ("output", "privacy"): 2}
    counts |= {("output", "adversarial"): 1, ("privacy", "adversarial"): 2, (): 955}
    made = HarmAggregator()
    state = made.empty()
    for dimensions, count in counts.items():
        for _ in range(count):
            made.add(state, make_observation(dimensions=dimensions))
    measured: HarmMeasurement = made.finish(state, FinishContext("m"))
    return measured


def test_the_worked_example(harm: HarmMeasurement) -> None:
    assert harm.harmful == {"bias": 0, "output": 30, "privacy": 12, "adversarial": 8}
    bias = bias_of(decisions("female", 110, 200) + decisions("male", 210, 300)).component
    index = harm_index((*harm.components, bias))
    assert index is not None and index.sufficient
    of_component: dict[str, Component] = {part.name: part for part in (*harm.components, bias)}
    found: dict[str, Component | Estimate] = {
        **{f"P_{name}": part for name, part in of_component.items()},
        "H, sum": index.sum,
        "H, union": index.union,
        "events harmful at all, counted": harm.any_share,
    }
    told = table("## A worked example")
    assert {row[0] for row in told} == set(found)
    for name, *figures in told:
        assert figures == [f"{getattr(found[name], bound):.4f}" for bound in ("value", "lower", "upper")], name


def test_what_is_said_of_the_union(harm: HarmMeasurement) -> None:
    index = harm_index(harm.components)
    assert index is not None
    values = [part.value or 0.0 for part in harm.components]
    between = f"between {max(values):.3f} and {sum(values):.3f}"
    assert f"{between}, the union of the three says {index.union.value:.4f}, counted are 0.0450" in PAGE
    assert max(values) <= (harm.any_share.value or 0.0) <= sum(values)


def test_intervals_named_in_passing() -> None:
    z = z_value(0.95)
    low, high = wilson(0.2, 10, z)
    assert f"from {100 * low:.0f} to {100 * high:.0f} %" in PAGE
    assert f"none in 100 gives [0, {wilson(0.0, 100, z).upper:.3f}]" in PAGE


def test_what_bias_is_on_average_without_bias() -> None:
    rows = table("What it is on average then")
    assert len(rows) == 4
    for groups, count, told in rows:
        size = int(count)
        stream = [each for place in range(int(groups)) for each in decisions(f"g{place}", size // 2, size)]
        (attribute,) = bias_of(stream).attributes
        floors = [one.noise_floor for one in attribute.disparities if one.measure == "spd"]
        assert [f"{floor:.2f}" for floor in floors] == [told]
    assert f"{1.128 * sqrt(0.25 / 30):.2f}" == rows[0][-1]  # Tippett's d2 of two draws
