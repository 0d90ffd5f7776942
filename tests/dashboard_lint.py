"""Rules of Grafana's dashboard-linter, restated: that Go program cannot be had from every module proxy.

Source: https://github.com/grafana/dashboard-linter, docs/index.md and docs/rules (Apache-2.0). Names, what is looked at
and the form of exclusions (``.lint`` beside the dashboards) are the linter's, so that where the program is at hand
``dashboard-linter lint --strict grafana/dashboards/NAME.json`` reads the same. Not here: rules about Loki.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import promql_parser as promql
import yaml
from grafana_foundation_sdk.models import units

from tests.dashboards import EXAMPLE, Query, filled, nodes, panels, queries, variables

__all__ = ["RULES", "Finding", "findings"]

#: Rule, panel ("" for the dashboard), what is wrong.
Finding = tuple[str, str, str]
Dashboard = Mapping[str, Any]

_LABEL_VALUES = re.compile(r"(label_names|label_values|metrics|query_result)\((.+)\)")
_UNITS = {value for name, value in vars(units).items() if not name.startswith("_") and isinstance(value, str)}
_WITH_UNITS = {"stat", "table", "timeseries", "gauge"}
_OF_COUNTERS = {"rate", "irate", "increase"}


def findings(dashboard: Dashboard, exclusions: Path) -> list[Finding]:
    """What the rules find that the exclusions do not name."""
    excluded = yaml.safe_load(exclusions.read_text(encoding="utf-8"))["exclusions"]
    return [found for found in _all(dashboard) if not _is_excluded(found, dashboard["title"], excluded)]


def _all(dashboard: Dashboard) -> Iterator[Finding]:
    for name, rule in RULES.items():
        for panel, wrong in rule(dashboard):
            yield name, panel, wrong


def _is_excluded(found: Finding, title: str, excluded: Mapping[str, Any]) -> bool:
    rule, panel, _ = found
    if rule not in excluded:
        return False
    entries = excluded[rule].get("entries")
    return entries is None or any(
        entry.get("dashboard", title) == title and entry.get("panel", panel) == panel for entry in entries
    )


Wrong = Iterator[tuple[str, str]]


def _datasource(dashboard: Dashboard) -> Wrong:
    chosen = [one for one in dashboard["templating"]["list"] if one["type"] == "datasource"]
    if [(one["name"], one["label"], one["query"]) for one in chosen] != [("datasource", "Data source", "prometheus")]:
        yield "", "no variable `datasource`, labelled `Data source`, for Prometheus"


def _template(label: str) -> Callable[[Dashboard], Wrong]:
    def rule(dashboard: Dashboard) -> Wrong:
        variable = variables(dashboard).get(label)
        wanted = {"type": "query", "label": label.capitalize(), "multi": True, "includeAll": True, "allValue": ".+"}
        is_so = variable is not None and all(variable.get(key) == value for key, value in wanted.items())
        if variable is None or not is_so or variable["datasource"]["uid"] != "${datasource}":
            yield "", f"no variable `{label}` of all values of the label, several of which can be chosen"

    return rule


def _template_query(dashboard: Dashboard) -> Wrong:
    for name, variable in variables(dashboard).items():
        if variable["type"] == "query":
            asked = _LABEL_VALUES.fullmatch(variable["query"])
            if asked is None:
                yield "", f"the query of `{name}` is none"
            elif asked[1] == "label_values":
                promql.parse(filled(asked[2].rpartition(",")[0] or asked[2]))


def _reloaded(dashboard: Dashboard) -> Wrong:
    for name, variable in variables(dashboard).items():
        if variable["type"] == "query" and variable["refresh"] != 2:
            yield "", f"`{name}` is not asked for again when the time range changes"


def _panel_datasource(dashboard: Dashboard) -> Wrong:
    for panel in panels(dashboard):
        sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
        if any(source != {"type": "prometheus", "uid": "${datasource}"} for source in sources):
            yield panel["title"], "does not use the data source that is chosen"


def _described(dashboard: Dashboard) -> Wrong:
    for panel in panels(dashboard):
        if not panel.get("title") or not panel.get("description"):
            yield panel.get("title", ""), "has no title or no description"


def _units(dashboard: Dashboard) -> Wrong:
    for panel in panels(dashboard):
        if panel["type"] in _WITH_UNITS and panel["fieldConfig"]["defaults"].get("unit") not in _UNITS:
            yield panel["title"], "has no unit that Grafana knows"


def _targets(dashboard: Dashboard) -> Wrong:
    for panel in panels(dashboard):
        if not panel["targets"]:
            yield panel["title"], "asks for nothing"


def _each_query(check: Callable[[Query], str | None]) -> Callable[[Dashboard], Wrong]:
    def rule(dashboard: Dashboard) -> Wrong:
        for query in queries(dashboard):
            wrong = check(query)
            if wrong is not None:
                yield query.panel, f"{query.ref}: {wrong}"

    return rule


def _promql(query: Query) -> str | None:
    try:
        promql.parse(filled(query.expression))
    except (ValueError, KeyError) as error:
        return f"no PromQL: {error}"
    return None


def _rate_interval(query: Query) -> str | None:
    # A range that nobody writes by hand marks where the variable stood.
    marked = filled(query.expression, {**EXAMPLE, "__rate_interval": "11277964ms"})
    wanted = promql.parse("x[11277964ms]").range
    for node, above in nodes(marked):
        if isinstance(node, promql.MatrixSelector) and node.range != wanted and above:
            call = above[0]
            if not isinstance(call, promql.Call) or call.func.name in ("rate", "irate"):
                return "should use $__rate_interval"
    return None


def _matches(label: str) -> Callable[[Query], str | None]:
    def check(query: Query) -> str | None:
        marked = filled(query.expression, {**EXAMPLE, label: f"${label}"})
        for node, _ in nodes(marked):
            if isinstance(node, promql.VectorSelector):
                found = [(one.name, one.op, one.value) for one in node.matchers.matchers]
                if (label, promql.MatchOp.Re, f"${label}") not in found:
                    return f'{node.name} without {label}=~"${label}"'
        return None

    return check


def _counters(query: Query) -> str | None:
    for node, above in nodes(filled(query.expression)):
        if isinstance(node, promql.VectorSelector) and (node.name or "").endswith("_total"):
            ranged, call = (*above, None, None)[:2]
            within = isinstance(ranged, promql.MatrixSelector) and isinstance(call, promql.Call)
            if not within or call.func.name not in _OF_COUNTERS:
                return f"{node.name} without rate or increase"
    return None


def _fixed(dashboard: Dashboard) -> Wrong:
    if dashboard["editable"]:
        yield "", "can be edited in place"


RULES: dict[str, Callable[[Dashboard], Wrong]] = {
    "template-datasource-rule": _datasource,
    "template-job-rule": _template("job"),
    "template-instance-rule": _template("instance"),
    "template-label-promql-rule": _template_query,
    "template-on-time-change-reload-rule": _reloaded,
    "panel-datasource-rule": _panel_datasource,
    "panel-title-description-rule": _described,
    "panel-units-rule": _units,
    "panel-no-targets-rule": _targets,
    "target-promql-rule": _each_query(_promql),
    "target-rate-interval-rule": _each_query(_rate_interval),
    "target-job-rule": _each_query(_matches("job")),
    "target-instance-rule": _each_query(_matches("instance")),
    "target-counter-agg-rule": _each_query(_counters),
    "uneditable-dashboard": _fixed,
}
