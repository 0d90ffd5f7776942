"""Real Kafka in a Docker container, through testcontainers."""

from __future__ import annotations

import importlib
import subprocess
import sys
from functools import cache
from typing import Any

from .base import BrokerCluster, BrokerError, LayerAbsent, NotSupported, wait_for_brokers
from .ports import free_ports

__all__ = ["ContainerKafka", "find_docker_engine"]

#: The image with which testcontainers tests its KRaft mode.
IMAGE = "confluentinc/cp-kafka:7.6.0"


def _kafka_module() -> Any:
    for name in ("testcontainers.community.kafka", "testcontainers.kafka"):  # it moved in 4.15
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError:
            continue
    raise LayerAbsent("the package testcontainers is not installed")


_ASK = (
    "from testcontainers.core.docker_client import DockerClient\n"
    "print(DockerClient(timeout={timeout}).client.version()['Version'])\n"
)


@cache
def _ask_engine(timeout_seconds: int) -> tuple[str, str]:
    """Return (engine's version, reason why there is none); one of them is empty."""
    command = [sys.executable, "-W", "ignore", "-c", _ASK.format(timeout=timeout_seconds)]
    try:
        # Ten seconds more for the imports on a busy machine.
        answer = subprocess.run(command, capture_output=True, text=True, timeout=timeout_seconds + 10, check=False)
    except subprocess.TimeoutExpired:
        return "", "did not answer in time"
    if answer.returncode != 0:
        last = answer.stderr.strip().splitlines()[-1:] or ["no reason given"]
        return "", last[0][:100]
    return answer.stdout.strip(), ""


def find_docker_engine(timeout_seconds: int = 3) -> str:
    """Return the version of the Docker engine that testcontainers would use.

    Asks the engine, since a `docker` program proves nothing: it may be a client without one. Asks from a process of
    its own: the Docker library leaks a socket when nobody answers, and may hang longer than its time-out says.

    Raises
    ------
    LayerAbsent
        testcontainers is not installed, or no engine answered in time.
    """
    _kafka_module()
    version, reason = _ask_engine(timeout_seconds)
    if not version:
        raise LayerAbsent(f"no Docker engine: {reason}")
    return version


class ContainerKafka(BrokerCluster):
    """One KafkaContainer in KRaft mode on a fixed host port, so that a restart keeps the address.

    Raises
    ------
    LayerAbsent
        From `start`: the image is neither here nor to be had.
    BrokerError
        The container did not become ready.
    """

    def __init__(self, brokers: int = 1) -> None:
        if brokers != 1:
            raise NotSupported("testcontainers' KafkaContainer is one broker, never a cluster")
        super().__init__(brokers)
        (self._port,) = free_ports(1)
        self._container: Any = None
        self._bootstrap = ""

    @property
    def description(self) -> str:
        return f"{IMAGE} (Docker)"

    @property
    def bootstrap(self) -> str:
        if not self._bootstrap:
            raise BrokerError("the container's address is known once it has started")
        return self._bootstrap

    def start(self) -> None:
        kafka_container: Any = _kafka_module().KafkaContainer
        container = kafka_container(IMAGE).with_kraft().with_bind_ports(9093, self._port)
        for key, value in {
            "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
            "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "3",
            "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
            "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
            "KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS": "3",
            "KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS": "1000",
            "KAFKA_BROKER_SESSION_TIMEOUT_MS": "3000",
            "KAFKA_BROKER_HEARTBEAT_INTERVAL_MS": "500",
            "KAFKA_HEAP_OPTS": "-Xms64m -Xmx512m",
        }.items():
            container.with_env(key, value)
        self._fetch_image(container)
        self._container = container
        try:
            container.start(timeout=90)
        except Exception as error:
            raise BrokerError(f"the Kafka container did not start: {type(error).__name__}") from error
        self._bootstrap = str(container.get_bootstrap_server())
        wait_for_brokers(self._bootstrap, 1)

    @staticmethod
    def _fetch_image(container: Any) -> None:
        errors: Any = importlib.import_module("docker.errors")
        images = container.get_docker_client().client.images
        try:
            images.get(IMAGE)
        except errors.ImageNotFound:
            try:
                images.pull(IMAGE)
            except Exception as error:  # offline, rate limit, proxy: the engine is of no use without the image
                raise LayerAbsent(f"Docker cannot pull {IMAGE} ({type(error).__name__})") from error

    def start_broker(self, index: int) -> None:
        self._only(index).start()
        wait_for_brokers(self._bootstrap, 1)

    def stop_broker(self, index: int) -> None:
        self._only(index).stop(timeout=30)

    def kill_broker(self, index: int) -> None:
        container = self._only(index)
        container.kill("SIGKILL")
        container.wait(timeout=30)

    def pause_broker(self, index: int) -> None:
        self._only(index).pause()

    def resume_broker(self, index: int) -> None:
        self._only(index).unpause()

    def close(self) -> None:
        container, self._container = self._container, None
        if container is not None:
            container.stop(force=True, delete_volume=True)

    def _only(self, index: int) -> Any:
        if index != 0:
            raise IndexError(f"a KafkaContainer has broker 0 only, not {index}")
        if self._container is None:
            raise BrokerError("the container has not been started")
        return self._container.get_wrapped_container()
