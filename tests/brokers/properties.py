"""The configuration of one node of a real Kafka cluster for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["broker_properties", "write_properties"]


def broker_properties(
    node: int, client_ports: Sequence[int], controller_ports: Sequence[int], data: Path
) -> dict[str, str]:
    """Return the properties of node `node` of a cluster with one node for each port.

    Every node is broker and controller. Internal topics are sized to the cluster, and small.
    """
    copies = str(min(len(client_ports), 3))
    # With three copies, two must be there: acks=all then survives one loss, and a lone broker refuses to lie.
    in_sync = str(max(1, min(len(client_ports), 3) - 1))
    client, controller = f"127.0.0.1:{client_ports[node]}", f"127.0.0.1:{controller_ports[node]}"
    return {
        "process.roles": "broker,controller",
        "node.id": str(node),
        "controller.quorum.voters": ",".join(f"{n}@127.0.0.1:{port}" for n, port in enumerate(controller_ports)),
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{client},CONTROLLER://{controller}",
        "advertised.listeners": f"PLAINTEXT://{client}",
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": str(data),
        "auto.create.topics.enable": "false",
        "min.insync.replicas": in_sync,
        "default.replication.factor": copies,
        "offsets.topic.num.partitions": "3",
        "offsets.topic.replication.factor": copies,
        "transaction.state.log.num.partitions": "3",
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": in_sync,
        "share.coordinator.state.topic.num.partitions": "3",
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": in_sync,
        "group.initial.rebalance.delay.ms": "0",
        # Tests kill members and brokers and wait for it to be noticed: 6 s and 9 s by default.
        "group.min.session.timeout.ms": "1000",
        "broker.session.timeout.ms": "3000",
        "broker.heartbeat.interval.ms": "500",
        # The default takes 128 MB of the heap.
        "log.cleaner.dedupe.buffer.size": str(8 * 1024 * 1024),
    }


def write_properties(path: Path, properties: Mapping[str, str]) -> Path:
    """Write a Java properties file (values without escapes: ports, ids, plain paths) and return its path."""
    path.write_text("".join(f"{key}={value}\n" for key, value in properties.items()), encoding="utf-8")
    return path
