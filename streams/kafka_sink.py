"""Messages to Kafka through aiokafka, in batches built here: a call per message costs several times as much."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from aiokafka.partitioner import murmur2

from agent.clock import Clock
from agent.errors import MessageTooLarge, TopicUnavailable, TransportError
from streams.access.clients import running_options
from streams.access.probe import contact_error
from streams.config import KafkaConfig
from streams.kafka_metadata import topic_is_there
from streams.kafka_stop import give_up, stop_client
from streams.ports import Message

__all__ = ["KafkaSink"]

_BATCH_BYTES = 512 * 1024
_RETRY_SECONDS = 0.5
_LEAST_SECONDS = 1.0
#: Models are the keys that come again and again; those of evidence are all different, and need not be held for long.
_KNOWN_KEYS = 1_000


class KafkaSink:
    """Queues messages and delivers them on `flush`, again and again until the broker has them or patience ends.

    Delivery is at least once and in order per partition; ids in the messages make repetition harmless.

    Parameters
    ----------
    patience_seconds
        How long `flush` keeps trying while the broker takes nothing; at least a second.
    request_seconds
        One attempt at the broker takes no longer; the sink tries again until its patience ends.
    missing_seconds
        A topic is missing when the broker has said so for this long: one that is just starting says it of all topics.
    """

    def __init__(
        self,
        config: KafkaConfig,
        *,
        patience_seconds: float,
        max_message_bytes: int,
        clock: Clock,
        request_seconds: float = 10.0,
        missing_seconds: float = 5.0,
    ) -> None:
        self._config = config
        self._patience_seconds = patience_seconds
        self._max_message_bytes = max_message_bytes
        self._clock = clock
        self._request_ms = int(request_seconds * 1000)
        self._missing_seconds = missing_seconds
        self._queue: list[Message] = []
        # Taken by a flush and not with the broker yet; all older than what is queued.
        self._owed: list[Message] = []
        self._queued_bytes = 0
        self._discarded: set[tuple[str, int | None]] = set()
        # Places of messages for a named partition, among what is queued and owed.
        self._named: set[tuple[str, int | None]] = set()
        self._producer: AIOKafkaProducer | None = None
        self._flushing = asyncio.Lock()
        self._round_robin = 0
        self._partition_of: dict[tuple[str, bytes], int] = {}
        self._missing_since: dict[str, float] = {}

    async def start(self) -> None:
        producer = AIOKafkaProducer(
            client_id=f"harmwatch-{self._config.worker_name}",
            acks="all",
            max_batch_size=_BATCH_BYTES,
            max_request_size=self._max_message_bytes + _BATCH_BYTES,
            request_timeout_ms=self._request_ms,
            **running_options(self._config),
        )
        self._producer = producer  # at once: who cancels the start stops it afterwards
        try:
            await producer.start()
        except (KafkaError, OSError) as error:
            await self.stop()
            raise await contact_error(self._config, error) from None

    def send(self, message: Message) -> None:
        self._queue.append(message)
        self._queued_bytes += len(message.value or b"")
        if message.partition is not None:
            self._named.add((message.topic, message.partition))

    @property
    def queued_bytes(self) -> int:
        return self._queued_bytes

    async def flush(self) -> None:
        """Deliver what is queued now.

        What is queued meanwhile waits for the next flush: else a broker that is slower than the traffic would keep this
        one from ending, and whoever waits for it from committing.
        """
        async with self._flushing:
            self._owed, self._queue = [*self._owed, *self._queue], []
            deadline = self._clock.monotonic() + self._patience_seconds
            while self._owed:
                before = len(self._owed)
                # One attempt may ask several brokers for several topics, and each may keep it waiting.
                cause = await self._attempt(max(deadline - self._clock.monotonic(), _LEAST_SECONDS))
                if cause is None:
                    continue
                if isinstance(cause, TopicUnavailable):
                    raise cause
                if len(self._owed) < before:
                    # Patience is with a broker that takes nothing.
                    deadline = self._clock.monotonic() + self._patience_seconds
                elif self._clock.monotonic() >= deadline:
                    raise TransportError(
                        f"{len(self._owed) + len(self._queue)} messages could not be delivered in "
                        f"{self._patience_seconds:g} s ({type(cause).__name__})"
                    )
                await asyncio.sleep(_RETRY_SECONDS)

    async def _attempt(self, patience_seconds: float) -> Exception | None:
        """Why something of what is owed is not delivered, None when all is. The error holds no frame of ours."""
        # A discard while they are under way comes too late for them, but not for what has to be sent again.
        pending, self._owed, self._discarded = self._owed, [], set()
        self._named = _named(self._queue)
        failed: Sequence[Message] = pending
        cause: Exception | None = None
        try:
            async with asyncio.timeout(patience_seconds):
                failed, cause = await self._deliver(pending)
        except TimeoutError:
            # Another: that one holds its frames, and this one, in which it would stand, holds all messages.
            cause = TimeoutError()
        finally:
            # Also when cancelled: what may not have arrived is sent again rather than lost.
            self._owed = [m for m in failed if (m.topic, m.partition) not in self._discarded]
            self._named |= _named(self._owed)
            self._queued_bytes = _bytes(self._owed) + _bytes(self._queue)
        return (cause or TimeoutError()) if self._owed else None

    def take_back(self) -> list[Message]:
        """What is queued and was not delivered, in order; from now on it is the caller's to keep."""
        taken, self._owed, self._queue = [*self._owed, *self._queue], [], []
        self._queued_bytes = 0
        return taken

    async def reach(self, topic: str) -> None:
        """Ask where a topic's partitions are.

        Raises
        ------
        TransportError
            When no broker tells within the time of a request; `TopicUnavailable` when the topic is not there.
        """
        try:
            await self._running().partitions_for(topic)
        except (KafkaError, OSError) as error:
            cause = await self._translate(error, topic)
            if isinstance(cause, TopicUnavailable):
                raise cause from None
            raise TransportError(f"no broker tells of topic {topic} ({type(cause).__name__})") from None

    def discard(self, topic: str, partition: int) -> None:
        self._discarded.add((topic, partition))
        if (topic, partition) not in self._named:
            return  # hundreds of partitions leave at once, and a hundred thousand messages may wait
        self._named.discard((topic, partition))
        self._owed = [m for m in self._owed if (m.topic, m.partition) != (topic, partition)]
        self._queue = [m for m in self._queue if (m.topic, m.partition) != (topic, partition)]
        self._queued_bytes = _bytes(self._owed) + _bytes(self._queue)

    async def stop(self) -> None:
        if self._producer is not None:
            producer, self._producer = self._producer, None
            if self._owed or self._queue:
                # Whoever was told that it did not arrive may have said something else since.
                give_up(producer)
            await stop_client(producer)

    async def _deliver(self, messages: Sequence[Message]) -> tuple[list[Message], Exception | None]:
        """One attempt. Returns what was not delivered, in order, and why."""
        groups: dict[tuple[str, int], list[Message]] = {}
        unplaced: list[Message] = []
        cause: Exception | None = None
        unknown: set[str] = set()
        for message in messages:
            if message.topic in unknown and message.partition is None:
                unplaced.append(message)  # each question takes as long as a request may
                continue
            try:
                place = (message.topic, await self._place(message))
            except (KafkaError, TopicUnavailable) as error:
                unplaced.append(message)
                unknown.add(message.topic)
                cause = await self._translate(error, message.topic)
                if isinstance(cause, TopicUnavailable):
                    return list(messages), cause
                continue
            groups.setdefault(place, []).append(message)
        outcomes = await asyncio.gather(*(self._deliver_group(*place, group) for place, group in groups.items()))
        failed = unplaced
        for rest, reason in outcomes:
            failed = failed + rest
            if not isinstance(cause, TopicUnavailable):
                cause = reason or cause
        return failed, cause

    async def _deliver_group(
        self, topic: str, partition: int, messages: list[Message]
    ) -> tuple[list[Message], Exception | None]:
        producer = self._running()
        position, most = 0, len(messages)
        while position < len(messages):
            builder = producer.create_batch()
            start = position
            while position < min(len(messages), start + most):
                message = messages[position]
                added = builder.append(
                    key=message.key, value=message.value, timestamp=None, headers=list(message.headers)
                )
                if added is None:
                    break
                position += 1
            builder.close()
            try:
                await (await producer.send_batch(builder, topic, partition=partition))
            except (MessageSizeTooLargeError, RecordListTooLargeError):
                if position - start == 1:
                    return messages[start:], MessageTooLarge(topic, len(messages[start].value or b""))
                position, most = start, 1  # the topic's limit is of a batch
            except (KafkaError, OSError) as error:
                return messages[start:], await self._translate(error, topic)
            except AssertionError:
                # How aiokafka says that the topic has no such partition: the events were given more, the panes not yet.
                return messages[start:], TopicUnavailable(
                    f"topic {topic} has no partition {partition}; a restarted worker widens it (topics.create_missing)"
                )
        self._missing_since.pop(topic, None)
        return [], None

    async def _place(self, message: Message) -> int:
        if message.partition is not None:
            return message.partition
        known = self._partition_of.get((message.topic, message.key)) if message.key is not None else None
        if known is not None:
            return known
        partitions = sorted(await self._running().partitions_for(message.topic))
        if message.key is None:
            self._round_robin += 1
            return int(partitions[self._round_robin % len(partitions)])
        # The Java client's rule, so that consumers that know the key find the partition.
        chosen = int(partitions[(murmur2(message.key) & 0x7FFFFFFF) % len(partitions)])
        if len(self._partition_of) >= _KNOWN_KEYS:
            self._partition_of.clear()
        self._partition_of[message.topic, message.key] = chosen
        return chosen

    async def _translate(self, error: Exception, topic: str) -> Exception:
        if isinstance(error, TopicAuthorizationFailedError):
            return TopicUnavailable(f"this user may not write to topic {topic}; grant WRITE on it")
        if isinstance(error, UnknownTopicOrPartitionError) and await self._is_missing(topic):
            return TopicUnavailable(f"topic {topic} is missing; create it or set topics.create_missing")
        # Its frames hold messages, and a future that nobody asks may hold the error: until the collector comes by.
        return error.with_traceback(None)

    async def _is_missing(self, topic: str) -> bool:
        """Ask the broker: aiokafka calls a topic unknown also while nobody answers."""
        try:
            is_there = await topic_is_there(self._running().client, topic)
        except (KafkaError, TransportError, OSError):
            return False
        if is_there:
            self._missing_since.pop(topic, None)
            return False
        now = self._clock.monotonic()
        return now - self._missing_since.setdefault(topic, now) >= self._missing_seconds

    def _running(self) -> AIOKafkaProducer:
        if self._producer is None:
            raise TransportError("the sink is not running")
        return self._producer


def _named(messages: Sequence[Message]) -> set[tuple[str, int | None]]:
    return {(message.topic, message.partition) for message in messages if message.partition is not None}


def _bytes(messages: Sequence[Message]) -> int:
    return sum(len(message.value or b"") for message in messages)
