"""Our topics: created when missing, with the settings that their use needs. kafka-python's admin client does it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import (
    ClusterAuthorizationFailedError,
    InvalidConfigurationError,
    InvalidPartitionsError,
    InvalidReplicationFactorError,
    KafkaError,
    PolicyViolationError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
)

from agent.errors import AccessDenied, ConfigError, TransportError
from streams.access.clients import admin_options
from streams.access.probe import knock_and_wait
from streams.access.rights import missing_rights, refuse_missing, tell_missing
from streams.config import KafkaConfig, WorkerConfig
from streams.daemon import in_daemon_thread

__all__ = [
    "STATE_ROOM",
    "TopicPartitions",
    "TopicSpec",
    "admin_client",
    "create_topics",
    "describe_topics",
    "ensure_topics",
    "largest_message",
    "topic_specs",
]

_logger = logging.getLogger(__name__)

#: A compacted topic whose active segment never rolls is never compacted: roll early, compact early.
_COMPACTED = {
    "cleanup.policy": "compact",
    "segment.ms": "600000",
    "segment.bytes": str(16 * 1024 * 1024),
    "min.cleanable.dirty.ratio": "0.1",
}

#: Decisions wait for their label as long as they are kept here, or as long as there is room.
_WAITING = {
    "retention.ms": str(31 * 86_400_000),
    "retention.bytes": str(64 * 1024 * 1024),
    "segment.bytes": str(8 * 1024 * 1024),
    "max.message.bytes": str(4 * 1024 * 1024),
}

#: Few and small records, which are of no use when they are gone before anybody asks.
_AUDIT = {"retention.ms": str(400 * 86_400_000)}

STATE_ROOM = 4 * 1024 * 1024
"""Bytes of a message from which on window state fits whole in nearly all configurations."""

_REFUSALS = (InvalidReplicationFactorError, InvalidPartitionsError, PolicyViolationError, InvalidConfigurationError)


class TopicSpec(NamedTuple):
    """A topic of ours: how many partitions, and its settings.

    ``by_source``: partition *i* holds state of source partition *i*, so it needs as many as the widest topic of events.
    ``optional``: a worker runs without it.
    """

    name: str
    partitions: int
    settings: Mapping[str, str]
    by_source: bool = False
    optional: bool = False


def topic_specs(config: WorkerConfig, source_partitions: int) -> list[TopicSpec]:
    """The topics that the worker writes.

    Parameters
    ----------
    source_partitions
        The largest partition count among the topics of events. Panes have as many: partition *i* holds the state of
        source partition *i*, so that the key can be the model alone and compaction still keeps each state apart.
    """
    topics = config.topics
    panes = {
        **_COMPACTED,
        "max.message.bytes": str(16 * 1024 * 1024),
        # State is mostly zeros: the broker shrinks it twentyfold.
        "compression.type": "gzip",
        # Longer than any zombie worker lives: its last write must not be all that compaction leaves.
        "min.compaction.lag.ms": "900000",
    }
    room = str(config.tap.max_record_bytes + 1024 * 1024)
    specs = [
        TopicSpec(topics.verdicts, topics.verdict_partitions, {}),
        TopicSpec(topics.evidence, topics.verdict_partitions, _COMPACTED),
        TopicSpec(topics.panes, source_partitions, panes, by_source=True),
        TopicSpec(topics.dlq, 1, {"max.message.bytes": room}),
    ]
    if topics.audit is not None:
        specs.append(TopicSpec(topics.audit, 1, _AUDIT, optional=True))
    if topics.feedback is not None:
        # What people have said stays, each finding's last mark.
        specs.append(TopicSpec(topics.feedback, 1, _COMPACTED, optional=True))
    if topics.filtered is not None:
        specs.append(TopicSpec(topics.filtered, topics.verdict_partitions, {"max.message.bytes": room}))
    if topics.sanitised is not None:
        specs.append(TopicSpec(topics.sanitised, topics.verdict_partitions, {"max.message.bytes": room}))
    if topics.labels is not None:
        specs.append(TopicSpec(topics.labels, topics.verdict_partitions, {}))
        specs.append(TopicSpec(topics.decisions, source_partitions, _WAITING, by_source=True))
    return specs


def admin_client(config: KafkaConfig) -> Any:
    """kafka-python's admin client for these brokers. The caller closes it.

    Raises
    ------
    ConfigError
        When the brokers do not let us in, or a file of the security settings cannot be loaded.
    TransportError
        When no broker answers.
    """
    try:
        # First: a client of kafka-python whose first contact fails leaves its sockets open, and does not say why.
        knock_and_wait(config)
    except AccessDenied as error:
        raise ConfigError(str(error)) from None
    try:
        return KafkaAdminClient(
            client_id=f"harmwatch-{config.worker_name}",
            bootstrap_timeout_ms=10_000,
            request_timeout_ms=20_000,
            **admin_options(config),
        )
    except KafkaError as error:
        raise TransportError(f"no broker answers at {config.bootstrap_servers} ({type(error).__name__})") from None


def describe_topics(admin: Any) -> dict[str, int]:
    """Partition count by topic, for all topics that this user may see."""
    return {topic["name"]: len(topic["partitions"]) for topic in admin.describe_topics()}


def largest_message(admin: Any, topic: str) -> int | None:
    """The ``max.message.bytes`` of a topic, or the broker's where it has none; None where we may not ask."""
    try:
        told = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)], config_filter="all")
        (settings,) = (by_name[topic] for by_name in told.values())
        return int(settings["max.message.bytes"]["value"])
    # Refused, or a broker that answers in another shape: nothing depends on it but a warning.
    except (KafkaError, LookupError, TypeError, ValueError):
        return None


class TopicPartitions(NamedTuple):
    """How many partitions there are: of all topics of events together, and of the pane topic."""

    events: int
    panes: int


async def ensure_topics(config: WorkerConfig) -> TopicPartitions:
    """Create what is missing; how many partitions there are then.

    Raises
    ------
    ConfigError
        When a topic of events does not exist, one of state has fewer partitions and may not be widened, or a right is
        missing.
    TransportError
        When the broker does not answer or refuses.
    """
    return await in_daemon_thread(lambda: _ensure_topics(config))


def _ensure_topics(config: WorkerConfig) -> TopicPartitions:
    admin = admin_client(config.kafka)
    try:
        lacking = missing_rights(config, admin)
        # First: a topic that we may not see looks like one that is not there.
        refuse_missing(config, lacking)
        tell_missing(config, lacking)
        existing = describe_topics(admin)
        absent = [topic for topic in config.topics.events if topic not in existing]
        if absent:
            raise ConfigError(f"topics.events: {', '.join(absent)} does not exist; create it or correct the name")
        widest = max(existing[topic] for topic in config.topics.events)
        specs = topic_specs(config, widest)
        without = {right.name for right in lacking}
        missing = [spec for spec in specs if spec.name not in existing and spec.name not in without]
        if missing and config.topics.create_missing:
            create_topics(admin, missing, config.topics.replication_factor)
        narrow = [spec.name for spec in specs if spec.by_source and existing.get(spec.name, widest) < widest]
        if narrow and config.topics.create_missing:
            # The events have been given more partitions since: their state needs as many.
            admin.create_partitions(dict.fromkeys(narrow, widest))
        elif narrow:
            raise ConfigError(f"topics: {narrow[0]} has {existing[narrow[0]]} partitions, the events have {widest}")
        events = sum(existing[topic] for topic in config.topics.events)
        return TopicPartitions(events, max(widest, existing.get(config.topics.panes, widest)))
    except (TopicAuthorizationFailedError, ClusterAuthorizationFailedError):
        # Of brokers that do not tell rights beforehand.
        raise ConfigError(
            "topics: this user may not create or widen them; grant CREATE and ALTER (harmwatch doctor --acls), or make "
            "them by hand"
        ) from None
    except _REFUSALS as error:
        # Asking again does not help: the brokers will not have it so.
        raise ConfigError(
            f"topics: the broker refuses our topics ({type(error).__name__}); see topics.replication_factor and "
            "topics.verdict_partitions, or create them by hand"
        ) from None
    except KafkaError as error:
        raise TransportError(f"topics cannot be read or created ({type(error).__name__})") from None
    finally:
        admin.close()


def create_topics(admin: Any, specs: Sequence[TopicSpec], replication_factor: int) -> None:
    """Create topics with their settings. One that another worker has just created is as good.

    Raises
    ------
    KafkaError
        As kafka-python does, but for optional topics: the log has those, and the worker goes on without.
    """
    for spec in specs:
        wanted = {
            "num_partitions": spec.partitions,
            "replication_factor": replication_factor,
            "configs": dict(spec.settings),
        }
        try:
            admin.create_topics({spec.name: wanted}, wait_for_metadata=True)
        except TopicAlreadyExistsError:
            continue  # another worker was faster
        except KafkaError as error:
            if not spec.optional:
                raise
            _logger.warning("topic_not_created topic=%s reason=%s", spec.name, type(error).__name__)
