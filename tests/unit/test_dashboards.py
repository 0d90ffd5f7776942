"""grafana/: the committed dashboards are what the code makes, and every query asks for what exists."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import promql_parser as promql
import pytest
import yaml

import grafana.__main__
from agent.metrics import CATALOGUE
from agent.metrics.catalogue_edge import INGEST_METRICS, PROXY_METRICS
from grafana.__main__ import DASHBOARDS, DIRECTORY, main
from grafana.queries import gauge, increase, rate, selector
from tests.dashboard_lint import RULES, findings
from tests.dashboards import COMMITTED, filled, nodes, panels, queries, read, variables

ROOT = Path(__file__).parents[2]
METRICS = CATALOGUE | INGEST_METRICS | PROXY_METRICS
#: Gauges that are each worker's own and add up; of all others a sum would count every worker anew.
ADD_UP = {
    "harmwatch_consumer_lag",
    "harmwatch_decisions_awaiting_label",
    "harmwatch_ingest_spool_records",
    "harmwatch_proxy_spool_records",
}
#: Made by Prometheus itself.
BUILT_IN = {"ALERTS": {"alertname", "alertstate", "job", "model"}}

each_dashboard = pytest.mark.parametrize("file", COMMITTED, ids=lambda file: file.stem)


def records() -> set[str]:
    files = [yaml.safe_load(file.read_text()) for file in (ROOT / "deploy" / "prometheus" / "rules").glob("*.yaml")]
    rules = [rule for file in files for group in file["groups"] for rule in group["rules"]]
    return {rule["record"] for rule in rules if "record" in rule}


def expressions(dashboard: dict[str, Any]) -> list[str]:
    """Of panels and annotations."""
    annotations = [one["expr"] for one in dashboard["annotations"]["list"] if "expr" in one]
    return [filled(one) for one in [*(query.expression for query in queries(dashboard)), *annotations]]


def test_the_code_makes_what_is_committed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grafana.__main__, "DIRECTORY", tmp_path)
    (tmp_path / "gone.json").write_text("{}")
    assert main([str(tmp_path)]) == 0
    made = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert made == {file.name: file.read_bytes() for file in DIRECTORY.glob("*.json")}, "run: make dashboards"
    assert len(made) == len(DASHBOARDS) == 6


def test_files_of_others_stay_in_their_folder(tmp_path: Path) -> None:
    (tmp_path / "ours.json").write_text("{}")
    assert main([str(tmp_path)]) == 0
    assert (tmp_path / "ours.json").read_text() == "{}"
    assert len(list(tmp_path.glob("*.json"))) == 7


def test_what_is_no_folder_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit, match="2"):
        main([str(tmp_path / "file")])
    assert str(tmp_path / "file") in capsys.readouterr().err


@each_dashboard
def test_every_metric_and_label_of_a_query_exists(file: Path) -> None:
    known = records()
    for expression in expressions(read(file)):
        for node, _ in nodes(expression):
            if not isinstance(node, promql.VectorSelector):
                continue
            labels = {matcher.name for matcher in node.matchers.matchers}
            if node.name in BUILT_IN:
                assert labels <= BUILT_IN[node.name], expression
                continue
            spec = next((METRICS[name] for name in _stems(str(node.name)) if name in METRICS), None)
            assert spec is not None or node.name in known, f"{node.name} in {expression}"
            assert spec is None or labels <= {*spec.labels, "job", "instance"}, expression


def _stems(name: str) -> list[str]:
    return [name, *(name.removesuffix(suffix) for suffix in ("_bucket", "_sum", "_count") if name.endswith(suffix))]


@each_dashboard
def test_figures_of_several_workers_are_put_together_rightly(file: Path) -> None:
    for expression in expressions(read(file)):
        for node, above in nodes(expression):
            if not isinstance(node, promql.VectorSelector) or node.name in BUILT_IN:
                continue
            operators = [str(one.op).split(" ", 1)[0] for one in above if isinstance(one, promql.AggregateExpr)]
            assert operators, f"{node.name} is of one worker only in {expression}"
            spec = METRICS.get(str(node.name))
            if spec is not None and spec.kind == "gauge" and node.name not in ADD_UP:
                assert operators[0] in ("max", "min"), expression
            else:
                assert operators[0] == "sum", expression


@each_dashboard
def test_the_rules_of_the_linter_find_nothing(file: Path) -> None:
    assert findings(read(file), DIRECTORY / ".lint") == []


def _panel(dashboard: dict[str, Any]) -> dict[str, Any]:
    return next(panel for panel in panels(dashboard) if panel["type"] == "timeseries")


def _asks(expression: str) -> Callable[[dict[str, Any]], None]:
    return lambda dashboard: _panel(dashboard)["targets"][0].update(expr=expression)


BREAKS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "template-datasource-rule": lambda dashboard: variables(dashboard)["datasource"].update(name="source"),
    "template-job-rule": lambda dashboard: variables(dashboard)["job"].update(multi=False),
    "template-instance-rule": lambda dashboard: None,  # none has one
    "template-label-promql-rule": lambda dashboard: variables(dashboard)["model"].update(query="models"),
    "template-on-time-change-reload-rule": lambda dashboard: variables(dashboard)["model"].update(refresh=1),
    "panel-datasource-rule": lambda dashboard: _panel(dashboard)["targets"][0].update(datasource={"uid": "mine"}),
    "panel-title-description-rule": lambda dashboard: _panel(dashboard).update(description=""),
    "panel-units-rule": lambda dashboard: _panel(dashboard)["fieldConfig"]["defaults"].update(unit="furlong"),
    "panel-no-targets-rule": lambda dashboard: _panel(dashboard).update(targets=[]),
    "target-promql-rule": _asks("sum("),
    "target-rate-interval-rule": _asks("rate(x_total[5m])"),
    "target-job-rule": _asks('sum(x{job="$job"})'),
    "target-instance-rule": _asks("sum(x)"),
    "target-counter-agg-rule": _asks("sum(x_total)"),
    "uneditable-dashboard": lambda dashboard: dashboard.update(editable=True),
}


@pytest.mark.parametrize("name", RULES)
def test_every_rule_finds_what_breaks_it(name: str) -> None:
    dashboard = read(DIRECTORY / "output.json")
    found = list(RULES[name](dashboard)) if "instance" not in name else []
    BREAKS[name](dashboard)
    assert found == [] and list(RULES[name](dashboard))


@each_dashboard
def test_a_dashboard_can_be_read_and_left(file: Path) -> None:
    dashboard = read(file)
    assert list(variables(dashboard)) == ["datasource", "job", "model", "window"]
    assert [link["tags"] for link in dashboard["links"]] == [["harmwatch"]] and "harmwatch" in dashboard["tags"]
    assert all(link["includeVars"] and link["keepTime"] for link in dashboard["links"])
    assert {one["name"] for one in dashboard["annotations"]["list"]} == {
        "Alerts",
        "Deployments of models",
        "New version of harmwatch",
    }
    titles = [panel["title"] for panel in panels(dashboard)]
    assert len(set(titles)) == len(titles)
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    for panel in panels(dashboard):
        for target in panel["targets"]:
            # Whoever has several series must be able to tell them apart.
            assert target.get("instant") or target["legendFormat"], panel["title"]
            assert target.get("exemplar", False) == ("harmwatch_score_bucket" in target["expr"]), panel["title"]


@each_dashboard
def test_panels_fill_their_rows_and_do_not_overlap(file: Path) -> None:
    cells: set[tuple[int, int]] = set()
    for panel in read(file)["panels"]:
        at = panel["gridPos"]
        taken = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24 and not taken & cells, panel["title"]
        cells |= taken
    highest = max(y for _, y in cells)
    assert {(x, y) for x in range(24) for y in range(highest + 1)} == cells


def test_links_between_dashboards_lead_to_dashboards() -> None:
    uids = {read(file)["uid"] for file in COMMITTED}
    overview = next(read(file) for file in COMMITTED if file.stem == "overview")
    links = [
        link["url"]
        for panel in panels(overview)
        for override in panel["fieldConfig"]["overrides"]
        for settings in override["properties"]
        if settings["id"] == "links"
        for link in settings["value"]
    ]
    assert {link.removeprefix("/d/").partition("?")[0] for link in links} == uids - {
        "harmwatch-overview",
        "harmwatch-pipeline",
    }


def test_a_threshold_of_one_is_on_an_axis_that_has_a_one() -> None:
    """What fires from 1 on is not to be looked for at 100 %."""
    told = [panel for file in COMMITTED for panel in panels(read(file)) if "From 1 on" in panel.get("description", "")]
    assert len(told) >= 4
    assert {panel["fieldConfig"]["defaults"]["unit"] for panel in told} == {"none"}


def test_colours_are_those_of_the_theme() -> None:
    """A colour by name has a shade for each theme; a colour by number is wrong in one of them."""
    for file in COMMITTED:
        text = file.read_text(encoding="utf-8")
        assert '"#' not in text and "rgb(" not in text, file.name


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        (lambda: selector("harmwatch_no_such_metric"), "no_such_metric"),
        (lambda: selector("harmwatch_events_total", colour="red"), "colour"),
        (lambda: rate("harmwatch_events_total", "colour"), "colour"),
        (lambda: rate("harmwatch_series"), "no counter"),
        (lambda: increase("harmwatch_harm_index"), "no counter"),
        (lambda: gauge("harmwatch_events_total"), "no gauge"),
    ],
)
def test_a_query_for_what_does_not_exist_is_an_error(asked: Any, wrong: str) -> None:
    with pytest.raises(KeyError, match=wrong):
        asked()


def test_queries_read_as_they_should() -> None:
    assert selector("harmwatch_harm_index", form="sum") == (
        'harmwatch_harm_index{job=~"$job", model=~"$model", window="$window", form="sum"}'
    )
    assert selector("harmwatch_findings_total", model="a", category="!~pii.*", direction="!input") == (
        'harmwatch_findings_total{job=~"$job", model="a", category!~"pii.*", direction!="input"}'
    )
    assert rate("harmwatch_events_total", "model") == (
        'sum by (model) (rate(harmwatch_events_total{job=~"$job", model=~"$model"}[$__rate_interval]))'
    )
