"""Plans of passes: every sequence once, under the budget, little padding."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from agent.scoring.passes import PaddedPass, plan_packed, plan_padded, round_up, useful_share

lengths_of_batches = st.lists(st.integers(1, 512), max_size=200)


@given(lengths=lengths_of_batches, budget=st.integers(1, 4096), multiple=st.sampled_from([1, 8, 16]))
def test_padded_passes_take_every_sequence_once_and_keep_the_budget(
    lengths: list[int], budget: int, multiple: int
) -> None:
    passes = plan_padded(lengths, budget, multiple=multiple)
    assert sorted(int(place) for each in passes for place in each.places) == list(range(len(lengths)))
    for each in passes:
        assert each.width % multiple == 0
        assert each.width >= max(lengths[place] for place in each.places)
        assert each.width < max(lengths[place] for place in each.places) + multiple or multiple == 1
        assert len(each.places) * each.width <= budget or len(each.places) == 1
    assert [each.width for each in passes] == sorted((each.width for each in passes), reverse=True)


@given(lengths=lengths_of_batches, budget=st.integers(1, 4096), multiple=st.sampled_from([1, 8]))
def test_packed_passes_take_every_sequence_once_in_groups_of_its_width(
    lengths: list[int], budget: int, multiple: int
) -> None:
    passes = plan_packed(lengths, budget, multiple=multiple)
    assert sorted(int(place) for each in passes for place in each.places) == list(range(len(lengths)))
    for each in passes:
        tokens = sum(lengths[place] for place in each.places)
        assert tokens <= budget or len(each.places) == 1
        assert [group.begin for group in each.groups] == [0, *(group.end for group in each.groups)][:-1]
        assert each.groups[-1].end == len(each.places)
        for group in each.groups:
            assert {round_up(lengths[place], multiple) for place in each.places[group.begin : group.end]} == {
                group.width
            }


def cost(passes: list[PaddedPass], overhead: int) -> int:
    return sum(len(each.places) * each.width + overhead for each in passes)


@given(lengths=st.lists(st.integers(1, 60), min_size=1, max_size=9), overhead=st.integers(0, 300))
def test_no_other_cut_costs_less(lengths: list[int], overhead: int) -> None:
    """Beside every way to cut the sorted sequences, without a budget in the way."""
    planned = cost(plan_padded(lengths, 10**6, overhead=overhead), overhead)
    falling = sorted(lengths, reverse=True)
    for cuts in itertools.product((False, True), repeat=len(lengths) - 1):
        bounds = [0, *(place + 1 for place, cut in enumerate(cuts) if cut), len(lengths)]
        other = sum((end - begin) * round_up(falling[begin], 8) + overhead for begin, end in itertools.pairwise(bounds))
        assert planned <= other


def test_one_long_text_does_not_widen_the_short_ones() -> None:
    passes = plan_padded([10, 400, 12, 9], 8192)
    assert [(each.places.tolist(), each.width) for each in passes] == [([1], 400), ([2, 0, 3], 16)]


def test_shares_of_one_width_are_even() -> None:
    passes = plan_padded([8] * 65, 64 * 8)
    assert [len(each.places) for each in passes] == [32, 33]


def test_a_real_length_mix_is_nearly_all_useful() -> None:
    lengths = np.clip(np.random.default_rng(3).lognormal(3.6, 0.86, 512), 1, 510).astype(int)
    assert useful_share(lengths, plan_padded(lengths, 8192)) > 0.85
    assert useful_share(lengths, [PaddedPass(np.arange(512), int(lengths.max()))]) < 0.2


def test_no_width_is_rounded_beyond_what_a_network_takes() -> None:
    assert [each.width for each in plan_padded([33, 34, 20, 3], 8192, overhead=0, widest=34)] == [34, 24, 8]


def test_nothing_is_planned_for_nothing() -> None:
    assert plan_padded([], 8) == plan_packed([], 8) == []
    assert useful_share([], []) == 1.0
