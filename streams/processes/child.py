"""One process of a worker: ``python -m streams.processes.child FD NUMBER``, started by `streams.processes.life`.

It is a whole worker but for its web port. When its parent ends, whatever of, it drains and ends as well.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Callable
from typing import Final

from agent.clock import SystemClock
from agent.errors import ConfigError, HarmwatchError
from agent.metrics.label_values import clean_label
from streams.ending import leave, run_to_its_end
from streams.processes.settings import file_of, revision_of
from streams.processes.wire import Built, Failed, Go, Hello, read_order, written

__all__ = ["main"]

_logger = logging.getLogger(__name__)

_PR_SET_PDEATHSIG: Final = 1
_LAST_SECONDS: Final = 5.0
_FAILED, _WRONG_CONFIG = 1, 2
#: Beyond the time for draining: for the clients' own ends.
_MORE_SECONDS: Final = 20.0


async def _serve(descriptor: int) -> int:
    line = socket.socket(fileno=descriptor)
    reader, writer = await asyncio.open_connection(sock=line)
    hello = await read_order(reader)
    if not isinstance(hello, Hello):
        return _FAILED
    try:
        return await _work(hello, line, reader, writer)
    except HarmwatchError as error:
        wrong = isinstance(error, ConfigError)
        writer.write(written(Failed(" ".join(str(error).split()), wrong)))
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        return _WRONG_CONFIG if wrong else _FAILED
    finally:
        writer.close()


async def _work(hello: Hello, line: socket.socket, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
    from agent.pipeline.build import named_models
    from streams.processes.link import ParentLink
    from streams.worker import Worker

    file, revise = file_of(hello), revision_of(hello)
    config = revise(file.config())
    logging.getLogger().setLevel(config.log_level)
    link = ParentLink(reader, writer)
    worker = Worker.build(config, file=file, revise=revise, front=link.front)
    writer.write(written(Built(sorted(map(clean_label, named_models(config))))))
    if not isinstance(await read_order(reader), Go):
        return _FAILED
    loop = asyncio.get_running_loop()
    worker.install_signals(loop)
    _drain_however_often(loop, worker.tap.request_stop)
    link.serve(worker)
    bound = config.tap.drain_seconds + config.tap.revoke_seconds + _MORE_SECONDS
    _end_with_parent(line, loop, worker.tap.request_stop, bound)
    answering = asyncio.create_task(link.answer())
    try:
        await worker.run()
    finally:
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)
    return 0


def _drain_however_often(loop: asyncio.AbstractEventLoop, drain: Callable[[], None]) -> None:
    """A second SIGTERM does not cut a process off: our parent and systemd, which tells all of a unit, both send one.

    Whoever does not want to wait has SIGKILL, which the parent sends when it is told twice itself.
    """

    def asked() -> None:
        _logger.info("draining signal=SIGTERM")
        drain()

    loop.remove_signal_handler(signal.SIGTERM)
    # Not add_signal_handler: when the loop closes, SIGTERM would be left to its default.
    signal.signal(signal.SIGTERM, lambda _number, _frame: loop.is_closed() or loop.call_soon_threadsafe(asked))


def _end_with_parent(
    line: socket.socket, loop: asyncio.AbstractEventLoop, drain: Callable[[], None], bound_seconds: float
) -> None:
    """Drain when the parent is gone, and end within a bound: also when the event loop no longer turns."""

    def watch() -> None:
        poll = select.poll()
        poll.register(descriptor, 0)  # only that the other end is closed
        with contextlib.suppress(OSError):
            poll.poll()
        with contextlib.suppress(RuntimeError):  # the loop is closed: we are ending already
            loop.call_soon_threadsafe(_logger.warning, "draining reason=the parent has ended")
            loop.call_soon_threadsafe(drain)
        threading.Event().wait(bound_seconds)
        os._exit(_FAILED)

    descriptor = os.dup(line.fileno())
    threading.Thread(target=watch, name="harmwatch-parent", daemon=True).start()


def _ask_for_a_signal(parent: int) -> None:
    """Linux tells us of the parent's end also while nobody looks at the line yet."""
    try:
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        return
    if os.getppid() != parent:  # it ended before the call
        raise SystemExit(_FAILED)


def main(descriptor: int, number: int, parent: int) -> int:
    """Run until the parent, or whoever sends SIGTERM, wants it to end; gives back the exit code."""
    # By default they end a process. It is not reading its file yet; and a terminal's Ctrl-C is the parent's to hear.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _ask_for_a_signal(parent)
    level = os.environ.get("HARMWATCH_LOG_LEVEL", "WARNING").upper()
    logging.basicConfig(
        stream=sys.stderr,
        level=level,
        format=f"%(asctime)s %(levelname)s %(name)s process={number} %(message)s",
    )
    if level != "DEBUG":
        for noisy in ("aiokafka", "kafka", "faust", "mode"):
            logging.getLogger(noisy).setLevel(logging.CRITICAL)
    code = run_to_its_end(_serve(descriptor), _LAST_SECONDS)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # at its end Python gives functions up for the default, and not this
    leave(code, SystemClock(), _LAST_SECONDS)
    return code


if __name__ == "__main__":
    raise SystemExit(main(*map(int, sys.argv[1:4])))
