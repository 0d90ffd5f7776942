"""Puts a courier together from configuration."""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Mapping
from typing import Any, Final

from agent.clock import Clock
from streams.access.clients import client_options
from streams.config import KafkaConfig
from streams.courier.config import CourierConfig
from streams.courier.courier import Courier
from streams.courier.spool import Spool
from streams.kafka_sink import KafkaSink

__all__ = ["build_courier", "quieten"]

#: Headers and key beside the value.
_ENVELOPE_BYTES: Final = 64 * 1024
_TELL_SECONDS: Final = 60.0
_NO_DESCRIPTORS: Final = frozenset({"EMFILE", "ENFILE"})

_logger = logging.getLogger(__name__)


def build_courier(config: CourierConfig, kafka: KafkaConfig, topic: str, clock: Clock) -> Courier:
    """A courier to one topic, with its spool; nothing is connected yet. Call it on the event loop.

    Raises
    ------
    ConfigError
        When the directory of the spool cannot be used, or a certificate of Kafka's cannot be loaded.
    InUse
        When another process has that directory.
    """
    client_options(kafka)  # now, when somebody reads what is wrong

    def new_sink() -> KafkaSink:
        return KafkaSink(
            kafka,
            patience_seconds=config.kafka_patience_seconds,
            max_message_bytes=config.max_record_bytes + _ENVELOPE_BYTES,
            clock=clock,
            request_seconds=config.kafka_patience_seconds,
        )

    directory = config.spool_directory
    return Courier(
        new_sink,
        [topic],
        Spool(directory, config.spool_max_bytes, clock) if directory is not None else None,
        clock,
        pending_bytes=config.pending_bytes,
        patience_seconds=2.0 * config.kafka_patience_seconds,
        retry_seconds=config.retry_seconds,
    )


def quieten(loop: asyncio.AbstractEventLoop) -> None:
    """What a client leaves behind when it fails late becomes a line of ours: its own shows whole objects.

    One a minute of each kind: without file descriptors asyncio says so of every connection, again and again.
    """
    told: dict[str, float] = {}

    def tell(_: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
        error = context.get("exception")
        kind = type(error).__name__ if error is not None else "none"
        if isinstance(error, OSError) and error.errno is not None:
            kind = errno.errorcode.get(error.errno, kind)
        now = loop.time()
        if now - told.get(kind, -_TELL_SECONDS) < _TELL_SECONDS:
            return
        told[kind] = now
        if kind in _NO_DESCRIPTORS:
            _logger.warning("connections_not_accepted reason=%s see=ulimit -n", kind)
        else:
            _logger.info("late_error kind=%s", kind)

    loop.set_exception_handler(tell)
