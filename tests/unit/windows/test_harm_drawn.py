"""Harm that a cascade looks for in a share of the texts: weights, and intervals that keep their level."""

from __future__ import annotations

from random import Random

import pytest

from agent.scores import Dimension
from agent.windows.base import Drawn, FinishContext, Observation
from agent.windows.harm import HarmAggregator, HarmMeasurement
from agent.windows.intervals import design_count
from tests.unit.windows.builders import make_observation, merged, state_of

CONTEXT = FinishContext("m", 60.0)
OUTPUT: tuple[Dimension, ...] = ("output",)


def event(*, harmful: bool = False, factor: float = 1.0, possible: float = 20.0, weight: float = 1.0) -> Observation:
    """One that a cascade had to do with; harm was seen with the probability 1 / factor."""
    drawn = Drawn({"output": factor} if harmful else {}, factor, (factor,) if harmful else (), {"output": possible})
    return make_observation(
        weight=weight,
        dimensions=OUTPUT if harmful else (),
        categories=(("output", "toxicity"),) if harmful else (),
        scored_dimensions=OUTPUT,
        drawn=drawn if possible > 1.0 else None,
    )


def measured(stream: list[Observation], **options: int) -> HarmMeasurement:
    made = HarmAggregator(**options)
    return made.finish(state_of(made, stream), CONTEXT)


def test_events_are_counted_and_harm_is_weighed() -> None:
    found = measured([event() for _ in range(360)] + [event(harmful=True, factor=20.0)] * 2)
    assert (found.scored_dimensions["output"], found.harmful["output"], found.harmful_any) == (362.0, 40.0, 40.0)
    assert found.categories == {"output": {"toxicity": 40.0}}
    output = found.components[0]
    assert output.value == pytest.approx(40.0 / 362.0)
    assert output.count < 362 / 15  # two of about eighteen


def test_no_hit_in_few_audits_is_no_narrow_interval() -> None:
    nothing = measured([event() for _ in range(200)]).components[0]
    seen_all = measured([event(possible=1.0) for _ in range(200)]).components[0]
    assert (nothing.value, seen_all.value) == (0.0, 0.0)
    assert nothing.upper > 0.2 > 0.03 > seen_all.upper
    assert not nothing.sufficient and seen_all.sufficient
    # Of other dimensions everything is known.
    privacy = measured([make_observation(drawn=Drawn({}, 1.0, (), {"output": 20.0})) for _ in range(200)]).components[1]
    assert privacy.upper < 0.03


def test_a_union_weighs_what_the_harm_weighs_that_is_surest() -> None:
    both = make_observation(
        dimensions=("output", "privacy"),
        categories=(("output", "toxicity"), ("output", "pii.email")),
        drawn=Drawn({"output": 20.0, "privacy": 1.0}, 1.0, (20.0, 1.0), {"output": 20.0}),
    )
    found = measured([both])
    assert (found.harmful["output"], found.harmful["privacy"], found.harmful_any) == (20.0, 1.0, 1.0)
    assert found.categories == {"output": {"toxicity": 20.0, "pii.email": 1.0}}


def test_states_merge_in_any_order_and_state_of_version_2_is_read() -> None:
    made = HarmAggregator()
    parts = [[event(harmful=True, factor=20.0), event()], [event(possible=5.0)], [event(harmful=True, possible=1.0)]]
    one, two, three = (state_of(made, part) for part in parts)
    assert merged(made, one, merged(made, three, two)) == merged(made, merged(made, two, one), three)
    assert merged(made, one, two, three) == state_of(made, [each for part in parts for each in part])
    old = {key: value for key, value in three.items() if key != "drawn"}
    assert merged(made, made.empty(), old) == three
    assert merged(made, one, old) == merged(made, one, three)


@pytest.mark.parametrize("hits", [0.0, 3.0, 50.0, 100.0])
def test_without_draws_of_its_own_the_effective_number_is_as_ever(hits: float) -> None:
    assert design_count(hits, hits, 100.0, 100.0, 1.0) == pytest.approx(100.0)
    assert design_count(hits, 4.0 * hits, 100.0, 400.0, 2.0, 0.0) == design_count(hits, 4.0 * hits, 100.0, 400.0, 2.0)


def test_the_effective_number_is_that_of_the_exact_variance() -> None:
    """Many events: harm p1 is seen for certain, p2 in the share 1/20 of its events."""
    n, p1, p2, r = 1e7, 0.01, 0.004, 20.0
    hits, squares = n * (p1 + p2), n * (p1 + p2 * r)
    share = p1 + p2
    variance = (p1 + p2 * r - share * share) / n
    found = design_count(hits, squares, n, n, r, n * p2 / r * r * (r - 1.0))
    assert found == pytest.approx(share * (1.0 - share) / variance, rel=1e-3)


@pytest.mark.parametrize("sampled", [False, True])
@pytest.mark.parametrize(("caught", "missed"), [(0.03, 0.004), (0.0, 0.03), (0.05, 0.0), (0.1, 0.05)])
def test_intervals_hold_the_truth_in_93_of_100_windows(caught: float, missed: float, sampled: bool) -> None:
    draw = Random(f"{caught} {missed} {sampled}")
    made = HarmAggregator()
    audit, windows, held, held_any = 0.05, 200, 0, 0
    for _ in range(windows):
        state = made.empty()
        for _ in range(500):
            weight = 1.0
            if sampled:  # under overload as well: half of the calls, drawn independently
                if draw.random() < 0.5:
                    continue
                weight = 2.0
            chance, audited = draw.random(), draw.random() < audit
            if chance < caught:
                made.add(state, event(harmful=True, possible=1.0, weight=weight))
            else:
                is_found = chance < caught + missed and audited
                made.add(state, event(harmful=is_found, factor=1.0 / audit, possible=1.0 / audit, weight=weight))
        found = made.finish(state, CONTEXT)
        held += found.components[0].lower <= caught + missed <= found.components[0].upper
        held_any += found.any_share.lower <= caught + missed <= found.any_share.upper
    assert held >= 0.93 * windows
    assert held_any >= 0.93 * windows
