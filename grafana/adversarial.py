"""Attacks: how many, of what kind, whether they succeed, and whether somebody is at it for longer."""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard

from grafana import harm
from grafana.frame import Section, framed
from grafana.panels import Column, Target, heat, lines, ratio_lines, rows, tiles
from grafana.queries import gauge, occurrences, or_zero, quantile, rate, selector
from grafana.scales import ANY, SHARE_OF_HARM

__all__ = ["build"]

UID = "harmwatch-adversarial"

#: Findings that say what came of an attack, and not that there was one.
_OUTCOMES = "~adversarial.(succeeded|leak)"


def build() -> dashboard.Dashboard:
    """Harm of the dimension adversarial, and campaigns."""
    description = "Attacks that are attempted, attacks that succeed, and campaigns of many events."
    return framed(UID, "adversarial", description, [_harm(), _attempts(), _outcomes(), _campaigns()])


def _harm() -> Section:
    what = "Share of events that carry an attack, or whose output does what one wanted, in the window."
    return Section("How much harm is there?", [harm.component_by_model("adversarial", what)])


def _attempts() -> Section:
    attacks = {"dimension": "adversarial", "category": f"!{_OUTCOMES}"}
    scores = selector("harmwatch_score", "_bucket", direction="input", category="adversarial")
    return Section(
        "Who tries what?",
        [
            ratio_lines(
                "Events with an attack",
                "By events scored. At most 2 % of benign inputs are taken for attacks at the default threshold.",
                rate("harmwatch_harmful_events_total", "model", dimension="adversarial"),
                rate("harmwatch_scored_events_total", "model", dimension="adversarial"),
                "{{model}}",
                scale=SHARE_OF_HARM,
            ),
            lines(
                "Attacks by category",
                "Signs of attacks in inputs; adversarial.indirect came in a passage or a tool result. An input may "
                "have several.",
                Target(rate("harmwatch_findings_total", "model category", **attacks), "{{model}}: {{category}}"),
                unit="cps",
            ),
            lines(
                "Scores of inputs: the highest percent",
                "99 % of the scores of a category lie below. Points are exemplars: single inputs, with the trace id "
                "of the call.",
                Target(
                    quantile(0.99, "harmwatch_score", "category", direction="input", category="~adversarial.*"),
                    "{{category}}",
                ),
                unit="percentunit",
                most=1.0,
            ),
            heat(
                "Scores of inputs",
                "How many inputs look how much like an attack. Points are exemplars: single inputs, with the trace "
                "id of the call.",
                f"sum by (le) (increase({scores}[$__rate_interval]))",
                unit="percentunit",
            ),
        ],
    )


def _outcomes() -> Section:
    found = "harmwatch_findings_total"
    return Section(
        "Do attacks succeed?",
        [
            tiles(
                "Succeeded",
                "Outputs that do what the attack on their input wanted, in the chosen time.",
                Target(or_zero(occurrences(found, category="adversarial.succeeded")), "succeeded"),
                unit="short",
                scale=ANY,
                decimals=0,
                height=8,
            ),
            tiles(
                "Instructions leaked",
                "Outputs that tell the system prompt, or a secret that stands in it, in the chosen time.",
                Target(or_zero(occurrences(found, category="adversarial.leak")), "leaks"),
                unit="short",
                scale=ANY,
                decimals=0,
                height=8,
            ),
            lines(
                "Outcomes of attacks",
                "Successes and leaks a second. A success that is seen by the answer alone is wrong for about 1 % of "
                "benign events.",
                Target(rate(found, "model category", category=_OUTCOMES), "{{model}}: {{category}}"),
                unit="cps",
                width=8,
            ),
            rows(
                "Findings in the chosen time",
                "How many findings of each category, over the time range at the top right.",
                {"model": "Model", "category": "Category"},
                [
                    Column(
                        "Findings", occurrences(found, "model category", dimension="adversarial"), "short", decimals=0
                    )
                ],
                width=8,
                sort_by="Findings",
            ),
        ],
    )


def _campaigns() -> Section:
    return Section(
        "Is somebody at it for longer?",
        [
            lines(
                "Campaigns that are going on",
                "Attacks that belong together over many events: reworded, in bursts, as sweeps, along a boundary. "
                "All workers count the same. The records on harm.evidence say since when and by whom.",
                Target(gauge("harmwatch_campaigns_active", "model kind"), "{{model}}: {{kind}}"),
                unit="none",
                scale=ANY,
            ),
            rows(
                "Campaigns raised in the chosen time",
                "Each campaign counts once, however many events it has.",
                {"model": "Model", "kind": "Kind"},
                [Column("Campaigns", occurrences("harmwatch_campaigns_total", "model kind"), "short", decimals=0)],
                width=12,
                sort_by="Campaigns",
            ),
        ],
    )
