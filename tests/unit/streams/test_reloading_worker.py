"""streams.worker and reload: what a worker that has a file does with a new one. It is built and not started."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from streams.audit import ConfigChange
from streams.config_file import ConfigFile
from streams.worker import Worker

PLAIN: dict[str, Any] = {
    "kafka": {"worker_name": "w1"},
    "scorers": {name: {"enabled": False} for name in ("toxicity", "adversarial", "groundedness")},
}


class Bench:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "harmwatch.yaml"
        self.write()
        file = ConfigFile.at_start(self.path)
        self.worker = Worker.build(file.config(), file=file)

    def write(self, **over: Any) -> None:
        self.path.write_text(json.dumps(PLAIN | over), encoding="utf-8")

    async def asked(self, **over: Any) -> ConfigChange:
        self.write(**over)
        assert self.worker.reloader is not None
        change = await self.worker.reloader.look("signal")
        assert change is not None
        return change


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def root_level() -> Iterator[None]:
    before = logging.getLogger().level
    yield
    logging.getLogger().setLevel(before)


def scorers(**more: Any) -> dict[str, Any]:
    return {"scorers": PLAIN["scorers"] | more}


@pytest.mark.parametrize(
    ("over", "said"),
    [
        (scorers(pii={"thresholds": {"rudeness": 0.5}}), "no category rudeness"),
        ({"policy": {"rules": [{"action": "block", "category": "toxicity"}]}}, "policy.rules"),
        ({"evidence": {"max_chars": 99}}, "max_chars"),
        (scorers(rudeness={}), "no scorer is called 'rudeness'"),
        (scorers(pii={"packs_of_wolves": 3}), "no option 'packs_of_wolves'"),
        (scorers(pii={"calibration": "/nowhere/calibration.json"}), "cannot be read"),
        ({"topics": {"formats": {"inference.events": "morse"}}}, "morse"),
        ({"kafka": {"worker_name": "w1", "security_protocol": "SSL", "ssl_ca_file": "/nowhere.pem"}}, "certificate"),
        ({"kafka": {"worker_name": "w2"}}, "restart the worker to change kafka.worker_name; nothing was taken"),
    ],
)
async def test_a_bad_file_leaves_the_worker_as_it_is(bench: Bench, over: dict[str, Any], said: str) -> None:
    rules = bench.worker.pipeline.rules.current
    change = await bench.asked(**over)
    assert (change.outcome, said in change.reason) == ("refused", True), change.reason
    assert bench.worker.pipeline.rules.current is rules
    assert bench.worker.metrics.rows("harmwatch_config_last_reload_successful") == {(): 0}


async def test_a_good_file_is_what_the_pipeline_judges_by(bench: Bench) -> None:
    change = await bench.asked(**scorers(pii={"thresholds": {"pii.email": 0.75}}))
    assert (change.outcome, change.keys) == ("applied", ["scorers.pii.thresholds"])
    assert bench.worker.pipeline.rules.current.thresholds["pii"] == {"pii.email": 0.75}
    assert bench.worker.metrics.rows("harmwatch_config_last_reload_successful") == {(): 1}


async def test_the_log_level_changes_when_the_file_changes_it_and_not_before(bench: Bench, root_level: None) -> None:
    logging.getLogger().setLevel(logging.ERROR)
    await bench.asked(policy={"default": "allow"})
    assert logging.getLogger().level == logging.ERROR
    await bench.asked(log_level="DEBUG")
    assert logging.getLogger().level == logging.DEBUG


def test_a_worker_without_a_file_has_nothing_to_reload(bench: Bench) -> None:
    assert Worker.build(bench.worker.config).reloader is None
