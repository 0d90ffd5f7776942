"""What of compose runs without Docker: its Prometheus configuration, and its traffic on the embedded broker."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from aiokafka import AIOKafkaConsumer

from streams.demo.broker import EmbeddedBroker
from streams.demo.traffic import MODELS, Traffic
from tests.brokers.layers import find_promtool

DEPLOY = Path(__file__).parents[2] / "deploy"


def rules_of_compose(folder: Path) -> None:
    """What its service `rules` leaves in the volume, by its own words, in this folder."""
    compose = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text(encoding="utf-8"))
    service = compose["services"]["rules"]
    mounted = dict(mount.split(":")[:2][::-1] for mount in service["volumes"])
    assert mounted == {"/prometheus": "../prometheus", "/rules": "rules"}
    (script,) = service["command"]
    for inside, outside in (("/rules", folder), ("/prometheus", DEPLOY / "prometheus"), ("python ", sys.executable)):
        script = script.replace(inside, f"{outside} " if inside.endswith(" ") else str(outside))
    done = subprocess.run([*service["entrypoint"], script], capture_output=True, text=True, timeout=60.0)
    assert done.returncode == 0, done.stderr


@pytest.mark.layer("promtool")
def test_prometheus_takes_its_configuration_with_all_rules(tmp_path: Path) -> None:
    written = (DEPLOY / "compose" / "prometheus.yaml").read_text(encoding="utf-8")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "of-an-older-version.yaml").write_text("groups: 1", encoding="utf-8")
    rules_of_compose(tmp_path / "rules")
    rules = sorted(path.name for path in (tmp_path / "rules").iterdir())
    assert rules == sorted(path.name for path in (DEPLOY / "prometheus" / "rules").glob("*.yaml"))
    assert "/etc/prometheus/rules" in written
    (tmp_path / "prometheus.yaml").write_text(
        written.replace("/etc/prometheus/rules", str(tmp_path / "rules")), encoding="utf-8"
    )
    command = [find_promtool(), "check", "config", tmp_path / "prometheus.yaml"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60.0)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("rules found") == len(rules)


def test_alerts_lead_to_the_grafana_of_compose(tmp_path: Path) -> None:
    rules_of_compose(tmp_path)
    compose = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text(encoding="utf-8"))
    (port,) = compose["services"]["grafana"]["ports"]
    text = "".join(path.read_text(encoding="utf-8") for path in tmp_path.iterdir())
    address = f"http://{port.rpartition(':')[0]}/d/harmwatch-"
    assert text.count("dashboard_url: ") == text.count(address) > 20 and "grafana.example.com" not in text


@pytest.mark.layer("promtool")
@pytest.mark.parametrize("path", sorted((DEPLOY / "profiles" / "budgets").glob("*.yaml")), ids=lambda path: path.stem)
def test_prometheus_takes_the_budgets_of_a_profile(path: Path) -> None:
    done = subprocess.run([find_promtool(), "check", "rules", path], capture_output=True, text=True, timeout=60.0)
    assert done.returncode == 0 and "2 rules found" in done.stdout, done.stdout + done.stderr


@pytest.mark.layer("embedded")
async def test_the_traffic_reaches_a_broker_that_is_there_and_makes_its_topic() -> None:
    async with EmbeddedBroker() as broker:
        words = (
            "demo",
            "--publish",
            broker.bootstrap_servers,
            "--events",
            "300",
            "--seconds",
            "2",
            "--seed",
            "5",
            "--json",
        )
        command = [sys.executable, "-m", "streams.cli", *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120.0)
        assert done.returncode == 0, done.stderr
        records = Traffic(5, 300, 0.0, 2.0).expected.records
        assert json.loads(done.stdout) == {
            "records": records,
            "calls": 300,
            "seed": 5,
            "topic": "inference.events",
        }
        consumer = AIOKafkaConsumer(
            "inference.events", bootstrap_servers=broker.bootstrap_servers, auto_offset_reset="earliest"
        )
        await consumer.start()
        try:
            keys = [(await consumer.getone()).key for _ in range(records)]
            assert len(consumer.assignment()) == 3
        finally:
            await consumer.stop()
        assert {key.decode() for key in keys if key} == set(MODELS)


@pytest.mark.layer("embedded")
def test_brokers_that_are_not_there_are_one_line_and_exit_code_1() -> None:
    words = ("demo", "--publish", "127.0.0.1:1", "--events", "300", "--seconds", "2")
    done = subprocess.run([sys.executable, "-m", "streams.cli", *words], capture_output=True, text=True, timeout=120.0)
    assert done.returncode == 1 and "no broker answers" in done.stderr and "Traceback" not in done.stderr
