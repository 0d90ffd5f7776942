"""The demo's traffic, without a broker and without waiting: the signs of its four incidents, and none before them."""

from __future__ import annotations

from agent.clock import ManualClock
from agent.errors import DecodeError
from agent.joining import Origin
from agent.metrics import Metrics, new_registry
from agent.pipeline import build_pipeline
from streams.console import ConsoleWatch
from streams.console.shapes import Sign
from streams.demo.conduct import DemoOptions, demo_config
from streams.demo.traffic import CHAT, LOANS, SUPPORT, Traffic
from streams.formats import Decoder
from streams.ports import Record
from streams.web import Health, Readiness
from tests.unit.console.console_builders import WELL

START = 1_700_000_000.0
OPTIONS = DemoOptions(events=4_000)
TOPIC = "inference.events"
LOOKS = 60
AT_ONCE = 64


def signs_of_the_demo() -> list[tuple[float, list[Sign]]]:
    """What the console would have said at sixty moments of the run: their event time, and the signs."""
    config = demo_config(OPTIONS, "nobody:9092")
    clock = ManualClock(START)
    metrics = Metrics(new_registry(), clock=clock)
    pipeline = build_pipeline(config, metrics=metrics, clock=clock, max_records=4 * AT_ONCE, on_done=lambda: None)
    watch = ConsoleWatch(lambda: pipeline.windows, metrics, clock, config.campaigns.quiet_seconds, marks=False)
    decoder = Decoder({}, config.tap.max_record_bytes)

    def finish() -> None:
        for outcome in pipeline.join(60.0):
            watch.take(outcome)

    told: list[tuple[float, list[Sign]]] = []

    def look(at: float) -> None:
        finish()
        clock.advance(at - clock.now())
        watch.sample(pipeline.keep_house())
        told.append((at, watch.signs(Health(True), Readiness(True), WELL)))

    pipeline.warm_up()
    step = OPTIONS.seconds / LOOKS
    for offset, record in enumerate(Traffic(OPTIONS.seed, OPTIONS.events, START, OPTIONS.seconds)):
        while record.time >= START + step * (len(told) + 1):
            look(START + step * (len(told) + 1))
        taken = Record(TOPIC, 0, offset, record.time, record.key, record.value, record.headers)
        try:
            events = decoder.decode(taken)
        except DecodeError:
            events = []
        pipeline.submit(Origin(TOPIC, 0, offset), record.time, events)
        if offset % AT_ONCE == 0:
            finish()
    look(START + OPTIONS.seconds)
    pipeline.terminate()
    return told


def test_each_incident_has_its_sign_and_an_ordinary_stretch_has_none() -> None:
    told = signs_of_the_demo()
    incidents = Traffic(OPTIONS.seed, OPTIONS.events, START, OPTIONS.seconds).incidents
    for name, model, sign in (
        ("toxicity_burst", CHAT, "harm"),
        ("pii_leak", SUPPORT, "leaks"),
        ("injection_campaign", CHAT, "campaign"),
        ("disparity", LOANS, "disparity"),
    ):
        seen = [at for at, signs in told if any((one["sign"], one.get("model")) == (sign, model) for one in signs)]
        assert seen, name
        assert seen[0] >= incidents[name].start_time, name
        assert seen[-1] == told[-1][0], name
    first = min(incident.start_time for incident in incidents.values())
    before = [signs for at, signs in told if at <= first]
    assert len(before) >= LOOKS // 4
    assert not any(before)
    for model in (CHAT, SUPPORT, LOANS):
        begins = min(one.start_time for one in incidents.values() if one.model == model)
        assert not [one for at, signs in told if at <= begins for one in signs if one.get("model") == model]
