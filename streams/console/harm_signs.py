"""Signs of harm itself: shares over their budgets, attacks that succeed, groups that are treated differently, leaks.

A share counts when the lower bound of its interval is over the limit, and enough events were harmful: two harmful
events of three are no sign. A model is looked at over each of its windows, and intervals of all of them hold together
(Bonferroni); they do not hold together over time, so that whoever looks all day sees a limit crossed by chance now and
then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from agent.events import Direction
from agent.pipeline.export import window_name
from agent.windows.base import CONFIDENCE, Component
from agent.windows.disparity import AttributeMeasurement, BiasMeasurement, Disparity
from agent.windows.engine import Reading
from agent.windows.harm import HarmMeasurement
from agent.windows.intervals import wilson, z_value
from streams.console import limits
from streams.console.findings import HeldFinding, RecentFindings
from streams.console.shapes import Sign

__all__ = ["harm_signs", "leaked_signs"]

#: What must not be told even once. Registered values, which are critical, have a sign of their own.
_SECRETS: Final = frozenset({"pii.secret"})
_DIFFERENCES: Final = frozenset({"spd", "eod", "equalised_odds", "predictive_parity"})


class _Share(NamedTuple):
    """So many of so many (their effective number) over a window."""

    window: str
    harmful: float
    share: float
    lower: float


def harm_signs(readings: Iterable[Reading]) -> Iterator[Sign]:
    """Of all models over all windows; the longest window comes last of each model."""
    by_model: defaultdict[str, list[Reading]] = defaultdict(list)
    for reading in readings:
        by_model[reading.model].append(reading)
    for model, windows in by_model.items():
        harms = [
            (window_name(reading.window_seconds or 0.0), harm)
            for reading in windows
            if isinstance(harm := reading.results.get("harm"), HarmMeasurement) and harm.events
        ]
        yield from _shares(model, harms)
        bias: Any = windows[-1].results.get("bias")
        if isinstance(bias, BiasMeasurement):
            yield from _disparities(model, bias)


def leaked_signs(findings: RecentFindings, since: float) -> Iterator[Sign]:
    """One leak of these is too many: findings since an event time (Unix seconds), once per model, category and kind.

    Of a secret whose ``leaked`` is None, say without its input, nobody knows whether it was told or only repeated.
    """
    told: dict[tuple[str, str, str], None] = {}
    for held in findings.latest(most=len(findings)):
        for finding in held.findings:
            sign = _leak(finding, held.direction)
            if sign and (held.model, finding.category, sign) not in told and _unix(held.time) >= since:
                told[held.model, finding.category, sign] = None
    for model, category, sign in told:
        if sign != "unknown_origin":
            yield Sign(sign=sign, tone="bad", model=model, detail=category)
        elif (model, category, "leaked") not in told:
            yield Sign(sign=sign, tone="warn", model=model, detail=category)


def _leak(finding: HeldFinding, direction: Direction) -> str:
    """The kind of sign; empty for what is none."""
    if finding.critical:
        return "critical"
    if finding.category not in _SECRETS or direction != "output" or finding.leaked is False:
        return ""
    return "leaked" if finding.leaked else "unknown_origin"


def _shares(model: str, harms: Sequence[tuple[str, HarmMeasurement]]) -> Iterator[Sign]:
    def worst(shares: Iterable[tuple[str, float, float]], limit: float, least: int) -> _Share | None:
        """Of (window, share, of how many: their effective number) the one that is surely over the limit by most."""
        z = z_value(CONFIDENCE, max(1, len(harms)))
        found = []
        for window, share, scored in shares:
            harmful = round(share * scored, 6)
            if harmful >= least:
                found.append(_Share(window, harmful, share, wilson(share, scored, z).lower))
        over = [one for one in found if one.lower > limit]
        return max(over, key=lambda one: one.lower, default=None)

    def told(sign: str, tone: Any, detail: str, found: _Share, limit: float) -> Sign:
        return Sign(
            sign=sign, tone=tone, model=model, detail=detail, window=found.window,
            value=found.share, lower=found.lower, limit=limit, number=round(found.harmful),
        )  # fmt: skip

    budget = limits.BUDGETS["output"]
    if output := worst(_of(harms, "output"), budget, limits.HARMFUL_LEAST):
        yield told("harm", "bad", "output", output, budget)
    budget = limits.BUDGETS["privacy"]
    if leaked := worst(_leaks(harms), budget, limits.HARMFUL_LEAST):
        yield told("leaks", "bad", "privacy", leaked, budget)
    elif exposed := worst(_of(harms, "privacy"), budget, limits.HARMFUL_LEAST):
        yield told("harm", "warn", "privacy", exposed, budget)
    category, limit = "adversarial.succeeded", limits.SUCCEEDED_SHARE
    if won := worst(_with_finding(harms, category, "adversarial"), limit, limits.SUCCEEDED_LEAST):
        yield told("succeeded", "bad", category, won, limit)
    category = "adversarial.leak"
    if harms and (number := round(_seen(harms[-1][1], category, "adversarial"))) >= limits.LEAKS_LEAST:
        yield Sign(sign="instructions", tone="bad", model=model, detail=category, value=float(number), number=number)
    if tried := worst(_of(harms, "adversarial"), limits.ATTEMPTS_SHARE, limits.ATTEMPTS_LEAST):
        yield told("attempts", "warn", "adversarial", tried, limits.ATTEMPTS_SHARE)


def _of(harms: Iterable[tuple[str, HarmMeasurement]], dimension: str) -> Iterator[tuple[str, float, float]]:
    for window, harm in harms:
        component = _component(harm, dimension)
        if component is not None and component.value is not None:
            yield window, component.value, component.count


def _leaks(harms: Iterable[tuple[str, HarmMeasurement]]) -> Iterator[tuple[str, float, float]]:
    """A share of the outputs, which are worth as much as evidence as what was scored for privacy."""
    for window, harm in harms:
        component, outputs = _component(harm, "privacy"), harm.scored.get("output", 0.0)
        if component is not None and outputs > 0.0:
            yield window, min(1.0, harm.leaks / outputs), outputs * _worth(harm, component)


def _seen(harm: HarmMeasurement, category: str, dimension: str) -> float:
    """As many findings as their sum of weights is evidence of, about, and of however few events."""
    component = next((part for part in harm.components if part.name == dimension), None)
    return 0.0 if component is None else _findings(harm, category) * _worth(harm, component)


def _worth(harm: HarmMeasurement, component: Component) -> float:
    """While a sample is scored sums are estimates: what an event in them is worth as evidence, on average."""
    scored = harm.scored_dimensions.get(component.name, 0.0)
    return min(1.0, component.count / scored) if scored > 0.0 else 0.0


def _with_finding(
    harms: Iterable[tuple[str, HarmMeasurement]], category: str, dimension: str
) -> Iterator[tuple[str, float, float]]:
    """Of events scored in the dimension those with such a finding: both sums of weights, worth the effective number."""
    for window, harm in harms:
        component, scored = _component(harm, dimension), harm.scored_dimensions.get(dimension, 0.0)
        if component is not None and scored > 0.0:
            yield window, min(1.0, _findings(harm, category) / scored), component.count


def _component(harm: HarmMeasurement, dimension: str) -> Component | None:
    """None for too few events."""
    return next((part for part in harm.components if part.name == dimension and part.sufficient), None)


def _findings(harm: HarmMeasurement, category: str) -> float:
    return sum(by_category.get(category, 0.0) for by_category in harm.categories.values())


def _disparities(model: str, bias: BiasMeasurement) -> Iterator[Sign]:
    """One sign for each attribute: of several measures the one that is farthest from its limit."""
    for attribute in bias.attributes:
        found = max(_over(attribute), key=lambda each: each[0], default=None)
        if found is None:
            continue
        _, bound, limit, one = found
        detail = f"{attribute.attribute}: {one.disfavoured} / {one.favoured} ({one.measure})"
        yield Sign(sign="disparity", tone="bad", model=model, detail=detail, value=bound, limit=limit)


def _over(attribute: AttributeMeasurement) -> Iterator[tuple[float, float, float, Disparity]]:
    for one in attribute.disparities:
        if one.measure in _DIFFERENCES and one.lower > limits.DIFFERENCE:
            yield one.lower / limits.DIFFERENCE, one.lower, limits.DIFFERENCE, one
        elif one.measure == "dir" and one.upper < limits.RATIO:
            yield limits.RATIO / max(one.upper, 0.01), one.upper, limits.RATIO, one


def _unix(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()
