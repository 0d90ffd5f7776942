"""How many processes: what the commands take and what they say."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from agent.config import validate
from streams.cli import main
from streams.commands.doctor_processes import look_at_processes
from streams.config import WorkerConfig
from streams.processes.cores import usable_cores
from tests.builders import native
from tests.unit.streams.rig import Rig, make_broker, make_config, until


@pytest.mark.parametrize("processes", ["0", "-1", "1.5", "many", "257", "1000", "²", ""])
def test_what_is_no_number_of_processes_is_wrong_usage(
    processes: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--config", str(tmp_path / "none.yaml"), f"--processes={processes}"]) == 2
    assert "--processes must be a number from 1 to 256, or auto" in capsys.readouterr().err


def test_a_port_that_is_none_of_ours_is_told_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "harmwatch.yaml"
    file.write_text("web: {host: 0.0.0.0}\nworker: {processes: 2}\n")
    assert main(["run", "--config", str(file)]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1 and "token" in said[0]


def config(processes: object, **scorers: object) -> WorkerConfig:
    plain = {"worker": {"processes": processes}, "topics": {"events": ["a", "b"]}, "scorers": scorers}
    return validate(WorkerConfig, plain, "test")


def test_doctor_says_what_the_processes_have() -> None:
    cores = usable_cores()
    assert look_at_processes(config(1), {"a": 3})[0] == "ok"
    assert look_at_processes(config("auto"), None)[0] == "ok"
    outcome, found, mend = look_at_processes(config(5), {"a": 3, "b": 1})
    assert (outcome, mend) == ("warning", "lower worker.processes") and "4 partitions: 1 stand idle" in found
    assert look_at_processes(config(cores + 1), {"a": 300})[0] == "warning"


def test_doctor_says_when_several_would_load_a_model_onto_one_device() -> None:
    scorers = {"toxicity": {"kind": "detoxify", "device": "cuda", "checkpoint": "/x"}}
    if usable_cores() > 1:
        assert "onto the device" in look_at_processes(config(2, **scorers), None)[1]
    assert look_at_processes(config(1, **scorers), None)[0] == "ok"


async def test_counts_are_told_before_their_offsets_are_committed() -> None:
    broker = make_broker()
    rig = Rig(broker, make_config(topics={"labels": None}))
    told: list[tuple[float, int]] = []

    async def tell() -> None:
        told.append((rig.metrics.total("harmwatch_events_total"), rig.committed()))

    rig.tap.checkpoints.before_commit = tell
    async with rig.running():
        for number in range(40):
            broker.append("inference.events", native(f"r-{number}"), key=b"m", partition=number % 2)
        await until(lambda: rig.committed() == 40)
    assert told and told[-1][0] == 40
    # Whatever was committed when it was told next had been told before.
    assert all(committed <= events for (events, _), (_, committed) in pairwise(told))
