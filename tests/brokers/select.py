"""Which real Kafka is there: HARMWATCH_KAFKA, else Docker, else Java with Maven."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from .base import BrokerCluster, LayerAbsent
from .container import IMAGE, ContainerKafka, find_docker_engine
from .external import ExternalKafka
from .jars import KAFKA_VERSION, cached_jars, find_java, find_maven
from .kafka import KafkaCluster

__all__ = ["RealKafka", "find_docker", "find_external", "find_java_kafka", "real_kafka", "start_real_kafka"]


@dataclass(frozen=True, slots=True)
class RealKafka:
    """A way to have real Kafka on this machine.

    Parameters
    ----------
    description
        For people.
    factory
        Makes a cluster of so many brokers, not yet started.
    max_brokers
        The largest cluster that it can make.
    can_break
        Whether its brokers may be stopped, killed and paused.
    """

    description: str
    factory: Callable[[int], BrokerCluster]
    max_brokers: int
    can_break: bool


def find_external() -> RealKafka:
    """The cluster that HARMWATCH_KAFKA names, or LayerAbsent."""
    servers = os.environ.get("HARMWATCH_KAFKA", "").strip()
    if not servers:
        raise LayerAbsent("HARMWATCH_KAFKA is not set")
    return RealKafka(f"Kafka at {servers} (HARMWATCH_KAFKA)", lambda _brokers: ExternalKafka(servers), 1, False)


def find_docker() -> RealKafka:
    """Kafka in Docker, or LayerAbsent."""
    return RealKafka(f"{IMAGE} on Docker {find_docker_engine()}", ContainerKafka, 1, True)


def find_java_kafka() -> RealKafka:
    """Kafka's jars on this machine's Java, or LayerAbsent. Does not fetch anything yet."""
    find_java()
    if cached_jars() is None:
        find_maven()
    return RealKafka(f"Apache Kafka {KAFKA_VERSION} on this machine's Java", KafkaCluster, 3, True)


_IN_ORDER: tuple[tuple[str, Callable[[], RealKafka]], ...] = (
    ("external", find_external),
    ("docker", find_docker),
    ("java", find_java_kafka),
)


def real_kafka(brokers: int = 1, *, can_break: bool = False) -> list[RealKafka]:
    """Return every way that can make such a cluster here, best first.

    Raises
    ------
    LayerAbsent
        There is none; the message gives the reason for each.
    """
    found: list[RealKafka] = []
    reasons: list[str] = []
    for name, find in _IN_ORDER:
        try:
            way = find()
        except LayerAbsent as absent:
            reasons.append(f"{name}: {absent}")
            continue
        if brokers > way.max_brokers or (can_break and not way.can_break):
            reasons.append(f"{name}: not for {brokers} brokers that may be killed")
            continue
        found.append(way)
    if not found:
        raise LayerAbsent("; ".join(reasons))
    return found


def start_real_kafka(brokers: int = 1, *, can_break: bool = False) -> BrokerCluster:
    """Start the first real Kafka whose parts can be had (image, jars). The caller closes it.

    Raises
    ------
    LayerAbsent
        None can be had.
    BrokerError
        One was there and did not start: a fault, not an absence.
    """
    reasons: list[str] = []
    for way in real_kafka(brokers, can_break=can_break):
        cluster = way.factory(brokers)
        try:
            return cluster.__enter__()
        except LayerAbsent as absent:
            reasons.append(f"{way.description}: {absent}")
    raise LayerAbsent("; ".join(reasons))
