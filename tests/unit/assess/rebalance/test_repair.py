"""The disparate-impact remover and its quantiles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.assess.rebalance.numbers import like_cell, number_in
from agent.assess.rebalance.quantiles import CAPACITY, QuantileSketch
from agent.assess.rebalance.repair import LEAST_IN_TARGET, Distributions, Repair, largest_distance
from agent.assess.rebalance.strata import Stratum
from agent.assess.tables import Batch
from agent.errors import DataError

numbers = st.one_of(st.integers(-5, 5).map(float), st.floats(-1e6, 1e6, allow_subnormal=False))
groups = st.lists(st.lists(numbers, min_size=1, max_size=60), min_size=2, max_size=4)


def table(by_group: list[list[Any]]) -> tuple[Batch, list[Stratum]]:
    """Rows of all groups, one after the other in turn."""
    cells = [(group, cell) for group, part in enumerate(by_group) for cell in part]
    cells.sort(key=lambda pair: hash(pair[1]))
    rows = [{"x": cell, "text": "a"} for _, cell in cells]
    return Batch(("x", "text"), rows, 1, 0), [Stratum(group, True) for group, _ in cells]


def repaired(by_group: list[list[Any]], level: float, seed: int = 3) -> tuple[list[Any], list[Any], list[int]]:
    batch, places = table(by_group)
    distributions = Distributions((), sketched=True)
    distributions.observe(batch, places)
    assert distributions.numeric == ["x"]
    applied = Repair(distributions, ["x"], level, seed).apply(batch, places)
    before = [row["x"] for row in batch.rows]
    return before, [row["x"] for row in applied.rows], [place.group for place in places]


@given(groups)
def test_level_0_changes_nothing(by_group: list[list[float]]) -> None:
    before, after, _ = repaired(by_group, 0.0)
    assert before == after


@given(groups, st.floats(0.0, 1.0), st.integers(0, 1000))
def test_ranks_within_a_group_are_kept(by_group: list[list[float]], level: float, seed: int) -> None:
    before, after, group = repaired(by_group, level, seed)
    for number in set(group):
        members = [at for at, other in enumerate(group) if other == number]
        for one in members:
            for two in members:
                if before[one] < before[two]:
                    assert after[one] <= after[two]


@given(st.integers(0, 2**32), st.booleans())
@settings(max_examples=25)
def test_level_1_makes_the_distributions_equal(seed: int, whole: bool) -> None:
    draw = np.random.default_rng(seed)
    by_group = [draw.normal(shift, 1.0 + shift, 1500) for shift in (0.0, 0.7, 2.0)]
    cells = [np.round(part).tolist() if whole else part.tolist() for part in by_group]
    before, after, group = repaired(cells, 1.0, seed % 1000)
    distances = []
    for values in (before, after):
        sketches = {number: QuantileSketch(0) for number in range(3)}
        for value, number in zip(values, group, strict=True):
            sketches[number].add([value])
        distances.append(largest_distance(sketches))
    # 1500 distinct values are ranked exactly. Where rows share a value each draws its rank: the difference of two
    # groups' distributions then has a standard deviation of at most 0.5 sqrt(2 / 1500) = 0.018.
    assert distances[0] > 0.4
    assert distances[1] < (0.12 if whole else 1e-9)


def test_the_target_is_the_median_of_the_quantiles() -> None:
    before, after, group = repaired([[float(n) for n in range(10)], [float(n) for n in range(100, 110)]], 1.0)
    assert [value for _, value in sorted(zip(before, after, strict=True))][:10] == [50.0 + n for n in range(10)]
    assert sorted(after[:]) == sorted([50.0 + n for n in range(10)] * 2)
    assert set(group) == {0, 1}


def test_half_a_repair_goes_half_of_the_way() -> None:
    by_group = [[float(n) for n in range(10)], [float(n) for n in range(100, 110)]]
    before, after, group = repaired(by_group, 0.5)
    for old, new, number in zip(before, after, group, strict=True):
        assert new == old + (25.0 if number == 0 else -25.0)


def test_a_small_group_has_no_say_in_the_target() -> None:
    large = [[float(n) for n in range(20)] for _ in range(2)]
    before, after, group = repaired([*large, [1e6] * (LEAST_IN_TARGET - 1)], 1.0)
    assert max(after) == 19.0
    assert all(old == new for old, new, number in zip(before, after, group, strict=True) if number < 2)


def test_missing_cells_stay_missing_and_text_stays_text() -> None:
    before, after, _ = repaired([["1", "", "3"] * 5, ["2", " ", "4"] * 5], 1.0)
    for old, new in zip(before, after, strict=True):
        assert isinstance(new, str)
        assert (old.strip() == "") == (new.strip() == "")
        if old.strip() == "":
            assert old == new
    assert {new for new in after if new.strip()} == {"1.5", "3.5"}


def test_columns_with_anything_but_numbers_are_let_go() -> None:
    distributions = Distributions(["skipped"], sketched=True)
    rows = [
        {"a": "1", "b": 1, "c": True, "d": "x", "e": None, "f": 1.0, "skipped": 1, "g": "1_0", "h": "nan"},
        {"a": "n/a", "b": 2, "c": False, "d": "y", "e": "", "f": float("nan"), "skipped": 2, "g": "2", "h": "1"},
    ]
    distributions.observe(Batch(tuple(rows[0]), rows, 1, 0), [Stratum(0, True)] * 2)
    assert distributions.numeric == ["b", "f"]


@pytest.mark.parametrize("cell", ["a", "1_000", "inf", "-Infinity", "NaN", "１２", True, [1], {"a": 1}, 1e400, 10**400])
def test_what_is_no_number(cell: Any) -> None:
    with pytest.raises(ValueError, match=r"^no number$"):
        number_in(cell)


@given(st.floats(-1e299, 1e299))
def test_a_cell_that_is_the_number_stays_as_it_was(number: float) -> None:
    for cell in (number, repr(number), f" {number!r} "):
        assert like_cell(number, cell) is cell
    assert number_in(like_cell(number, "17.25")) == number


@given(st.lists(numbers, min_size=1, max_size=300))
def test_a_small_sketch_is_exact(values: list[float]) -> None:
    sketch = QuantileSketch(0)
    for value in values:
        sketch.add([value])
    steps = sketch.steps()
    below, upto = steps.ranks(np.array(values))
    for value, low, high in zip(values, below, upto, strict=True):
        assert low == pytest.approx(np.mean(np.array(values) < value), abs=1e-12)
        assert high == pytest.approx(np.mean(np.array(values) <= value), abs=1e-12)
    assert steps.quantiles(np.array([0.0, 1.0])).tolist() == [min(values), max(values)]


def test_a_sketch_of_many_numbers_is_small_and_near() -> None:
    size = 400_000
    values = np.random.default_rng(1).permutation(size)
    sketch = QuantileSketch(5)
    for part in np.array_split(values, 400):
        sketch.add(part.astype(float).tolist())
    steps = sketch.steps()
    assert sketch.count == size
    assert len(steps.values) < 12 * 2 * CAPACITY
    points = np.arange(0, size, 997)
    errors = steps.ranks(points)[1] - (points + 1) / size
    # Seven times the standard error that the sketch states.
    assert np.max(np.abs(errors)) < 7 * 0.7 / CAPACITY


def test_a_table_that_has_changed_since_is_said_without_its_cells() -> None:
    batch, places = table([[1.0, 2.0], [3.0, 4.0]])
    distributions = Distributions((), sketched=True)
    distributions.observe(batch, places)
    changed = Batch(batch.columns, [{**row, "x": "a secret"} for row in batch.rows], 1, 0)
    with pytest.raises(DataError, match=r"the table has changed while it was read; run again$"):
        Repair(distributions, ["x"], 1.0, 0).apply(changed, places)
