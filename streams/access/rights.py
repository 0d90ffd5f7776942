"""What the broker says we may do, compared with what the configuration needs. It asks, and tries nothing out.

Brokers tell the operations that a client may use on a topic or group when they describe it (KIP-430). What one does not
tell, as those of some services, counts as granted: then the first refusal is what shows it.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from typing import Any, Final, NamedTuple

from kafka.errors import (
    GroupAuthorizationFailedError,
    KafkaError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from agent.errors import ConfigError
from streams.access.acls import Right, rights_of
from streams.access.grants import grant_command
from streams.access.identity import principal_of
from streams.config import WorkerConfig

__all__ = ["lacking", "missing_rights", "refuse_missing", "tell_missing"]

_logger = logging.getLogger(__name__)

_ALL: Final = "ALL"


def missing_rights(config: WorkerConfig, admin: Any) -> list[Right]:
    """Rights that the configuration needs and this user does not have, as far as the broker tells.

    Those of ``creation`` count where a topic is missing, or has fewer partitions than the widest topic of events.

    Parameters
    ----------
    admin
        kafka-python's admin client.

    Raises
    ------
    KafkaError
        When the broker does not answer.
    """
    rights = rights_of(config)
    topics = _topics(admin, sorted({right.name for right in rights if right.kind == "topic"}))
    groups = _groups(admin, {_group(right, config) for right in rights if right.kind == "group"})
    widest = max(topics[name].partitions for name in config.topics.events)
    may_create = _may_create_anything(admin)
    missing = []
    for right in rights:
        held = topics[right.name] if right.kind == "topic" else groups[_group(right, config)]
        if held.operations is None or right.operation in held.operations or _ALL in held.operations:
            continue
        if right.operation == "CREATE" and (not held.missing or may_create):
            continue
        if right.operation == "ALTER" and not 0 < held.partitions < widest:
            continue
        if right.operation == "DESCRIBE_CONFIGS" and held.missing:
            continue
        missing.append(right)
    return missing


def _may_create_anything(admin: Any) -> bool:
    """By a right on the cluster, as older installations grant it; True as well where the broker does not tell."""
    try:
        told = admin.describe_cluster().get("authorized_operations")
    except (KafkaError, LookupError, TypeError):
        return True
    return told is None or "CREATE" in told or _ALL in told


class _Held(NamedTuple):
    """``operations`` is None where the broker does not tell; ``missing``: it says that there is no such thing."""

    operations: set[str] | None
    missing: bool = False
    partitions: int = 0


def _group(right: Right, config: WorkerConfig) -> str:
    return f"{right.name}{config.kafka.worker_name if right.prefixed else ''}"


def _topics(admin: Any, names: list[str]) -> dict[str, _Held]:
    told = dict.fromkeys(names, _Held(None))
    for topic in admin.describe_topics(names):
        code, operations = topic.get("error_code", 0), topic.get("authorized_operations")
        if code == TopicAuthorizationFailedError.errno:
            told[topic["name"]] = _Held(set())
        elif code in (0, UnknownTopicOrPartitionError.errno):
            told[topic["name"]] = _Held(_operations(operations), bool(code), len(topic["partitions"]))
    return told


def _groups(admin: Any, names: set[str]) -> dict[str, _Held]:
    told = dict.fromkeys(names, _Held(None))
    for name in names:
        try:
            answer = admin.describe_groups([name])[name]
        except GroupAuthorizationFailedError:
            told[name] = _Held(set())
        except KafkaError:
            continue  # of a new cluster, whose first group this is, nobody knows yet where it is kept
        else:
            refused = GroupAuthorizationFailedError.__name__ in str(answer.get("error"))
            told[name] = _Held(set() if refused else _operations(answer.get("authorized_operations")))
    return told


def _operations(told: Collection[Any] | None) -> set[str] | None:
    """An answer without DESCRIBE, which is what we have just done, is none."""
    operations = {str(operation) for operation in told or ()}
    return operations if "DESCRIBE" in operations or _ALL in operations else None


def refuse_missing(config: WorkerConfig, missing: Iterable[Right]) -> None:
    """Refuse to run without a right that a worker needs.

    Raises
    ------
    ConfigError
        One line: all that is missing, and the command for the first of them.
    """
    if needed := [right for right in missing if right.vital]:
        raise ConfigError(lacking(config, needed))


def tell_missing(config: WorkerConfig, missing: Iterable[Right]) -> None:
    """Log what the worker will run without."""
    for right in missing:
        if not right.vital and right.need != "doctor":
            _logger.warning(
                "kafka_right_missing operation=%s %s=%s purpose=%s grant=%s",
                *(right.operation, right.kind, right.name, right.purpose),
                grant_command(right, principal_of(config.kafka)),
            )


def lacking(config: WorkerConfig, rights: Collection[Right]) -> str:
    """One line that names rights which are missing, and grants the first."""
    principal = principal_of(config.kafka)
    named = ", ".join(f"{right} ({right.purpose})" for right in rights)
    first = grant_command(next(iter(rights)), principal)
    return f"Kafka does not let {principal}: {named}; grant with: {first} (all: harmwatch doctor --acls)"
