"""The soak's own parts: a judge that sees leaks, a census that names them, and traffic that keeps its promises."""

from __future__ import annotations

from collections import OrderedDict
from random import Random

import pytest

from agent.clock import ManualClock
from agent.joining import JoinStore, Origin
from streams.formats import Decoder
from streams.ports import Record
from tests.builders import make_event
from tests.e2e.soak.census import containers
from tests.e2e.soak.judge import MUST_BE_FLAT, Bound, container_bound, judge
from tests.e2e.soak.picture import sparkline
from tests.e2e.soak.traffic import CALLS_A_CHUNK, DEMO_MODELS, call_number, make_chunk

_EVENTS = [float(n) for n in range(0, 5_000_000, 10_000)]
_MEMORY = MUST_BE_FLAT["rss"]


def _memory(per_million: float, *, noise: float = 4.0, warm: float = 120.0, seed: int = 1) -> list[float]:
    """A worker that fills its caches in the first fifth, with noise whose neighbours are alike, and a planted leak."""
    rng, drift, values = Random(seed), 0.0, []
    for at in _EVENTS:
        drift = 0.8 * drift + rng.gauss(0.0, noise * 0.6)
        values.append(250.0 + warm * min(1.0, at / 1e6) + per_million * at / 1e6 + drift)
    return values


def test_a_worker_whose_caches_fill_in_the_first_half_is_flat() -> None:
    found = judge("rss", _EVENTS, _memory(0.0), _MEMORY)
    assert not found.grew and found.low < 0.0 < found.high, str(found)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("per_million", [10.0, 20.0, 200.0])
def test_a_planted_leak_is_found(per_million: float, seed: int) -> None:
    """10 MiB a million events are 10 bytes an event."""
    found = judge("rss", _EVENTS, _memory(per_million, seed=seed), _MEMORY)
    assert found.grew and found.low <= per_million <= found.high, str(found)


def test_noise_that_could_hide_a_leak_is_no_pass() -> None:
    """To have seen no growth is not to have shown that there is none."""
    found = judge("rss", _EVENTS, _memory(0.0, noise=200.0), _MEMORY)
    assert found.low < 0.0 and found.grew, str(found)


def test_peaks_are_no_growth() -> None:
    values = _memory(0.0)
    for at in (300, 380, 470, 490):
        values[at] += 500.0
    assert not judge("rss", _EVENTS, values, _MEMORY).grew


@pytest.mark.parametrize(("name", "every"), [("file_descriptors", 500_000), ("threads", 100_000), ("series", 10_000)])
def test_one_more_now_and_then_is_found(name: str, every: int) -> None:
    still = judge(name, _EVENTS, [60.0] * len(_EVENTS), MUST_BE_FLAT[name])
    assert not still.grew and still.growth == 0.0
    assert judge(name, _EVENTS, [60.0 + at // every for at in _EVENTS], MUST_BE_FLAT[name]).grew


def test_a_container_has_to_be_shown_to_grow() -> None:
    rng = Random(2)
    full = [10_000.0 + rng.gauss(0.0, 300.0) for _ in _EVENTS]
    assert not judge("calls", _EVENTS, full, container_bound("JoinStore._calls", 10_000.0)).grew
    forgotten = [at / 2_000 + rng.gauss(0.0, 30.0) for at in _EVENTS]
    assert judge("calls", _EVENTS, forgotten, container_bound("JoinStore._calls", 1_250.0)).grew


def test_too_few_samples_are_no_pass() -> None:
    with pytest.raises(ValueError, match="too few"):
        judge("rss", _EVENTS[:30], [1.0] * 30, _MEMORY)
    with pytest.raises(ValueError, match="too few"):
        judge("rss", [], [], _MEMORY)


def test_a_longer_run_may_grow_by_more() -> None:
    bound = Bound("MiB", 8.0, 8.0)
    assert bound.allowed(10_000.0) == 8.0 and bound.allowed(2_500_000.0) == 20.0


def test_the_census_counts_what_a_store_holds() -> None:
    clock = ManualClock()
    store = JoinStore(max_entries=100, max_chars=10_000, ttl_seconds=60.0, clock=clock, on_orphan=lambda _: None)
    before = containers(store)
    for number in range(7):
        store.admit(make_event(inference_id=f"r-{number}", answer=None), Origin("t", 0, number), 0.0)
    after = containers(store)
    assert after["JoinStore._calls"] - before["JoinStore._calls"] == 7
    assert isinstance(store._calls, OrderedDict)


def test_chunks_keep_their_promises() -> None:
    """By our own decoders: records, and those that are none; each half once in each call of the demo's models."""
    decoder = Decoder({})
    for number in (0, 3):
        chunk = make_chunk(number)
        halves: set[tuple[int, str]] = set()
        bad = 0
        for place, sent in enumerate(chunk.events):
            record = Record("inference.events", 0, place, 0.0, sent.key, sent.value, sent.headers)
            try:
                events = decoder.decode(record)
            except Exception:
                bad += 1
                continue
            for event in events:
                if event.model in DEMO_MODELS and event.source not in ("flood",):
                    halves |= {(call_number(event.inference_id), side) for side in _sides(event)}
        assert bad == chunk.promise.dead_letters > 0
        assert len(halves) == chunk.promise.verdicts
        assert len(chunk.events) == chunk.promise.records
        assert {n // CALLS_A_CHUNK for n, _ in halves} == {number}
        assert chunk.labels and len(chunk.labels) == chunk.promise.labels


def _sides(event: object) -> list[str]:
    return [side for side in ("input", "output") if getattr(event, side) is not None]


def test_a_sparkline_rises_with_its_values() -> None:
    assert sparkline([0.0, 1.0, 2.0, 3.0]) == "▁▃▅█"
    assert sparkline([5.0, 5.0]) == "▁▁" and sparkline([]) == ""
