"""Fixed bins: in order, bounded, and the same counts however they are added up."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.histograms import (
    CATEGORIES,
    FIRST_CATEGORY,
    MOST_NUMBERS,
    REST,
    SQUARES,
    Bin,
    Histogram,
    add_histogram,
    category_bin,
    category_code,
    common_bins,
    number_bin,
    settled_in,
    weight_of,
    without,
)

finite = st.floats(allow_nan=False, allow_infinity=False)
codes = st.integers(0, 200).map(lambda number: category_bin(category_code(f"{number}")))
bins: st.SearchStrategy[Bin] = st.integers(-700, 700) | codes
samples = st.lists(bins, max_size=300)


def counted(places: Sequence[Bin]) -> Histogram:
    histogram: Histogram = {}
    for place in places:
        add_histogram(histogram, {place: 1})
    return histogram


@given(finite, finite)
def test_bins_rise_with_the_numbers(one: float, two: float) -> None:
    low, high = sorted((one, two))
    assert number_bin(low) <= number_bin(high)
    assert number_bin(-one) == -number_bin(one)


def test_bins_are_as_wide_as_is_said() -> None:
    assert number_bin(0.0) == number_bin(-0.0) == 0
    assert number_bin(1e-30) == number_bin(2.0**-20) == 1
    assert [number_bin(place / 64) - number_bin((place - 1) / 64) for place in range(2, 65)] == [1] * 63
    # Below 1/64 an octave each, from 1 on sixteen to the octave.
    assert [number_bin(1.5 * 2.0**-place) for place in range(7, 21)] == list(range(14, 0, -1))
    assert number_bin(2.0) - number_bin(1.0) == number_bin(2.0**30) - number_bin(2.0**29) == 16
    assert number_bin(1e300) == number_bin(2.0**40)
    for number in (math.nan, math.inf, -math.inf):
        with pytest.raises((ValueError, OverflowError)):
            number_bin(number)


@given(samples, samples, samples)
def test_sums_do_not_depend_on_the_order_and_are_bounded(a: list[Bin], b: list[Bin], c: list[Bin]) -> None:
    whole = counted(a + b + c)
    other = counted(c)
    for one in (a, b):
        add_histogram(other, counted(one))
    assert other == whole
    assert weight_of(whole) == (len(a + b + c), len(a + b + c))
    assert sum(place < FIRST_CATEGORY for place in whole) <= MOST_NUMBERS
    assert all(place < FIRST_CATEGORY + CATEGORIES for place in whole.keys() - {REST})


@given(samples, samples)
def test_what_is_taken_away_leaves_what_was_there_before(before: list[Bin], since: list[Bin]) -> None:
    total = counted(before + since)
    left = without(total, counted(since))
    assert left == settled_in(counted(before), total.keys())
    assert weight_of(left)[0] == len(before)


@given(samples, samples)
def test_in_the_common_bins_both_are_counted_in_full(one: list[Bin], two: list[Bin]) -> None:
    common = common_bins(counted(one), counted(two))
    for sample in (one, two):
        placed = settled_in(counted(sample), common)
        assert all(placed.get(place, 0) == sample.count(place) for place in common)


def test_weights_have_an_effective_number_behind_them() -> None:
    histogram: Histogram = {5: 30.0, SQUARES: 3 * (100.0 - 10.0)}
    assert weight_of(histogram) == (30.0, 3.0)
    assert weight_of({}) == (0.0, 0.0)


@pytest.mark.parametrize("place", [10**6, "0", 0.5, None, 1500])
def test_a_bin_that_counting_does_not_make_is_refused(place: Bin) -> None:
    with pytest.raises(ValueError, match="does not exist"):
        add_histogram({}, {place: 1})
