"""Configuration of the worker: the core's sections plus Kafka, topics, the tap, dead letters and the web port."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from agent.config import CoreConfig, validate
from agent.config_base import Count, Seconds, Section, Share
from agent.policy import Policy
from agent.yaml_file import load_yaml, parse_yaml
from streams.config_kafka import KafkaConfig
from streams.config_proxy import ProxyConfig
from streams.config_web import WebConfig
from streams.ingest.config import IngestConfig
from streams.trust.config import TrustConfig

__all__ = [
    "MOST_PROCESSES",
    "DeadLetterConfig",
    "KafkaConfig",
    "ProcessesConfig",
    "ReloadConfig",
    "TapConfig",
    "TopicsConfig",
    "WebConfig",
    "WorkerConfig",
    "load_config",
    "parse_config",
]

MOST_PROCESSES = 256

TopicName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,249}$")]


class TopicsConfig(Section):
    """Names of topics, pinned formats, and how missing topics of ours are created.

    Topics of events are never created: they belong to the model servers, and a typo must not make an empty one.
    """

    events: Annotated[tuple[TopicName, ...], Field(min_length=1)] = ("inference.events",)
    labels: TopicName | None = "inference.labels"
    verdicts: TopicName = "harm.verdicts"
    evidence: TopicName = "harm.evidence"
    panes: TopicName = "harm.panes"
    decisions: TopicName = "harm.decisions"
    dlq: TopicName = "harm.dlq"
    audit: TopicName | None = "harm.audit"
    feedback: TopicName | None = "harm.feedback"
    filtered: TopicName | None = None
    sanitised: TopicName | None = None
    formats: dict[str, str] = Field(default_factory=dict)
    create_missing: bool = True
    replication_factor: Annotated[int, Field(ge=-1, le=10)] = -1
    verdict_partitions: Count = 3

    @model_validator(mode="after")
    def _names_differ(self) -> TopicsConfig:
        names = [*self.events, self.verdicts, self.evidence, self.panes, self.decisions, self.dlq]
        names += [name for name in (self.labels, self.audit, self.feedback, self.filtered, self.sanitised) if name]
        if len(set(names)) != len(names):
            raise ValueError("each topic needs a name of its own")
        return self


class TapConfig(Section):
    """The hot path: how much is in flight, how often offsets are given back, how long things may take."""

    max_poll_records: Count = 500
    max_in_flight_records: Count = 2000
    max_unflushed_records: Count = 50_000
    max_unflushed_bytes: Annotated[int, Field(gt=0, le=1 << 40)] = 128 * 1024 * 1024
    max_record_bytes: Count = 8 * 1024 * 1024
    commit_interval_seconds: Seconds = 2.0
    drain_seconds: Seconds = 20.0
    revoke_seconds: Seconds = 10.0
    sink_patience_seconds: Seconds = 120.0
    rewind_records: Annotated[int, Field(ge=0, le=1_000_000)] = 2000
    stall_seconds: Seconds = 120.0


class DeadLetterConfig(Section):
    """Limits that stop a bad deploy (DESIGN decision 12): undecodable records in a row, or as a share of the last N."""

    max_consecutive: Count = 1000
    max_ratio: Share = 0.5
    ratio_records: Count = 2000


class ReloadConfig(Section):
    """How often the worker looks whether its file has changed; 0 leaves it to SIGHUP."""

    watch_seconds: Annotated[float, Field(ge=0, le=86400.0)] = 10.0


class ProcessesConfig(Section):
    """How many processes this worker is; ``auto`` is one per core that it may use."""

    processes: Annotated[int, Field(ge=1, le=MOST_PROCESSES)] | Literal["auto"] = 1


class WorkerConfig(CoreConfig):
    """Everything `harmwatch run` reads from its file."""

    kafka: KafkaConfig = Field(default_factory=KafkaConfig)
    topics: TopicsConfig = TopicsConfig()
    tap: TapConfig = TapConfig()
    dead_letters: DeadLetterConfig = DeadLetterConfig()
    web: WebConfig = WebConfig()
    ingest: IngestConfig = IngestConfig()
    trust: TrustConfig = TrustConfig()
    reload: ReloadConfig = ReloadConfig()
    worker: ProcessesConfig = ProcessesConfig()
    proxy: ProxyConfig = ProxyConfig()
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @model_validator(mode="after")
    def _filtered_texts_are_filtered(self) -> WorkerConfig:
        if self.topics.filtered is not None and not Policy(self.policy).enforces:
            # Every text would be published as it came.
            raise ValueError("topics.filtered needs a policy that masks or blocks: see policy.rules")
        return self


def load_config(path: Path) -> WorkerConfig:
    """Read and check ``harmwatch.yaml``.

    Raises
    ------
    ConfigError
        One line that says what is wrong, where, and never a value.
    """
    return validate(WorkerConfig, load_yaml(path), str(path))


def parse_config(content: bytes, origin: str) -> WorkerConfig:
    """As `load_config`, of bytes that have been read.

    Raises
    ------
    ConfigError
        As `load_config` does.
    """
    return validate(WorkerConfig, parse_yaml(content, origin), origin)
