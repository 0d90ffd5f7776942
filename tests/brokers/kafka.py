"""Real Apache Kafka in KRaft mode on loopback, as child processes of the tests."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from .base import BrokerCluster, BrokerError, wait_for_brokers
from .jars import KAFKA_VERSION
from .ports import free_ports
from .prepared import prepare_kafka, random_id
from .processes import BrokerProcess
from .properties import broker_properties, write_properties

__all__ = ["KafkaCluster"]


class KafkaCluster(BrokerCluster):
    """Apache Kafka; every node is broker and controller, so a cluster of three survives the loss of any one.

    Topics are not created by themselves. A broker that is killed or paused loses its leaderships after three seconds,
    a group member that is killed may be declared dead after one second (both are longer by default).

    Parameters
    ----------
    brokers
        Number of nodes: 1, or 3 for tests of fail-over.
    config
        More broker properties; they win over the defaults.
    flags
        More flags of the Java machine.

    Raises
    ------
    LayerAbsent
        From `start`: no Java 17, or its jars could not be fetched.
    BrokerError
        A broker did not start or answer; the message ends with its log.
    """

    def __init__(
        self, brokers: int = 1, *, config: Mapping[str, str] | None = None, flags: tuple[str, ...] = ()
    ) -> None:
        super().__init__(brokers)
        self._config = dict(config or {})
        self._flags = flags
        ports = free_ports(2 * brokers)
        self._ports, self._controller_ports = ports[:brokers], ports[brokers:]
        self._folder: Path | None = None
        self._nodes: list[BrokerProcess] = []

    @property
    def description(self) -> str:
        return f"Apache Kafka {KAFKA_VERSION} (KRaft, {self.brokers} on loopback, jars from Maven)"

    @property
    def bootstrap(self) -> str:
        return ",".join(f"127.0.0.1:{port}" for port in self._ports)

    def pid(self, index: int) -> int | None:
        """Process id of a broker while it runs, else None."""
        return self._nodes[index].pid

    def log_path(self, index: int) -> Path:
        """File with a broker's log; it goes with `close`."""
        return self._nodes[index].log_path

    def start(self) -> None:
        if self._nodes:
            raise BrokerError("the cluster has been started already")
        prepared = prepare_kafka()
        self._folder = folder = Path(tempfile.mkdtemp(prefix="harmwatch-kafka-"))
        cluster_id = random_id()
        for index in range(self.brokers):
            data = folder / f"data-{index}"
            prepared.new_storage(data, index, cluster_id)
            properties = broker_properties(index, self._ports, self._controller_ports, data)
            properties |= self._config | self.extra_properties(index, properties)
            path = write_properties(folder / f"broker-{index}.properties", properties)
            command = prepared.command("kafka.Kafka", str(path), flags=self._flags)
            node = BrokerProcess(command, folder / f"broker-{index}.log")
            self._nodes.append(node)
            node.start()
        for index in range(self.brokers):
            self._wait_for(index, count=self.brokers)

    def extra_properties(self, index: int, properties: Mapping[str, str]) -> Mapping[str, str]:
        """What a broker has beside those of all; for clusters that are more than this."""
        return {}

    def start_broker(self, index: int) -> None:
        self._nodes[index].start()
        self._wait_for(index, count=1)

    def stop_broker(self, index: int) -> None:
        self._nodes[index].stop()

    def kill_broker(self, index: int) -> None:
        self._nodes[index].kill()

    def pause_broker(self, index: int) -> None:
        self._nodes[index].pause()

    def resume_broker(self, index: int) -> None:
        self._nodes[index].resume()

    def close(self) -> None:
        # SIGKILL: the data goes with it, and an orderly stop waits for controllers that may be gone already.
        for node in self._nodes:
            node.kill()
        self._nodes.clear()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _wait_for(self, index: int, *, count: int) -> None:
        node = self._nodes[index]
        try:
            wait_for_brokers(f"127.0.0.1:{self._ports[index]}", count, ids={index}, still_starting=node.check)
        except BrokerError as error:
            error.add_note(f"log of broker {index}: {node.log_path}")
            raise
