"""How far the group has come, asked of the brokers a few times a second."""

from __future__ import annotations

import threading
import time

from confluent_kafka import Consumer, KafkaException, TopicPartition

__all__ = ["Progress"]

_EVERY_SECONDS = 0.25
_ASK_SECONDS = 4.0
_GIVE_UP_AFTER = 3


class Progress:
    """Watches from a thread of its own. What it says is a moment old, and stays as it was while nobody answers."""

    def __init__(self, bootstrap: str, group: str, topic: str, partitions: int) -> None:
        self._settings: dict[str, str | int | bool] = {
            "bootstrap.servers": bootstrap,
            "group.id": group,
            "enable.auto.commit": False,
            # A leader that has moved is to be noticed at once, not after five minutes.
            "topic.metadata.refresh.interval.ms": 2000,
            "log_level": 0,
        }
        self._consumer = Consumer(self._settings)
        self._places = [TopicPartition(topic, number) for number in range(partitions)]
        self._committed = [0] * partitions
        self._ends = [0] * partitions
        self._moved_at = time.monotonic()
        self._longest_stand = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="progress", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Records published and not committed."""
        return sum(max(0, end - at) for end, at in zip(self._ends, self._committed, strict=True))

    @property
    def committed(self) -> list[int]:
        """Next offset by partition."""
        return list(self._committed)

    def ends(self) -> list[int]:
        """Where the partitions end now, asked anew until all have answered."""
        while True:
            asking = Consumer(self._settings)
            try:
                return [asking.get_watermark_offsets(place, _ASK_SECONDS)[1] for place in self._places]
            except KafkaException:
                time.sleep(_EVERY_SECONDS)
            finally:
                asking.close()

    def take_longest_stand(self) -> float:
        """Longest time in which records waited and nothing was committed, since it was last asked; seconds."""
        longest = max(self._longest_stand, self._standing())
        self._longest_stand, self._moved_at = 0.0, time.monotonic()
        return longest

    def close(self) -> None:
        self._stop.set()
        self._thread.join(30.0)
        self._consumer.close()

    def _standing(self) -> float:
        return time.monotonic() - self._moved_at if self.waiting else 0.0

    def _run(self) -> None:
        in_vain = 0
        while not self._stop.wait(_EVERY_SECONDS):
            try:
                found = self._consumer.committed(self._places, _ASK_SECONDS)
                ends = [self._consumer.get_watermark_offsets(place, _ASK_SECONDS)[1] for place in self._places]
            except KafkaException:
                in_vain += 1
                if in_vain % _GIVE_UP_AFTER == 0:
                    # What it knows of the cluster may be what the last fault made untrue.
                    self._consumer.close()
                    self._consumer = Consumer(self._settings)
                continue
            in_vain = 0
            committed = [max(0, place.offset) for place in found]
            if committed != self._committed or not self.waiting:
                self._longest_stand = max(self._longest_stand, self._standing())
                self._moved_at = time.monotonic()
            self._committed, self._ends = committed, ends
