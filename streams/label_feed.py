"""Reads delayed labels and offers them to the pipeline; goes back when a state that was taken over needs earlier ones.

No consumer group: labels are keyed by inference id, so no split of their partitions would bring them to the worker that
counted the decision. Every worker reads all, and keeps what concerns it. From where they are read stands with the
window state, not with a group: only so are a label and the counts that it changed saved together.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from agent.clock import Clock
from agent.errors import DecodeError, TransportError
from agent.pipeline.late_labels import LabelPlace, LateLabels
from streams.labels import read_label
from streams.ports import LogReader, Record

__all__ = ["LabelFeed"]

_logger = logging.getLogger(__name__)

_RECORDS = 500
_WAIT_SECONDS = 0.5
_RETRY_SECONDS = 5.0
_WARNING_SECONDS = 60.0
_AHEAD_SECONDS = 60.0
#: The topic may be given more partitions, or be made, at any time.
_LOOK_SECONDS = 60.0


class LabelFeed:
    """Brings labels from their topic to the decisions.

    Parameters
    ----------
    early_seconds
        Labels may be older than their decision by so much: where reading begins when no state says otherwise. None to
        begin with the first label that there is.
    """

    def __init__(
        self, reader: LogReader, late_labels: LateLabels, clock: Clock, early_seconds: float | None = None
    ) -> None:
        self._reader = reader
        self._late_labels = late_labels
        self._clock = clock
        self._early_seconds = early_seconds
        self._opened = asyncio.Event()

    def open(self) -> None:
        """Partitions have been taken over, and it is known from where labels are needed."""
        self._opened.set()

    async def run(self, reached: Callable[[], float]) -> None:
        """For ever, once opened; a broker that is away is waited for.

        Parameters
        ----------
        reached
            Until when events have been scored, seconds since the Unix epoch, by the stamps of their records; infinity
            when none is left to score. Labels from after that wait for a minute, since their decisions may be among
            the events to come, and there is no room for all labels of a long backlog.
        """
        await self._opened.wait()
        warn_at = -1.0
        while True:
            try:
                await self._reader.start()
                await self._read(reached)
            except TransportError as error:
                if self._clock.monotonic() >= warn_at:
                    _logger.warning("labels_not_read reason=%s", error)
                    warn_at = self._clock.monotonic() + _WARNING_SECONDS
            finally:
                await self._reader.stop()
            await asyncio.sleep(_RETRY_SECONDS)

    async def _read(self, reached: Callable[[], float]) -> None:
        late = self._late_labels
        look_at = -1.0
        rewinds = -1
        while True:
            if self._clock.monotonic() >= look_at:
                since = 0.0 if self._early_seconds is None else self._clock.now() - self._early_seconds
                late.start(await self._reader.offsets_since(since))
                look_at, rewinds = self._clock.monotonic() + _LOOK_SECONDS, -1
            if rewinds != late.rewinds:
                rewinds = late.rewinds
                self._reader.seek(late.read_from)
            records = await self._reader.getmany(_RECORDS, _WAIT_SECONDS)
            patience_ends = self._clock.monotonic() + _AHEAD_SECONDS
            for record in records:
                while record.time > reached() and self._clock.monotonic() < patience_ends:  # noqa: ASYNC110
                    await asyncio.sleep(_WAIT_SECONDS)  # nobody says when events have been scored
                if rewinds != late.rewinds:
                    break  # read before the way back: what lies between must come first
                self._offer(record)
            await asyncio.sleep(0)

    def _offer(self, record: Record) -> None:
        place = LabelPlace(record.partition, record.offset)
        try:
            label = read_label(record.value)
        except DecodeError:
            self._late_labels.invalid(place)
            return
        self._late_labels.offer(label.source, label.id, label.label, place)
