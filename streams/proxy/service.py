"""``harmwatch proxy`` put together: the data plane in this process, the tap in another."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import Callable

from agent.clock import SystemClock
from streams.config import WorkerConfig
from streams.proxy.counts import Counts
from streams.proxy.handover import Handover
from streams.proxy.messages import Hello
from streams.proxy.plane import DataPlane

__all__ = ["serve"]

_logger = logging.getLogger(__name__)


async def _serve(config: WorkerConfig, hello: Hello, announce: Callable[[int, int], None]) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    counts, clock = Counts(), SystemClock()
    plane = DataPlane(config.proxy, clock, counts, lambda captured: handover.take(captured))
    handover = Handover(hello, counts, clock, config.proxy.tap.max_backlog_bytes, plane.refresh_counts)

    def drain(number: signal.Signals) -> None:
        _logger.info("draining signal=%s", number.name)
        stop.set()
        loop.remove_signal_handler(number)  # a second one ends at once, by Python's default

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, drain, number)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # which makes a worker read its file again, and would end us
    await handover.start()
    try:
        if stop.is_set():  # while the tap's process started: nobody is to be taken in any more
            return
        await plane.start()
        # What was made until now stays; what a request makes holds no cycles that live long.
        gc.collect()
        gc.freeze()
        announce(plane.port, handover.web_port)
        await stop.wait()
        await plane.drain()
    finally:
        await handover.stop(config.proxy.tap.stop_seconds + 5.0)


def serve(config: WorkerConfig, hello: Hello, announce: Callable[[int, int], None]) -> None:
    """Serve until SIGTERM or SIGINT.

    Parameters
    ----------
    hello
        The same configuration, for the tap's process to read.
    announce
        Told the port of the proxy and the web port, once both are there; 0 when the latter comes later.

    Raises
    ------
    ConfigError
        When an address cannot be bound, or the tap's process finds something wrong.
    """
    try:
        import uvloop
    except ImportError:  # there is none for Windows
        asyncio.run(_serve(config, hello, announce))
        return
    uvloop.run(_serve(config, hello, announce))
