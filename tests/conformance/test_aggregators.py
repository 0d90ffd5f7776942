"""What every row of AGGREGATORS promises (agent.windows.base.Aggregator)."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.windows import AGGREGATORS, aggregator_class
from agent.windows.base import Aggregator, FinishContext, Mention
from tests.unit.windows.builders import START, make_observation, make_share, merged, observations, state_of

ROWS = sorted(AGGREGATORS)
CONTEXT = FinishContext("m", 60.0)
streams = st.lists(observations(), max_size=12)


def aggregator(row: str) -> Aggregator:
    made: Aggregator = aggregator_class(row)()
    return made


@pytest.mark.parametrize("row", ROWS)
def test_name_and_version(row: str) -> None:
    assert aggregator(row).name == row
    assert aggregator(row).version >= 1


@pytest.mark.parametrize("row", ROWS)
def test_empty_states_are_separate_and_finish(row: str) -> None:
    made = aggregator(row)
    one, two = made.empty(), made.empty()
    mention = Mention("gender", "women", 0.5, harmful=True, alone=True, sentiment=0.5)
    decided: dict[str, Any] = {"attributes": {"gender": "female"}, "decision": "yes"}
    decided["campaigns"] = (make_share(),)
    made.add(one, make_observation(dimensions=("output",), mentions=(mention,), features=(("a", 0.5),), **decided))
    assert two == made.empty() != one
    made.finish(two, CONTEXT)


@pytest.mark.parametrize("row", ROWS)
@settings(max_examples=40)
@given(a=streams, b=streams, c=streams)
def test_merge_is_associative_commutative_with_identity(row: str, a: list, b: list, c: list) -> None:
    made = aggregator(row)
    x, y, z = (state_of(made, stream) for stream in (a, b, c))
    assert merged(made, x, y) == merged(made, y, x)
    assert merged(made, merged(made, x, y), z) == merged(made, x, merged(made, y, z))
    assert merged(made, x, made.empty()) == merged(made, made.empty(), x) == x


@pytest.mark.parametrize("row", ROWS)
@settings(max_examples=40)
@given(a=streams, b=streams)
def test_adding_is_merging(row: str, a: list, b: list) -> None:
    made = aggregator(row)
    assert state_of(made, a + b) == merged(made, state_of(made, a), state_of(made, b))
    assert state_of(made, a + b) == state_of(made, b + a)


@pytest.mark.parametrize("row", ROWS)
@settings(max_examples=40)
@given(a=streams, b=streams)
def test_merge_leaves_the_other_alone(row: str, a: list, b: list) -> None:
    made = aggregator(row)
    x, y = state_of(made, a), state_of(made, b)
    before = copy.deepcopy(y)
    made.merge(x, y)
    for observation in a:
        made.add(x, observation)
    assert y == before


@pytest.mark.parametrize("row", ROWS)
@settings(max_examples=40)
@given(stream=streams)
def test_state_and_measurement_can_be_written_down(row: str, stream: list) -> None:
    made = aggregator(row)
    state = state_of(made, stream)
    before = copy.deepcopy(state)
    measurement = made.finish(state, CONTEXT)
    assert state == before
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(state)) == state
    msgspec.json.encode(measurement)


@pytest.mark.parametrize("row", ROWS)
def test_state_is_bounded_under_hostile_names(row: str) -> None:
    made = aggregator(row)
    state = made.empty()
    for i in range(3000):
        made.add(
            state,
            make_observation(
                time=START,
                attributes={f"attribute {i % 97} {'长' * 500}": f"group {i} {'x' * 500}", "gender": f"{i}"},
                decision=f"decision {i}",
                label=f"label {i}",
                categories=(("output", f"category {i}"),),
                features=(("output.score", f"{i}"), (f"input.features.{i}", float(i)), (f"output.features.{i}", "一")),
                campaigns=(
                    make_share(i, categories=((f"category {i} {'长' * 500}", 1),), tenants=tuple(range(i, i + 99))),
                ),
                mentions=(
                    Mention("gender", f"group {i}", 0.5, True, True),
                    Mention(f"axis {i}", "women", 1.0, True, True),
                ),
            ),
        )
    assert len(msgspec.msgpack.encode(state)) < 40_000
