"""Labels by group: the same figures as those of live decisions."""

from __future__ import annotations

import random
from typing import Any

import pytest
from scipy import stats

from agent.assess.bias.columns import ColumnTexts
from agent.assess.bias.groups import Attributes
from agent.assess.bias.labels import Labels
from agent.windows.base import FinishContext
from agent.windows.bias import BiasAggregator
from tests.unit.assess.bias.builders import feed
from tests.unit.windows.builders import make_observation


def figures(rows: list[dict[str, Any]], protected: list[str], positive: str | None = "1") -> dict[str, Any]:
    texts = ColumnTexts()
    analysis = Labels(texts, Attributes(texts, protected), "y", positive)
    feed(analysis, rows)
    return analysis.figures()


def biased(count: int = 2000) -> list[dict[str, Any]]:
    draw = random.Random(3)
    rows = []
    for _ in range(count):
        sex, race = draw.choice(["f", "m", "m"]), draw.choice(["a", "a", "a", "b", "c"])
        rate = 0.6 - 0.2 * (sex == "f") - 0.2 * (race == "b")
        rows.append({"sex": sex, "race": race, "y": int(draw.random() < rate)})
    return rows


def test_disparities_are_those_of_the_same_labels_as_live_decisions() -> None:
    rows = biased()
    found = figures(rows, ["race", "sex"])["disparities"]
    live = BiasAggregator(favourable={"m": ["1"]}, intersections=[["race", "sex"]])
    state = live.empty()
    for row in rows:
        attributes = {"sex": row["sex"], "race": row["race"]}
        live.add(state, make_observation(model="m", decision=str(row["y"]), attributes=attributes))
    measured = live.finish(state, FinishContext("m"))
    ours = {**found["by_attribute"], **found["intersections"]}
    assert set(ours) == {part.attribute for part in measured.attributes}
    for part in measured.attributes:
        groups = ours[part.attribute]["groups"]
        assert {rate.group: (rate.rate, [rate.lower, rate.upper]) for rate in part.groups} == {
            group: (one["value"], one["interval"]) for group, one in groups.items()
        }
        for one in part.disparities:
            if one.measure in ("spd", "dir"):
                mine = ours[part.attribute][one.measure]
                assert (mine["value"], mine["interval"]) == (one.value, [one.lower, one.upper])
                assert (mine["favoured"], mine["disfavoured"]) == (one.favoured, one.disfavoured)
                assert mine["pairs"] == one.pairs
    assert found["p_bias"]["value"] == measured.component.value
    assert found["by_attribute"]["sex"]["spd"]["interval"][0] > 0.1


def test_classes_and_the_test_of_independence() -> None:
    rows = [*biased(), {"sex": "f", "race": "a", "y": ""}, {"sex": "f", "race": "a"}]
    found = figures(rows, ["sex"], None)
    classes = found["classes"]
    assert (classes["rows"], classes["rows_without_label"]) == (2000, 2)
    counts = {name: part["rows"] for name, part in classes["by_class"].items()}
    assert counts == {"0": sum(row.get("y") == 0 for row in rows), "1": sum(row.get("y") == 1 for row in rows)}
    assert classes["imbalance_ratio"] == pytest.approx(max(counts.values()) / min(counts.values()))
    table = [[sum(r["sex"] == sex and r.get("y") == y for r in rows) for y in (0, 1)] for sex in "fm"]
    theirs = stats.chi2_contingency(table, correction=False)
    assert found["tests"]["sex"]["statistic"] == pytest.approx(theirs[0])
    assert found["tests"]["sex"]["significant"]


def test_without_a_positive_value_the_usual_one_is_taken_and_of_others_none() -> None:
    rows = biased()
    found, named = (figures(rows, ["sex", "race"], positive)["disparities"] for positive in (None, "1"))
    assert found == {**named, "positive_assumed": True}
    assert "disparities" not in figures([{**row, "y": row["y"] + 1} for row in rows], ["sex", "race"], None)
    assert "disparities" not in figures([*rows, {"sex": "f", "race": "a", "y": 2}], ["sex", "race"], None)
    assert "disparities" not in figures(rows, [], None)


def test_a_label_of_many_values_is_bounded_and_names_none_of_them() -> None:
    rows = [{"sex": "fm"[number % 2], "y": f"{number}.5"} for number in range(3000)]
    found = figures(rows, ["sex"], None)
    assert found["classes"]["by_class"] == {}
    assert found["classes"]["other_rows"] == 3000
    assert found["tests"] == {}


def test_groups_too_small_to_compare_say_nothing() -> None:
    found = figures([{"sex": "f", "y": 1}] * 29 + [{"sex": "m", "y": 0}] * 500, ["sex"])["disparities"]
    assert found["p_bias"] == {"value": 0.0, "interval": [0.0, 1.0], "sufficient": False}
    assert "spd" not in found["by_attribute"]["sex"]


def test_a_label_without_protected_attributes_has_classes_alone() -> None:
    found = figures([{"y": 1}] * 30 + [{"y": 0}] * 10, [])
    assert found["classes"]["by_class"]["1"]["share"]["value"] == 0.75
    assert found["tests"] == {}
    assert found["disparities"]["by_attribute"] == {}


def test_a_positive_label_is_known_however_its_number_is_written() -> None:
    rows = [{**row, "y": "1.0" if row["y"] else "0.0"} for row in biased()]
    expected = figures(biased(), ["sex"])["disparities"]
    assert figures(rows, ["sex"], "1")["disparities"] == expected
    assert figures(biased(), ["sex"], "1.0")["disparities"] == {**expected, "positive": "1.0"}
    # Also where 200 others came first.
    many = [{"sex": "fm"[number % 2], "y": number} for number in range(400)] * 2
    many += [{"sex": "f", "y": 399}] * 20
    assert figures(many, ["sex"], "399.0")["disparities"]["by_attribute"]["sex"]["groups"]["f"]["value"] == 20 / 420
