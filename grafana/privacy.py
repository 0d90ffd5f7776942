"""Personal data and secrets: what the models tell, whether they were given it, and what users write."""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard

from grafana import harm
from grafana.frame import Section, framed
from grafana.panels import Column, Target, lines, ratio_lines, rows, tiles
from grafana.queries import occurrences, or_zero, rate
from grafana.scales import ANY, SHARE_OF_HARM

__all__ = ["build"]

UID = "harmwatch-privacy"


def build() -> dashboard.Dashboard:
    """Harm of the dimension privacy."""
    description = (
        "Personal data and secrets in outputs, told apart by origin: leak (not given to the model), echo (given), "
        "unknown."
    )
    return framed(UID, "privacy", description, [_harm(), _disclosures(), _inputs()])


def _harm() -> Section:
    what = "Share of events with personal data or secrets that the model was not given, in the window."
    return Section("How much harm is there?", [harm.component_by_model("privacy", what)])


def _disclosures() -> Section:
    leaked = rate("harmwatch_disclosures_total", "model", origin="leak")
    told = "harmwatch_disclosures_total"
    return Section(
        "What do the models tell?",
        [
            tiles(
                "Leaks",
                "Findings in outputs of what the model was not given, in the chosen time.",
                Target(or_zero(occurrences(told, origin="leak")), "leaks"),
                unit="short",
                scale=ANY,
                decimals=0,
                height=8,
            ),
            tiles(
                "Canaries told",
                "Values that were registered because no model may ever tell them, in the chosen time. One is too "
                "many; 0 also where none is registered.",
                Target(or_zero(occurrences(told, category="pii.canary", origin="!echo")), "canaries"),
                unit="short",
                scale=ANY,
                decimals=0,
                height=8,
            ),
            lines(
                "Personal data in outputs, by origin",
                "leak: the model was not given it. echo: it was. unknown: the input has not been seen.",
                Target(rate(told, "origin"), "{{origin}}"),
                unit="cps",
                width=8,
                stacked=True,
            ),
            ratio_lines(
                "Leaks by output",
                "Findings of what the model was not given, by outputs that were looked at. An output may hold several.",
                leaked,
                rate("harmwatch_scored_total", "model", direction="output", scorer="pii"),
                "{{model}}",
                scale=SHARE_OF_HARM,
                width=8,
            ),
            lines(
                "Leaks by category",
                "What the models tell without having been given it.",
                Target(rate(told, "model category", origin="leak"), "{{model}}: {{category}}"),
                unit="cps",
            ),
            rows(
                "Personal data in outputs, in the chosen time",
                "How many findings of each category and origin, over the time range at the top right.",
                {"model": "Model", "category": "Category", "origin": "Origin"},
                [Column("Findings", occurrences(told, "model category origin"), "short", decimals=0)],
                width=12,
                sort_by="Findings",
            ),
        ],
    )


def _inputs() -> Section:
    return Section(
        "What do users write?",
        [
            lines(
                "Personal data in inputs, by category",
                "No harm by the model, but it is in your logs and topics, and may come back as an echo.",
                Target(
                    rate("harmwatch_findings_total", "model category", direction="input", dimension="privacy"),
                    "{{model}}: {{category}}",
                ),
                unit="cps",
            ),
            ratio_lines(
                "Events with harm",
                "Events with a finding of the dimension privacy, by events scored for it, over the scrape interval's "
                "range.",
                rate("harmwatch_harmful_events_total", "model", dimension="privacy"),
                rate("harmwatch_scored_events_total", "model", dimension="privacy"),
                "{{model}}",
                scale=SHARE_OF_HARM,
            ),
        ],
    )
