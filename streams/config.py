"""Configuration of the worker: the core's sections plus Kafka, topics, the tap, dead letters and the web port."""

from __future__ import annotations

import re
import socket
import ssl
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from agent.config import CoreConfig, validate
from agent.config_base import Count, Seconds, Section, Share
from agent.errors import ConfigError
from agent.policy import Policy
from agent.yaml_file import load_yaml, parse_yaml
from streams.config_web import WebConfig
from streams.ingest.config import IngestConfig

__all__ = [
    "DeadLetterConfig",
    "KafkaConfig",
    "ReloadConfig",
    "TapConfig",
    "TopicsConfig",
    "WebConfig",
    "WorkerConfig",
    "load_config",
    "parse_config",
]

_SERVER = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}")

TopicName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,249}$")]


class KafkaConfig(Section):
    """How to reach the brokers."""

    bootstrap_servers: str = "localhost:9092"
    group_id: Annotated[str, Field(min_length=1, max_length=200)] = "harmwatch"
    worker_name: str = Field(default_factory=socket.gethostname)
    auto_offset_reset: Literal["earliest", "latest"] = "earliest"
    session_timeout_seconds: Seconds = 30.0
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "PLAIN"
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    ssl_ca_file: Path | None = None
    ssl_cert_file: Path | None = None
    ssl_key_file: Path | None = None
    ssl_key_password: SecretStr | None = None

    @field_validator("bootstrap_servers")
    @classmethod
    def _servers(cls, value: str) -> str:
        servers = [server.strip() for server in value.split(",")]
        if not all(_SERVER.fullmatch(server) for server in servers):
            raise ValueError("must be host:port, several separated by commas")
        return ",".join(servers)

    @model_validator(mode="after")
    def _sasl_is_complete(self) -> KafkaConfig:
        if self.security_protocol.startswith("SASL") and (self.sasl_username is None or self.sasl_password is None):
            raise ValueError("SASL needs sasl_username and sasl_password")
        return self

    def client_options(self) -> dict[str, Any]:
        """Keyword arguments that aiokafka's clients share.

        Raises
        ------
        ConfigError
            When a certificate or key file cannot be loaded.
        """
        options: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap_servers,
            "security_protocol": self.security_protocol,
        }
        if self.security_protocol in ("SSL", "SASL_SSL"):
            options["ssl_context"] = self._ssl_context()
        if self.security_protocol.startswith("SASL") and self.sasl_password is not None:
            options["sasl_mechanism"] = self.sasl_mechanism
            options["sasl_plain_username"] = self.sasl_username
            options["sasl_plain_password"] = self.sasl_password.get_secret_value()
        return options

    def _ssl_context(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=str(self.ssl_ca_file) if self.ssl_ca_file else None)
            if self.ssl_cert_file is not None:
                password = self.ssl_key_password.get_secret_value() if self.ssl_key_password else None
                context.load_cert_chain(self.ssl_cert_file, self.ssl_key_file, password)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"kafka.ssl_*: certificate or key cannot be loaded ({type(error).__name__})") from None
        return context


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


class WorkerConfig(CoreConfig):
    """Everything `harmwatch run` reads from its file."""

    kafka: KafkaConfig = Field(default_factory=KafkaConfig)
    topics: TopicsConfig = TopicsConfig()
    tap: TapConfig = TapConfig()
    dead_letters: DeadLetterConfig = DeadLetterConfig()
    web: WebConfig = WebConfig()
    ingest: IngestConfig = IngestConfig()
    reload: ReloadConfig = ReloadConfig()
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
