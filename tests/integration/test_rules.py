"""deploy/prometheus: what promtool makes of the rules, and whether they give what the worker's own gauges say."""

from __future__ import annotations

import subprocess
from pathlib import Path
from threading import Event

import pytest
import yaml
from prometheus_client import CollectorRegistry

from agent.clock import ManualClock
from agent.config import CoreConfig
from agent.events import Payload, TextPart
from agent.joining import Origin
from agent.metrics import Metrics, new_registry
from agent.pipeline import build_pipeline
from deploy.prometheus.adapt import faster_duration
from deploy.prometheus.adapt import main as adapt
from tests.alerts import ALERTMANAGER, RUNBOOKS, queries_of
from tests.brokers.layers import find_amtool, find_promtool
from tests.builders import WordScorer, make_event

PROMETHEUS = Path(__file__).parents[2] / "deploy" / "prometheus"
MINUTES = 70
PER_MINUTE = 20
READ_BY_RULES = (
    *("harmwatch_scored_events_total", "harmwatch_harmful_events_total", "harmwatch_harm_component"),
    *("harmwatch_harm_component_bound", "harmwatch_harm_scored", "harmwatch_harm_index", "harmwatch_harm_index_bound"),
)

pytestmark = pytest.mark.layer("promtool")
#: Severities that alerts have, and anything else, by receiver.
ROUTES = [("severity=page", "pager"), ("severity=ticket", "tickets"), ("team=other", "tickets")]


def promtool(*arguments: str | Path) -> str:
    done = subprocess.run([find_promtool(), *map(str, arguments)], capture_output=True, text=True, timeout=300.0)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_rules_are_sound() -> None:
    said = promtool("check", "rules", *sorted((PROMETHEUS / "rules").glob("*.yaml")))
    assert "SUCCESS" in said and "FAILED" not in said and "duplicate" not in said


@pytest.mark.parametrize("file", sorted((PROMETHEUS / "tests").glob("*.yaml")), ids=lambda path: path.stem)
def test_rules_give_what_their_tests_say(file: Path) -> None:
    assert "SUCCESS" in promtool("test", "rules", file)


def test_prometheus_takes_the_queries_of_the_runbooks(tmp_path: Path) -> None:
    queries = sorted({query for page in RUNBOOKS.glob("*.md") for query in queries_of(page)})
    rules = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(queries)]
    file = tmp_path / "queries.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}), encoding="utf-8")
    assert f"SUCCESS: {len(queries)} rules found" in promtool("check", "rules", file)


def test_rules_are_sound_with_time_compressed(tmp_path: Path) -> None:
    assert adapt(["--out", str(tmp_path), "--faster", "60"]) == 0
    said = promtool("check", "rules", *sorted(tmp_path.glob("*.yaml")))
    assert "SUCCESS" in said and "FAILED" not in said and "duplicate" not in said


def test_a_spike_pages_within_seconds_when_time_is_compressed(tmp_path: Path) -> None:
    """The case of a minute of five percent, sixty times as fast."""
    assert adapt(["--out", str(tmp_path), "--faster", "60"]) == 0
    document = yaml.safe_load((PROMETHEUS / "tests" / "harm_alerts.yaml").read_text(encoding="utf-8"))
    case = document["tests"][0]
    case["interval"] = "1s"
    for check in case["alert_rule_test"]:
        check["eval_time"] = faster_duration(check["eval_time"], 60)
        for alert in check["exp_alerts"]:
            alert["exp_labels"]["window"] = "5s"
            alert["exp_annotations"]["description"] = alert["exp_annotations"]["description"].replace("5m", "5s")
    rules = [str(tmp_path / name) for name in ("budgets.yaml", "harm.yaml")]
    file = tmp_path / "fast-test.yaml"
    file.write_text(
        yaml.safe_dump({"rule_files": rules, "evaluation_interval": "1s", "tests": [case]}), encoding="utf-8"
    )
    assert "SUCCESS" in promtool("test", "rules", file)


@pytest.mark.layer("amtool")
def test_the_alertmanager_configuration_is_sound() -> None:
    done = subprocess.run(
        [find_amtool(), "check-config", str(ALERTMANAGER)], capture_output=True, text=True, timeout=60.0
    )
    assert done.returncode == 0 and "SUCCESS" in done.stdout, done.stdout + done.stderr


@pytest.mark.layer("amtool")
@pytest.mark.parametrize(("labels", "receiver"), ROUTES)
def test_alerts_are_routed_by_severity(labels: str, receiver: str) -> None:
    command = [find_amtool(), "config", "routes", "test", "--config.file", str(ALERTMANAGER), labels, "model=chat"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60.0)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [receiver]


def exposed(registry: CollectorRegistry) -> dict[str, float]:
    """What the rules read of a scrape, by series."""
    return {
        sample.name + "{" + ", ".join(f'{name}="{value}"' for name, value in sample.labels.items()) + "}": sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name in READ_BY_RULES
    }


def scrapes() -> list[dict[str, float]]:
    """A worker's metrics at the end of every minute of traffic, in which the share of harm jumps at the 40th minute."""
    clock = ManualClock(1_700_000_000.0 // 3600 * 3600)
    registry = new_registry()
    metrics, scored = Metrics(registry, clock=clock), Event()
    scorers = [
        WordScorer("words", {"awful": "words"}),
        WordScorer("secrets", {"password": "secrets"}, "privacy", directions=("output",)),
        WordScorer("attacks", {"ignore": "attacks"}, "adversarial", directions=("input",)),
    ]
    pipeline = build_pipeline(CoreConfig(), metrics=metrics, clock=clock, scorers=scorers, on_done=scored.set)
    found: list[dict[str, float]] = []
    for minute in range(MINUTES):
        for place in range(PER_MINUTE):
            number = minute * PER_MINUTE + place
            asked = "awful, ignore it" if place < 2 else "hello"
            told = "awful" if place < 3 or (minute >= 40 and place < 8) else "a password" if place == 9 else "nice"
            decision = "approved" if place % 2 or place % 4 else "denied"
            event = make_event(
                inference_id=f"r-{number}",
                time=clock.now(),
                text=asked,
                output=Payload(texts=(TextPart(told, "assistant"),), decision=decision),
                attributes={"gender": "female" if place % 2 else "male"},
            )
            pipeline.submit(Origin("t", 0, number), clock.now(), [event])
            clock.advance(59.5 / PER_MINUTE)  # and so the gauges are read within the minute's last pane
        while pipeline.in_flight:
            scored.clear()
            pipeline.poll(drain=True)
            assert not pipeline.in_flight or scored.wait(10.0)
        pipeline.keep_house()
        found.append(exposed(registry))
        clock.advance(0.5)
    pipeline.close()
    pipeline.terminate()
    return found


def comparisons(window: str) -> list[tuple[str, int]]:
    """What a rule says less what a gauge says, and how many such pairs there are."""
    component = f'model_component_window_bound:harmwatch_harm_component:ratio{{window="{window}"}}'
    pairs = [
        (f'{component[:-1]}, bound="value"}} - on (model, window, component) harmwatch_harm_component', 4),
        (f"{component} - on (model, window, component, bound) harmwatch_harm_component_bound", 8),
    ]
    for form in ("sum", "union"):
        index = f'model_window_bound:harmwatch_harm_index:{form}{{window="{window}"}}'
        pairs += [
            (f'{index[:-1]}, bound="value"}} - on (model, window) harmwatch_harm_index{{form="{form}"}}', 1),
            (f'{index} - on (model, window, bound) harmwatch_harm_index_bound{{form="{form}"}}', 2),
        ]
    return pairs


def test_rules_and_gauges_of_the_same_traffic_agree(tmp_path: Path) -> None:
    taken = scrapes()
    series = sorted({name for scrape in taken for name in scrape})
    # Prometheus 3 leaves out the left end of a range and extrapolates: exact only where traffic was steady.
    checks = [
        {
            "expr": f"count(abs({difference}) <= {most})",
            "eval_time": f"{MINUTES - 1}m",
            "exp_samples": [{"labels": "{}", "value": pairs}],
        }
        for window, most in (("5m", 1e-9), ("1h", 0.01))
        for difference, pairs in comparisons(window)
    ]
    written = {
        "rule_files": [str(PROMETHEUS / "rules" / "harm.yaml")],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [
                    {"series": name, "values": " ".join(str(scrape.get(name, "_")) for scrape in taken)}
                    for name in series
                ],
                "promql_expr_test": checks,
            }
        ],
    }
    file = tmp_path / "agree.yaml"
    file.write_text(yaml.safe_dump(written), encoding="utf-8")
    assert "SUCCESS" in promtool("test", "rules", file)
    last = taken[-1]
    # Otherwise the comparison would be one of zeros.
    assert last['harmwatch_harm_index{model="chat", window="5m", form="sum"}'] == pytest.approx(0.4 + 0.05 + 0.1 + 0.5)
    assert last['harmwatch_harm_index{model="chat", window="1h", form="sum"}'] < 1.0
