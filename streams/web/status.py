"""The shapes behind /healthz, /readyz and /api/v1/status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, TypedDict

from agent.scores import Dimension

__all__ = [
    "CategoryStatus",
    "ComponentState",
    "ComponentStatus",
    "ConfigurationStatus",
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


ComponentState: TypeAlias = Literal["measured", "too_few", "not_measured"]


class ComponentStatus(TypedDict, total=False):
    """A component of H. ``lower``, ``upper``: 95 % interval; ``n``: scored.

    ``state`` says why ``value`` is None: ``too_few`` events or decisions, more will do; ``not_measured``: no scorer has
    judged any, or no decisions about people were seen, and more of the same traffic does not help. Else ``measured``.
    """

    state: ComponentState
    value: float | None
    lower: float | None
    upper: float | None
    n: int


class ModelStatus(TypedDict, total=False):
    """One model over one window.

    ``index`` by form (``sum``, ``union``), ``bounds`` the 95 % interval of the sum, empty when it is not known;
    ``history``: earlier sums, oldest first; ``without_texts``: no event had a text, so that H is P_bias alone.
    """

    name: str
    window: str
    events: int
    findings: int
    index: dict[str, float | None]
    bounds: dict[str, float]
    components: dict[Dimension, ComponentStatus]
    without_texts: bool
    history: list[float]


class CategoryStatus(TypedDict, total=False):
    """Findings of one category since the start."""

    category: str
    dimension: Dimension
    count: int


class PipelineStatus(TypedDict, total=False):
    """Counts are since the start, also of models that have gone since.

    ``lag_records`` is None while it is not known of all partitions: no broker says where they end. ``lag_seconds`` is
    from event time to metric, the mean of the last seconds, or the age of the oldest record that waits to be taken when
    that is more; None when nothing was finished and nothing waits.
    """

    events: int
    events_per_second: float
    scored: int
    findings: int
    missing_scores: int
    dead_letters: int
    duplicates: int
    lag_records: int | None
    lag_seconds: float | None
    queue_depth: int
    queue_capacity: int
    sampling_ratio: float
    shedding: bool
    series: int
    series_budget: int


class PartitionStatus(TypedDict, total=False):
    """One assigned partition and its lag in records; None while no broker says where the partition ends."""

    topic: str
    partition: int
    lag: int | None


class StageStatus(TypedDict, total=False):
    """Share of the pipeline's time spent in a stage, in [0, 1], and its mean time per micro-batch."""

    stage: str
    share: float
    seconds: float


class ConfigurationStatus(TypedDict, total=False):
    """The configuration that runs: the first twelve digits of its file's SHA-256 ("" without a file), when it was taken
    (Unix seconds), and whether the last change to it was refused.
    """

    hash: str
    taken: float
    refused: bool


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
    configuration: ConfigurationStatus
