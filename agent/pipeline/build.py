"""Puts the core together from its configuration."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from agent.batching import MicroBatcher
from agent.calibration import Calibration
from agent.clock import Clock
from agent.config import CoreConfig, DriftConfig, IdentityConfig, ScorerConfig
from agent.drift.reference_file import References, load_references
from agent.errors import ConfigError
from agent.joining import JoinStore
from agent.metrics import Metrics
from agent.overload.inclusion import AUDIT, EMBEDDED, Lots
from agent.overload.sampler import OverloadSampler
from agent.overload.strata import load_strata
from agent.pipeline.campaign_detectors import build_campaigns
from agent.pipeline.core import Pipeline
from agent.pipeline.drift_windows import DriftWindows
from agent.pipeline.drifts import VECTORS, DriftMonitor, HalfWatcher, WatchedFeatures
from agent.pipeline.embeddings import EmbeddingSample
from agent.pipeline.late_labels import LateLabels
from agent.pipeline.measures import AnswerMeasures
from agent.pipeline.observer import MetricsObserver
from agent.pipeline.parity_watch import ParityWatch
from agent.pipeline.rulebook import Rulebook, make_rules
from agent.scoring import load_scorer
from agent.scoring.base import Scorer, audit_share_of
from agent.scoring.cache import ScoreCache
from agent.scoring.calibrated import CalibratedScorer
from agent.scoring.cascade import CascadeScorer, cascaded
from agent.scoring.embedding import NAME as EMBEDDING
from agent.scoring.embedding import EmbeddingMeasure, load_embedding
from agent.scoring.executor import Executor
from agent.scoring.explained import ExplainedScorer
from agent.scoring.sentiment import SentimentMeasure, load_sentiment
from agent.windows import aggregator_class
from agent.windows.base import Aggregator
from agent.windows.bias import BiasAggregator
from agent.windows.engine import WindowEngine

__all__ = [
    "build_embedding",
    "build_pipeline",
    "build_scorers",
    "build_sentiment",
    "build_windows",
    "watched_features",
]

#: Texts in flight, in batches: two in the executor, one held, one open, and room for the next poll.
_BATCHES_IN_FLIGHT = 8


def build_scorers(config: Mapping[str, ScorerConfig]) -> list[Scorer]:
    """The enabled scorers, not warmed up.

    Raises
    ------
    ConfigError
        For an unknown scorer, kind or wrong options, or a calibration that cannot be read or is of another scorer; for
        a cascade that does not go with its scorer.
    """
    return [
        cascaded(_calibrated(load_scorer(name, section.options, section.kind), section), section)
        for name, section in config.items()
        if section.enabled
    ]


def _calibrated(scorer: Scorer, section: ScorerConfig) -> Scorer:
    if section.calibration is not None and "threshold" in section.options:
        raise ConfigError(
            f"scorers.{scorer.name}: the option threshold has no effect beside a calibration; set thresholds"
        )
    if section.calibration is None:
        return scorer
    return CalibratedScorer(scorer, Calibration.load(section.calibration))


def build_sentiment(config: IdentityConfig) -> SentimentMeasure | None:
    """What measures the sentiment of outputs that mention people, not warmed up; None when it is off.

    Raises
    ------
    ConfigError
        For wrong options.
    """
    if not config.enabled or config.sentiment.kind is None:
        return None
    return load_sentiment(config.sentiment.kind, config.sentiment.options)


def build_embedding(config: DriftConfig) -> EmbeddingMeasure | None:
    """What embeds texts, not warmed up; None when it is off.

    Raises
    ------
    ConfigError
        For a checkpoint that is not there, or packages that it needs.
    """
    encoder = config.embeddings.encoder
    return None if encoder is None else load_embedding(encoder)


def build_windows(config: CoreConfig, clock: Clock) -> WindowEngine:
    """The window engine with the standard aggregators."""
    windows = config.windows
    aggregators: list[Aggregator] = [
        aggregator_class("harm")(min_count=windows.min_count),
        _bias_aggregator(config),
        aggregator_class("identity")(min_group=config.identity.min_group),
    ]
    if config.identity.enabled and config.identity.sentiment.kind is not None:
        aggregators.append(aggregator_class("sentiment")(min_group=config.identity.min_group))
    if config.campaigns.enabled:
        aggregators.append(aggregator_class("campaigns")())
    if config.drift.enabled:
        drift = config.drift
        aggregators.append(aggregator_class("drift")(attributes=drift.attributes, max_features=drift.max_series))
    return WindowEngine(
        aggregators,
        clock,
        pane_seconds=windows.pane_seconds,
        windows_seconds=windows.windows_seconds,
        allowed_lateness_seconds=windows.allowed_lateness_seconds,
        max_models=windows.max_models,
        named=named_models(config),
    )


def named_models(config: CoreConfig) -> frozenset[str]:
    """Models that the configuration names: they have places whatever traffic brings."""
    windows, overload = config.windows, config.overload
    by_model = (windows.models, windows.favourable, config.bias.score_thresholds, overload.models, overload.shares)
    return frozenset(model for names in by_model for model in names)


def _bias_aggregator(config: CoreConfig) -> BiasAggregator:
    made: BiasAggregator = aggregator_class("bias")(
        favourable=config.windows.favourable or None,
        score_thresholds=config.bias.score_thresholds,
        attributes=config.bias.attributes,
        groups=config.bias.groups,
        intersections=config.bias.intersections,
        min_group=config.windows.min_group,
    )
    return made


def build_pipeline(
    config: CoreConfig,
    *,
    metrics: Metrics,
    clock: Clock,
    scorers: list[Scorer] | None = None,
    max_records: int = 2000,
    max_chars: int = 64_000_000,
    on_done: Callable[[], None] | None = None,
    filtering: bool = False,
    sanitising: bool = False,
    watcher: HalfWatcher | None = None,
    late_labels: bool = False,
) -> Pipeline:
    """The whole core, not warmed up.

    Parameters
    ----------
    scorers
        Given by tests and by embedders; the configured ones otherwise.
    max_records, max_chars
        Records, and characters of their texts, that may be in flight before `Pipeline.full`.
    on_done
        Called from a scoring thread when a batch is complete.
    filtering
        Hand out the texts as the policy lets them out, `RecordOutcome.filtered`.
    sanitising
        Hand out inputs without disguises, `RecordOutcome.sanitised`.
    watcher
        Sees every half instead of what `drift` configures.
    late_labels
        Wait for labels that come on their own.

    Raises
    ------
    ConfigError
        For an unknown scorer, category or option; for a rule of the policy that no scorer can set off.
    """
    chosen = build_scorers(config.scorers) if scorers is None else scorers
    if config.explain.findings:
        chosen = [
            _explained(scorer, lambda name: rules.current.thresholds.get(name, {}), config, clock) for scorer in chosen
        ]
    sentiment = build_sentiment(config.identity)
    embedding = build_embedding(config.drift) if config.drift.enabled or watcher is not None else None
    # Nobody judges by a measure: what it gives goes to the mentions, and to drift, alone.
    running: list[Scorer] = [*chosen, *(measure for measure in (sentiment, embedding) if measure is not None)]
    metrics.declare(
        models=sorted(named_models(config)),
        scorers=[*(scorer.name for scorer in running), *([VECTORS] if embedding is not None else [])],
    )
    windows = build_windows(config, clock)
    references = load_references(config.drift.reference) if config.drift.enabled and config.drift.reference else None
    cache = ScoreCache(config.executor.cache_entries)
    executor = Executor(
        running,
        config.executor.deadline_seconds,
        cache,
        clock,
        on_done,
        MetricsObserver(metrics, clock),
    )
    key = _evidence_key(config)
    rules = Rulebook(
        lambda revised: make_rules(revised, chosen, evidence_key=key, filtering=filtering, missing=metrics.missing),
        config,
        # Rows are explained for the thresholds that they were scored under.
        cache.clear if config.explain.findings else None,
    )
    sampler = OverloadSampler(
        config.overload,
        key=key,
        strata=load_strata,
        passed_by=metrics.passed_by,
        max_models=config.windows.max_models,
        named=named_models(config),
    )
    return Pipeline(
        executor=executor,
        batcher=MicroBatcher(
            config.batching.max_texts, config.batching.max_tokens, config.batching.max_wait_seconds, clock
        ),
        rules=rules,
        joining=JoinStore(
            max_entries=config.join.max_entries,
            max_chars=config.join.max_chars,
            ttl_seconds=config.join.ttl_seconds,
            clock=clock,
            on_orphan=metrics.orphan,
        ),
        windows=windows,
        metrics=metrics,
        # Nothing of it is published: another key with every start is as good as any.
        measures=AnswerMeasures(metrics, config.consistency.max_questions, secrets.token_bytes(32)),
        drifts=watcher or _drift_monitor(config, metrics, clock, chosen, references),
        drift_windows=_drift_windows(config, metrics, clock, windows, references),
        embedded=None if embedding is None else _embedding_sample(config, metrics, watcher, Lots(key, EMBEDDED)),
        parity=ParityWatch(windows, metrics, clock, config.bias.ert_hours, config.bias.tolerated_ratio),
        campaigns=build_campaigns(config, rules, references, windows=windows, metrics=metrics, clock=clock),
        late_labels=LateLabels(windows, metrics, clock, **dict(config.labels)) if late_labels else None,
        passages=config.attacks.passages,
        sanitising=sanitising,
        sampler=sampler,
        lots=Lots(key, AUDIT) if executor.draws else None,
        clock=clock,
        max_records=max_records,
        max_texts=_BATCHES_IN_FLIGHT * config.batching.max_texts,
        max_chars=max_chars,
    )


def _explained(
    scorer: Scorer, thresholds: Callable[[str], Mapping[str, float]], config: CoreConfig, clock: Clock
) -> Scorer:
    def explained(inner: Scorer) -> Scorer:
        return cast(Scorer, ExplainedScorer(inner, thresholds, config.explain, clock))

    # Inside: what a text says without one of its words no screen may keep from the scorer.
    return cast(Scorer, scorer.around(explained)) if isinstance(scorer, CascadeScorer) else explained(scorer)


def watched_features(config: CoreConfig, scorers: Sequence[Scorer]) -> WatchedFeatures:
    """What of an event is compared with references."""
    categories = {scorer.name: tuple(scorer.categories) for scorer in scorers}
    directions = {scorer.name: scorer.directions for scorer in scorers}
    audits = {scorer.name: share for scorer in scorers if (share := audit_share_of(scorer)) is not None}
    return WatchedFeatures(config.drift.features, categories, config.drift.embeddings.components, directions, audits)


def _embedding_sample(config: CoreConfig, metrics: Metrics, watcher: HalfWatcher | None, lots: Lots) -> EmbeddingSample:
    def left_out() -> None:
        metrics.missing(EMBEDDING, "busy")

    embeddings = config.drift.embeddings
    # A reference is made as fast as scorers are: always behind, and in no hurry.
    told = left_out if watcher is None else None
    return EmbeddingSample(embeddings.share, config.drift.embedded_directions, lots, told)


def _drift_monitor(
    config: CoreConfig, metrics: Metrics, clock: Clock, scorers: list[Scorer], references: References | None
) -> DriftMonitor | None:
    if not config.drift.enabled:
        return None
    return DriftMonitor(config.drift, metrics, watched_features(config, scorers), clock, references)


def _drift_windows(
    config: CoreConfig, metrics: Metrics, clock: Clock, windows: WindowEngine, references: References | None
) -> DriftWindows | None:
    if not config.drift.enabled:
        return None
    return DriftWindows(
        windows,
        _bias_aggregator(config),
        metrics,
        clock,
        references or References(),
        window_seconds=max(config.windows.windows_seconds),
        most_series=config.drift.max_series,
        min_count=config.windows.min_count,
    )


def _evidence_key(config: CoreConfig) -> bytes:
    """Without a configured key hashes still tell equal texts apart within this process, and nothing to anybody else."""
    key = config.evidence.hash_key
    return key.get_secret_value().encode() if key else secrets.token_bytes(32)
