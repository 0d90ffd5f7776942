"""What all dashboards share: variables, annotations, links between them, and how panels are laid out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import yaml
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import common, dashboard

from grafana.panels import DATASOURCE, Panel
from grafana.queries import gauge, selector

__all__ = ["Section", "alerts", "framed"]

RULES: Final = Path(__file__).parents[1] / "deploy" / "prometheus" / "rules"
TAG: Final = "harmwatch"


class Section(NamedTuple):
    """A row of the dashboard: a question, and the panels that answer it."""

    title: str
    panels: Sequence[Panel]


def framed(uid: str, title: str, description: str, sections: Sequence[Section]) -> dashboard.Dashboard:
    """A dashboard of these sections. Panels get their numbers in the order in which they stand."""
    made = build.Dashboard(f"harmwatch: {title}").uid(uid).description(description).tags([TAG])
    made.time("now-6h", "now").refresh("1m").timezone("browser").tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
    # The files are written anew by `make dashboards`: what is changed by hand is saved as a copy.
    made.readonly()
    made.variables(list(_variables())).annotations(list(_annotations())).links([_other_dashboards()])
    number = 0
    for section in sections:
        number += 1
        made.with_row(build.Row(section.title).id(number))
        for panel in section.panels:
            number += 1
            panel.build().id_val = number
            made.with_panel(panel)
    return made.build()


def alerts(state: str = "firing") -> str:
    """Alerts of the rules in deploy/prometheus, of the chosen jobs and models and of none at all."""
    files = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in sorted(RULES.glob("*.yaml"))]
    rules = [rule for file in files for group in file["groups"] for rule in group["rules"]]
    names = "|".join(sorted({rule["alert"] for rule in rules if "alert" in rule}))
    return f'ALERTS{{alertname=~"{names}", alertstate="{state}", job=~"$job|", model=~"$model|"}}'


def _variables() -> Iterator[build.DatasourceVariable | build.QueryVariable]:
    yield (
        build.DatasourceVariable("datasource")
        .label("Data source")
        .type("prometheus")
        .description("The Prometheus that scrapes the workers.")
    )
    everybody = '{__name__=~"harmwatch_(ingest_|proxy_)?build_info"}'
    yield _values("job", everybody, "Scrape jobs of workers, receivers and proxies.")
    yield _values("model", selector("harmwatch_events_total", model="~.+"), "Models whose traffic is watched.")
    window = _query("window", selector("harmwatch_harm_scored", model="~.+", window="~.+"))
    yield (
        window.description("Rolling window of H, its components, fairness and gaps: one of windows.windows_seconds.")
        .sort(dashboard.VariableSort.NUMERICAL_ASC)
        .current(dashboard.VariableOption(text="5m", value="5m", selected=True))
    )


def _values(label: str, series: str, description: str) -> build.QueryVariable:
    everything = dashboard.VariableOption(text="All", value="$__all", selected=True)
    variable = _query(label, series).description(description).sort(dashboard.VariableSort.ALPHABETICAL_ASC)
    return variable.multi(True).include_all(True).all_value(".+").current(everything)


def _query(label: str, series: str) -> build.QueryVariable:
    asked = f"label_values({series}, {label})"
    variable = build.QueryVariable(label).label(label.capitalize()).datasource(DATASOURCE)
    return variable.query(asked).definition(asked).refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)


def _annotations() -> Iterator[build.AnnotationQuery]:
    yield (
        _of_prometheus("Alerts", alerts(), "red")
        .title_format("{{alertname}}")
        .text_format("{{model}} {{kind}} {{category}}")
        .tag_keys("severity")
    )
    versions = gauge("harmwatch_build_info", "version")
    before = versions.replace("})", "} offset 5m)")
    yield _of_prometheus("New version of harmwatch", f"{versions} unless {before}", "blue").title_format(
        "harmwatch {{version}}"
    )
    # Whoever deploys a model says so to Grafana (docs/dashboards.md): no metric knows.
    yield (
        build.AnnotationQuery()
        .name("Deployments of models")
        .datasource(common.DataSourceRef(type_val="grafana", uid="-- Grafana --"))
        .enable(True)
        .icon_color("purple")
        .target(_Tags())
    )


def _of_prometheus(name: str, expression: str, color: str) -> build.AnnotationQuery:
    annotation = build.AnnotationQuery().name(name).datasource(DATASOURCE).enable(True)
    return annotation.expr(expression).step("60s").icon_color(color)


class _Tagged(Dataquery):
    """Annotations that carry both tags, a hundred at most: Grafana's own query, which the SDK has no builder for."""

    def to_json(self) -> dict[str, object]:
        return {"type": "tags", "tags": [TAG, "deployment"], "matchAny": False, "limit": 100}


class _Tags(Builder[Dataquery]):
    def build(self) -> Dataquery:
        return _Tagged()


def _other_dashboards() -> build.DashboardLink:
    link = build.DashboardLink("harmwatch").type(dashboard.DashboardLinkType.DASHBOARDS).tags([TAG])
    return link.as_dropdown(False).include_vars(True).keep_time(True)
