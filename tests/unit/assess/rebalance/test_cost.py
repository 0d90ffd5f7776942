"""The simple model, its features, and the figures before and after."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fairlearn.metrics import demographic_parity_difference, demographic_parity_ratio, equal_opportunity_difference
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import linear_model

from agent.assess.rebalance.cost import Ranker, model_figures
from agent.assess.rebalance.disparities import DECIDED, by_attribute, slots
from agent.assess.rebalance.features import Encoder
from agent.assess.rebalance.followed import MOST_FOLLOWED, FollowedRows, SampledRow
from agent.assess.rebalance.logistic import LogisticRegression
from agent.assess.rebalance.method import Applied
from agent.assess.rebalance.strata import Stratum
from agent.assess.tables import Batch
from agent.errors import DataError

GROUPS = [("f",), ("m",)]


@given(st.integers(0, 2**32), st.sampled_from([0.01, 1.0, 30.0]), st.booleans())
@settings(max_examples=20)
def test_the_model_is_scikit_learns(seed: int, strength: float, weighted: bool) -> None:
    draw = np.random.default_rng(seed)
    inputs = draw.normal(size=(150, 4)) * [1.0, 1.0, 5.0, 0.1]
    labels = draw.random(150) < 1.0 / (1.0 + np.exp(-inputs @ [2.0, -1.0, 0.2, 0.0] - 0.5))
    labels[:2] = (True, False)
    weights = draw.random(150) * 3.0 if weighted else np.ones(150)
    ours = LogisticRegression(inputs, labels, weights, strength)
    theirs = linear_model.LogisticRegression(C=strength, tol=1e-10, max_iter=10_000)
    theirs.fit(inputs, labels, sample_weight=weights)
    assert ours.scores(inputs) == pytest.approx(theirs.decision_function(inputs), abs=1e-3)


def test_the_model_ends_on_rows_that_it_can_tell_apart() -> None:
    inputs = np.array([[-1.0], [-2.0], [1.0], [2.0]] * 5)
    model = LogisticRegression(inputs, inputs[:, 0] > 0.0, np.ones(20), 1e6)
    assert np.all((model.scores(inputs) > 0.0) == (inputs[:, 0] > 0.0))


def test_weights_count_as_so_many_copies() -> None:
    draw = np.random.default_rng(3)
    inputs, labels, times = draw.normal(size=(60, 3)), draw.random(60) < 0.5, draw.integers(0, 4, 60)
    weighted = LogisticRegression(inputs, labels, times)
    copied = LogisticRegression(np.repeat(inputs, times, axis=0), np.repeat(labels, times), np.ones(times.sum()))
    assert weighted.scores(inputs) == pytest.approx(copied.scores(inputs), abs=1e-6)


def test_features() -> None:
    rows: list[dict[str, Any]] = [
        {"age": str(20 + n), "job": "abc"[n % 3], "id": f"p{n}", "one": "1"} for n in range(30)
    ]
    rows[0]["age"] = ""
    encoder = Encoder(rows, ["age", "job", "id", "one"], {"age", "one"})
    assert encoder.columns == ["age", "job"]
    matrix = encoder.matrix(rows)
    assert matrix.shape == (30, 5)
    with pytest.raises(DataError, match="the table has changed while it was read"):
        encoder.matrix([{"age": "a secret", "job": "a"}])
    assert matrix[0].tolist() == [0.0, 1.0, 1.0, 0.0, 0.0]
    assert np.mean(matrix[1:, 0]) == pytest.approx(0.0, abs=1e-12)
    assert np.std(matrix[1:, 0]) == pytest.approx(1.0)
    # What was not seen, and what is not there, is none of the values.
    assert encoder.matrix([{"age": "20", "job": "new"}, {}])[:, 2:].tolist() == [[0.0] * 3] * 2


def sampled(count: int, seed: int, shift: float = 1.5) -> list[SampledRow]:
    draw = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        group = int(draw.random() < 0.5)
        x = float(draw.normal())
        positive = bool(draw.random() < 1.0 / (1.0 + np.exp(-2.0 * x - shift * (group - 0.5))))
        proxy = "a" if draw.random() < (0.85 if group else 0.15) else "b"
        rows.append(SampledRow(number, Stratum(group, positive), {"x": x, "proxy": proxy}))
    return rows


def figures(rows: list[SampledRow], **more: Any) -> dict[str, Any]:
    options = {"repaired": False, "seed": 0, **more}
    found = model_figures(rows, GROUPS, ["sex"], ["x", "proxy"], {"x"}, **options)
    assert found is not None
    return found


def test_without_a_change_nothing_changes() -> None:
    found = figures(sampled(600, 1))
    assert found["before"] == found["after"]
    assert found["change"]["accuracy"]["value"] == 0.0
    assert found["change"]["spd_reduction"]["sex"] == {"value": 0.0, "interval": [0.0, 0.0]}
    assert found["features"] == ["x", "proxy"]
    low, high = found["change"]["accuracy"]["interval"]
    assert -0.01 < low < 0.0 < high < 0.01


def test_leaving_out_the_rows_of_a_proxy_costs_accuracy_and_gains_parity() -> None:
    rows = sampled(2000, 2)
    for row in rows:
        # All that the model is left to learn from is where group and proxy say nothing.
        row.weight = 0.0 if row.place.positive != (row.before["x"] > 0.0) else 1.0
    found = figures(rows)
    assert found["before"]["disparities"]["sex"]["spd"]["value"] > 0.1
    reduction = found["change"]["spd_reduction"]["sex"]
    assert reduction["interval"][0] <= reduction["value"] <= reduction["interval"][1]
    assert reduction["value"] == pytest.approx(
        1.0
        - found["after"]["disparities"]["sex"]["spd"]["value"] / found["before"]["disparities"]["sex"]["spd"]["value"]
    )
    assert reduction["value"] > 0.5
    change = found["change"]["accuracy"]
    assert change["value"] == pytest.approx(found["after"]["accuracy"]["value"] - found["before"]["accuracy"]["value"])
    assert change["interval"][0] <= change["value"] <= change["interval"][1]


def test_repaired_inputs_are_judged_too() -> None:
    rows = sampled(600, 3)
    for row in rows:
        row.after = {**row.before, "proxy": "a"}
    found = figures(rows, repaired=True)
    # A constant is no feature: the model decides alike on inputs with and without it.
    assert found["after_repaired_inputs"] == found["after"]
    assert found["change_repaired_inputs"]["spd_reduction"]["sex"]["value"] > 0.1


def test_no_figures_of_too_few_rows_or_no_feature() -> None:
    rows = sampled(50, 4)
    assert model_figures(rows, GROUPS, ["sex"], ["x"], {"x"}, repaired=False, seed=0) is None
    rows = sampled(500, 4)
    assert model_figures(rows, GROUPS, ["sex"], [], set(), repaired=False, seed=0) is None


def test_the_ranker_knows_who_is_near_the_other_label() -> None:
    rows = sampled(2000, 5, shift=0.0)
    ranker = Ranker(rows, ["x"], {"x"})
    low, high = ranker.closeness([{"x": -2.0}, {"x": 2.0}], [True, True])
    assert low > 0.0 > high
    assert ranker.closeness([{"x": -2.0}], [False])[0] == pytest.approx(-low)


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.booleans(), st.floats(0.1, 4.0)),
                min_size=200, max_size=250))  # fmt: skip
@settings(max_examples=25)
def test_weighted_disparities_are_fairlearns(rows: list[tuple[int, bool, bool, float]]) -> None:
    groups = [("a",), ("b",), ("c",)]
    numbers = slots(3)
    for group, label, decision, weight in rows:
        at = DECIDED[label, decision]
        numbers[group, at] += weight
        numbers[group, at + 1] += weight * weight
    sizes = [sum(row[0] == group for row in rows) for group in range(3)]
    found = by_attribute(numbers, sizes, groups, ["g"], ("spd", "dir", "eod"))["g"]
    assert {name: one["rows"] for name, one in found["groups"].items()} == {
        name: size for name, size in zip("abc", sizes, strict=True) if size >= 30
    }
    large = [name for name, one in found["groups"].items() if one["effective_rows"] >= 30]
    known = [row for row in rows if "abc"[row[0]] in large]
    if len(large) < 2 or not any(decision for _, _, decision, _ in known):
        assert "spd" not in found
        return
    group, label, decision, weight = (np.array(part) for part in zip(*known, strict=True))
    call = {"y_true": label, "y_pred": decision, "sensitive_features": group, "sample_weight": weight}
    assert found["spd"]["value"] == pytest.approx(demographic_parity_difference(**call), abs=1e-12)
    assert found["dir"]["value"] == pytest.approx(demographic_parity_ratio(**call), abs=1e-12)
    if "eod" in found and len(large) == 2 and found["eod"]["favoured"] != found["eod"]["disfavoured"]:
        assert found["eod"]["value"] == pytest.approx(equal_opportunity_difference(**call), abs=1e-12)


def test_several_attributes_and_their_intersection() -> None:
    groups = [("f", "x"), ("f", "y"), ("m", "x"), ("m", "y"), ("m", "")]
    numbers = slots(5)
    numbers[4, 2:4] += 100.0
    for group, positives in enumerate((10, 20, 30, 40)):
        for at, count in ((0, 100 - positives), (2, positives)):
            numbers[group, at : at + 2] += count
    found = by_attribute(numbers, [100] * 5, groups, ["sex", "race"], ("spd",))
    assert list(found) == ["sex", "race", "sex+race"]
    assert found["sex"]["groups"]["m"]["rows"] == 300
    assert found["sex"]["spd"]["value"] == pytest.approx((30 + 40 + 100) / 300 - 0.15)
    # Rows that say nothing of an attribute are in no group of it.
    assert set(found["race"]["groups"]) == {"x", "y"}
    assert found["race"]["groups"]["y"]["value"] == pytest.approx(0.3)
    assert found["sex+race"]["spd"]["favoured"] == "m+y"


def test_rows_are_counted_beside_what_their_weights_are_worth() -> None:
    numbers = slots(2)
    for weight in [0.01] * 99 + [100.0]:
        numbers[0, 2] += weight
        numbers[0, 3] += weight * weight
    numbers[1, 0:2] += 100.0
    found = by_attribute(numbers, [100, 100], GROUPS, ["sex"], ("spd",))["sex"]
    assert found["groups"]["f"]["rows"] == 100
    assert found["groups"]["f"]["effective_rows"] == pytest.approx(1.02, abs=0.01)
    # One row weighs all: the group is named, for it has rows enough, and is compared with none.
    assert "spd" not in found


def test_many_groups_are_compared_as_the_labels_section_does() -> None:
    groups = [(f"g{number:02}",) for number in range(20)]
    numbers = slots(20)
    numbers[:, 0:2] += 50.0
    rows = [29, *range(31, 50)]
    found = by_attribute(numbers, rows, groups, ["g"], ("spd",))["g"]
    assert set(found["groups"]) == {name for (name,) in groups[8:]}


def test_the_sample_is_bounded_uniform_and_knows_what_became_of_its_rows() -> None:
    sample = FollowedRows(["hidden"], seed=1)
    total, size = 3 * MOST_FOLLOWED, 1000
    for first in range(0, total, size):
        rows = [{"n": first + at, "hidden": 1, "text": "x" * 65} for at in range(size)]
        sample.observe(Batch(("n", "hidden", "text"), rows, first + 1, 0), [Stratum(0, True)] * size)
    assert len(sample.rows) == MOST_FOLLOWED
    places = np.array([row.before["n"] for row in sample.rows])
    assert len(set(places.tolist())) == MOST_FOLLOWED
    # The mean of uniform places: a standard deviation of about 100.
    assert abs(np.mean(places) - total / 2) < 600
    assert sample.rows[0].before.keys() == {"n", "text"}
    assert sample.rows[0].before["text"] == ""
    one = sample.rows[0]
    rows = [{"n": -1}]
    sample.note(Batch(("n",), rows, one.number, 0), Applied([{"n": -2}], [2], [1.5]))
    assert (one.weight, one.after, one.before["n"]) == (3.0, {"n": -2}, one.number - 1)


def test_wide_tables_give_fewer_rows() -> None:
    sample = FollowedRows([], seed=1)
    rows = [{f"c{n}": n for n in range(1000)} for _ in range(1500)]
    sample.observe(Batch(tuple(rows[0]), rows, 1, 0), [Stratum(0, True)] * 1500)
    assert len(sample.rows) == 1000
