"""Who changed the configuration, when, from what to what, and who marked which finding: records and log lines."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Literal, TypeAlias

import msgspec

from agent.errors import HarmwatchError
from streams.ports import Message, Sink

__all__ = ["AuditLog", "ConfigChange", "FindingMarked", "Outcome", "Trigger"]

Trigger: TypeAlias = Literal["start", "signal", "file", "api"]
Outcome: TypeAlias = Literal["started", "applied", "refused"]

_logger = logging.getLogger(__name__)

_MOST_WAITING = 1_000
_MOST_RECENT = 200
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
        What made the worker look: its start, SIGHUP, that the file had changed, or an admin over HTTP.
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
    by
        The name of the token that asked, where the trigger is ``api``.
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
    by: str = ""


class FindingMarked(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody called a finding right or wrong, or took that back (``correct`` None). No text.

    Attributes
    ----------
    kind
        Tells these records from those of the configuration, which have none.
    by
        The name of the token that it came with.
    id, category
        The finding's: verdict and category.
    """

    time: str
    worker: str
    group: str
    version: str
    by: str
    id: str
    category: str
    model: str
    correct: bool | None
    kind: Literal["mark"] = "mark"


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
        self._recent: deque[ConfigChange | FindingMarked] = deque(maxlen=_MOST_RECENT)

    @property
    def recent(self) -> list[ConfigChange | FindingMarked]:
        """The latest records of this worker, the newest first."""
        return list(reversed(self._recent))

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
        self._keep(change)

    def note_mark(self, mark: FindingMarked) -> None:
        """As `note`, of a mark on a finding."""
        said = {True: "right", False: "wrong", None: "taken_back"}[mark.correct]
        _logger.info("finding_marked by=%s verdict=%s category=%s mark=%s", mark.by, mark.id, mark.category, said)
        self._keep(mark)

    def _keep(self, record: ConfigChange | FindingMarked) -> None:
        self._recent.append(record)
        if self._topic is not None:
            self._waiting.append(Message(self._topic, record.worker.encode(), msgspec.json.encode(record)))
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
