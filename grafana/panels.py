"""The few kinds of panels that the dashboards are made of, so that all look and read alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from string import ascii_uppercase
from typing import Final, NamedTuple, Protocol, Self, TypeAlias, TypeVar

from grafana_foundation_sdk.builders import common as build_common
from grafana_foundation_sdk.builders import heatmap, prometheus, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.builders.dashboard import FieldColor
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from grafana.queries import share
from grafana.scales import PLAIN, Scale

__all__ = [
    "DATASOURCE",
    "Column",
    "Panel",
    "Target",
    "by_model",
    "heat",
    "lines",
    "link_to",
    "ratio_lines",
    "rows",
    "states",
    "tiles",
]

Panel: TypeAlias = Builder[dashboard.Panel]

#: Every query goes to the data source that the dashboard's variable names.
DATASOURCE: Final = common.DataSourceRef(type_val="prometheus", uid="${datasource}")
_HEIGHT: Final = 8


class Target(NamedTuple):
    """One query, and what its series are called: ``{{label}}`` stands for the value of a label."""

    expression: str
    legend: str


class Column(NamedTuple):
    """A column of figures of a table, by a query that gives one figure for each row."""

    title: str
    expression: str
    unit: str
    scale: Scale | None = None
    decimals: int | None = None


class _Described(Protocol):
    """What the builders of all kinds of panels have in common."""

    def title(self, title: str) -> Self: ...
    def description(self, description: str) -> Self: ...
    def datasource(self, datasource: common.DataSourceRef) -> Self: ...
    def span(self, w: int) -> Self: ...
    def height(self, h: int) -> Self: ...
    def targets(self, targets: list[Builder[Dataquery]]) -> Self: ...


Kind = TypeVar("Kind", bound=_Described)


def lines(
    title: str,
    description: str,
    *targets: Target,
    unit: str,
    scale: Scale | None = None,
    width: int = 12,
    height: int = _HEIGHT,
    least: float | None = 0.0,
    most: float | None = None,
    stacked: bool = False,
) -> timeseries.Panel:
    """Figures over time. The legend is a table, with the last value and the largest, and the largest comes first.

    Parameters
    ----------
    scale
        Its steps are drawn as dashed lines.
    least, most
        Ends of the axis, where they are known; figures beyond stretch it.
    stacked
        Where the figures are parts of a whole, such as events by format.
    """
    panel = _described(timeseries.Panel(), title, description, width, height)
    panel.targets(_queries(targets)).unit(unit).legend(_legend()).tooltip(_tooltip())
    # By place and not by name: of names, two of three models may well have colours that nobody can tell apart.
    panel.color_scheme(FieldColor().mode(dashboard.FieldColorModeId.PALETTE_CLASSIC))
    panel.line_width(2).fill_opacity(30 if stacked else 0).show_points(common.VisibilityMode.AUTO)
    if least is not None:
        panel.axis_soft_min(least)
    if most is not None:
        panel.axis_soft_max(most)
    if stacked:
        panel.stacking(build_common.StackingConfig().mode(common.StackingMode.NORMAL))
    if scale is not None:
        panel.thresholds(scale.build())
        dashed = build_common.GraphThresholdsStyleConfig().mode(common.GraphThresholdsStyleMode.DASHED)
        panel.thresholds_style(dashed)
    return panel


def ratio_lines(
    title: str, description: str, part: str, whole: str, legend: str, *, scale: Scale | None = None, width: int = 12
) -> timeseries.Panel:
    """A share over time: one counter by another, in per cent."""
    return lines(title, description, Target(share(part, whole), legend), unit="percentunit", scale=scale, width=width)


def by_model(title: str, description: str, value: str, lower: str, upper: str, scale: Scale) -> timeseries.Panel:
    """One panel for each chosen model: an estimate within its 95 % interval, drawn as a band."""
    targets = (Target(value, "estimate"), Target(lower, "lower bound"), Target(upper, "upper bound"))
    panel = lines(title, description, *targets, unit="percentunit", scale=scale, width=24, height=7)
    panel.repeat("model").repeat_direction("h").max_per_row(3)
    faint = dashboard.DynamicConfigValue("color", {"mode": "fixed", "fixedColor": "semi-dark-blue"})
    thin = dashboard.DynamicConfigValue("custom.lineWidth", 0)
    band = dashboard.DynamicConfigValue("custom.fillBelowTo", "lower bound")
    opacity = dashboard.DynamicConfigValue("custom.fillOpacity", 20)
    panel.override_by_name("estimate", [dashboard.DynamicConfigValue("color", {"mode": "fixed", "fixedColor": "blue"})])
    panel.override_by_name("lower bound", [faint, thin])
    panel.override_by_name("upper bound", [faint, thin, band, opacity])
    return panel


def tiles(
    title: str,
    description: str,
    *targets: Target,
    unit: str,
    scale: Scale = PLAIN,
    width: int = 4,
    height: int = 5,
    decimals: int | None = None,
) -> stat.Panel:
    """The latest figures as large numbers with their recent course behind them."""
    panel = _described(stat.Panel(), title, description, width, height)
    panel.targets(_queries(targets)).unit(unit).thresholds(scale.build())
    panel.color_scheme(FieldColor().mode(dashboard.FieldColorModeId.THRESHOLDS))
    panel.color_mode(common.BigValueColorMode.VALUE).graph_mode(common.BigValueGraphMode.AREA)
    panel.reduce_options(build_common.ReduceDataOptions().calcs(["lastNotNull"]))
    if decimals is not None:
        panel.decimals(decimals)
    return panel


def rows(
    title: str,
    description: str,
    keys: Mapping[str, str],
    columns: Iterable[Column],
    *,
    width: int = 24,
    height: int = _HEIGHT,
    sort_by: str,
    links: Iterable[dict[str, str]] = (),
) -> table.Panel:
    """A table of the latest figures: one row for each combination of labels.

    Parameters
    ----------
    keys
        Titles of the labels that make a row, in their order.
    sort_by
        Title of the column whose largest value comes first.
    links
        What the cells of the first key lead to.
    """
    figures = list(columns)
    panel = _described(table.Panel(), title, description, width, height)
    panel.targets(_queries([Target(column.expression, "") for column in figures], instant=True))
    panel.unit("short").filterable(True)
    names = {f"Value #{ref}": column.title for ref, column in zip(ascii_uppercase, figures, strict=False)}
    if len(figures) == 1:
        names = {"Value": figures[0].title}
    order = {name: place for place, name in enumerate([*keys, *names])}
    panel.with_transformation(dashboard.DataTransformerConfig(id_val="merge", options={}))
    organized = {"excludeByName": {"Time": True}, "indexByName": order, "renameByName": {**keys, **names}}
    panel.with_transformation(dashboard.DataTransformerConfig(id_val="organize", options=organized))
    for column in figures:
        panel.override_by_name(column.title, list(_cell(column)))
    cells = list(links)
    if cells:
        shown = dashboard.DynamicConfigValue("links", cells)
        panel.override_by_name(next(iter(keys.values())), [shown])
    return panel.sort_by([build_common.TableSortByFieldState().display_name(sort_by).desc(True)])


def heat(title: str, description: str, buckets: str, *, unit: str, width: int = 12) -> heatmap.Panel:
    """A histogram over time: how many observations fell into each bucket."""
    panel = _described(heatmap.Panel(), title, description, width, _HEIGHT)
    query = _query(Target(buckets, "{{le}}"), "A").format(PromQueryFormat.HEATMAP)
    panel.targets([query]).calculate(False)
    panel.y_axis(heatmap.YAxisConfig().unit(unit))
    panel.color(heatmap.HeatmapColorOptions().mode(HeatmapColorMode.SCHEME).scheme("Blues").exponent(0.5))
    panel.show_value(common.VisibilityMode.NEVER)
    return panel.exemplars_color("orange").tooltip(heatmap.HeatmapTooltip().mode(common.TooltipDisplayMode.SINGLE))


def states(
    title: str, description: str, *targets: Target, words: Mapping[int, tuple[str, str]], width: int = 12
) -> statetimeline.Panel:
    """What is going on when. ``words`` says what a value means, and its colour."""
    panel = _described(statetimeline.Panel(), title, description, width, _HEIGHT)
    panel.targets(_queries(targets)).unit("none").show_value(common.VisibilityMode.NEVER).row_height(0.8)
    results = {
        str(value): dashboard.ValueMappingResult(text=text, color=color, index=place)
        for place, (value, (text, color)) in enumerate(words.items())
    }
    panel.mappings([dashboard.ValueMap(options=results)])
    panel.color_scheme(FieldColor().mode(dashboard.FieldColorModeId.THRESHOLDS))
    return panel.legend(build_common.VizLegendOptions().show_legend(False)).tooltip(_tooltip())


def link_to(title: str, uid: str) -> dict[str, str]:
    """To another dashboard, for the model of the row, in the same time range and with the same data source and job."""
    kept = "${datasource:queryparam}&${job:queryparam}&${window:queryparam}&${__url_time_range}"
    return {"title": title, "url": f"/d/{uid}?var-model=${{__data.fields.Model}}&{kept}"}


def _cell(column: Column) -> Iterable[dashboard.DynamicConfigValue]:
    yield dashboard.DynamicConfigValue("unit", column.unit)
    if column.decimals is not None:
        yield dashboard.DynamicConfigValue("decimals", column.decimals)
    if column.scale is not None:
        thresholds = dashboard.ThresholdsConfig(dashboard.ThresholdsMode.ABSOLUTE, column.scale.thresholds())
        yield dashboard.DynamicConfigValue("thresholds", thresholds)
        yield dashboard.DynamicConfigValue("custom.cellOptions", {"type": "color-text"})


def _described(panel: Kind, title: str, description: str, width: int, height: int) -> Kind:
    return panel.title(title).description(description).datasource(DATASOURCE).span(width).height(height)


def _queries(targets: Iterable[Target], *, instant: bool = False) -> list[Builder[Dataquery]]:
    return [_query(target, ref, instant=instant) for ref, target in zip(ascii_uppercase, targets, strict=False)]


def _query(target: Target, ref: str, *, instant: bool = False) -> prometheus.Dataquery:
    query = prometheus.Dataquery().datasource(DATASOURCE).expr(target.expression).ref_id(ref)
    if instant:
        return query.instant().format(PromQueryFormat.TABLE)
    query.range().legend_format(target.legend)
    # The only histogram whose observations carry trace ids.
    return query.exemplar(True) if "harmwatch_score_bucket" in target.expression else query


def _legend() -> build_common.VizLegendOptions:
    legend = build_common.VizLegendOptions().display_mode(common.LegendDisplayMode.TABLE).show_legend(True)
    return legend.placement(common.LegendPlacement.BOTTOM).calcs(["lastNotNull", "max"])


def _tooltip() -> build_common.VizTooltipOptions:
    return build_common.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI).sort(common.SortOrder.DESCENDING)
