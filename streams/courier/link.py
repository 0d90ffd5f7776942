"""One connection to Kafka, made anew after every failure: a client that failed may keep what it could not send."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from agent.clock import Clock
from agent.errors import MessageTooLarge, TransportError
from streams.ports import Message, Sink

__all__ = ["Carried", "CourierSink", "Link"]

_logger = logging.getLogger(__name__)

_WARN_SECONDS = 60.0


class CourierSink(Sink, Protocol):
    """A sink that can be given up: what it could not deliver is its owner's to keep."""

    def take_back(self) -> list[Message]:
        """What is queued and was not delivered, in order; the sink forgets it."""

    async def reach(self, topic: str) -> None:
        """Ask where a topic's partitions are.

        Raises
        ------
        TransportError
            When no broker tells; `TopicUnavailable` when the topic is not there.
        """


class Carried(NamedTuple):
    """What became of messages that were to be sent: all others are in Kafka.

    Attributes
    ----------
    undelivered
        Kafka may or may not have them; send them again.
    refused
        Kafka has said that it never takes them.
    """

    undelivered: Sequence[Message]
    refused: Sequence[Message]


class Link:
    """Sends messages and says which have arrived; never raises.

    Parameters
    ----------
    new_sink
        A sink that is not started yet, whose flush has a patience of its own.
    topics
        They must be there for the link to count as connected.
    patience_seconds
        How long a connection may take.
    """

    def __init__(
        self, new_sink: Callable[[], CourierSink], topics: Sequence[str], patience_seconds: float, clock: Clock
    ) -> None:
        self._new_sink = new_sink
        self._topics = tuple(topics)
        self._patience_seconds = patience_seconds
        self._clock = clock
        self._sink: CourierSink | None = None
        self._using = asyncio.Lock()
        self._stopping: set[asyncio.Task[None]] = set()
        self._warned = float("-inf")
        #: What is wrong, in words that name no content; empty while Kafka takes what it is given.
        self.problem = "not connected yet"

    @property
    def connected(self) -> bool:
        return self._sink is not None

    async def connect(self) -> bool:
        """Connect if need be; whether it is connected now."""
        async with self._using:
            if self._sink is not None:
                return True
            sink = self._new_sink()
            problem = await self._try(sink)
            if problem:
                self._fail(sink, problem)
            else:
                self._sink = sink
                self.problem = ""
            return self._sink is not None

    async def send(self, messages: Sequence[Message]) -> Carried:
        """Send, and wait for Kafka's word on each of them."""
        async with self._using:
            rest, refused = list(messages), []
            while rest:
                sink = self._sink
                if sink is None:
                    break
                size, left = await self._send_once(sink, rest)
                if size is None:
                    rest = left
                    break
                # One is too large, and which one the broker does not say. Those of its size and above go alone.
                smaller = [message for message in left if len(message.value or b"") < size]
                for message in (each for each in left if len(each.value or b"") >= size):
                    if self._sink is None:
                        smaller.append(message)
                        continue
                    too_large, again = await self._send_once(sink, [message])
                    if too_large is not None:
                        refused.append(message)
                    else:
                        smaller += again
                if self._sink is None or len(smaller) == len(rest):
                    rest = smaller
                    break
                rest = smaller
            return Carried(rest, refused)

    async def close(self) -> None:
        """Give the connection up, and wait until it has ended."""
        async with self._using:
            if self._sink is not None:
                sink, self._sink = self._sink, None
                self.problem = "closed"
                await sink.stop()
            await asyncio.gather(*self._stopping, return_exceptions=True)

    async def _try(self, sink: CourierSink) -> str:
        try:
            async with asyncio.timeout(self._patience_seconds):
                await sink.start()
                for topic in self._topics:
                    await sink.reach(topic)
        except TransportError as error:
            return str(error)
        except TimeoutError:
            return f"no broker has answered in {self._patience_seconds:g} s"
        except Exception as error:  # a client's own: this must go on trying
            return f"the client cannot start ({type(error).__name__})"
        return ""

    async def _send_once(self, sink: CourierSink, messages: Sequence[Message]) -> tuple[int | None, list[Message]]:
        """The size that was too large if one was, and what was not delivered."""
        for message in messages:
            sink.send(message)
        problem = ""
        try:
            await sink.flush()
        except MessageTooLarge as error:
            return error.size, sink.take_back()
        except TransportError as error:
            problem = str(error)
        except Exception as error:  # a client's own: nothing may end the courier
            problem = f"the client failed ({type(error).__name__})"
        if not problem:
            return None, []
        left = sink.take_back()
        self._sink = None
        self._fail(sink, problem)
        return None, left

    def _fail(self, sink: CourierSink, problem: str) -> None:
        self.problem = problem
        now = self._clock.monotonic()
        if now - self._warned >= _WARN_SECONDS:
            self._warned = now
            _logger.warning("courier_kafka_away problem=%r", problem)
        stopping = asyncio.ensure_future(sink.stop())
        self._stopping.add(stopping)
        stopping.add_done_callback(self._stopped)

    def _stopped(self, task: asyncio.Task[None]) -> None:
        self._stopping.discard(task)
        if not task.cancelled():
            task.exception()  # taken, so that nobody prints it with what it holds
