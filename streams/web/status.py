"""The shapes behind /healthz, /readyz and /api/v1/status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from agent.scores import Dimension

__all__ = [
    "CategoryStatus",
    "ComponentStatus",
    "Health",
    "ModelStatus",
    "PartitionStatus",
    "PipelineStatus",
    "Readiness",
    "StageStatus",
    "Status",
]


@dataclass(frozen=True, slots=True)
class Health:
    """Of ``/healthz``, whether all is well; of ``/livez``, False asks the orchestrator for a restart. ``reason`` is one
    line, without payload text.
    """

    alive: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether events can be scored. ``missing`` names what is not there yet: ``partitions``, ``model toxicity``."""

    ready: bool
    missing: tuple[str, ...] = ()


class ComponentStatus(TypedDict, total=False):
    """A component of H. ``value`` None: below the minimum count; ``lower``, ``upper``: 95 % interval; ``n``: scored."""

    value: float | None
    lower: float | None
    upper: float | None
    n: int


class ModelStatus(TypedDict, total=False):
    """One model over one window.

    ``index`` by form (``sum``, ``union``), ``bounds`` the 95 % interval of the sum, empty when it is not known;
    ``history``: earlier sums, oldest first.
    """

    name: str
    window: str
    events: int
    findings: int
    index: dict[str, float | None]
    bounds: dict[str, float]
    components: dict[Dimension, ComponentStatus]
    history: list[float]


class CategoryStatus(TypedDict, total=False):
    """Findings of one category since the start."""

    category: str
    dimension: Dimension
    count: int


class PipelineStatus(TypedDict, total=False):
    """Counts are since the start; ``lag_seconds`` is from event time to metric, the mean of the last seconds."""

    events: int
    events_per_second: float
    scored: int
    findings: int
    missing_scores: int
    dead_letters: int
    duplicates: int
    lag_records: int
    lag_seconds: float | None
    queue_depth: int
    queue_capacity: int
    sampling_ratio: float
    series: int
    series_budget: int


class PartitionStatus(TypedDict, total=False):
    """One assigned partition and its lag in records."""

    topic: str
    partition: int
    lag: int


class StageStatus(TypedDict, total=False):
    """Share of the pipeline's time spent in a stage, in [0, 1], and its mean time per micro-batch."""

    stage: str
    share: float
    seconds: float


class Status(TypedDict, total=False):
    """What `WebServer`'s ``state`` returns. Every key may be absent: the console leaves out what is not there.

    The server adds ``health`` and ``ready`` itself. ``signs``: what on-call should look at (`streams.console.signs`);
    ``windows``: names of the windows, the shortest first. Times are Unix seconds. Payload text never goes here.
    """

    version: str
    now: float
    started: float
    pipeline: PipelineStatus
    signs: Sequence[Mapping[str, Any]]
    windows: list[str]
    models: list[ModelStatus]
    findings: list[CategoryStatus]
    partitions: list[PartitionStatus]
    stages: list[StageStatus]
