"""Who is sampled: floods before others, ordinary events before the others, and never more than asked for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent.overload.allotment import WHOLE, Demand, allot, fair_level

LEAST = 0.01
demands = st.dictionaries(
    st.text(max_size=3), st.builds(Demand, st.floats(0.0, 1e6), st.floats(0.0, 1e6)), min_size=1, max_size=20
)


def kept(of: dict[str, Demand], ratio: float) -> float:
    inclusion = allot(of, ratio, LEAST)
    return sum(d.ordinary * inclusion[m].ordinary + d.first * inclusion[m].first for m, d in of.items())


def test_a_flood_of_one_model_is_sampled_alone() -> None:
    inclusion = allot({"flood": Demand(900.0, 0.0), "a": Demand(50.0, 5.0), "rare": Demand(0.1, 0.0)}, 0.5, LEAST)
    assert inclusion["a"] == inclusion["rare"] == WHOLE
    assert 0.4 < inclusion["flood"].ordinary < 0.5


def test_within_a_model_what_counts_more_is_kept_whole() -> None:
    inclusion = allot({"m": Demand(900.0, 100.0)}, 0.3, LEAST)["m"]
    assert inclusion.first == 1.0
    assert inclusion.ordinary * 900.0 + 100.0 == 300.0


def test_of_each_model_its_share_is_wanted_and_no_more() -> None:
    of = {"a": Demand(900.0, 100.0), "b": Demand(10.0, 0.0), "whole": Demand(3.0, 0.1)}
    shares = {"a": 0.2, "b": 0.2, "whole": 1.0}
    inclusion = allot(of, 1.0, LEAST, shares)
    assert inclusion["whole"] is WHOLE
    assert inclusion["b"].ordinary == 0.2
    assert inclusion["a"] == (100.0 / 900.0, 1.0)
    # Half of what is wanted: the large one gives it.
    inclusion = allot(of, 0.5, LEAST, shares)
    assert inclusion["b"].ordinary == 0.2 and inclusion["whole"] is WHOLE
    assert inclusion["a"].ordinary * 900.0 + inclusion["a"].first * 100.0 < 110.0


def test_suspicious_texts_alone_do_not_stop_the_sampling_nor_blind_the_monitor() -> None:
    inclusion = allot({"m": Demand(100.0, 9_900.0)}, 0.1, LEAST)["m"]
    assert inclusion == (0.1, 0.1)
    inclusion = allot({"m": Demand(5_000.0, 5_000.0)}, 0.4, LEAST)["m"]
    assert inclusion.ordinary * 5_000.0 == 0.25 * 4_000.0
    assert inclusion.first * 5_000.0 == 0.75 * 4_000.0


@given(demands, st.floats(0.0, 1.0))
def test_probabilities_are_probabilities_and_the_room_is_kept_to(of: dict[str, Demand], ratio: float) -> None:
    inclusion = allot(of, ratio, LEAST)
    for model in of:
        assert LEAST <= inclusion[model].ordinary <= inclusion[model].first <= 1.0
    total = sum(demand.total for demand in of.values())
    # More only where the least share asks for it.
    assert kept(of, ratio) <= (ratio + LEAST) * total * (1.0 + 1e-9) + 1e-6


@given(st.dictionaries(st.integers(), st.floats(0.0, 1e6), max_size=20), st.floats(0.0, 1e6))
def test_the_level_gives_away_just_the_room(wanted: dict[int, float], room: float) -> None:
    level = fair_level({str(key): want for key, want in wanted.items()}, room)
    given_away = sum(min(want, level) for want in wanted.values())
    assert given_away <= room * (1.0 + 1e-9) + 1e-6
    if level == float("inf"):
        assert given_away == sum(wanted.values())
    else:
        assert given_away >= room * (1.0 - 1e-9) - 1e-6
