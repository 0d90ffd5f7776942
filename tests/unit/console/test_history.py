"""H over time in bounded memory."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.console.history import COLUMNS, Histories
from tests.unit.console.console_builders import reading


def test_a_point_per_second_with_intervals() -> None:
    histories = Histories()
    for second in range(5):
        histories.sample([reading(share=0.1 * second)], 1000.0 + second)
        histories.sample([reading(share=0.9)], 1000.2 + second)
    track = histories.of("chat", 60.0)
    assert track["times"] == [1000.0, 1001.0, 1002.0, 1003.0, 1004.0]
    assert track["index"]["value"] == [0.0, 0.3, 0.6, 0.9, 1.2]
    assert track["output"]["lower"] == [0.0, 0.05, 0.1, 0.15, 0.2]
    assert histories.sums("chat", 60.0, 2) == [0.9, 1.2]


def test_too_few_events_are_a_gap_and_no_zero() -> None:
    histories = Histories()
    histories.sample([reading(sufficient=False)], 1000.0)
    histories.sample([reading()], 1001.0)
    track = histories.of("chat", 60.0)
    assert track["index"]["value"] == [None, 0.3]
    assert track["privacy"]["upper"] == [None, 0.2]
    assert track["bias"]["value"] == [None, None]


def test_what_nobody_knows_is_empty() -> None:
    track = Histories().of("nobody", 60.0)
    assert track["times"] == []
    assert all(track[column]["value"] == [] for column in COLUMNS)
    assert Histories().sums("nobody", 60.0, 5) == []


def test_a_model_that_has_gone_takes_its_history_along() -> None:
    histories = Histories()
    histories.sample([reading("a"), reading("b")], 1000.0)
    histories.sample([reading("b")], 1001.0)
    assert histories.of("a", 60.0)["times"] == []
    assert len(histories.of("b", 60.0)["times"]) == 2


def test_a_clock_that_is_set_back_begins_anew() -> None:
    histories = Histories()
    for now in (1000.0, 1001.0, 900.0, 901.0):
        histories.sample([reading()], now)
    assert histories.of("chat", 60.0)["times"] == [900.0, 901.0]


@given(st.integers(4, 40), st.integers(0, 400), st.sampled_from([1.0, 4.0, 16.0]))
def test_points_are_bounded_rise_and_reach_the_present(most: int, seconds: int, longest: float) -> None:
    histories = Histories(most, longest)
    for second in range(seconds):
        histories.sample([reading()], float(second))
    track = histories.of("chat", 60.0)
    times = track["times"]
    assert len(times) <= most
    assert times == sorted(set(times))
    assert all(len(track[column][bound]) == len(times) for column in COLUMNS for bound in ("value", "lower", "upper"))
    assert 1.0 <= track["step"] <= longest
    if seconds:
        assert seconds - 1 - times[-1] < 2 * track["step"]
    if track["step"] < longest and seconds:
        assert times[0] < 2 * track["step"]  # the whole run is there
