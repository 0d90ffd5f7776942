"""The bench without a broker: its traffic, what it writes down and plays back, what it says of the machine."""

from __future__ import annotations

import os
import socket

import pytest

from agent.clock import ManualClock
from streams.bench.core import bench_config, record_run, run_core
from streams.bench.glue import replay_pipeline
from streams.bench.machine import cpu_seconds, machine
from streams.bench.recorded import Recorded, play
from streams.bench.traffic import FORMAT_SAMPLES, bench_calls, figures_of, native_values
from streams.formats import FORMATS, Decoder
from streams.ports import Record


def test_traffic_is_the_same_for_the_same_seed_and_hardly_repeats_itself() -> None:
    calls = list(bench_calls(3000, 1.7e9))
    assert calls == list(bench_calls(3000, 1.7e9))
    figures = figures_of(calls, native_values(calls))
    assert 500 < figures.mean_bytes < 700
    assert 100 < figures.mean_text_characters < 140
    assert figures.repeated_text_share < 0.1


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"native"}))
def test_every_wire_format_has_a_sample_that_its_decoder_takes(name: str) -> None:
    sample = FORMAT_SAMPLES[name]
    call = next(bench_calls(1, 1.7e9))
    (event,) = Decoder().decode(Record("t", 0, 0, 1.7e9, None, sample.value(call), sample.headers))
    assert event.format == name
    assert event.input is not None
    assert event.input.texts[0].text == call.question


def test_recorded_calls_play_on_another_part() -> None:
    noted = Recorded([], ["append"])
    noted.append(1)
    noted.append(2)
    assert [(call.method, call.args) for call in noted.calls] == [("append", (1,)), ("append", (2,))]
    again: list[int] = []
    play(again, noted.calls)()
    assert again == [1, 2]


def test_a_recorded_run_holds_every_event_for_every_part() -> None:
    clock = ManualClock()
    values = native_values(list(bench_calls(120, clock.now())))
    config = bench_config(["pii"])
    config = config.model_copy(
        update={"batching": config.batching.model_copy(update={"max_texts": 40, "max_wait_seconds": 0.001})}
    )
    ready: list[int] = []
    seconds = run_core(config, values, clock, lambda: ready.append(1))
    assert seconds.cpu > 0.0 and seconds.clock > 0.0 and ready == [1]
    recording = record_run(config, values, clock)
    assert len(recording.decoder) == 120
    assert sum(len(call.result) for call in recording.judged) == 240
    replay_pipeline(recording, config, clock)()  # its own check: every answer is found


def test_the_machine_is_described_without_its_name() -> None:
    facts = machine()
    assert facts["python"]
    assert facts["cpu_count"] == os.cpu_count()
    assert socket.gethostname() not in facts.values()
    if os.path.exists("/proc/self/stat"):  # noqa: PTH110
        assert (cpu_seconds(os.getpid()) or 0.0) > 0.0
    assert cpu_seconds(2**30) is None
