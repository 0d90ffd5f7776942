"""Who changed the configuration, when, from what to what: a record and a log line for each start and changed file."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Literal, TypeAlias

import msgspec

from agent.errors import HarmwatchError
from streams.ports import Message, Sink

__all__ = ["AuditLog", "ConfigChange", "Outcome", "Trigger"]

Trigger: TypeAlias = Literal["start", "signal", "file"]
Outcome: TypeAlias = Literal["started", "applied", "refused"]

_logger = logging.getLogger(__name__)

_MOST_WAITING = 1_000
_RETRY_SECONDS = 30.0
_LAST_TRY_SECONDS = 5.0


class ConfigChange(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt. It names keys and files, and holds no value of the configuration.

    Attributes
    ----------
    time, modified
        When it was taken or refused, and when the file was written, RFC 3339 in UTC. ``modified`` is empty when there
        was no file to be asked.
    worker, group
        ``kafka.worker_name`` and ``kafka.group_id``. ``version`` is harmwatch's.
    trigger
        What made the worker look: its start, SIGHUP, or that the file had changed.
    file
        The path that the worker was given.
    owner
        Who owns the file, as the worker's machine names them: who wrote it, where each writer has a file of their own,
        and in Kubernetes the user that mounts it. Who changed the ConfigMap is in Kubernetes' own audit log.
    user
        The user that the worker runs as.
    old_sha256, new_sha256
        Of the bytes that what ran came from, and of those found; empty at the start, or when they could not be read.
    outcome, reason
        ``started``, ``applied`` or ``refused``; the reason is empty unless it was refused.
    keys, restart_keys
        Names of all keys that differ from what ran; and of those among them for which it was refused, since they need
        a restart. Empty when the file was none.
    """

    time: str
    worker: str
    group: str
    version: str
    trigger: Trigger
    file: str
    owner: str
    user: str
    modified: str
    old_sha256: str
    new_sha256: str
    outcome: Outcome
    reason: str = ""
    keys: list[str] = []
    restart_keys: list[str] = []


class AuditLog:
    """Writes records to the log at once, and to a topic as soon as it takes them. A topic that does not stops nothing.

    A record may stand in the topic twice, byte for byte, when the broker went away while it was written. Beyond a
    thousand that wait the oldest are dropped; the log has them.

    Parameters
    ----------
    new_sink
        Makes a sink, for each delivery: there is one about as often as somebody edits a file, and a record must not
        stand in the way of verdicts.
    topic
        None keeps the records in the log alone.
    """

    def __init__(self, new_sink: Callable[[], Sink], topic: str | None) -> None:
        self._new_sink = new_sink
        self._topic = topic
        self._waiting: deque[Message] = deque(maxlen=_MOST_WAITING)
        self._news = asyncio.Event()
        self._failing = False

    @property
    def waiting(self) -> int:
        """Records that the topic does not have yet."""
        return len(self._waiting)

    def note(self, change: ConfigChange) -> None:
        """Log a record, and have it written. Never waits, never raises."""
        level = logging.WARNING if change.outcome == "refused" else logging.INFO
        _logger.log(
            level,
            "config_%s trigger=%s owner=%s old=%s new=%s keys=%s reason=%s",
            change.outcome,
            change.trigger,
            change.owner,
            change.old_sha256[:12] or "-",
            change.new_sha256[:12] or "-",
            ",".join(change.keys) or "-",
            change.reason or "-",
        )
        if self._topic is not None:
            self._waiting.append(Message(self._topic, change.worker.encode(), msgspec.json.encode(change)))
            self._news.set()

    async def run(self) -> None:
        """Deliver for ever."""
        while True:
            await self._news.wait()
            self._news.clear()
            if not await self.deliver():
                await asyncio.sleep(_RETRY_SECONDS)
                self._news.set()

    async def close(self) -> None:
        """A last try, when something waits."""
        try:
            async with asyncio.timeout(_LAST_TRY_SECONDS):
                await self.deliver()
        except TimeoutError:
            self._complain("the broker does not answer")

    async def deliver(self) -> bool:
        """One try to write all that waits; False when it failed."""
        records = list(self._waiting)
        if not records:
            return True
        sink = self._new_sink()
        try:
            try:
                await sink.start()
                for record in records:
                    sink.send(record)
                await sink.flush()
            finally:
                await sink.stop()
        except HarmwatchError as error:
            self._complain(str(error))
            return False
        # Those that came meanwhile stay; of a full queue the oldest have gone by themselves.
        written = set(map(id, records))
        left = [record for record in self._waiting if id(record) not in written]
        self._waiting = deque(left, maxlen=_MOST_WAITING)
        self._failing = False
        return True

    def _complain(self, reason: str) -> None:
        if not self._failing:
            _logger.warning("audit_not_written records=%d reason=%s", len(self._waiting), reason)
        self._failing = True
