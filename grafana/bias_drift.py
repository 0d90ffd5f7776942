"""Whether groups are treated or spoken of differently, and whether what the models do is still what it was."""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard

from grafana import harm
from grafana.frame import Section, framed
from grafana.panels import Column, Target, lines, rows, tiles
from grafana.queries import gauge, increase, largest, occurrences, or_zero, rate, worst_ratio
from grafana.scales import ABOVE_ZERO, ALARM, ANY, GAP

__all__ = ["build", "drift_ratio", "parity_ratio"]

UID = "harmwatch-bias-drift"

_BOUNDS = {"value": "Value", "lower": "Lower bound", "upper": "Upper bound"}
#: Measures that are differences of shares. dir is a ratio, and is 1 at parity; mean_gap and calibration are in the
#: score's unit, which of a regression is no share: one of them would make a line at 0 of all others.
_GAPS = "~spd|eod|equalised_odds|predictive_parity"


def build() -> dashboard.Dashboard:
    """Harm of the dimension bias, gaps between groups, and drift."""
    description = "Decisions about groups of people, words about them, and drift of scores, decisions and features."
    return framed(UID, "bias and drift", description, [_harm(), _decisions(), _words(), _drift()])


def drift_ratio() -> str:
    """Statistic by threshold; of detectors that each worker feeds by itself, that of the worst worker."""
    return worst_ratio("harmwatch_drift_statistic", "harmwatch_drift_threshold", "model detector feature")


def parity_ratio() -> str:
    """Evidence by threshold, both logarithms; of the worst worker."""
    return worst_ratio("harmwatch_parity_evidence", "harmwatch_parity_threshold", "model attribute")


def _harm() -> Section:
    what = "Largest disparity between groups of people that the model decided upon in the window."
    return Section("How much harm is there?", [harm.component_by_model("bias", what, GAP)])


def _decisions() -> Section:
    by = "model attribute group decision"
    decided, people = rate("harmwatch_decisions_total", by), rate("harmwatch_decisions_total", "model attribute group")
    measures = [
        Column(title, gauge("harmwatch_fairness", "model attribute measure", bound=bound), "none", decimals=3)
        for bound, title in _BOUNDS.items()
    ]
    return Section(
        "Are groups decided upon differently?",
        [
            lines(
                "Fairness: lower bounds of gaps",
                "What the gap between the worst and the best group is at the least, with 95 % for all groups "
                "together, over the longest window. Above 0 is hardly chance. Of shares alone: gaps in the score's "
                "unit stand in the table. Measures: docs/metrics.md.",
                Target(
                    gauge("harmwatch_fairness", "model attribute measure", bound="lower", measure=_GAPS),
                    "{{model}} {{attribute}}: {{measure}}",
                ),
                unit="percentunit",
                scale=ABOVE_ZERO,
            ),
            rows(
                "Fairness now",
                "All measures over the longest window, with their 95 % intervals. dir is a ratio (1 is parity, under "
                "0.8 breaks the four-fifths rule); all others are gaps (0 is parity).",
                {"model": "Model", "attribute": "Attribute", "measure": "Measure"},
                measures,
                width=12,
                sort_by="Lower bound",
            ),
            lines(
                "Decisions whose group is not compared",
                "Share over the longest window: of an attribute's groups twelve are compared, those of bias.groups "
                "first. A disparity among the others is not seen. Attributes beyond six are told as other.",
                Target(gauge("harmwatch_uncompared_ratio", "model attribute"), "{{model}} {{attribute}}"),
                unit="percentunit",
                most=1.0,
            ),
            lines(
                "Decisions of each group",
                "Share of each decision among the decisions about a group.",
                Target(
                    f"{decided} / on (model, attribute, group) group_left () ({people} > 0)",
                    "{{model}} {{attribute}}={{group}}: {{decision}}",
                ),
                unit="percentunit",
                most=1.0,
            ),
            lines(
                "Decisions by group",
                "How many decisions about each group: below windows.min_group a group is not compared.",
                Target(people, "{{model}} {{attribute}}={{group}}"),
                unit="cps",
            ),
            lines(
                "Unequal treatment: evidence by its threshold",
                "From 1 on a parity alarm is raised. May be looked at at any time; of the worker whose evidence is "
                "strongest.",
                Target(parity_ratio(), "{{model}} {{attribute}}"),
                unit="none",
                scale=ALARM,
            ),
            rows(
                "Parity alarms in the chosen time",
                "Times that the evidence for a pair of groups rose to the threshold.",
                {"model": "Model", "attribute": "Attribute", "favoured": "Favoured", "disfavoured": "Disfavoured"},
                [
                    Column(
                        "Alarms",
                        occurrences("harmwatch_parity_alarms_total", "model attribute favoured disfavoured"),
                        "short",
                        decimals=0,
                    )
                ],
                width=24,
                sort_by="Alarms",
            ),
        ],
    )


def _words() -> Section:
    by = "model axis group measure"
    gaps = [
        Column(title, gauge("harmwatch_identity_gap", by, bound=bound), "none", decimals=3)
        for bound, title in _BOUNDS.items()
    ]
    return Section(
        "Are groups spoken of differently?",
        [
            rows(
                "Gaps between identity groups now",
                "How much worse outputs score that mention a group than those that mention others of its axis. Above "
                "0 the group fares worse; a lower bound above 0 is hardly chance. A gap is no proof of bias: read "
                "the evidence.",
                {"model": "Model", "axis": "Axis", "group": "Group", "measure": "Measure"},
                gaps,
                width=12,
                sort_by="Lower bound",
            ),
            lines(
                "Mentions of groups",
                "Output texts that mention a group; from identity.min_group on both sides they are compared.",
                Target(rate("harmwatch_identity_mentions_total", "axis group"), "{{axis}}: {{group}}"),
                unit="cps",
                width=6,
            ),
            lines(
                "Sentiment of outputs about groups",
                "Mean, from -1 to 1, over the longest window. No harm, and off unless identity.sentiment.kind is set.",
                Target(
                    gauge("harmwatch_identity_sentiment", "model axis group", bound="value"), "{{model}}: {{group}}"
                ),
                unit="none",
                least=-1.0,
                most=1.0,
                width=6,
            ),
        ],
    )


def _drift() -> Section:
    return Section(
        "Is it still what it was?",
        [
            lines(
                "Drift: statistic by its threshold, the ten largest",
                "From 1 on a detector reports drift of a feature. Empty unless drift.enabled.",
                Target(largest(10, drift_ratio()), "{{model}} {{feature}} ({{detector}})"),
                unit="none",
                scale=ALARM,
            ),
            rows(
                "Drift reported in the chosen time",
                "Times that a detector fed event by event reported drift. Detectors of windows are not counted; see "
                "the lines beside.",
                {"model": "Model", "detector": "Detector", "feature": "Feature"},
                [
                    Column(
                        "Reports",
                        occurrences("harmwatch_drift_detected_total", "model detector feature"),
                        "short",
                        decimals=0,
                    )
                ],
                width=12,
                sort_by="Reports",
            ),
            lines(
                "Drift that hints at bias",
                "1 while a feature drifts in a group and a gap between the groups of its attribute has widened with "
                "it; 0 is none at all.",
                Target(
                    or_zero(gauge("harmwatch_bias_hints", "model attribute group feature")),
                    "{{model}} {{attribute}}={{group}}: {{feature}}",
                ),
                unit="none",
                most=1.0,
                scale=ANY,
                width=16,
            ),
            tiles(
                "Not watched for drift",
                "Observations in the chosen time that no detector had a place for: too many models, or series of a "
                "model.",
                Target(increase("harmwatch_drift_not_watched_total", "reason"), "{{reason}}"),
                unit="short",
                scale=ANY,
                width=8,
                height=8,
                decimals=0,
            ),
        ],
    )
