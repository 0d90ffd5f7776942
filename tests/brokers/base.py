"""What every broker of the tests can do, whoever runs it."""

from __future__ import annotations

import socket
import struct
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from .refused import CLOSING

__all__ = [
    "BrokerCluster",
    "BrokerError",
    "LayerAbsent",
    "NotSupported",
    "admin_client",
    "answers",
    "wait_for_answer",
    "wait_for_brokers",
]


class BrokerError(RuntimeError):
    """A broker that should be there did not start, stop or answer. Fails the test."""


class NotSupported(BrokerError):
    """This kind of broker cannot do that, e.g. kill -9 a broker that somebody else runs."""


class LayerAbsent(Exception):
    """An optional part of the environment is not there. The message says why; the test is reported as not run."""


@contextmanager
def admin_client(bootstrap: str) -> Iterator[Any]:
    """Lend a kafka-python admin client (version 3: its calls return dicts)."""
    client = KafkaAdminClient(
        bootstrap_servers=bootstrap.split(","),
        bootstrap_timeout_ms=10_000,
        request_timeout_ms=15_000,
        proxy_url=CLOSING,
    )
    try:
        yield client
    finally:
        client.close()


def answers(address: str, *, timeout_seconds: float = 1.0) -> bool:
    """Tell whether a broker at `address` (``host:port``) answers Kafka's ApiVersions request.

    By hand, because a kafka-python client whose first contact fails leaks its sockets and its thread, and a port can
    be open long before (or, when the broker is paused, without) anybody answering.
    """
    host, _, port = address.rpartition(":")
    request = struct.pack(">hhih", 18, 0, 1, -1)  # ApiVersions, version 0, correlation id 1, no client id
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout_seconds) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            return len(connection.recv(4)) == 4
    except OSError:
        return False


def wait_for_answer(
    address: str, *, timeout_seconds: float = 60.0, still_starting: Callable[[], None] = lambda: None
) -> None:
    """Return once a broker answers at `address`; `still_starting` and errors as in `wait_for_brokers`."""
    deadline = time.monotonic() + timeout_seconds
    while not answers(address):
        still_starting()
        if time.monotonic() > deadline:
            raise BrokerError(f"{address}: no answer within {timeout_seconds:.0f} s")
        time.sleep(0.05)


def wait_for_brokers(
    bootstrap: str,
    count: int,
    *,
    ids: Collection[int] = (),
    timeout_seconds: float = 180.0,
    still_starting: Callable[[], None] = lambda: None,
) -> None:
    """Return once an admin client asked at `bootstrap` sees at least `count` brokers, `ids` among them.

    Parameters
    ----------
    still_starting
        Called between attempts; raises when waiting has become pointless (the process died).

    Raises
    ------
    BrokerError
        They did not all answer within `timeout_seconds`.
    """
    deadline = time.monotonic() + timeout_seconds
    seen = "nobody answered"
    while time.monotonic() < deadline:
        still_starting()
        if not any(answers(address) for address in bootstrap.split(",")):
            time.sleep(0.05)
            continue
        try:
            with admin_client(bootstrap) as client:
                live = {b["broker_id"] for b in client.describe_cluster()["brokers"] if not b.get("is_fenced")}
            seen = f"saw brokers {sorted(live)}"
            if len(live) >= count and live.issuperset(ids):
                return
        except (KafkaError, OSError) as error:
            seen = f"last error {type(error).__name__}"
        time.sleep(0.1)
    raise BrokerError(f"{bootstrap}: not {count} brokers within {timeout_seconds:.0f} s, {seen}")


class BrokerCluster(ABC):
    """One Kafka-compatible cluster. Brokers are numbered from 0; with real Kafka that is also the broker id.

    Use as a context manager, or call `start` and `close`. `close` may be called twice.
    """

    #: Whether stop, kill, pause and start of single brokers work.
    can_break: bool = True

    def __init__(self, brokers: int = 1) -> None:
        if brokers < 1:
            raise ValueError(f"a cluster has at least one broker, not {brokers}")
        self.brokers = brokers

    @property
    @abstractmethod
    def description(self) -> str:
        """For people: product, version, how it runs."""

    @property
    @abstractmethod
    def bootstrap(self) -> str:
        """Bootstrap servers, comma separated; the same before and after a restart."""

    @abstractmethod
    def start(self) -> None:
        """Start every broker and wait until they answer."""

    @abstractmethod
    def close(self) -> None:
        """Stop everything and delete the data."""

    @abstractmethod
    def start_broker(self, index: int) -> None:
        """Start a stopped or killed broker again: same data, same port. Waits until it answers."""

    @abstractmethod
    def stop_broker(self, index: int) -> None:
        """Stop a broker in an orderly way (SIGTERM) and wait for its end."""

    @abstractmethod
    def kill_broker(self, index: int) -> None:
        """Kill a broker at once (SIGKILL)."""

    @abstractmethod
    def pause_broker(self, index: int) -> None:
        """Freeze a broker (SIGSTOP): its port stays open, it answers nothing."""

    @abstractmethod
    def resume_broker(self, index: int) -> None:
        """Let a paused broker go on. Does not wait until it answers."""

    def create_topic(
        self, name: str, partitions: int = 1, replication: int = 1, config: Mapping[str, str] | None = None
    ) -> None:
        """Create a topic and wait until every partition has a leader.

        Raises
        ------
        kafka.errors.KafkaError
            The brokers refused, e.g. because the topic exists.
        """
        topic = {"num_partitions": partitions, "replication_factor": replication, "configs": dict(config or {})}
        with admin_client(self.bootstrap) as client:
            client.create_topics({name: topic}, wait_for_metadata=True)

    def delete_topic(self, name: str, *, timeout_seconds: float = 15.0) -> None:
        """Delete a topic and wait until the brokers no longer list it."""
        with admin_client(self.bootstrap) as client:
            client.delete_topics([name])
            deadline = time.monotonic() + timeout_seconds
            while name in client.list_topics():
                if time.monotonic() > deadline:
                    raise BrokerError(f"topic {name} is still listed {timeout_seconds:.0f} s after its deletion")
                time.sleep(0.05)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
