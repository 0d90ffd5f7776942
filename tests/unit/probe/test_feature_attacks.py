"""Attacks on models of features stay within their bounds; gradients find what is there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.errors import ConfigError, DataError
from agent.probe.adversarial import feature_attacks_of
from agent.probe.adversarial.attack import Limits
from agent.probe.adversarial.features import FEATURE_ATTACKS, FeatureSpace
from agent.probe.adversarial.goal import FlipGoal
from agent.probe.adversarial.items import Item, read_items
from agent.probe.rows import read_rows
from tests.unit.probe.attack_rig import Rig

BLACK_BOX = ("random", "boundary", "spsa")
ROWS = [{"income": 10.0 * place, "age": 20 + place, "job": "abc"[place % 3], "fixed": 7} for place in range(20)]


def items(rows: list[dict[str, Any]]) -> list[Item]:
    return [Item(str(place), "", "-", None, row) for place, row in enumerate(rows)]


def space(**given: Any) -> FeatureSpace:
    return FeatureSpace.of(ROWS, **{"epsilon": 0.1, "swaps": 1, **given})


def tries(name: str, judge: Any, **given: Any) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Originals, and what they were changed to."""
    asked: list[Any] = []

    def answer(row: Any) -> float:
        asked.append(row)
        return judge(row)

    within = space(**given)
    found: list[tuple[dict[str, Any], dict[str, Any]]] = []
    for item in items(ROWS):
        asked.clear()
        Rig(answer).attack([item], feature_attacks_of([name], within, Limits(queries=24), None), FlipGoal())
        found += [(dict(item.features or {}), dict(row)) for row in asked[1:]]
    return found


@pytest.mark.parametrize("name", BLACK_BOX)
@given(
    epsilon=st.sampled_from([0.0, 0.03, 0.1, 1.0]),
    swaps=st.integers(0, 2),
    slope=st.sampled_from([-0.003, 0.0, 0.003]),
)
@settings(max_examples=12, deadline=None)
def test_every_try_is_within_the_bounds(name: str, epsilon: float, swaps: int, slope: float) -> None:
    def judge(row: dict[str, Any]) -> float:
        return min(1.0, max(0.0, 0.5 + slope * (row["income"] - 95.0) + 0.01 * (row["job"] == "a")))

    for original, row in tries(name, judge, epsilon=epsilon, swaps=swaps):
        assert abs(row["income"] - original["income"]) <= epsilon * 190.0 + 1e-9 and 0.0 <= row["income"] <= 190.0
        assert abs(row["age"] - original["age"]) <= epsilon * 19 + 1e-9 and isinstance(row["age"], int)
        assert 20 <= row["age"] <= 39 and row["fixed"] == 7 and list(row) == list(original)
        assert (row["job"] != original["job"]) <= (swaps > 0 and name != "spsa")


@pytest.mark.parametrize("name", BLACK_BOX)
def test_what_is_near_the_boundary_flips_and_what_is_far_does_not(name: str) -> None:
    def judge(row: dict[str, Any]) -> float:
        return 1.0 / (1.0 + 1.05 ** -(row["income"] - 95.0))

    found = Rig(judge).attack(
        items(ROWS), feature_attacks_of([name], space(), Limits(queries=40), None), FlipGoal()
    )  # fmt: skip
    flipped = {attacked.item.id for attacked in found if attacked.attempts[name].succeeded}
    # A tenth of the range is 19: only rows at 80, 90, 100 and 110 are that near.
    assert flipped <= {"8", "9", "10", "11"} and {"9", "10"} <= flipped


def test_going_back_to_the_boundary_finds_a_smaller_change() -> None:
    def judge(row: dict[str, Any]) -> str:
        return "yes" if row["income"] > 95.0 else "no"

    best = {}
    for name in ("random", "boundary"):
        attacks = feature_attacks_of([name], space(epsilon=0.3), Limits(queries=40), None)
        (attacked,) = Rig(judge).attack(items(ROWS)[9:10], attacks, FlipGoal())
        best[name] = attacked.attempts[name].best
    assert best["random"] is not None and best["boundary"] is not None
    assert best["boundary"].similarity > 0.9 and best["boundary"].similarity >= best["random"].similarity


def test_nothing_that_can_change_is_said() -> None:
    same = [{"a": 1.0, "b": "x"}] * 3
    within = FeatureSpace.of(same, epsilon=0.1, swaps=1)
    found = Rig(lambda row: 1.0).attack(
        items(same), feature_attacks_of(["all"], within, Limits(), None), FlipGoal()
    )  # fmt: skip
    assert {attempt.skip for attacked in found for attempt in attacked.attempts.values()} == {"unchanged"}


def test_attacks_that_need_gradients_say_so() -> None:
    with pytest.raises(ConfigError, match="fgsm: needs gradients"):
        feature_attacks_of(["fgsm"], space(), Limits(), None)
    with pytest.raises(ConfigError, match="none is called 'magic'"):
        feature_attacks_of(["magic"], space(), Limits(), None)
    assert {attack.name for attack in feature_attacks_of(["all"], space(), Limits(), None)} == set(BLACK_BOX)
    given = feature_attacks_of(["all"], space(), Limits(), lambda rows, labels: [])
    assert {attack.name for attack in given} == set(FEATURE_ATTACKS)


def test_rows_that_are_wrong(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    for rows, said in (
        ([{"features": {}}], "no object with values"),
        ([{"features": {"a": None}}], "neither a number nor a text"),
        ([{"features": {"a": float("nan")}}], "neither a number nor a text"),
        ([{"features": {"a": 1}}, {"features": {"b": 1}}], "line 2: has other features"),
        ([{"features": {"a": 1}}, {"text": "t"}], "line 2: has other features"),
        ([{"id": 1}], "'text' is no text"),
    ):
        path.write_text("\n".join(json.dumps({"id": str(place), **row}) for place, row in enumerate(rows)))
        with pytest.raises(DataError, match=said):
            read_items(read_rows(path))
    with pytest.raises(ConfigError, match="feature number 1 is a number in one row"):
        FeatureSpace.of([{"a": 1}, {"a": "x"}], epsilon=0.1, swaps=1)
