"""Names and texts of traffic forge no line of the log, and stand in none."""

from __future__ import annotations

import logging

import pytest

from tests.builders import native
from tests.hostile import hostile_name
from tests.unit.streams.rig import Rig, make_broker, make_config, until

SECRET = "zebra-crossing-4711"
FORGED = f"{SECRET}\n2026-11-23 10:00:00 INFO streams.worker draining signal=SIGTERM\x1b[2J"


async def test_no_line_is_forged_and_none_holds_what_came(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    broker = make_broker()
    for number in range(40):
        name = f"{hostile_name(number)}{FORGED}"
        value = native(f"{FORGED}{number}", text=FORGED, answer=f"awful {FORGED}", model=name, source=name, tenant=name)
        broker.append("inference.events", value, partition=0)
        broker.append("inference.events", f"{{{FORGED}".encode(), key=FORGED.encode(), partition=0)
        broker.append("inference.labels", f'{{"id": "{SECRET}"'.encode(), partition=0)
    broker.append("harm.panes", FORGED.encode(), key=FORGED.encode(), partition=0)
    config = make_config(dead_letters={"max_ratio": 1.0}, metrics={"max_models": 5})
    rig = Rig(broker, config)
    async with rig.running():
        await until(lambda: rig.committed() == 80)
    written = logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s")
    lines = [written.format(record) for record in caplog.records if record.name.startswith(("agent", "streams"))]
    assert lines, "the test sees no log at all"
    assert not [line for line in lines if SECRET in line or "\x1b" in line or "\n" in line]
