"""What the windows know of campaigns: sums, how many tenants, which ones stay."""

from __future__ import annotations

from random import Random

import pytest

from agent.clock import ManualClock
from agent.errors import StateError
from agent.windows.base import FinishContext, Observation
from agent.windows.campaigns import CampaignReading, CampaignsAggregator
from agent.windows.engine import WindowEngine
from tests.unit.windows.builders import START, make_observation, make_share, merged, state_of

CONTEXT = FinishContext("m", None)


def readings(observations: list[Observation]) -> tuple[CampaignReading, ...]:
    made = CampaignsAggregator()
    return made.finish(state_of(made, observations), CONTEXT).campaigns


def test_shares_of_one_campaign_add_up() -> None:
    later = make_share(events=3, suspected=0, first=START + 60.0, last=START + 90.0, sign="burst", tenants=(7 << 50,))
    (told,) = readings([make_observation(campaigns=(make_share(),)), make_observation(campaigns=(later,), weight=4.0)])
    assert (told.events, told.suspected, told.first, told.last) == (15, 1, START, START + 90.0)
    assert (told.signs, told.tenants, told.categories) == (("burst", "near_duplicates"), 3, {"adversarial": 24})
    assert told.sketch == (0, 5, 9)


@pytest.mark.parametrize("number", [63, 200, 5_000])
def test_tenants_are_counted_exactly_up_to_63_and_estimated_beyond(number: int) -> None:
    draw = Random(number)
    hashes = [draw.getrandbits(63) for _ in range(number)]
    shares = [make_share(tenants=tuple(sorted(hashes[place : place + 10]))) for place in range(0, number, 10)]
    (told,) = readings([make_observation(campaigns=(share,)) for share in shares + shares])
    assert told.tenants == pytest.approx(number, rel=0.0 if number < 64 else 0.35)


def test_the_campaigns_that_began_last_stay() -> None:
    observations = [make_observation(campaigns=(make_share(hour),)) for hour in Random(1).sample(range(100), 100)]
    assert [told.key[:8] for told in readings(observations)] == [f"{hour:08x}" for hour in range(84, 100)]


def test_a_state_of_something_else_is_refused() -> None:
    made = CampaignsAggregator()
    with pytest.raises(StateError, match="lacks a field"):
        merged(made, {"key": {"id": "x"}})


def test_windows_forget_what_the_totals_remember() -> None:
    clock = ManualClock(START)
    engine = WindowEngine([CampaignsAggregator()], clock, windows_seconds=(60.0, 300.0))
    engine.apply(("t", 0), 0, [make_observation(campaigns=(make_share(),))])
    clock.advance(200.0)
    engine.apply(("t", 0), 1, [make_observation(time=START + 200.0)])
    by_window = {reading.window_seconds: reading.results["campaigns"].campaigns for reading in engine.measurements()}
    assert [len(by_window[seconds]) for seconds in (60.0, 300.0)] == [0, 1]
    clock.advance(1_000.0)
    assert not any(reading.results["campaigns"].campaigns for reading in engine.measurements())
    (totals,) = engine.total_measurements()
    assert len(totals.results["campaigns"].campaigns) == 1


def test_a_category_that_is_called_other_is_added_to_the_rest() -> None:
    names = [*(f"category {place}" for place in range(40)), "other"]
    shares = [make_share(categories=((name, 1),)) for name in names]
    (told,) = readings([make_observation(campaigns=(share,)) for share in shares])
    assert sum(told.categories.values()) == len(names)
