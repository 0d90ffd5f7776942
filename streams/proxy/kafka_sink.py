"""Kafka behind the proxy, by way of the courier and its spool."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from agent.clock import Clock
from agent.errors import InUse, MessageTooLarge, Overloaded
from streams.config import WorkerConfig
from streams.courier.build import build_courier
from streams.courier.courier import Courier, CourierCounts, CourierState
from streams.ports import Message

__all__ = ["CourierTapSink"]

_logger = logging.getLogger(__name__)

_RETRY_SECONDS: Final = 1.0


class CourierTapSink:
    """Delivers records durably: to Kafka, or to the spool while it is away.

    A spool that another process has is waited for: that of a proxy that was killed brings what it holds to Kafka first,
    and may hang. Meanwhile it takes nothing.

    Attributes
    ----------
    too_large
        Records that Kafka took in no size worth sending.
    waits_for
        What is in use; empty once it takes records.

    Raises
    ------
    ConfigError
        When the configuration is wrong otherwise.
    """

    def __init__(self, config: WorkerConfig, topic: str, clock: Clock) -> None:
        self._config = config
        self._topic = topic
        self._clock = clock
        self._courier: Courier | None = None
        self.too_large = 0
        self.waits_for = ""
        self._build()
        if self.waits_for:
            _logger.warning("tap_waits %s", self.waits_for)

    def _build(self) -> None:
        try:
            self._courier = build_courier(self._config.proxy.tap, self._config.kafka, self._topic, self._clock)
            self.waits_for = ""
        except InUse as error:
            self.waits_for = str(error)

    async def start(self) -> None:
        """Wait for the spool, and connect, if Kafka is there."""
        while self._courier is None:
            await asyncio.sleep(_RETRY_SECONDS)
            self._build()
        await self._courier.start()

    async def deliver(self, messages: Sequence[Message]) -> int:
        """Return when Kafka or the disk has them all; gives back their number.

        Raises
        ------
        Overloaded
            When neither takes them: the same again later. Some may come twice then, with the same ids.
        """
        if self._courier is None:
            raise Overloaded(self.waits_for)
        try:
            await self._courier.deliver(messages)
        except MessageTooLarge:
            return await self._deliver_singly(self._courier, messages)
        return len(messages)

    async def _deliver_singly(self, courier: Courier, messages: Sequence[Message]) -> int:
        """Which one is too large is not told. Each alone, and all at once: one after the other, with the rest behind it
        sent again, would be as many times as many.
        """
        outcomes = await asyncio.gather(*(courier.deliver([each]) for each in messages), return_exceptions=True)
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
        counts = self._courier.counts if self._courier is not None else CourierCounts()
        return counts.to_kafka, counts.to_spool

    def state(self) -> CourierState:
        """How Kafka and the spool stand."""
        if self._courier is None:
            return CourierState(False, self.waits_for, False, 0, None)
        return self._courier.state()

    async def stop(self) -> None:
        """Bring what was taken to Kafka or to the disk."""
        if self._courier is not None:
            await self._courier.stop()
