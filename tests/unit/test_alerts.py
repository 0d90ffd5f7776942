"""Alerts: complete, tested in both directions, explained in both languages, and made of metrics that exist."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import chain
from pathlib import Path

import pytest
import yaml

from tests.alerts import (
    ALERTMANAGER,
    PROMETHEUS,
    RULE_FILES,
    RUNBOOKS,
    Alert,
    alerts,
    queries_of,
    records,
    series_of,
    unknown,
)

SEVERITIES = {"page", "ticket"}
DASHBOARDS = {
    "harm": ("overview", "privacy"),
    "bias": ("bias-drift",),
    "drift": ("bias-drift",),
    "adversarial": ("adversarial",),
    "pipeline": ("pipeline",),
    "ingest": ("pipeline",),
    "proxy": ("pipeline",),
}
#: What an alert may be told by: closed sets under the budgets of agent.metrics. Ids and features are not among them.
ALERT_LABELS = {
    *("model", "dimension", "category", "window", "attribute", "measure", "axis", "group", "kind"),
    *("scorer", "reason", "topic", "metric", "part", "format", "cluster", "namespace", "job", "severity"),
}
SECTIONS = {
    RUNBOOKS: ["Meaning", "Impact", "Diagnosis", "Mitigation"],
    RUNBOOKS / "zh-CN": ["含义", "影响", "诊断", "处置"],
}
NAMES = {alert.name for alert in alerts()}
PAGES = [folder / f"{name}.md" for folder in SECTIONS for name in sorted(NAMES)]


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def page_name(page: Path) -> str:
    return str(page.relative_to(RUNBOOKS))


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert.name)
def test_an_alert_says_all_that_on_call_needs(alert: Alert) -> None:
    assert re.fullmatch(r"([A-Z][a-z]+)+", alert.name)
    assert alert.labels["severity"] in SEVERITIES and set(alert.labels) <= {"severity", "window"}
    assert set(alert.annotations) == {"summary", "description", "dashboard_url", "runbook_url"}
    assert alert.annotations["runbook_url"] == f"https://runbooks.example.com/{alert.name}"
    of_model = "?var-model={{ $labels.model | urlquery }}" if "$labels.model" in alert.annotations["summary"] else ""
    assert alert.annotations["dashboard_url"] in {
        f"https://grafana.example.com/d/harmwatch-{page}{of_model}" for page in DASHBOARDS[alert.subject]
    }
    assert len(alert.annotations["summary"]) <= 140
    # Whose it is: two installations in one Prometheus may have models of the same name.
    assert alert.annotations["summary"].endswith(" [{{ $labels.job }}]")


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert.name)
def test_what_an_alert_says_names_labels_that_it_may_have(alert: Alert) -> None:
    for text in alert.annotations.values():
        assert set(re.findall(r"\$labels\.(\w+)", text)) <= ALERT_LABELS


def test_alerts_that_share_a_name_differ_in_their_window_alone() -> None:
    by_name: dict[str, list[Alert]] = defaultdict(list)
    for alert in alerts():
        by_name[alert.name].append(alert)
    for same in by_name.values():
        assert len({alert.labels.get("window") for alert in same}) == len(same)
        assert len({(alert.labels["severity"], *alert.annotations.values()) for alert in same}) == 1


def test_records_are_named_by_level_metric_and_operation() -> None:
    for name in records():
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*:harmwatch_[a-z_]+:[a-z_]+", name), name


@pytest.mark.parametrize("expression", [*(alert.expression for alert in alerts()), *chain(*records().values())])
def test_rules_read_metrics_and_labels_that_exist(expression: str) -> None:
    assert unknown(expression) == set()


@pytest.mark.parametrize("expression", [*(alert.expression for alert in alerts()), *chain(*records().values())])
def test_rules_tell_installations_apart(expression: str) -> None:
    """No aggregation and no join leaves out the labels of the target; budgets are told for fewer of them."""
    if "harm_budget:" in expression:
        return
    for grouped in re.findall(r"\b(?:by|on) \(([^)]*)\)", expression):
        assert grouped.startswith("cluster, namespace, job"), grouped
    assert not re.search(r"\b(sum|max|min|count|group|avg)\s*\(", expression)


def test_a_metric_or_label_that_does_not_exist_is_seen() -> None:
    assert unknown("rate(harmwatch_nothing_total[5m])") == {"harmwatch_nothing_total"}
    assert unknown('topk(3, harmwatch_events_total{tenant="a"})') == {"harmwatch_events_total{tenant}"}
    assert unknown("harmwatch_events_total_bucket or (a:harmwatch_b:c)") == {
        "harmwatch_events_total_bucket",
        "a:harmwatch_b:c",
    }
    assert unknown('topic:harmwatch_consumer_lag:sum{model="m"}') == {"topic:harmwatch_consumer_lag:sum{model}"}
    with pytest.raises(ValueError, match=r".+"):
        series_of("sum by (a (b)")


def test_every_alert_has_a_case_that_fires_and_one_that_is_silent() -> None:
    fires, silent = set(), set()
    for file in sorted((PROMETHEUS / "tests").glob("*.yaml")):
        document = yaml.safe_load(text_of(file))
        assert {(file.parent / rules).resolve() for rules in document["rule_files"]} <= set(RULE_FILES)
        for test in document["tests"]:
            for case in test.get("alert_rule_test", []):
                (fires if case["exp_alerts"] else silent).add(case["alertname"])
    assert fires == NAMES
    assert silent == NAMES


def test_every_alert_has_its_runbook_in_both_languages_and_no_runbook_is_left_over() -> None:
    for folder in SECTIONS:
        assert {page.stem for page in folder.glob("*.md")} == {*NAMES, "README"}


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_a_runbook_has_its_sections_and_the_severity_of_its_alert(page: Path) -> None:
    text = text_of(page)
    assert text.startswith(f"# {page.stem}\n")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS[page.parent]
    alert = next(alert for alert in alerts() if alert.name == page.stem)
    assert f"`{alert.labels['severity']}`" in text and f"prometheus/rules/{alert.subject}.yaml)" in text


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_the_queries_of_a_runbook_parse_and_read_what_exists(page: Path) -> None:
    queries = queries_of(page)
    assert queries
    for query in queries:
        assert unknown(query) == set(), query
    assert queries == queries_of(RUNBOOKS / page.name)


@pytest.mark.parametrize("folder", SECTIONS, ids=lambda folder: folder.name)
def test_the_index_lists_every_alert_with_its_severity(folder: Path) -> None:
    rows = re.findall(r"^\| \[(\w+)\]\(\w+\.md\) \| (\w+) \|", text_of(folder / "README.md"), re.MULTILINE)
    assert len(rows) == len(NAMES)
    assert set(rows) == {(alert.name, alert.labels["severity"]) for alert in alerts()}


def test_inhibitions_and_routes_name_alerts_and_severities_that_exist() -> None:
    document = yaml.safe_load(text_of(ALERTMANAGER))
    matchers = [
        matcher
        for rule in document["inhibit_rules"]
        for matcher in (*rule["source_matchers"], *rule["target_matchers"])
    ]
    named = {name for matcher in matchers for name in re.findall(r"[A-Z]\w+", matcher)}
    assert named and named <= NAMES
    routed = {re.findall(r'severity="(\w+)"', route["matchers"][0])[0] for route in document["route"]["routes"]}
    assert routed == SEVERITIES == {alert.labels["severity"] for alert in alerts()}
    assert all({"cluster", "namespace", "job"} <= set(rule["equal"]) for rule in document["inhibit_rules"])
    assert {"cluster", "namespace", "job"} <= set(document["route"]["group_by"])
    # Nothing is measured then, so that nothing is silenced that is about what was measured.
    (down,) = [rule for rule in document["inhibit_rules"] if rule["source_matchers"] == ['alertname="HarmwatchDown"']]
    silenced = set(re.findall(r"[A-Z]\w+", down["target_matchers"][0]))
    assert silenced <= {alert.name for alert in alerts() if alert.subject == "pipeline"}
