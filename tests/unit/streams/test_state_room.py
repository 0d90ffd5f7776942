"""A pane topic that takes no large values: what the tap does, on the in-memory broker."""

from __future__ import annotations

import random
from typing import Any

import pytest

from agent.errors import MessageTooLarge
from streams.memory import MemoryBroker
from tests.builders import native
from tests.unit.streams.rig import Rig, make_broker, make_config, merged_windows, until, window_totals

CONFIG = make_config(drift={"enabled": True, "attributes": ["gender"]})


def write_events(broker: MemoryBroker, first: int, number: int = 100) -> None:
    draw = random.Random(first)
    for n in range(first, first + number):
        event: dict[str, Any] = {
            "model": "loan",
            "time": f"2023-11-14T22:{n % 60:02}:20Z",
            "input": {"features": {f"f{place}": draw.lognormvariate(8.0, 2.0) for place in range(20)}},
            "output": {"decision": "approved" if n % 3 else "denied"},
            "attributes": {"gender": "f" if n % 2 else "m"},
        }
        broker.append("inference.events", native(f"l-{n}", text=None, answer=None, **event), partition=0)


async def test_parts_of_the_state_go_and_every_event_counts_through_restarts() -> None:
    broker = make_broker()
    broker.largest["harm.panes"] = 5000
    for life in (1, 2):
        write_events(broker, life * 100)
        rig = Rig(broker, CONFIG)
        async with rig.running():
            await until(lambda: rig.committed() == life * 100)  # noqa: B023
            assert rig.pipeline.windows.totals("loan")["drift"]  # where it is counted it stays
        assert rig.metrics.total("harmwatch_window_state_left_out_total") > 0
        assert window_totals(broker, CONFIG) == {"loan": life * 100}
        assert merged_windows(broker, CONFIG).totals("loan")["drift"] == {}
    del broker.largest["harm.panes"]
    write_events(broker, 300)
    rig = Rig(broker, CONFIG)
    async with rig.running():
        await until(lambda: rig.committed() == 300)
    assert rig.metrics.total("harmwatch_window_state_left_out_total") == 0
    assert merged_windows(broker, CONFIG).totals("loan")["drift"]


async def test_the_largest_value_is_what_the_topic_takes_within_a_factor_of_two() -> None:
    broker = make_broker()
    broker.largest["harm.panes"] = 30_000
    write_events(broker, 0)
    rig = Rig(broker, CONFIG)
    async with rig.running():
        await until(lambda: rig.committed() == 100)
    sizes = [len(record.value) for record in broker.log("harm.panes") if record.value]
    assert max(sizes) <= 30_000 < 2 * (rig.pipeline.windows.fitting.most_bytes + 2048)


async def test_where_not_even_the_rest_fits_nothing_is_committed_and_the_setting_is_named() -> None:
    broker = make_broker()
    broker.largest["harm.panes"] = 100
    write_events(broker, 0)
    rig = Rig(broker, CONFIG)
    with pytest.raises(MessageTooLarge, match=r"harm\.panes .* max\.message\.bytes"):
        await rig.tap.run()
    assert rig.committed() == 0
    del broker.largest["harm.panes"]  # the operator has read it
    mended = Rig(broker, CONFIG)
    async with mended.running():
        await until(lambda: mended.committed() == 100)
    assert window_totals(broker, CONFIG) == {"loan": 100}
