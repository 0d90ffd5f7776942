from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent.windows.bias import BiasAggregator
from agent.windows.bounded import joined_name
from tests.unit.windows.builders import make_observation, state_of

NAMES = st.text(st.sampled_from("a+\\"), min_size=1, max_size=5)


def test_names_that_are_looked_at_together_stay_readable() -> None:
    assert joined_name(("female", "old")) == "female+old"
    assert joined_name(("65+", "female")) == "65++female"
    assert joined_name(("a\\b", "c")) == "a\\b+c"
    assert joined_name(("b+c",)) == "b+c"
    assert (joined_name(("a+b", "c")), joined_name(("a", "b+c"))) == ("a\\+b+c", "a+b\\+c")


@given(st.lists(st.tuples(NAMES, NAMES), unique=True, max_size=40), st.tuples(NAMES, NAMES, NAMES))
def test_others_have_another_name(pairs: list[tuple[str, str]], three: tuple[str, str, str]) -> None:
    assert len(set(map(joined_name, pairs))) == len(pairs)
    assert joined_name(three) != joined_name((*three[:2], three[2] + "x"))


def test_groups_that_differ_are_not_counted_as_one() -> None:
    aggregator = BiasAggregator(intersections=[("sex", "origin")])
    state = state_of(
        aggregator,
        [
            make_observation(decision="approved", attributes={"sex": sex, "origin": origin})
            for sex, origin in (("a+b", "c"), ("a", "b+c"))
        ],
    )
    assert len(state["sex+origin"]) == 2
