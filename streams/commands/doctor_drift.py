"""What ``harmwatch doctor`` says about drift before any event has come."""

from __future__ import annotations

from agent.config import DriftConfig
from agent.pipeline.drifts import WatchedFeatures
from agent.windows.bounded import short_name
from streams.config import WorkerConfig

__all__ = ["needed_places", "untold_of_drift"]

#: Of an attribute whose groups the configuration does not name.
_FEWEST_GROUPS = 2


def needed_places(config: WorkerConfig, features: WatchedFeatures) -> tuple[int, int]:
    """Places that scores and decisions take when all scorers answer, for everybody and with every group.

    Features that events name come on top; nobody knows them here.
    """
    of_all = len(features.closed())
    named = {short_name(name): groups for name, groups in config.bias.groups.items()}
    groups = sum(max(len(named.get(short_name(name), ())), _FEWEST_GROUPS) for name in config.drift.attributes)
    return of_all, of_all + groups * (of_all + len(config.drift.components))


def untold_of_drift(config: WorkerConfig, features: WatchedFeatures) -> list[tuple[str, str]]:
    """What a worker would not complain about: what is found, and how to mend it."""
    drift = config.drift
    if not drift.enabled:
        return [] if drift.embeddings.encoder is None else [_ENCODER_UNUSED]
    found = _series(config, features)
    return [*found, *_vectors(drift)]


_ENCODER_UNUSED = (
    "drift.embeddings.encoder is set, but drift.enabled is false: nothing is embedded",
    "set drift.enabled: true, or leave out drift.embeddings",
)


def _series(config: WorkerConfig, features: WatchedFeatures) -> list[tuple[str, str]]:
    of_all, needed = needed_places(config, features)
    most = config.drift.max_series
    if needed <= most:
        return []
    if of_all > most:
        return [(
            f"{of_all} scores and decisions, {most} places: those that come last, and all groups, are not watched",
            f"name those that matter in drift.features, or set drift.max_series: {needed}",
        )]  # fmt: skip
    return [(
        f"{most} places, {needed} needed when all scorers answer: groups that come last are not watched",
        f"name the features that matter in drift.features, or set drift.max_series: {needed}",
    )]  # fmt: skip


def _vectors(drift: DriftConfig) -> list[tuple[str, str]]:
    if drift.embeddings.encoder is None or not drift.embeddings.detectors:
        return []
    halves = sum(map(drift.watches, drift.vectors))
    needed = halves * (1 + _FEWEST_GROUPS * len(drift.attributes))
    if needed <= drift.embeddings.max_series:
        return []
    return [(
        f"{drift.embeddings.max_series} places for vectors, {needed} needed: groups that come last are not watched",
        f"set drift.embeddings.max_series: {needed}, or watch one of drift.embeddings.directions",
    )]  # fmt: skip
