"""Is it harming? Is it drifting? Can I trust the monitor?"""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard

from agent.quality.marks import LEAST_MARKS
from grafana import harm, trust
from grafana.bias_drift import drift_ratio, parity_ratio
from grafana.frame import Section, alerts, framed
from grafana.panels import Column, Target, lines, link_to, rows, states, tiles
from grafana.queries import gauge, largest, occurrences, or_zero, rate, share
from grafana.scales import ALARM, ANY, GAP, H_SUM, PRECISION, SHARE_OF_HARM

__all__ = ["build"]

UID = "harmwatch-overview"

_COMPONENTS = {
    "output": ("Output", SHARE_OF_HARM),
    "privacy": ("Privacy", SHARE_OF_HARM),
    "adversarial": ("Adversarial", SHARE_OF_HARM),
    "bias": ("Bias", GAP),
}


def build() -> dashboard.Dashboard:
    """The page to begin with."""
    description = "Is a model harming people? Is it drifting? Can the monitor be trusted?"
    return framed(UID, "overview", description, [_harm(), _drift(), _monitor()])


def _harm() -> Section:
    shares = [
        Column(title, harm.component(name), "percentunit", scale, 2) for name, (title, scale) in _COMPONENTS.items()
    ]
    scored = gauge("harmwatch_harm_scored", "model", component="output")
    models = rows(
        "Models over $window",
        "H and its components for each model, over the chosen window: shares of events with such harm, for bias the "
        "largest gap between groups. An empty cell was not measured, which is not the same as none. A model's name "
        "leads to its dashboards.",
        {"model": "Model"},
        [
            Column("H", harm.index(), "none", H_SUM, 3),
            *shares,
            Column("Outputs scored", scored, "short"),
        ],
        width=16,
        sort_by="H",
        links=[
            link_to("Output", "harmwatch-output"),
            link_to("Privacy", "harmwatch-privacy"),
            link_to("Adversarial", "harmwatch-adversarial"),
            link_to("Bias and drift", "harmwatch-bias-drift"),
        ],
    )
    firing = tiles(
        "Alerts firing",
        "Alerts of harmwatch's rules that are firing, of the chosen models and of the pipeline.",
        Target(or_zero(f"count({alerts()})"), "firing"),
        unit="none",
        scale=ANY,
        height=8,
    )
    leaks = tiles(
        "Personal data told, last hour",
        "Findings of personal data or secrets in outputs that the model was not given: leaks, not echoes of the "
        "user's own words.",
        Target(or_zero(occurrences("harmwatch_disclosures_total", over="1h", origin="leak")), "leaks"),
        unit="short",
        scale=ANY,
        height=8,
        decimals=0,
    )
    course = lines(
        "Social harm degree H over $window",
        "Sum of the four components, in [0, 4]. Compare a model with its own past. Absent until output, privacy and "
        "adversarial are measured.",
        Target(harm.index(), "{{model}}"),
        unit="none",
        scale=H_SUM,
    )
    parts = lines(
        "What H is made of, over $window",
        "The components of each chosen model. Choose one model to read them one by one.",
        Target(gauge("harmwatch_harm_component", "model component"), "{{model}}: {{component}}"),
        unit="percentunit",
        scale=SHARE_OF_HARM,
    )
    timeline = states(
        "Alerts over time",
        "When each alert was pending, and when it fired. Empty where none was in this time.",
        Target(f"{_each(alerts('firing'))} * 2 or {_each(alerts('pending'))}", "{{alertname}} {{model}} {{kind}}"),
        words={1: ("pending", "orange"), 2: ("firing", "red")},
        width=24,
    )
    return Section("Is it harming?", [models, firing, leaks, course, parts, timeline])


def _drift() -> Section:
    return Section(
        "Is it drifting?",
        [
            lines(
                "Drift: statistic by its threshold, the ten largest",
                "From 1 on a detector reports drift of a feature. Empty unless drift.enabled.",
                Target(largest(10, drift_ratio()), "{{model}} {{feature}} ({{detector}})"),
                unit="none",
                scale=ALARM,
                width=10,
            ),
            lines(
                "Unequal treatment: evidence by its threshold",
                "From 1 on a parity alarm is raised: a group is decided upon worse than another. May be looked at at "
                "any time.",
                Target(parity_ratio(), "{{model}} {{attribute}}"),
                unit="none",
                scale=ALARM,
                width=10,
            ),
            tiles(
                "Drift that hints at bias",
                "Features that drift in a group while a gap between the groups of its attribute has widened.",
                Target(or_zero(f"sum({gauge('harmwatch_bias_hints', 'model attribute group feature')})"), "hints"),
                unit="none",
                scale=ANY,
                height=8,
            ),
        ],
    )


def _monitor() -> Section:
    return Section(
        "Can I trust the monitor?",
        [
            *trust.tiles_of_trust(),
            lines(
                "Events read, and directions scored by each scorer",
                "Scoring has stopped when events are read and a scorer's line is at 0: then the shares above say "
                "nothing.",
                Target(rate("harmwatch_events_total"), "events read"),
                Target(rate("harmwatch_scored_total", "scorer"), "{{scorer}}"),
                unit="ops",
            ),
            lines(
                "Events with harm, by dimension",
                "The same harm in scrape time, over the scrape interval's range and not the window: the newest that "
                "there is.",
                Target(
                    share(
                        rate("harmwatch_harmful_events_total", "dimension"),
                        rate("harmwatch_scored_events_total", "dimension"),
                    ),
                    "{{dimension}}",
                ),
                unit="percentunit",
                scale=SHARE_OF_HARM,
            ),
            rows(
                "Are the findings right? By operators' marks",
                "Share of the findings marked on the console that were called right, from ten marks on. It holds of "
                "all findings only as far as those marked are a fair sample, and says nothing of what was not found.",
                {"job": "Installation", "dimension": "Dimension", "category": "Category"},
                [
                    Column("Marked", _marked(), "short", decimals=0),
                    Column("Right", f"{_right()} / ({_marked()} >= {LEAST_MARKS})", "percentunit", PRECISION, 0),
                ],
                sort_by="Marked",
            ),
        ],
    )


def _right() -> str:
    return gauge("harmwatch_feedback_findings", "job dimension category", mark="right")


def _marked() -> str:
    every = gauge("harmwatch_feedback_findings", "job dimension category mark")
    return f"sum by (job, dimension, category) ({every})"


def _each(series: str) -> str:
    return f"max by (alertname, model, kind) ({series})"
