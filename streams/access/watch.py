"""Why a running worker lost a right or its brokers: what ended it, and what keeps it waiting."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from kafka.errors import KafkaError

from agent.errors import AccessDenied, HarmwatchError, MessageTooLarge, TransportError
from streams.access.probe import knock
from streams.access.rights import lacking, missing_rights
from streams.config import WorkerConfig
from streams.contact import BrokerContact
from streams.daemon import in_daemon_thread
from streams.topics import admin_client

__all__ = ["AccessWatch", "explained"]

_logger = logging.getLogger(__name__)

_LOOK_SECONDS: Final = 15.0
_WARNING_SECONDS: Final = 60.0
_EXPLAIN_SECONDS: Final = 15.0


async def explained(config: WorkerConfig, error: TransportError) -> TransportError:
    """What ended a worker, with the rights that are missing now, or why brokers do not let us in, where that is why."""
    if isinstance(error, MessageTooLarge):
        return error
    try:
        async with asyncio.timeout(_EXPLAIN_SECONDS):
            why = await in_daemon_thread(lambda: _reason(config))
    except (HarmwatchError, KafkaError, TimeoutError):
        return error
    return AccessDenied(why) if why else error


def _reason(config: WorkerConfig) -> str | None:
    try:
        asyncio.run(knock(config.kafka))
    except AccessDenied as refused:
        return str(refused)
    admin = admin_client(config.kafka)
    try:
        needed = [right for right in missing_rights(config, admin) if right.need == "required"]
    finally:
        admin.close()
    return lacking(config, needed) if needed else None


class AccessWatch:
    """Says why no broker answers, once a minute while none does: a password that was changed, a certificate that ended.

    The clients themselves try again and again, and say nothing.
    """

    def __init__(self, config: WorkerConfig, contact: BrokerContact) -> None:
        self._config = config
        self._contact = contact

    async def run(self) -> None:
        """For ever."""
        while True:
            told = self._contact.silent and await self.look()
            await asyncio.sleep(_WARNING_SECONDS if told else _LOOK_SECONDS)

    async def look(self) -> bool:
        """Knock once; True when the broker refuses us, which is in the log then."""
        try:
            await knock(self._config.kafka)
        except AccessDenied as refused:
            _logger.warning("kafka_access_denied reason=%s", refused)
            return True
        except TransportError:
            return False
        return False
