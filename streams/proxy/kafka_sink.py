"""Kafka behind the proxy, by way of the courier and its spool."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from agent.clock import Clock
from agent.errors import MessageTooLarge
from streams.config import WorkerConfig
from streams.courier.build import build_courier
from streams.courier.courier import CourierState
from streams.ports import Message

__all__ = ["CourierTapSink"]


class CourierTapSink:
    """Delivers records durably: to Kafka, or to the spool while it is away.

    Attributes
    ----------
    too_large
        Records that Kafka took in no size worth sending.
    """

    def __init__(self, config: WorkerConfig, topic: str, clock: Clock) -> None:
        self._courier = build_courier(config.proxy.tap, config.kafka, topic, clock)
        self.too_large = 0

    async def start(self) -> None:
        """Connect, if Kafka is there."""
        await self._courier.start()

    async def deliver(self, messages: Sequence[Message]) -> int:
        """Return when Kafka or the disk has them all; gives back their number.

        Raises
        ------
        Overloaded
            When neither takes them: the same again later. Some may come twice then, with the same ids.
        """
        try:
            await self._courier.deliver(messages)
        except MessageTooLarge:
            return await self._deliver_singly(messages)
        return len(messages)

    async def _deliver_singly(self, messages: Sequence[Message]) -> int:
        """Which one is too large is not told. Each alone, and all at once: one after the other, with the rest behind it
        sent again, would be as many times as many.
        """
        outcomes = await asyncio.gather(*(self._courier.deliver([each]) for each in messages), return_exceptions=True)
        taken = 0
        for outcome in outcomes:
            if isinstance(outcome, MessageTooLarge):
                self.too_large += 1
            elif isinstance(outcome, BaseException):
                if not taken:
                    raise outcome
                break
            taken += 1
        return taken

    @property
    def kept(self) -> tuple[int, int]:
        """Records that went to Kafka at once, and to the spool."""
        return self._courier.counts.to_kafka, self._courier.counts.to_spool

    def state(self) -> CourierState:
        """How Kafka and the spool stand."""
        return self._courier.state()

    async def stop(self) -> None:
        """Bring what was taken to Kafka or to the disk."""
        await self._courier.stop()
