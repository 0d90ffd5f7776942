from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.clock import ManualClock
from agent.errors import StateError
from agent.windows.base import Mention, Observation
from agent.windows.bias import BiasAggregator
from agent.windows.codec import decode, peek
from agent.windows.drift import DriftAggregator
from agent.windows.engine import WindowEngine
from agent.windows.fitting import EXPENDABLE, StateFitting
from agent.windows.harm import HarmAggregator
from agent.windows.identity import IdentityAggregator
from agent.windows.sentiment import SentimentAggregator
from tests.unit.windows.builders import START, make_observation

KEY = ("events", 0)


def new_engine() -> WindowEngine:
    aggregators = [
        HarmAggregator(),
        BiasAggregator(),
        IdentityAggregator(),
        SentimentAggregator(),
        DriftAggregator(["sex"]),
    ]
    return WindowEngine(aggregators, ManualClock(START + 4000.0))


def observations(number: int) -> list[Observation]:
    draw = random.Random(7)
    return [
        make_observation(
            time=START + 10.0 * place,
            decision="approved" if place % 3 else "denied",
            attributes={"sex": "female" if place % 2 else "male"},
            dimensions=("output",) if place % 5 == 0 else (),
            mentions=(Mention("gender", "women" if place % 2 else "men", draw.random(), False, True, draw.random()),),
            features=[(f"input.features.{name}", draw.lognormvariate(8.0, 2.0)) for name in range(20)],
        )
        for place in range(number)
    ]


def filled(number: int = 300) -> WindowEngine:
    engine = new_engine()
    for offset, observation in enumerate(observations(number)):
        engine.apply(KEY, offset, [observation])
    return engine


def written(engine: WindowEngine, most_bytes: int) -> bytes:
    engine.fitting.most_bytes = most_bytes
    return engine.snapshot(KEY, full=True).values["m"]


def restored(value: bytes) -> WindowEngine:
    engine = new_engine()
    assert engine.restore(KEY, [value]) == 300
    assert engine.damaged(KEY) == 0
    return engine


def test_a_state_is_packed_first_and_then_parts_go_in_the_stated_order() -> None:
    engine = filled()
    whole = written(engine, 1 << 30)
    totals = engine.totals("m")
    assert peek(whole).version == 1
    sizes, seen = [len(whole)], []
    while True:
        value = written(engine, sizes[-1] - 1)
        if len(value) >= sizes[-1]:
            break  # as small as it gets
        sizes.append(len(value))
        assert peek(value).version == 2
        again = restored(value).totals("m")
        lost = {name for name in totals if again[name] != totals[name]}
        without_groups = {name: {**table, "by": {}} for name, table in totals["drift"].items()}
        seen.append("drift_groups" if again["drift"] == without_groups else ",".join(sorted(lost)))
        assert all(again[name] == engine_part for name, engine_part in totals.items() if name not in lost)
    assert seen == ["", "drift_groups", "drift", "drift,sentiment", "drift,identity,sentiment"]
    assert restored(value).totals("m")["harm"] == totals["harm"]
    assert restored(value).totals("m")["bias"] == totals["bias"]
    assert engine.totals("m") == totals  # only what is written is cut


def test_what_decisions_can_do_without_goes_last_and_decisions_by_group_stay() -> None:
    aggregators = [HarmAggregator(), BiasAggregator(intersections=[["sex", "age"]])]
    engine = WindowEngine(aggregators, ManualClock(START + 4000.0))
    draw = random.Random(3)
    for offset in range(300):
        attributes = {"sex": draw.choice("fm"), "age": draw.choice("123456789")}
        decision = draw.choice(["approved", "denied"])
        made = make_observation(
            time=START + 10.0 * offset, decision=decision, attributes=attributes, decision_score=draw.random()
        )
        engine.apply(KEY, offset, [made])
    totals = engine.totals("m")
    seen = []
    most = len(written(engine, 1 << 30))
    for _ in range(4):
        value = written(engine, most - 1)
        most = len(value)
        left_out = engine.fitting.take_left_out()
        other = WindowEngine(aggregators, ManualClock(START + 4000.0))
        other.restore(KEY, [value])
        seen.append((sorted(left_out), other.totals("m")["bias"]))
    assert [left_out for left_out, _ in seen] == [
        [],
        ["bias_intersections"],
        *[["bias_intersections", "bias_scores"]] * 2,
    ]
    plain = {name: groups for name, groups in totals["bias"].items() if name != "sex+age"}
    assert totals["bias"].keys() == {"sex", "age", "sex+age"}
    assert seen[0][1] == totals["bias"]
    assert seen[1][1] == plain
    assert seen[2][1] == {
        name: {group: numbers[:12] + [0.0] * 8 for group, numbers in groups.items()} for name, groups in plain.items()
    }
    assert engine.totals("m") == totals


@given(most_bytes=st.integers(0, 1 << 18))
def test_whatever_fits_fits_and_harm_and_decisions_stay(most_bytes: int) -> None:
    engine = _FILLED
    value = written(engine, most_bytes)
    smallest = written(engine, 0)
    assert len(value) <= max(most_bytes, len(smallest))
    totals, again = engine.totals("m"), restored(value).totals("m")
    assert (again["harm"], again["bias"]) == (totals["harm"], totals["bias"])


_FILLED = filled()


def test_what_did_not_fit_is_left_out_until_the_next_full_snapshot() -> None:
    engine = filled()
    written(engine, 4096)
    assert engine.fitting.take_left_out()["drift"] == 1
    engine.apply(KEY, 300, [make_observation(time=START + 3000.0)])
    engine.fitting.most_bytes = 1 << 30
    assert [name for name, _ in decode(engine.snapshot(KEY).values["m"]).aggregators][:2] == ["harm", "bias"]
    assert engine.fitting.take_left_out()["drift"] == 1
    assert len(decode(engine.snapshot(KEY, full=True).values["m"]).aggregators) == 5
    assert not engine.fitting.take_left_out()


@given(size=st.integers(1, 1 << 24), limit=st.integers(2049, 1 << 24))
def test_refusals_find_any_limit_soon_or_say_that_none_is_left(size: int, limit: int) -> None:
    fitting = StateFitting(["harm"])
    refusals = 0
    while size > limit:
        refusals += 1
        if not fitting.refused(size):
            break
        assert fitting.most_bytes < size
        size = min(size, fitting.most_bytes)
    assert refusals <= 15
    assert size <= limit or limit < 4096 - 2048


def test_a_value_that_could_not_be_made_smaller_is_not_tried_again() -> None:
    fitting = StateFitting(["harm"])
    assert fitting.refused(5000)
    assert not fitting.refused(4999)
    fitting.forget()
    assert fitting.refused(4999)


def test_parts_are_those_of_the_aggregators_that_count() -> None:
    assert StateFitting(["harm", "identity"])._parts == ("identity",)
    assert set(EXPENDABLE).isdisjoint({"harm", "bias"})


def test_a_damaged_packed_state_is_refused() -> None:
    record = msgspec.msgpack.decode(written(filled(), 1 << 14))
    for damaged in (record["packed"][:-9], b"\x78", record["packed"] + b"x", b"x" * 40):
        value = msgspec.msgpack.encode({**record, "packed": damaged})
        if damaged.startswith(record["packed"]):
            assert decode(value)  # what follows the end is not read
            continue
        with pytest.raises(StateError):
            new_engine().absorb(value)
