"""The traffic of an experiment: calls in order, never more of them waiting than the workers can catch up with.

Calls are numbered, and known by their ids. Some records among them are no events. They are made in chunks from
templates, so that a million needs no memory, and go out through one idempotent producer that lives through broker
losses by waiting.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from confluent_kafka import KafkaError, Producer

from tests.e2e.traffic import Ledger, TrafficRecord, make_traffic

__all__ = ["CHUNK", "UNSOUND", "UNSOUND_PER_CHUNK", "Feed", "number_of"]

CHUNK = 500
"""Calls that are made, and published, together."""

UNSOUND = b"\xff no event "
"""How the records begin that no decoder takes."""

UNSOUND_PER_CHUNK = 4
"""So few, since too many would rightly stop a worker (`dead_letters.max_ratio`)."""

_SECONDS = 600.0


def number_of(inference_id: str) -> int:
    """The number of the call of that id. Raises ValueError for ids that are not ours."""
    chunk, _, place = inference_id.removeprefix("c").partition("-")
    return int(chunk) * CHUNK + int(place)


class Feed:
    """Publishes from a thread of its own until told that it has published enough.

    Parameters
    ----------
    waiting
        Tells how many records wait to be committed.
    most_waiting
        Records; no chunk begins while more wait.
    publish_to
        Brokers, through no gate.
    note
        Given what each chunk promises, before it is published.
    """

    def __init__(
        self,
        publish_to: str,
        topic: str,
        *,
        seed: int,
        most_waiting: int,
        waiting: Callable[[], int],
        note: Callable[[Ledger], None],
    ) -> None:
        self._topic = topic
        self._seed = seed
        self._most_waiting = most_waiting
        self._waiting = waiting
        self._note = note
        self._allowed = 0
        self._chunk = 0
        self._stop = False
        self._failures: list[str] = []
        self._moved = threading.Condition()
        self._producer = Producer(
            {
                "bootstrap.servers": publish_to,
                "partitioner": "murmur2_random",
                "enable.idempotence": True,
                "linger.ms": 5,
                "delivery.timeout.ms": int(_SECONDS * 1000),
                "log_level": 0,
            }
        )
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)
        self._thread.start()

    @property
    def published(self) -> int:
        """Calls so far."""
        return self._chunk * CHUNK

    @property
    def unsound(self) -> int:
        """Records so far that are no events."""
        return self._chunk * UNSOUND_PER_CHUNK

    def allow(self, calls: int) -> None:
        """Publish until there are so many calls, in whole chunks."""
        with self._moved:
            self._allowed = max(self._allowed, calls)
            self._moved.notify_all()

    def one_more(self) -> None:
        """Let a chunk flow beyond what has been published."""
        self.allow(self.published + CHUNK)

    def wait(self, calls: int) -> None:
        """Return once so many calls are with the brokers. Raises RuntimeError when the brokers refused one."""
        deadline = time.monotonic() + _SECONDS
        while self.published < calls or len(self._producer):
            self._check()
            if time.monotonic() > deadline:
                raise TimeoutError(f"published {self.published} of {calls} calls in {_SECONDS:.0f} s")
            time.sleep(0.2)
        self._check()

    def close(self) -> None:
        with self._moved:
            self._stop = True
            self._moved.notify_all()
        self._thread.join(30.0)

    def _check(self) -> None:
        if self._failures:
            raise RuntimeError(f"{len(self._failures)} records were not delivered, first: {self._failures[0]}")

    def _run(self) -> None:
        while True:
            with self._moved:
                while not self._stop and self.published >= self._allowed:
                    self._moved.wait(0.2)
                    self._producer.poll(0)
            if self._stop:
                return
            if self._waiting() > self._most_waiting or len(self._producer) > 2 * CHUNK:
                self._producer.poll(0.1)
                continue
            traffic = make_traffic(CHUNK, seed=self._seed + self._chunk, prefix=f"c{self._chunk}", ago=(12.0, 1.0))
            self._note(traffic.ledger)
            every = len(traffic.records) // UNSOUND_PER_CHUNK
            for number, record in enumerate(traffic.records):
                if number % every == 0 and number < every * UNSOUND_PER_CHUNK:
                    key = b"unsound-%d" % number
                    self._produce(TrafficRecord(key, UNSOUND + b"%d %d" % (self._chunk, number)))
                self._produce(record)
            self._chunk += 1

    def _produce(self, record: TrafficRecord) -> None:
        while True:
            try:
                self._producer.produce(
                    self._topic, record.value, record.key, headers=list(record.headers), on_delivery=self._delivered
                )
                return
            except BufferError:
                self._producer.poll(0.1)

    def _delivered(self, error: KafkaError | None, _: object) -> None:
        if error is not None:
            self._failures.append(str(error))
