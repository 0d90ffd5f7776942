"""From the first harmful output to the page: which part of the delay is whose.

*The window allows* the page from the first moment at which the alert's own expression, computed from the counters as
they were scraped until then, is true: its window, its minimum count, its budget and its distance from the past. What
comes after is evaluation, ``for`` and Alertmanager's wait. What comes before is the harm's own: until there is enough
of it in the window.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from deploy.prometheus.adapt import faster_duration
from tests.prometheus_server import PrometheusServer

from .paging_traffic import Burst

__all__ = ["SPIKE", "Delay", "delay_of", "live_expression"]

SPIKE = "HarmSpike"
_STEPS_A_SCRAPE = 8


def live_expression(rules: Path, alert: str, window: str) -> str:
    """An alert's expression with recorded figures of the window put back into what they are made of.

    What it says at any time follows from the counters, and not from when a rule was evaluated. Median, spread and
    budget stay recorded: they are of the past, and change slowly.
    """
    (group,) = yaml.safe_load((rules / "harm.yaml").read_text(encoding="utf-8"))["groups"]
    parts: dict[str, str] = {}
    for rule in group["rules"]:
        measured = re.search(r":(increase|ratio|zscore|burn_rate)$", rule.get("record", ""))
        if measured is None or "component" in rule["record"] or rule["record"].endswith("budget:ratio"):
            continue
        labels = rule.get("labels", {})
        if labels.get("window", window) == window:
            expression = rule["expr"]
            if "window" in labels:
                expression = f'label_replace({expression}, "window", "{window}", "", "")'
            parts[rule["record"]] = expression
    (expression,) = [rule["expr"] for rule in group["rules"] if rule.get("alert") == alert]
    names = re.compile(rf"({'|'.join(map(re.escape, parts))})(?:\{{[^}}]*\}})?")
    while names.search(expression):
        expression = names.sub(lambda found: f"({parts[found.group(1)]})", expression)
    return str(expression)


@dataclass(frozen=True, slots=True)
class Delay:
    """Moments of one alert, in seconds since the Unix epoch; `pending` is None where it fires at once."""

    burst: Burst
    allowed: float
    pending: float | None
    firing: float
    paged: float
    resolved: float | None = None

    def figures(self, faster: float, evaluation_seconds: float) -> dict[str, float | None]:
        """In seconds of an installation after the burst began, and in evaluation intervals after the window allowed."""

        def after(moment: float | None) -> float | None:
            return None if moment is None else round((moment - self.burst.start) * faster, 1)

        def intervals(moment: float) -> float:
            return round((moment - self.allowed) * faster / evaluation_seconds, 2)

        return {
            "allowed_after_seconds": after(self.allowed),
            "pending_after_seconds": after(self.pending),
            "firing_after_seconds": after(self.firing),
            "paged_after_seconds": after(self.paged),
            "resolved_after_seconds": after(self.resolved),
            "intervals_from_allowed_to_firing": intervals(self.firing),
            "intervals_from_allowed_to_page": intervals(self.paged),
        }


async def delay_of(
    prometheus: PrometheusServer, rules: Path, burst: Burst, paged: float, *, faster: float, scrape_seconds: float
) -> Delay:
    """Moments of the spike that a burst made, from Prometheus. Raises AssertionError when it does not hold them."""
    window = faster_duration("5m", faster)
    live = live_expression(rules, SPIKE, window)
    step = scrape_seconds / _STEPS_A_SCRAPE
    course = await prometheus.course(live, burst.start, paged, step)
    true = [float(at) for one in course if _is(one["metric"], burst.model) for at, _ in one["values"]]
    seconds = max(1, round((paged - burst.start) + 1.0))
    samples = f'ALERTS{{alertname="{SPIKE}", model="{burst.model}", dimension="output"}}'
    data = await prometheus.ask("query", query=f"{samples}[{seconds}s]", time=paged)
    moments = {one["metric"]["alertstate"]: _since(one, burst.start) for one in data["result"]}
    assert moments.get("firing"), moments
    pending, firing = min(moments.get("pending", []), default=None), min(moments["firing"])
    # An evaluation is a moment at which it was true, too, and may lie between two steps of ours.
    return Delay(burst, min([*true, pending or firing]), pending, firing, paged)


def _is(labels: Mapping[str, str], model: str) -> bool:
    return labels["model"] == model and labels["dimension"] == "output"


def _since(series: Mapping[str, Any], start: float) -> list[float]:
    return [float(at) for at, _ in series["values"] if float(at) >= start]
