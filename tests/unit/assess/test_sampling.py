"""Samples and folds."""

from __future__ import annotations

from collections import Counter
from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from agent.assess.sampling import Reservoir, stratified_folds


@given(st.lists(st.integers(0, 30), max_size=6), st.integers(1, 20), st.integers(0, 1000))
def test_a_sample_has_as_many_different_items_as_there_are_or_are_wanted(
    batches: list[int], most: int, seed: int
) -> None:
    sample: Reservoir[int] = Reservoir(most, Random(seed))
    total = 0
    for size in batches:
        sample.add(range(total, total + size), lambda number: -number)
        total += size
    assert (sample.seen, len(sample.kept), len(set(sample.kept))) == (total, *[min(total, most)] * 2)
    assert all(-total < number <= 0 for number in sample.kept)
    sample.shrink(5)
    assert len(sample.kept) == min(total, most, 5)


def test_every_item_is_as_likely_also_after_the_sample_shrank() -> None:
    kept: Counter[int] = Counter()
    for seed in range(2000):
        sample: Reservoir[int] = Reservoir(10, Random(seed))
        sample.add(range(20), int)
        sample.shrink(5)
        sample.add(range(20, 40), int)
        kept.update(sample.kept)
    # 250 each on average, with a deviation of 15; by halves 5,000 with one of 50.
    assert max(abs(kept[number] - 250) for number in range(40)) < 70
    assert abs(sum(kept[number] for number in range(20)) - 5000) < 250


@given(st.lists(st.integers(0, 4), max_size=80), st.integers(1, 7), st.integers(0, 1000))
def test_folds_are_equal_and_hold_equal_parts_of_each_stratum(strata: list[int], count: int, seed: int) -> None:
    folds = stratified_folds(strata, count, Random(seed))
    assert len(folds) == len(strata)
    for stratum in (None, *set(strata)):
        members = folds[[stratum in (None, one) for one in strata]] if strata else folds
        sizes = np.bincount(members, minlength=count)
        assert len(sizes) == count
        assert np.ptp(sizes) <= 1
