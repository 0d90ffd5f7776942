"""Every metric of harmwatch: the only file in which their names stand.

What the first contract named comes first, in its order; the rest are additions (docs/metrics.md). Dashboards and alert
rules depend on the names, types and labels: change or remove one only with a CHANGELOG entry under "Contract".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["CATALOGUE", "LABEL_CAPS", "LIMITS", "SCOPED_LABELS", "Kind", "MergeRule", "MetricSpec"]

Kind: TypeAlias = Literal["counter", "gauge", "histogram"]

#: How a gauge of several processes of one worker becomes one (`agent.metrics.merged`), by label set: their ``sum``,
#: ``max`` or ``min``; ``fleet``, what every worker tells alike, since it is of all of them; ``over_limit``, of the
#: process that is furthest over its limit, whose own ``limit`` goes with it (`LIMITS`); ``own``, what only the worker
#: as a whole can say.
MergeRule: TypeAlias = Literal["sum", "max", "min", "fleet", "over_limit", "limit", "own"]

_SCORE_BUCKETS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
_STAGE_BUCKETS = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
_LAG_BUCKETS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0)
_TEXT_BUCKETS = tuple(float(2**power) for power in range(11))
_TOKEN_BUCKETS = tuple(float(2**power) for power in range(4, 18))


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """One metric: what is exposed, nothing about how it is kept.

    Attributes
    ----------
    name
        As exposed; counters end in ``_total``.
    labels
        In the order in which `agent.metrics.recorder.Metrics` passes their values.
    buckets
        Upper bounds of a histogram, without +Inf.
    preset
        Label sets that are exposed as 0 from the start, so that the first increment is seen by ``rate()``.
    merge
        Of a worker's gauge, see `MergeRule`. Counters and histograms add up.
    """

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str
    buckets: tuple[float, ...] = ()
    preset: tuple[tuple[str, ...], ...] = ()
    merge: MergeRule | None = None

    @property
    def unit(self) -> str:
        """What OpenMetrics calls the unit; the name ends in it."""
        return "seconds" if self.name.endswith("_seconds") else ""

    @property
    def edges(self) -> tuple[str, ...]:
        """Values of a histogram's label ``le``."""
        return (*map(repr, self.buckets), "+Inf")

    @property
    def series_per_child(self) -> int:
        """Time series that one label set costs: a histogram has its buckets, +Inf, a count and a sum."""
        return len(self.buckets) + 3 if self.kind == "histogram" else 1


def _counter(name: str, labels: str, text: str, preset: tuple[tuple[str, ...], ...] = ()) -> MetricSpec:
    return MetricSpec(name, "counter", tuple(labels.split()), text, preset=preset)


def _gauge(name: str, labels: str, text: str, merge: MergeRule | None = None) -> MetricSpec:
    return MetricSpec(name, "gauge", tuple(labels.split()), text, merge=merge)


def _histogram(name: str, labels: str, buckets: tuple[float, ...], text: str) -> MetricSpec:
    return MetricSpec(name, "histogram", tuple(labels.split()), text, buckets)


_SPECS = (
    _counter("harmwatch_events_total", "model format", "Inference events decoded."),
    _counter(
        "harmwatch_scored_total",
        "model direction scorer",
        "Directions of events that a scorer scored; findings of its categories divide by it.",
    ),
    _histogram("harmwatch_score", "model direction category", _SCORE_BUCKETS, "Scores, by category."),
    _counter("harmwatch_findings_total", "model direction dimension category", "Scores over their threshold."),
    _counter(
        "harmwatch_harmful_events_total",
        "model dimension",
        "Events with at least one finding of the dimension; an event counts once per dimension.",
    ),
    _counter(
        "harmwatch_decisions_total",
        "model attribute group decision label",
        "Decisions by group of a protected attribute; label is the ground truth, empty while it is not known.",
    ),
    _gauge(
        "harmwatch_fairness",
        "model attribute measure bound",
        "Fairness between the groups of an attribute; bound is value, or lower and upper of its 95 % interval.",
        "fleet",
    ),
    _gauge("harmwatch_uncompared_ratio", "model attribute", "Share of decisions whose group is not compared.", "fleet"),
    _gauge("harmwatch_drift_statistic", "model detector feature", "Drift statistic of the test window.", "over_limit"),
    _gauge(
        "harmwatch_drift_threshold",
        "model detector feature",
        "Statistic from which the detector reports drift.",
        "limit",
    ),
    _counter("harmwatch_drift_detected_total", "model detector feature", "Times that a detector reported drift."),
    _counter(
        "harmwatch_drift_not_watched_total",
        "reason",
        "Observations that no drift detector had a place for: too many models, or series of a model.",
        preset=(("models",), ("series",)),
    ),
    _gauge(
        "harmwatch_harm_component",
        "model window component",
        "Component P of the social harm degree, in [0, 1]; absent below the minimum count.",
        "fleet",
    ),
    _gauge(
        "harmwatch_harm_index",
        "model window form",
        "Social harm degree H: sum in [0, 4], union in [0, 1]; absent until output, privacy, adversarial are measured, "
        "if there are texts.",
        "fleet",
    ),
    _counter("harmwatch_dead_letters_total", "topic reason", "Records sent to the dead-letter topic."),
    _counter("harmwatch_deleted_unread_total", "topic", "Offsets that retention deleted before they were read."),
    _counter("harmwatch_missing_scores_total", "scorer reason", "Scores that a scorer did not give."),
    _counter(
        "harmwatch_duplicates_total",
        "format",
        "Events, or halves of a call on their own, that were seen before and are not scored again.",
    ),
    _counter("harmwatch_orphans_total", "format", "Halves of a call whose other half did not come in time."),
    _counter("harmwatch_truncated_total", "format", "Halves of calls of which part of the text was not looked at."),
    _histogram("harmwatch_stage_seconds", "stage", _STAGE_BUCKETS, "Time that a micro-batch spends in a stage."),
    _histogram("harmwatch_batch_texts", "scorer trigger", _TEXT_BUCKETS, "Texts in a micro-batch, by what closed it."),
    _histogram("harmwatch_batch_tokens", "scorer trigger", _TOKEN_BUCKETS, "Padded tokens in a micro-batch."),
    _histogram("harmwatch_event_lag_seconds", "model", _LAG_BUCKETS, "From the event's own time to its metric."),
    _gauge(
        "harmwatch_consumer_lag",
        "topic partition",
        "Records of a partition that are not yet read; absent while not known.",
        "max",
    ),
    _gauge("harmwatch_sampling_ratio", "", "Share of the latest events that was scored.", "min"),
    _gauge("harmwatch_queue_depth", "", "Events held between the source and their flush.", "sum"),
    _gauge("harmwatch_series", "", "Time series exposed by harmwatch, this one included.", "own"),
    _gauge("harmwatch_build_info", "version python", "Always 1; the labels say what runs.", "fleet"),
    # Additions to the contract's table.
    _gauge("harmwatch_shedding", "", "1 while lag has less scored than overload.share asks for, else 0.", "max"),
    _gauge(
        "harmwatch_parity_evidence",
        "model attribute",
        "Natural logarithm of the evidence that a group is treated worse than another; of the strongest pair.",
        "over_limit",
    ),
    _gauge("harmwatch_parity_threshold", "model attribute", "Evidence from which a parity alarm is raised.", "limit"),
    _counter(
        "harmwatch_parity_alarms_total",
        "model attribute favoured disfavoured",
        "Times that the evidence for a pair of groups rose to the threshold.",
    ),
    _gauge(
        "harmwatch_bias_hints",
        "model attribute group feature",
        "1 while a feature drifts in a group and a gap between the groups of its attribute has widened with it.",
        "fleet",
    ),
    _gauge(
        "harmwatch_harm_component_bound",
        "model window component bound",
        "95 % interval of a component; bound is lower or upper.",
        "fleet",
    ),
    _gauge("harmwatch_harm_scored", "model window component", "Scored events that a component rests on.", "fleet"),
    _gauge(
        "harmwatch_harm_index_bound",
        "model window form bound",
        "95 % interval of the social harm degree; bound is lower or upper.",
        "fleet",
    ),
    _counter(
        "harmwatch_scored_events_total",
        "model dimension",
        "Events that a scorer of the dimension judged, once per dimension; harmful events divide by it.",
    ),
    _counter(
        "harmwatch_scored_event_squares_total",
        "model dimension",
        "Squared weights of scored events: their effective number is the square of their sum, divided by this.",
    ),
    _counter(
        "harmwatch_passed_by_total",
        "model stratum",
        "Events that were decoded and not scored, while a sample is; stratum is ordinary, attributes or suspicious.",
    ),
    _counter(
        "harmwatch_harmful_event_excess_total",
        "model dimension",
        "Sum of r (r - 1) over harmful events that a cascade's audit found, each standing for r events.",
    ),
    _counter(
        "harmwatch_cascade_texts_total",
        "model scorer part",
        "Texts by what a cascade did: part is certain (suspicious, or known), audited or passed (not looked at).",
    ),
    _counter(
        "harmwatch_cascade_found_total",
        "model scorer part",
        "Texts with a finding, of those that a cascade looked at; part is certain or audited.",
    ),
    _counter(
        "harmwatch_cascade_missed_total",
        "model scorer",
        "Estimate, from the audit, of the texts with a finding that a cascade did not look at.",
    ),
    _counter(
        "harmwatch_actions_total",
        "model direction action",
        "Verdicts for which the policy wants something done: flag, mask or block.",
    ),
    _counter(
        "harmwatch_disclosures_total",
        "model category origin",
        "Privacy findings in outputs; origin is leak (not given to the model), echo (given) or unknown.",
    ),
    _gauge(
        "harmwatch_identity_gap",
        "model axis group measure bound",
        "How much worse outputs score that mention a group than those that mention others of its axis; "
        "bound is value, or lower and upper of its interval.",
        "fleet",
    ),
    _gauge(
        "harmwatch_identity_sentiment",
        "model axis group bound",
        "Mean sentiment in [-1, 1] of outputs that mention a group; bound is value, or lower or upper of its interval.",
        "fleet",
    ),
    _counter("harmwatch_identity_mentions_total", "model axis group", "Output texts that mention an identity group."),
    _counter("harmwatch_redacted_total", "format", "Events whose sender removed the texts: nothing to score."),
    _counter("harmwatch_late_events_total", "reason", "Events too late, or too far ahead, for their window."),
    _counter("harmwatch_cache_lookups_total", "result", "Look-ups in the score cache.", preset=(("hit",), ("miss",))),
    _counter(
        "harmwatch_labels_total",
        "result",
        "Delayed labels, by whether this worker counted the decision they belong to.",
        preset=(("joined",), ("unknown",), ("invalid",)),
    ),
    _counter(
        "harmwatch_late_labels_total",
        "model attribute group decision label",
        "Labels that came after their decision was counted with an empty one in harmwatch_decisions_total.",
    ),
    _gauge("harmwatch_decisions_awaiting_label", "", "Decisions about people that wait here for their label.", "sum"),
    _counter(
        "harmwatch_decisions_given_up_total",
        "",
        "Decisions that no longer wait for their label, since there was no room.",
        preset=((),),
    ),
    _counter(
        "harmwatch_window_state_left_out_total",
        "part",
        "Values written to the pane topic without a part of the state, since it takes no larger ones.",
    ),
    _counter("harmwatch_commits_total", "result", "Offset commits.", preset=(("ok",), ("failed",))),
    _counter("harmwatch_answers_total", "model", "Outputs with a text; refusals divide by it."),
    _counter("harmwatch_refusals_total", "model", "Answers that begin by refusing. A measurement, not harm."),
    _counter(
        "harmwatch_repeated_questions_total",
        "model",
        "Answers to a question that was remembered; contradictions divide by it.",
    ),
    _counter(
        "harmwatch_contradictions_total",
        "model kind",
        "Answers unlike the one before to the same question; kind is refusal, polarity or numbers. Not harm.",
    ),
    _gauge(
        "harmwatch_campaigns_active",
        "model kind",
        "Campaigns of attacks, seen over many events, that are going on; kind is what was seen first.",
        "fleet",
    ),
    _counter("harmwatch_campaigns_total", "model kind", "Campaigns of attacks that were raised, each once."),
    _counter(
        "harmwatch_config_reloads_total",
        "outcome",
        "Changed configuration files that were found while running; outcome is applied or refused.",
        preset=(("applied",), ("refused",)),
    ),
    _gauge(
        "harmwatch_config_last_reload_successful",
        "",
        "1 while what runs is what the file says, 0 since a file was refused.",
        "min",
    ),
    _gauge(
        "harmwatch_config_last_reload_success_timestamp_seconds",
        "",
        "When a configuration was last taken, at start or while running, Unix time.",
        "max",
    ),
    _gauge(
        "harmwatch_config_hash",
        "",
        "First 48 bits of the SHA-256 of the configuration file that runs: equal numbers are equal files.",
        "fleet",
    ),
    _counter(
        "harmwatch_feedback_total",
        "dimension mark category",
        "Marks that operators gave on this worker's console: right, wrong, taken_back.",
    ),
    _gauge(
        "harmwatch_feedback_findings",
        "dimension mark category",
        "Findings by the mark that holds of them, right or wrong; the same at every worker.",
        "fleet",
    ),
    _gauge("harmwatch_last_progress_timestamp_seconds", "", "When a committed offset last moved, Unix time.", "max"),
    _gauge(
        "harmwatch_partition_progress_timestamp_seconds",
        "topic partition",
        "When the committed offset of an assigned partition last moved, or its lag was last 0, Unix time.",
        "max",
    ),
    _counter("harmwatch_records_total", "topic", "Records taken from a topic of events, decodable or not."),
    _gauge("harmwatch_ready", "", "1 while /readyz says ready, 0 otherwise.", "own"),
    _gauge("harmwatch_broker_last_answer_timestamp_seconds", "", "When a broker last answered, Unix time.", "min"),
    _gauge("harmwatch_start_time_seconds", "", "When the worker, and with it its counters, began, Unix time.", "own"),
    _gauge(
        "harmwatch_processes",
        "state",
        "Processes of this worker: running, silent (it answers nothing) or down (it is started again).",
        "own",
    ),
    _counter(
        "harmwatch_process_restarts_total",
        "",
        "Times that a process of this worker died and was started again.",
        preset=((),),
    ),
    _counter(
        "harmwatch_other_series_total",
        "metric",
        "Updates that landed in an `other` series because a label or series budget was spent.",
    ),
)

CATALOGUE: dict[str, MetricSpec] = {spec.name: spec for spec in _SPECS}

#: By gauge that is merged ``over_limit``, its ``limit``: a series of one belongs to the same labels of the other.
LIMITS: dict[str, str] = {
    "harmwatch_drift_statistic": "harmwatch_drift_threshold",
    "harmwatch_parity_evidence": "harmwatch_parity_threshold",
}

#: How many values each label may take over the process's life (a model's place is freed, see `Metrics.forget_model`).
#: What is absent here is limited to 64. ``model`` is the caller's `model_budget`.
LABEL_CAPS: dict[str, int] = {
    "attribute": 20,
    "axis": 10,
    "bound": 3,
    "category": 200,
    "decision": 50,
    "detector": 20,
    "dimension": 4,
    "direction": 2,
    "feature": 500,
    "format": 40,
    "kind": 9,
    "group": 50,
    "label": 50,
    "mark": 3,
    "metric": len(CATALOGUE),
    "origin": 3,
    "partition": 1000,
    "state": 3,
    "stratum": 3,
    "topic": 50,
}

#: A label whose values are counted apart for each value of another label, where a metric has both, the other one first.
#: Categories of marks come from a topic that others may write: they must not take the places of those that are found.
SCOPED_LABELS: dict[str, str] = {"group": "attribute", "category": "mark"}
