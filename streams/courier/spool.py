"""An append-only queue on the disk: what `append` has returned for survives kill -9 and power cuts.

Files are segments, written one after the other, deleted when all of their records are delivered. A segment is never
written again after a restart, so what a crash left torn can only be at the end of a file, and is cut off there: those
records were never acknowledged. The saved position says how much of the first segment is delivered; it may be older
than the truth after a crash, which repeats records and loses none.

The files hold the records as they came, in clear: mode 0600, in a directory of mode 0700. They are not encrypted, since
the key would have to lie beside them; put the directory on an encrypted volume.
"""

from __future__ import annotations

import errno
import logging
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from agent.clock import Clock
from agent.errors import ConfigError, SpoolFull
from streams.courier.directory import SUFFIX, Position, SpoolDirectory, reason
from streams.courier.frames import HEAD_BYTES, MAGIC, encode, read_frames, time_of
from streams.courier.segment import READ_BUFFER, Segment, recover
from streams.ports import Message

__all__ = ["Batch", "Spool", "SpoolState"]

_SEGMENT_BYTES: Final = 16 * 1024 * 1024

_logger = logging.getLogger(__name__)


class Batch(NamedTuple):
    """The oldest records, and where the queue begins once they are delivered."""

    messages: Sequence[Message]
    end: Position


class SpoolState(NamedTuple):
    """What lies there.

    Attributes
    ----------
    records
        Waiting to be delivered.
    bytes
        Of all files.
    oldest
        When the first of them was spooled, seconds since the Unix epoch; None when there is none.
    torn_bytes
        Cut off when the spool was opened: what a crash had interrupted.
    damaged_segments, set_aside_records
        Kept for people since the spool was opened: files that cannot be read to their end, records that Kafka refuses.
    """

    records: int
    bytes: int
    oldest: float | None
    torn_bytes: int
    damaged_segments: int
    set_aside_records: int


class Spool:
    """The queue in one directory, which belongs to one process at a time.

    All methods block on the disk, `state`, `empty` and `room` excepted, and may be called from any thread.

    Parameters
    ----------
    write, sync
        The system calls, for tests of full and failing disks.

    Raises
    ------
    ConfigError
        When the directory cannot be used.
    InUse
        When another process has it.
    """

    def __init__(
        self,
        directory: Path,
        max_bytes: int,
        clock: Clock,
        *,
        write: Callable[[int, memoryview], int] = os.write,
        sync: Callable[[int], None] = os.fdatasync,
    ) -> None:
        self._max_bytes = max_bytes
        self._segment_bytes = min(_SEGMENT_BYTES, max(max_bytes // 8, 4096))
        self._clock = clock
        self._write = write
        self._sync = sync
        self._lock = threading.Lock()
        self._descriptor: int | None = None  # of the last segment, while it is written
        self._segments: list[Segment] = []
        self._position = Position(0, 0)
        self._next_number = 1
        self._records = 0
        self._oldest: float | None = None
        self._kept_bytes = 0
        self._torn_bytes = 0
        self._damaged = 0
        self._set_aside = 0
        self._directory = SpoolDirectory(directory)
        try:
            self._recover()
        except OSError as error:
            self.close()
            raise ConfigError(f"spool_directory: {directory} cannot be read ({reason(error)})") from None

    def append(self, messages: Sequence[Message]) -> None:
        """Take records; when this returns they are on the disk.

        Raises
        ------
        SpoolFull
            When they do not fit, or the disk does not take them. Then none of them is in the queue.
        """
        now = self._clock.now()
        frames = b"".join(encode(message, now) for message in messages)
        with self._lock:
            if self._bytes() + len(frames) > self._max_bytes:
                raise SpoolFull(f"the spool holds its spool_max_bytes of {self._max_bytes}")
            try:
                segment = self._writable()
                self._append(segment, frames)
            except OSError as error:
                raise SpoolFull(f"the disk of the spool takes nothing ({reason(error)})") from None
            segment.records += len(messages)
            if self._records == 0:
                self._oldest = now
            self._records += len(messages)

    def peek(self, max_records: int, max_bytes: int) -> Batch | None:
        """The oldest records, at least one and no more than these limits; None when there are none.

        A segment that cannot be read on is put aside under another name, and the next one is read.

        Raises
        ------
        OSError
            When the disk cannot be read.
        """
        with self._lock:
            while self._segments and self._records > 0:
                segment = self._segments[0]
                messages, end = self._read(segment, max_records, max_bytes)
                if messages:
                    return Batch(messages, Position(segment.number, end))
                _logger.error("spool_segment_damaged segment=%d records=%d", segment.number, segment.records)
                self._records -= segment.records
                segment.damaged = True
                self._remove(segment)
                self._oldest = self._time_at_head()
            return None

    def advance(self, batch: Batch) -> None:
        """The batch, which is what `peek` gave last, is delivered: forget it."""
        with self._lock:
            segment = self._segments[0]
            self._records -= len(batch.messages)
            segment.records -= len(batch.messages)
            self._position = batch.end
            if batch.end.offset >= segment.size:
                self._remove(segment)
            self._oldest = self._time_at_head()
            self._directory.save_position(self._position)

    def set_aside(self, messages: Sequence[Message]) -> None:
        """Keep records of what `peek` gave last, which Kafka will never take, in a file of their own, for people.

        Where the disk has no room for them their segment is kept: they must not hold up those behind them, by whose
        delivery alone a disk that the spool has filled gets room.

        Raises
        ------
        SpoolFull
            When the disk takes neither.
        """
        with self._lock:
            try:
                try:
                    self._add_to_refused(messages)
                except OSError as error:
                    if not self._segments:
                        raise
                    _logger.warning("spool_segment_kept error=%s records=%d", reason(error), len(messages))
                    if self._segments[0] is self._segments[-1]:
                        self._end_writing()  # nothing is to be added to what is kept
                    self._directory.keep(self._segments[0].path)
                self._directory.sync()
                self._kept_bytes = self._directory.kept_bytes()
            except OSError as error:
                raise SpoolFull(f"the disk of the spool takes nothing ({reason(error)})") from None
            self._set_aside += len(messages)

    def _add_to_refused(self, messages: Sequence[Message]) -> None:
        now = self._clock.now()
        descriptor = self._directory.open_refused()
        try:
            begun = os.fstat(descriptor).st_size
            frames = b"".join(encode(message, now) for message in messages)
            try:
                self._write_all(descriptor, frames if begun else MAGIC + frames)
                self._sync(descriptor)
            except OSError:
                os.ftruncate(descriptor, begun)  # what is added behind half a frame is not found again
                raise
        finally:
            os.close(descriptor)

    @property
    def empty(self) -> bool:
        return self._records == 0

    @property
    def room(self) -> int:
        """Bytes that still fit. The disk may have less."""
        return max(0, self._max_bytes - self._bytes())

    def state(self) -> SpoolState:
        """What lies there now."""
        return SpoolState(self._records, self._bytes(), self._oldest, self._torn_bytes, self._damaged, self._set_aside)

    def close(self) -> None:
        """Give the directory back; what is in it stays."""
        with self._lock:
            self._end_writing()
            self._directory.release()

    def _bytes(self) -> int:
        return sum(segment.size for segment in self._segments) + self._kept_bytes

    def _writable(self) -> Segment:
        if self._descriptor is not None and self._segments[-1].size < self._segment_bytes:
            return self._segments[-1]
        self._end_writing()
        name = f"{self._next_number:020d}{SUFFIX}"
        descriptor = self._directory.open(name, os.O_EXCL)
        try:
            self._write_all(descriptor, MAGIC)
            self._sync(descriptor)
            self._directory.sync()
        except OSError:
            os.close(descriptor)
            (self._directory.path / name).unlink(missing_ok=True)
            raise
        segment = Segment(self._directory.path / name, self._next_number, len(MAGIC))
        self._next_number += 1
        self._descriptor = descriptor
        self._segments.append(segment)
        return segment

    def _append(self, segment: Segment, frames: bytes) -> None:
        assert self._descriptor is not None
        try:
            self._write_all(self._descriptor, frames)
            self._sync(self._descriptor)
        except OSError:
            self._take_back(segment, self._descriptor)
            raise
        segment.size += len(frames)

    def _take_back(self, segment: Segment, descriptor: int) -> None:
        """Half a write must not stand in the middle; and after a failed sync nobody knows what the disk has."""
        try:
            os.ftruncate(descriptor, segment.size)
        except OSError as error:
            # Nothing reads beyond its size, and nothing is added; after a restart whole frames there are duplicates.
            _logger.error("spool_truncate_failed error=%s", reason(error))
        if segment.records == 0:
            self._remove(segment)
        else:
            self._end_writing()

    def _write_all(self, descriptor: int, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            written = self._write(descriptor, rest)
            if written <= 0:
                raise OSError(errno.ENOSPC, "nothing was written")
            rest = rest[written:]

    def _end_writing(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _read(self, segment: Segment, max_records: int, max_bytes: int) -> tuple[list[Message], int]:
        start = self._offset(segment)
        messages: list[Message] = []
        end = start
        with segment.path.open("rb", buffering=READ_BUFFER) as stream:
            for frame in read_frames(stream, start):
                full = len(messages) >= max_records or frame.end - start > max_bytes
                if frame.end > segment.size or (messages and full):
                    break
                messages.append(frame.message)
                end = frame.end
        return messages, end

    def _offset(self, segment: Segment) -> int:
        return max(self._position.offset if self._position.segment == segment.number else 0, len(MAGIC))

    def _time_at_head(self) -> float | None:
        if not self._segments:
            return None
        segment = self._segments[0]
        try:
            with segment.path.open("rb", buffering=0) as stream:
                stream.seek(self._offset(segment))
                head = stream.read(HEAD_BYTES)
        except OSError:
            return None
        return time_of(head) if len(head) == HEAD_BYTES else None

    def _remove(self, segment: Segment) -> None:
        if segment is self._segments[-1]:
            self._end_writing()
        self._segments.remove(segment)
        if segment.damaged:
            self._damaged += 1
            self._directory.put_away_damaged(segment.path)
            self._kept_bytes = self._directory.kept_bytes()
        else:
            segment.path.unlink(missing_ok=True)

    def _recover(self) -> None:
        self._position = self._directory.saved_position()
        self._next_number = self._position.segment + 1
        found = self._directory.segments()
        for number, path in found:
            self._next_number = max(self._next_number, number + 1)
            if number < self._position.segment:
                path.unlink()  # delivered; the crash came before its deletion
                continue
            offset = self._position.offset if number == self._position.segment else 0
            segment = recover(path, number, offset, newest=number == found[-1][0])
            self._torn_bytes += segment.torn_bytes
            self._segments.append(segment)
            if segment.records == 0:
                self._remove(segment)
        if self._directory.refused.exists() and recover(self._directory.refused, 0, 0, newest=True).damaged:
            self._directory.put_away_refused()
            self._damaged += 1
        self._records = sum(segment.records for segment in self._segments)
        self._kept_bytes = self._directory.kept_bytes()
        self._oldest = self._time_at_head()
