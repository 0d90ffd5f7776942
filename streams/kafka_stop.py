"""Ends aiokafka's clients without being ended by them."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

__all__ = ["give_up", "stop_client"]

#: Leaving the group in order spares the others a session time-out; no more than that hangs on it.
_STOP_SECONDS = 5.0

_logger = logging.getLogger(__name__)


def give_up(client: Any) -> None:
    """Let a producer send nothing any more.

    aiokafka sends what is left when it is stopped, also minutes later when the broker comes back: behind what another
    producer has sent meanwhile. There is no public way to tell it not to.
    """
    sender = getattr(getattr(client, "_sender", None), "sender_task", None)
    if sender is not None:
        sender.cancel()


async def stop_client(client: Any, patience_seconds: float = _STOP_SECONDS) -> None:
    """Stop a consumer or producer. Never raises, but for a cancellation of the caller.

    While a broker is away aiokafka cancels a fetch of its own in `stop` and lets that cancellation out (fetcher.close),
    where it would pass for one of ours and hide the error that the stop is about.
    """
    stopping = asyncio.ensure_future(client.stop())
    await asyncio.wait([stopping], timeout=patience_seconds)
    if not stopping.done():
        # A broker that takes connections and answers nothing: we have nothing left to tell it that matters.
        stopping.cancel()
        give_up(client)
        _logger.info("client_stop_given_up client=%s", type(client).__name__)
    elif stopping.cancelled():
        _logger.info("client_stop_incomplete client=%s", type(client).__name__)
        await _close_connections(client, patience_seconds)
    elif (error := stopping.exception()) is not None:
        _logger.info("client_stop_failed client=%s error=%s", type(client).__name__, type(error).__name__)


async def _close_connections(client: Any, patience_seconds: float) -> None:
    """What `stop` would have done last; without it sockets stay, and a task that asks for metadata for ever."""
    connections = getattr(client, "_client", None)
    if connections is not None:
        closing = asyncio.ensure_future(connections.close())
        await asyncio.wait([closing], timeout=patience_seconds)
        if not closing.done():
            closing.cancel()
        elif not closing.cancelled():
            closing.exception()  # seen: nothing is left to be done about it
