"""A Kafka cluster that somebody else runs, named by HARMWATCH_KAFKA."""

from __future__ import annotations

from typing import NoReturn

from .base import BrokerCluster, NotSupported, wait_for_brokers

__all__ = ["ExternalKafka"]


class ExternalKafka(BrokerCluster):
    """Bootstrap servers given from outside. Its brokers are not ours to stop; its topics outlive the tests."""

    can_break = False

    def __init__(self, bootstrap: str) -> None:
        super().__init__(1)
        self._bootstrap = bootstrap

    @property
    def description(self) -> str:
        return f"Kafka at {self._bootstrap} (HARMWATCH_KAFKA)"

    @property
    def bootstrap(self) -> str:
        return self._bootstrap

    def start(self) -> None:
        """Wait until it answers. Raises BrokerError when it does not: who names a cluster wants it used."""
        wait_for_brokers(self._bootstrap, 1, timeout_seconds=20.0)

    def close(self) -> None:
        """Do nothing."""

    def start_broker(self, index: int) -> NoReturn:
        self._refuse("start", index)

    def stop_broker(self, index: int) -> NoReturn:
        self._refuse("stop", index)

    def kill_broker(self, index: int) -> NoReturn:
        self._refuse("kill", index)

    def pause_broker(self, index: int) -> NoReturn:
        self._refuse("pause", index)

    def resume_broker(self, index: int) -> NoReturn:
        self._refuse("resume", index)

    def _refuse(self, verb: str, index: int) -> NoReturn:
        raise NotSupported(f"cannot {verb} broker {index}: HARMWATCH_KAFKA names a cluster that is not ours")
