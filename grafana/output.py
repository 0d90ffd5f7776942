"""What the models say: toxic and misleading outputs, refusals, contradictions, and what the policy does about them."""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard

from grafana import harm
from grafana.frame import Section, framed
from grafana.panels import Column, Target, heat, lines, ratio_lines, rows
from grafana.queries import increase, quantile, rate, selector, share
from grafana.scales import SHARE_OF_HARM

__all__ = ["build"]

UID = "harmwatch-output"


def build() -> dashboard.Dashboard:
    """Harm of the dimension output, and how answers behave."""
    description = "Toxic and misleading outputs, the scores behind them, refusals and contradictions."
    return framed(UID, "output", description, [_harm(), _findings(), _scores(), _behaviour()])


def _harm() -> Section:
    panel = harm.component_by_model("output", "Share of events with a harmful output (or input) in the window.")
    return Section("How much harm is there?", [panel])


def _findings() -> Section:
    harmful = rate("harmwatch_harmful_events_total", "model", dimension="output")
    scored = rate("harmwatch_scored_events_total", "model", dimension="output")
    return Section(
        "Of what kind, and since when?",
        [
            ratio_lines(
                "Events with harm",
                "Events with a finding of the dimension output, by events scored for it, over the scrape interval's "
                "range.",
                harmful,
                scored,
                "{{model}}",
                scale=SHARE_OF_HARM,
            ),
            lines(
                "Findings in outputs, by category",
                "What is found in what the models say. An event may have several.",
                Target(
                    rate("harmwatch_findings_total", "model category", dimension="output", direction="output"),
                    "{{model}}: {{category}}",
                ),
                unit="cps",
            ),
            lines(
                "Findings in inputs, by category",
                "What users write. Toxic questions are no harm by the model, but they explain some of its answers.",
                Target(
                    rate("harmwatch_findings_total", "model category", dimension="output", direction="input"),
                    "{{model}}: {{category}}",
                ),
                unit="cps",
            ),
            rows(
                "Findings in the chosen time",
                "How many findings of each category, over the time range at the top right.",
                {"model": "Model", "direction": "Direction", "category": "Category"},
                [
                    Column(
                        "Findings",
                        increase("harmwatch_findings_total", "model direction category", dimension="output"),
                        "short",
                        decimals=0,
                    )
                ],
                width=12,
                sort_by="Findings",
            ),
        ],
    )


def _scores() -> Section:
    return Section(
        "What do the scores look like?",
        [
            lines(
                "Scores of outputs: the highest percent",
                "99 % of the scores of a category lie below. Points are exemplars: single outputs, with the trace id "
                "of the call.",
                Target(
                    quantile(0.99, "harmwatch_score", "category", direction="output", category="!~adversarial.*|pii.*"),
                    "{{category}}",
                ),
                unit="percentunit",
                most=1.0,
            ),
            heat(
                "Toxicity of outputs",
                "How many outputs have which score of toxicity. Points are exemplars: single outputs, with the trace "
                "id of the call.",
                f"sum by (le) (increase({toxicity()}[$__rate_interval]))",
                unit="percentunit",
            ),
        ],
    )


def toxicity() -> str:
    """Buckets of the scores of toxicity of outputs."""
    return selector("harmwatch_score", "_bucket", direction="output", category="toxicity")


def _behaviour() -> Section:
    return Section(
        "How do the answers behave?",
        [
            ratio_lines(
                "Refusals",
                "Answers that begin by refusing, by answers. A measurement, not harm: a jump says that something "
                "changed.",
                rate("harmwatch_refusals_total", "model"),
                rate("harmwatch_answers_total", "model"),
                "{{model}}",
                width=8,
            ),
            lines(
                "Contradictions",
                "Answers unlike the one before to the same question, by repeated questions. Look at changes, not at "
                "single cases.",
                Target(
                    share(
                        rate("harmwatch_contradictions_total", "model"),
                        rate("harmwatch_repeated_questions_total", "model"),
                    ),
                    "{{model}}",
                ),
                unit="percentunit",
                width=8,
            ),
            lines(
                "What the policy wants done",
                "Verdicts for which the policy wants something done: flag, mask or block.",
                Target(rate("harmwatch_actions_total", "direction action"), "{{action}} {{direction}}"),
                unit="cps",
                width=8,
                stacked=True,
            ),
        ],
    )
