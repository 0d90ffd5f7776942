"""The typed face of the metrics: one method per thing that happens."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from math import inf

from prometheus_client import CollectorRegistry

from agent.clock import Clock
from agent.errors import ConfigError
from agent.metrics.cascade_counts import CascadeCounts
from agent.metrics.catalogue import CATALOGUE
from agent.metrics.exposition import Exposition
from agent.metrics.feedback_counts import FeedbackCounts
from agent.metrics.harm_gauges import HarmGauges, set_or_drop
from agent.metrics.label_values import clean_label
from agent.metrics.series import Family, Histogram, Number, SeriesBudget
from agent.metrics.worker_gauges import WorkerGauges
from agent.scores import Dimension

__all__ = ["Metrics"]

_LEAST_BUDGET = 500
_LONGEST_TRACE_ID = 64
_ORIGINS = {True: "leak", False: "echo", None: "unknown"}


class Metrics(Exposition, HarmGauges, FeedbackCounts, CascadeCounts, WorkerGauges):
    """Counts what the pipeline does, and exposes it on a registry.

    Not thread-safe, on purpose: all writes, `freeze` and `collect` belong to one thread, that of the tap's event loop;
    so no write takes a lock. Names and values that come from traffic may be anything: they are cleaned, and folded into
    ``other`` when the budget is spent. Numbers that are not finite are ignored, negative durations count as 0.

    Parameters
    ----------
    registry
        Gets this object as its collector.
    clock
        Stamps exemplars.
    series_budget
        Most time series ever exposed; a histogram's label set costs its buckets plus three.
    model_budget
        Most models with series of their own.

    Raises
    ------
    ConfigError
        When the budget does not hold even one series per metric.
    """

    def __init__(
        self, registry: CollectorRegistry, *, clock: Clock, series_budget: int = 20_000, model_budget: int = 200
    ) -> None:
        if series_budget < _LEAST_BUDGET or model_budget < 1:
            raise ConfigError(f"metrics: series_budget must be at least {_LEAST_BUDGET} and model_budget at least 1")
        self._clock = clock
        self._budget = SeriesBudget(series_budget, model_budget, self._drop_model)
        self._numbers = {}
        self._histograms = {}
        for name, spec in CATALOGUE.items():
            if spec.kind == "histogram":
                self._histograms[name] = Family(spec, Histogram, self._budget)
            else:
                self._numbers[name] = Family(spec, Number, self._budget)
        number, histogram = self._numbers, self._histograms
        self._events = number["harmwatch_events_total"]
        self._scored = number["harmwatch_scored_total"]
        self._score = histogram["harmwatch_score"]
        self._findings = number["harmwatch_findings_total"]
        self._harmful = number["harmwatch_harmful_events_total"]
        self._scored_events = number["harmwatch_scored_events_total"]
        self._decisions = number["harmwatch_decisions_total"]
        self._scored_squares = number["harmwatch_scored_event_squares_total"]
        self._passed_by = number["harmwatch_passed_by_total"]
        self._missing = number["harmwatch_missing_scores_total"]
        self._duplicates = number["harmwatch_duplicates_total"]
        self._orphans = number["harmwatch_orphans_total"]
        self._truncated = number["harmwatch_truncated_total"]
        self._redacted = number["harmwatch_redacted_total"]
        self._answers = number["harmwatch_answers_total"]
        self._refusals = number["harmwatch_refusals_total"]
        self._stage = histogram["harmwatch_stage_seconds"]
        self._batch_texts = histogram["harmwatch_batch_texts"]
        self._batch_tokens = histogram["harmwatch_batch_tokens"]
        self._event_lag = histogram["harmwatch_event_lag_seconds"]
        self._other = number["harmwatch_other_series_total"]
        self._families = (
            *self._numbers.values(),
            *self._histograms.values(),
        )
        for family in self._families:
            if family.spec.labels and family is not self._other:
                self._other.child((family.spec.name,))
        self.sampling(1.0, is_shedding=False)
        self.queue_depth(0)
        number["harmwatch_series"].child(())
        registry.register(self)

    # The hot path: each finds its accumulator by one look-up. Written out, since one more call would double the cost.
    def event_decoded(self, model: str, format: str, n: int = 1) -> None:
        child = self._events.children.get((model, format)) or self._events.child((model, format))
        child.value += n

    def scored(self, model: str, direction: str, scorer: str, n: float = 1.0) -> None:
        key = (model, direction, scorer)
        child = self._scored.children.get(key) or self._scored.child(key)
        child.value += n

    def score(self, model: str, direction: str, category: str, value: float, trace_id: str = "") -> None:
        """One score in [0, 1]; a trace id makes it the bucket's exemplar."""
        if not 0.0 <= value < inf:
            return
        child = self._score.child((model, direction, category))
        index = bisect_left(child.bounds, value)
        child.counts[index] += 1
        child.total += value
        if trace_id and len(trace_id) <= _LONGEST_TRACE_ID:
            child.exemplars[index] = (trace_id, value, self._clock.now())

    def scores(
        self, model: str, direction: str, scores: Mapping[str, float], trace_id: str = "", weight: float = 1.0
    ) -> None:
        """All scores of one verdict: cheaper than `score` for each. See `Histogram.whole_times` for weights."""
        family, children = self._score, self._score.children
        exemplar = bool(trace_id) and len(trace_id) <= _LONGEST_TRACE_ID
        now = self._clock.now() if exemplar else 0.0
        for category, value in scores.items():
            if not 0.0 <= value < inf:
                continue
            key = (model, direction, category)
            child = children.get(key) or family.child(key)
            index = bisect_left(child.bounds, value)
            times = 1 if weight == 1.0 else child.whole_times(weight)
            child.counts[index] += times
            child.total += value * times
            if exemplar:
                child.exemplars[index] = (trace_id, value, now)

    def finding(self, model: str, direction: str, dimension: Dimension, category: str, n: float = 1.0) -> None:
        key = (model, direction, dimension, category)
        child = self._findings.children.get(key) or self._findings.child(key)
        child.value += n

    def disclosure(self, model: str, category: str, leaked: bool | None, n: float = 1.0) -> None:
        """Personal data in an output: given to the model (False), not given (True), or its input is not known."""
        self._numbers["harmwatch_disclosures_total"].child((model, category, _ORIGINS[leaked])).value += n

    def action(self, model: str, direction: str, action: str, n: float = 1.0) -> None:
        """A verdict with an action of the policy, one of `agent.scores.ACTIONS`."""
        self._numbers["harmwatch_actions_total"].child((model, direction, action)).value += n

    def identity_mention(self, model: str, axis: str, group: str, n: float = 1.0) -> None:
        """An output text that mentions a group of the closed lexicon."""
        self._numbers["harmwatch_identity_mentions_total"].child((model, axis, group)).value += n

    def harmful_event(self, model: str, dimension: Dimension, n: float = 1.0) -> None:
        key = (model, dimension)
        child = self._harmful.children.get(key) or self._harmful.child(key)
        child.value += n

    def scored_event(self, model: str, dimension: Dimension, n: float = 1.0) -> None:
        """An event that a scorer of the dimension has judged, once per dimension: what harmful events divide by."""
        key = (model, dimension)
        child = self._scored_events.children.get(key) or self._scored_events.child(key)
        child.value += n
        child = self._scored_squares.children.get(key) or self._scored_squares.child(key)
        child.value += n * n
        # Zero harm is a series, from the first event scored: without it a share of 0 could not be told from no scorer.
        if key not in self._harmful.children:
            self._harmful.child(key)

    def decision(self, model: str, attribute: str, group: str, decision: str, label: str = "", n: float = 1.0) -> None:
        """A decision on a member of a group; ``label`` is the ground truth, "" while it is not known."""
        key = (model, attribute, group, decision, label)
        child = self._decisions.children.get(key) or self._decisions.child(key)
        child.value += n

    def answer(self, model: str, *, refused: bool, n: float = 1.0) -> None:
        key = (model,)
        child = self._answers.children.get(key) or self._answers.child(key)
        child.value += n
        # Zero is exposed with the first answer: `rate()` would not see the first refusal otherwise.
        child = self._refusals.children.get(key) or self._refusals.child(key)
        child.value += n if refused else 0.0

    def repeated_question(self, model: str, n: float = 1.0) -> None:
        self._numbers["harmwatch_repeated_questions_total"].child((model,)).value += n

    def contradiction(self, model: str, kind: str, n: float = 1.0) -> None:
        """``kind`` is ``refusal``, ``polarity`` or ``numbers``."""
        self._numbers["harmwatch_contradictions_total"].child((model, kind)).value += n

    def event_lag(self, model: str, seconds: float) -> None:
        _observe(self._event_lag, (model,), seconds)

    # Per micro-batch or rarer.

    def stage(self, stage: str, seconds: float) -> None:
        _observe(self._stage, (stage,), seconds)

    def batch(self, scorer: str, trigger: str, texts: int, tokens: int) -> None:
        """A micro-batch that was closed by ``trigger``; ``tokens`` counts padding."""
        _observe(self._batch_texts, (scorer, trigger), texts)
        _observe(self._batch_tokens, (scorer, trigger), tokens)

    def dead_letter(self, topic: str, reason: str, n: int = 1) -> None:
        self._numbers["harmwatch_dead_letters_total"].child((topic, reason)).value += n

    def deleted_unread(self, topic: str, n: int) -> None:
        self._numbers["harmwatch_deleted_unread_total"].child((topic,)).value += n

    def missing(self, scorer: str, reason: str, n: float = 1.0) -> None:
        self._missing.child((scorer, reason)).value += n

    def duplicate(self, format: str, n: int = 1) -> None:
        self._duplicates.child((format,)).value += n

    def orphan(self, format: str, n: int = 1) -> None:
        self._orphans.child((format,)).value += n

    def truncated(self, format: str, n: float = 1.0) -> None:
        self._truncated.child((format,)).value += n

    def redacted(self, format: str, n: int = 1) -> None:
        self._redacted.child((format,)).value += n

    def late_event(self, reason: str, n: int = 1) -> None:
        self._numbers["harmwatch_late_events_total"].child((reason,)).value += n

    def cache_lookups(self, result: str, n: int = 1) -> None:
        """``result`` is ``hit`` or ``miss``."""
        self._numbers["harmwatch_cache_lookups_total"].child((result,)).value += n

    def label(self, result: str, n: int = 1) -> None:
        """A delayed label was read: ``joined``, ``unknown`` or ``invalid``."""
        self._numbers["harmwatch_labels_total"].child((result,)).value += n

    def late_label(self, model: str, attribute: str, group: str, decision: str, label: str, n: float = 1.0) -> None:
        self._numbers["harmwatch_late_labels_total"].child((model, attribute, group, decision, label)).value += n

    def decisions_awaiting_label(self, decisions: int) -> None:
        self._numbers["harmwatch_decisions_awaiting_label"].child(()).value = float(decisions)

    def decision_given_up(self) -> None:
        self._numbers["harmwatch_decisions_given_up_total"].child(()).value += 1

    def state_left_out(self, part: str, n: int = 1) -> None:
        """``part`` of `agent.windows.fitting.EXPENDABLE`."""
        self._numbers["harmwatch_window_state_left_out_total"].child((part,)).value += n

    def commit(self, result: str, n: int = 1) -> None:
        """``result`` is ``ok`` or ``failed``."""
        self._numbers["harmwatch_commits_total"].child((result,)).value += n

    def config_taken(self, epoch_seconds: float, sha256: str = "") -> None:
        """The file is what runs: at the start, or after a reload. ``sha256`` is hexadecimal, empty without a file."""
        if sha256:
            self._numbers["harmwatch_config_hash"].child(()).value = float(int(sha256[:12], 16))
        self._numbers["harmwatch_config_last_reload_successful"].child(()).value = 1.0
        self._numbers["harmwatch_config_last_reload_success_timestamp_seconds"].child(()).value = epoch_seconds

    def config_reload(self, epoch_seconds: float, *, applied: bool, sha256: str = "") -> None:
        self._numbers["harmwatch_config_reloads_total"].child(("applied" if applied else "refused",)).value += 1
        if applied:
            self.config_taken(epoch_seconds, sha256)
        else:
            self._numbers["harmwatch_config_last_reload_successful"].child(()).value = 0.0

    def passed_by(self, model: str, stratum: str) -> None:
        """An event that is not scored, of `agent.overload.strata.STRATA`."""
        key = (model, stratum)
        child = self._passed_by.children.get(key) or self._passed_by.child(key)
        child.value += 1

    def sampling(self, ratio: float, is_shedding: bool) -> None:
        """Which share of the latest events was scored, and whether it is lag that has it so."""
        self._numbers["harmwatch_sampling_ratio"].child(()).value = ratio
        self._numbers["harmwatch_shedding"].child(()).value = float(is_shedding)

    def queue_depth(self, events: int) -> None:
        self._numbers["harmwatch_queue_depth"].child(()).value = float(events)

    def build_info(self, version: str, python: str) -> None:
        self._numbers["harmwatch_build_info"].child((version, python)).value = 1.0

    # Gauges of a model: None removes a series, so that what cannot be said is absent and never 0.

    def set_fairness(
        self,
        model: str,
        attribute: str,
        measure: str,
        value: float | None,
        lower: float | None = None,
        upper: float | None = None,
    ) -> None:
        for bound, number in (("value", value), ("lower", lower), ("upper", upper)):
            set_or_drop(self._numbers["harmwatch_fairness"], (model, attribute, measure, bound), number)

    def set_uncompared(self, model: str, attribute: str, share: float | None) -> None:
        set_or_drop(self._numbers["harmwatch_uncompared_ratio"], (model, attribute), share)

    def set_parity(self, model: str, attribute: str, evidence: float | None, threshold: float | None) -> None:
        """Logarithms; see `agent.windows.parity`."""
        set_or_drop(self._numbers["harmwatch_parity_evidence"], (model, attribute), evidence)
        set_or_drop(self._numbers["harmwatch_parity_threshold"], (model, attribute), threshold)

    def parity_alarm(self, model: str, attribute: str, favoured: str, disfavoured: str) -> None:
        self._numbers["harmwatch_parity_alarms_total"].child((model, attribute, favoured, disfavoured)).value += 1

    def set_drift(
        self, model: str, detector: str, feature: str, statistic: float | None, threshold: float | None
    ) -> None:
        set_or_drop(self._numbers["harmwatch_drift_statistic"], (model, detector, feature), statistic)
        set_or_drop(self._numbers["harmwatch_drift_threshold"], (model, detector, feature), threshold)

    def drift_detected(self, model: str, detector: str, feature: str, n: int = 1) -> None:
        self._numbers["harmwatch_drift_detected_total"].child((model, detector, feature)).value += n

    def drift_not_watched(self, reason: str, n: int = 1) -> None:
        """Of what there were too many: ``models`` or ``series``."""
        self._numbers["harmwatch_drift_not_watched_total"].child((reason,)).value += n

    def set_bias_hint(self, model: str, attribute: str, group: str, feature: str, *, held: bool) -> None:
        set_or_drop(self._numbers["harmwatch_bias_hints"], (model, attribute, group, feature), 1.0 if held else None)

    def campaign(self, model: str, kind: str) -> None:
        """A campaign was raised; ``kind`` is one of `agent.campaigns.DETECTORS`."""
        self._numbers["harmwatch_campaigns_total"].child((model, kind)).value += 1

    def set_campaigns(self, model: str, kind: str, active: int | None) -> None:
        set_or_drop(
            self._numbers["harmwatch_campaigns_active"], (model, kind), None if active is None else float(active)
        )

    def forget_model(self, model: str) -> None:
        """The model has no open window any more: its gauges vanish.

        Its counters stay, since a counter that goes loses what was not scraped yet; they go, and its place among the
        models with them, when a new model finds all places taken. A gauge set again takes the model back.
        """
        model = clean_label(model)
        for family in self._numbers.values():
            if family.spec.kind == "gauge":
                family.drop_model(model)
        self._budget.forget_model(model)

    def declare(self, *, models: Iterable[str] = (), formats: Iterable[str] = (), scorers: Iterable[str] = ()) -> None:
        """Expose zeros for what the configuration names, and give it its places before any traffic can take them.

        ``rate()`` does not see the first increment of a series that was not there: without this, the first failure of
        a scorer would go unseen.
        """
        for model in models:
            self._budget.keep_model(clean_label(model))
        for format in formats:
            for family in (self._duplicates, self._orphans, self._truncated, self._redacted):
                family.child((format,))
        for scorer in scorers:
            for reason in ("error", "deadline", "busy", "memory", "redacted"):
                self._missing.child((scorer, reason))


def _observe(family: Family[Histogram], key: tuple[str, ...], value: float) -> None:
    if not value < inf:
        return
    value = max(value, 0.0)
    child = family.children.get(key) or family.child(key)
    child.counts[bisect_left(child.bounds, value)] += 1
    child.total += value
