"""One half of a call into the metrics; and what the windows are to know of it."""

from __future__ import annotations

from collections.abc import Sequence

from agent.campaigns.book import CampaignShare
from agent.events import Direction
from agent.joining import JoinedCall, Origin
from agent.metrics import Metrics
from agent.pipeline.draws import HalfDraws, weight_of, weight_of_action
from agent.pipeline.judge import Judgement
from agent.pipeline.late_labels import LateLabels
from agent.pipeline.pending import Half
from agent.pipeline.rulebook import Rulebook
from agent.scores import Dimension
from agent.windows.base import Observation

__all__ = ["HalfCounter"]


class HalfCounter:
    """Counts halves that have been judged, each once; what the call has been counted for before is with the call.

    Parameters
    ----------
    rules, late_labels
        As of `Pipeline`.
    """

    def __init__(self, metrics: Metrics, rules: Rulebook, late_labels: LateLabels | None) -> None:
        self._metrics = metrics
        self._rules = rules
        self._late_labels = late_labels

    @staticmethod
    def is_new(call: JoinedCall, half: tuple[Origin, Direction]) -> bool:
        """Whether the call counts as an event with this half; from now on with no other."""
        if call.counted is None:
            call.counted = half
        return call.counted == half

    def count(
        self,
        half: Half,
        judgement: Judgement,
        origin: Origin,
        now: float,
        features: Sequence[tuple[str, float | str]],
        campaigns: tuple[CampaignShare, ...] = (),
    ) -> Observation:
        """One half into the metrics; and what the windows are to know of it."""
        call, event, verdict, metrics = half.call, half.event, judgement.verdict, self._metrics
        model, direction, weight = call.model, half.direction, half.weight
        this_half = (origin, direction)
        new_event = self.is_new(call, this_half)
        if new_event:
            metrics.event_decoded(model, event.format)
        before = call.counted_before(direction)
        new_dimensions = judgement.dimensions and judgement.dimensions - before.harmful
        draws = judgement.draws
        for dimension in new_dimensions:
            metrics.harmful_event(model, dimension, weight * (draws.harmful[dimension] if draws else 1.0))
        new_scored = tuple(judgement.scored - before.scored)
        for dimension in new_scored:
            metrics.scored_event(model, dimension, weight)
        for scorer in verdict.scores:
            metrics.scored(model, direction, scorer, weight)
        if draws is None:
            metrics.scores(model, direction, judgement.categories, event.trace_id, weight)
        else:
            self._count_draws(half, judgement, draws, new_dimensions)
        for finding in verdict.findings:
            metrics.finding(model, direction, finding.dimension, finding.category, weight * weight_of(finding))
            if finding.dimension == "privacy" and direction == "output":
                metrics.disclosure(model, finding.category, finding.leaked, weight)
        if verdict.action != "allow":
            metrics.action(model, direction, verdict.action, weight * (weight_of_action(verdict) if draws else 1.0))
        for missing in verdict.missing:
            metrics.missing(missing.scorer, missing.reason, weight)
        if verdict.truncated:
            metrics.truncated(event.format, weight)
        metrics.event_lag(model, max(0.0, now - half.time))
        payload = event.output if direction == "output" else None
        decision = payload.decision if payload is not None else None
        # They may have come with the request, and the decision alone with the response.
        attributes = event.attributes or call.attributes
        label = event.label if event.label is not None else call.label
        if label is None and payload is not None and attributes and self._late_labels is not None:
            label = self._late_labels.label_of(event)
        if decision is not None:
            for attribute, group in attributes.items():
                metrics.decision(model, attribute, group, decision, label or "", weight)
        finder = self._rules.current.mentions
        mentions = finder.find(half) if finder is not None else ()
        for mention in mentions:
            metrics.identity_mention(model, mention.axis, mention.group, weight)
        observation = Observation(
            model=model,
            time=call.time,
            weight=weight,
            new_event=new_event,
            dimensions=new_dimensions,
            categories=tuple((direction, finding.category) for finding in verdict.findings),
            directions=(direction,) if verdict.scores or (draws and draws.screened) else (),
            scored_dimensions=new_scored,
            harmful_before=before.in_any,
            leaked=judgement.leaked,
            decision=decision,
            decision_score=payload.score if payload is not None else None,
            attributes=attributes,
            label=label,
            missing=len(verdict.missing),
            unread=not verdict.scores and _may_hold_text(half),
            mentions=mentions,
            features=features,
            campaigns=campaigns,
            drawn=draws.drawn(verdict.findings, new_dimensions) if draws else None,
        )
        call.count(direction, judgement.dimensions, judgement.scored)
        return observation

    def _count_draws(
        self, half: Half, judgement: Judgement, draws: HalfDraws, new_dimensions: frozenset[Dimension]
    ) -> None:
        """What cascades did with a half. Of the scores of a half in part of which they did not look nothing is told."""
        metrics, model, weight, verdict = self._metrics, half.call.model, half.weight, judgement.verdict
        for scorer, texts in draws.counts.items():
            parts = {"certain": texts.certain, "audited": texts.audited, "passed": texts.passed}
            metrics.cascade_texts(model, scorer, {part: weight * number for part, number in parts.items() if number})
            if texts.found_certain:
                metrics.cascade_found(model, scorer, "certain", weight * texts.found_certain)
            if texts.found_audited:
                metrics.cascade_found(model, scorer, "audited", weight * texts.found_audited, weight * texts.missed)
        for scorer in draws.screened:
            if scorer not in verdict.scores:
                metrics.scored(model, half.direction, scorer, weight)
        for dimension in new_dimensions:
            factor = draws.harmful[dimension]
            if factor != 1.0:
                metrics.harm_excess(model, dimension, weight * factor * (factor - 1.0))
        for factor, scores in draws.by_weight(judgement.categories):
            metrics.scores(model, half.direction, scores, half.event.trace_id, weight * factor)


def _may_hold_text(half: Half) -> bool:
    """Whether a half without scores had a text that no scorer read, or came without what its model was asked."""
    event, direction = half.event, half.direction
    payload = event.input if direction == "input" else event.output
    if (payload is not None and payload.texts) or event.context or event.truncated:
        return True
    return direction == "output" and half.call.input_origin is None
