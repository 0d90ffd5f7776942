"""What a sink could not deliver is held once: by whoever sends it again."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Sequence

import pytest

from agent.clock import SystemClock
from agent.errors import TransportError
from streams.config import KafkaConfig
from streams.kafka_sink import KafkaSink
from streams.ports import Message


class HungSink(KafkaSink):
    """Its broker takes nothing and says nothing."""

    async def _deliver(self, messages: Sequence[Message]) -> tuple[list[Message], Exception | None]:
        await asyncio.sleep(3600.0)
        raise AssertionError("nobody waits so long")


async def test_a_flush_that_ran_out_of_patience_leaves_nothing_behind() -> None:
    """Not even until the collector of cycles comes by: it counts objects, and these may be few and large."""
    sink = HungSink(KafkaConfig(), patience_seconds=0.1, max_message_bytes=1 << 20, clock=SystemClock())
    sink.send(Message("t", None, b"x", partition=0))
    gc.collect()
    gc.disable()
    try:
        with pytest.raises(TransportError):
            await sink.flush()
        sink.discard("t", 0)
        await asyncio.sleep(0)  # until then the loop holds the cancellation
        assert not [each for each in gc.get_objects() if type(each) is Message and each.topic == "t"]
    finally:
        gc.enable()
