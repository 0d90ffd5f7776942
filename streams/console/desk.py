"""Marks on their way: from the console to the topic, and from the topic to the book."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

import msgspec

from agent.clock import Clock, iso_time
from agent.errors import TransportError
from agent.scores import Dimension
from streams.console.feedback import Feedback, FeedbackBook, feedback_key
from streams.console.findings import HeldEvidence, RecentFindings
from streams.ports import LogReader, Message, Sink

__all__ = ["FeedbackDesk", "FeedbackFeed"]

_logger = logging.getLogger(__name__)

#: An operator waits no longer; the console's page a little more (console_findings.js).
_DEADLINE_SECONDS: Final = 8.0
_RECORDS: Final = 500
_WAIT_SECONDS: Final = 0.5
_RETRY_SECONDS: Final = 5.0
_WARNING_SECONDS: Final = 60.0
#: The topic may be given more partitions, or be made, at any time.
_LOOK_SECONDS: Final = 60.0


class FeedbackDesk:
    """Writes marks to their topic, each confirmed by the broker before it counts.

    It has a producer of its own: what becomes of a mark must neither wait for verdicts nor hold them up.

    Parameters
    ----------
    new_sink
        Makes a sink that is not started; a new one after each failure, so that no mark is tried again later that its
        operator was told has failed. What was on its way then may arrive all the same: the feed shows it.
    counted
        Hears dimension, category and mark of each that was confirmed.
    noted
        Hears the same with the record: for the audit log, since a mark that is taken back leaves nothing on the topic.
    deadline_seconds
        Every mark is confirmed within it, or has failed: waiting for others' marks included.
    """

    def __init__(
        self,
        topic: str,
        findings: RecentFindings,
        book: FeedbackBook,
        new_sink: Callable[[], Sink],
        clock: Clock,
        counted: Callable[[Dimension, str, bool | None], None] = lambda _dimension, _category, _correct: None,
        noted: Callable[[Feedback, bool | None], None] = lambda _mark, _correct: None,
        deadline_seconds: float = _DEADLINE_SECONDS,
    ) -> None:
        self._topic = topic
        self._findings = findings
        self._book = book
        self._new_sink = new_sink
        self._clock = clock
        self._counted = counted
        self._noted = noted
        self._deadline_seconds = deadline_seconds
        self._sink: Sink | None = None
        self._writing = asyncio.Lock()
        self._stopping: set[asyncio.Task[None]] = set()

    async def mark(self, verdict_id: str, category: str, correct: bool | None, by: str = "") -> Feedback | None:
        """Publish a mark; None takes an earlier one back. ``by`` is the name of the token that it came with.

        Returns
        -------
        Feedback or None
            What was published (``correct`` of a mark that was taken back has no meaning); None when the finding is not
            held here: long ago, or of another worker.

        Raises
        ------
        TransportError
            When the broker does not confirm it in time.
        TopicUnavailable
            When the topic is missing or may not be written: trying again does not help.
        """
        held = self._findings.get(verdict_id)
        return None if held is None else await self.mark_held(held, category, correct, by)

    async def mark_held(self, held: HeldEvidence, category: str, correct: bool | None, by: str = "") -> Feedback | None:
        """As `mark`, of a finding that somebody else holds: another process of this worker."""
        found = next((each for each in held.findings if each.category == category), None)
        if found is None:
            return None
        mark = Feedback(
            id=held.id,
            category=found.category,
            correct=bool(correct),
            marked_at=iso_time(self._clock.now()),
            inference_id=held.inference_id,
            source=held.source,
            model=held.model,
            direction=held.direction,
            dimension=found.dimension,
            score=found.score,
            threshold=found.threshold,
            scorers=dict(held.scorers),
            marked_by=by,
        )
        key = feedback_key(held.id, found.category)
        value = None if correct is None else msgspec.json.encode(mark)
        try:
            async with asyncio.timeout(self._deadline_seconds), self._writing:
                await self._write(Message(self._topic, key, value))
                self._book.take(key, value)
            self._counted(found.dimension, found.category, correct)
            self._noted(mark, correct)
        except TimeoutError:
            raise TransportError(f"{self._topic}: no answer within {self._deadline_seconds:g} s") from None
        return mark

    async def stop(self) -> None:
        """Close the producer; harmless when there is none."""
        self._retire()
        await asyncio.gather(*self._stopping, return_exceptions=True)

    def _retire(self) -> None:
        """Closing takes seconds while the broker is away, for which nobody is to wait."""
        sink, self._sink = self._sink, None
        if sink is not None:
            task = asyncio.create_task(sink.stop())
            self._stopping.add(task)
            task.add_done_callback(self._stopping.discard)

    async def _write(self, message: Message) -> None:
        try:
            if self._sink is None:
                self._sink = self._new_sink()
                await self._sink.start()
            self._sink.send(message)
            await self._sink.flush()
        except BaseException:
            self._retire()
            raise


class FeedbackFeed:
    """Reads the topic from its beginning and follows it: the marks of all workers, and those from before a restart."""

    def __init__(self, reader: LogReader, book: FeedbackBook, clock: Clock) -> None:
        self._reader = reader
        self._book = book
        self._clock = clock
        self._warn_at = -1.0

    async def run(self) -> None:
        """For ever; a broker that is away is waited for."""
        while True:
            try:
                await self._reader.start()
                await self._read()
            except TransportError as error:
                self._warn(str(error))
            finally:
                await self._reader.stop()
            await asyncio.sleep(_RETRY_SECONDS)

    def _warn(self, reason: str) -> None:
        if self._clock.monotonic() >= self._warn_at:
            _logger.warning("feedback_not_read reason=%s", reason)
            self._warn_at = self._clock.monotonic() + _WARNING_SECONDS

    async def _read(self) -> None:
        look_at = -1.0
        opened: set[int] = set()
        while True:
            if self._clock.monotonic() >= look_at:
                offsets = await self._reader.offsets_since(0.0)
                self._reader.seek({number: offset for number, offset in offsets.items() if number not in opened})
                opened.update(offsets)
                if not opened:
                    self._warn("the topic is missing, or this user may not describe it")
                look_at = self._clock.monotonic() + _LOOK_SECONDS
            records = await self._reader.getmany(_RECORDS, _WAIT_SECONDS)
            unreadable = sum(not self._book.take(record.key, record.value) for record in records)
            if unreadable:
                _logger.warning("feedback_unreadable records=%d", unreadable)
            await asyncio.sleep(0)
