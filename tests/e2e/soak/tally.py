"""The books of a soak: verdicts are counted as they come, so that the brokers may forget them."""

from __future__ import annotations

import threading
import uuid
from typing import Any, Final

import msgspec
import numpy as np
from confluent_kafka import Consumer, KafkaException, TopicPartition

from .traffic import DEMO_MODELS, call_number

__all__ = ["Tally"]

_SIDE: Final = {"input": 0, "output": 1}
_SECONDS: Final = 20.0


class _Said(msgspec.Struct):
    inference_id: str
    model: str
    direction: str
    missing: list[Any]


_decode: Final = msgspec.json.Decoder(_Said).decode


class Tally:
    """Reads the verdict topic from its beginning, in a thread of its own.

    Parameters
    ----------
    calls
        At most so many of the demo's.
    """

    def __init__(self, bootstrap: str, topic: str, calls: int) -> None:
        self._seen = np.zeros((calls, 2), np.uint8)
        self.records = self.verdicts = self.duplicates = self.missing = 0
        self.failure: BaseException | None = None
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": f"tally-{uuid.uuid4().hex}",
                "enable.auto.commit": False,
                "auto.offset.reset": "error",
                "log_level": 0,
            }
        )
        numbers = sorted(self._consumer.list_topics(topic, _SECONDS).topics[topic].partitions)
        self._places = [TopicPartition(topic, number, 0) for number in numbers]
        self._consumer.assign(self._places)
        self._stop = threading.Event()
        self._idle = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tally", daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Read what is left, and stop. Raises what ended the thread."""
        self._idle.clear()
        while not self._idle.wait(0.5):
            if self.failure is not None:
                break
        self._stop.set()
        self._thread.join(_SECONDS)
        self._consumer.close()
        if self.failure is not None:
            raise self.failure

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                messages = self._consumer.consume(2000, 0.5)
                for message in messages:
                    if message.error():
                        # Also when the brokers have deleted what was not read yet.
                        raise KafkaException(message.error())
                    self._take(message.value() or b"")
                if not messages and self._is_at_the_end():
                    self._idle.set()
        except BaseException as error:
            self.failure = error

    def _is_at_the_end(self) -> bool:
        at = {place.partition: place.offset for place in self._consumer.position(self._places)}
        ends = (self._consumer.get_watermark_offsets(place, _SECONDS)[1] for place in self._places)
        return all(max(at[place.partition], 0) >= end for place, end in zip(self._places, ends, strict=True))

    def _take(self, value: bytes) -> None:
        said = _decode(value)
        self.records += 1
        self.missing += len(said.missing)
        if said.model not in DEMO_MODELS:
            return
        try:
            number = call_number(said.inference_id)
        except ValueError:
            return
        side = _SIDE[said.direction]
        if self._seen[number, side]:
            self.duplicates += 1
        else:
            self._seen[number, side] = 1
            self.verdicts += 1
