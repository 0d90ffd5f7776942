"""The directory of a spool: whose it is, who uses it, and how much of the queue is delivered."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import logging
import os
import stat
import struct
import time
import zlib
from pathlib import Path
from typing import Final, NamedTuple

from agent.errors import ConfigError, InUse

__all__ = ["Position", "SpoolDirectory", "is_in_use", "is_open_to_all", "reason", "why_unfit"]

SUFFIX: Final = ".segment"
_DAMAGED: Final = ".damaged"
_REFUSED: Final = "refused"
_LOCK: Final = "lock"
#: Longer than a `doctor` that only looks has it.
_LOOK_SECONDS: Final = 0.1
#: `lost+found` is in every new volume, and nobody's.
_OWN: Final = frozenset({_LOCK, _REFUSED, "position", "position.new", "lost+found"})
_POSITION: Final = struct.Struct("<QQ")

_logger = logging.getLogger(__name__)


class Position(NamedTuple):
    """The next record to deliver: a segment's number and an offset in it."""

    segment: int
    offset: int


def why_unfit(path: Path) -> str:
    """Why a directory that is there may not become a spool; empty when it may.

    Raises
    ------
    OSError
        When it cannot be looked at.
    """
    if path.stat().st_uid != os.geteuid():
        return "belongs to another user"
    if not _was_spool(path) and any(
        each.name not in _OWN and each.suffix not in (SUFFIX, _DAMAGED) for each in path.iterdir()
    ):
        return "holds files that are no spool's"
    return ""


def _was_spool(path: Path) -> bool:
    """A file that somebody lays beside records must not keep them from Kafka. Other programs have a `lock`, too: ours
    is empty, and nobody else's to read.
    """
    try:
        lock = (path / _LOCK).lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISREG(lock.st_mode) and not lock.st_mode & 0o007 and not lock.st_size


def is_open_to_all(path: Path) -> bool:
    """Whether every user may add records to it, and take some away."""
    return bool(path.stat().st_mode & stat.S_IWOTH)


def is_in_use(path: Path) -> bool:
    """Whether a process has it now. Nothing is made, and nobody waits: a lock that is free is shared for a moment.

    Raises
    ------
    OSError
        When it cannot be looked at.
    """
    try:
        lock = os.open(path / _LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


class SpoolDirectory:
    """One directory, locked for this process; mode 0700 where it was not there, files 0600.

    Raises
    ------
    ConfigError
        When it cannot be used.
    InUse
        When another process has it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            try:
                path.mkdir(mode=0o700, parents=True)
            except FileExistsError:
                if not path.is_dir():
                    raise ConfigError(f"spool_directory: {path} cannot be used: it is a file; name a folder") from None
                # Its mode is its owner's: /tmp at 0700 stops a whole machine.
                if why := why_unfit(path):
                    own = path / "harmwatch"
                    raise ConfigError(
                        f"spool_directory: {path} {why}; name a folder of its own, such as {own}"
                    ) from None
                if is_open_to_all(path):
                    _logger.warning("spool_directory_open_to_all mend='chmod 700'")
            self._owner = self.open(_LOCK)
        except OSError as error:
            raise ConfigError(
                f"spool_directory: {path} cannot be used ({reason(error)}); name one that this user may write"
            ) from None
        try:
            self._lock()
        except OSError:
            self.release()
            raise InUse(
                f"spool_directory: another process uses {path}; give every process a directory of its own"
            ) from None

    def _lock(self) -> None:
        for last in (False, False, True):
            try:
                fcntl.flock(self._owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if last:
                    raise
                time.sleep(_LOOK_SECONDS)
            else:
                return

    def open(self, name: str, flags: int = 0) -> int:
        """A file of ours for reading and writing, made when it is missing; a descriptor."""
        return os.open(self.path / name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | flags, 0o600)

    @property
    def refused(self) -> Path:
        """The file of records that Kafka will never take; it need not be there."""
        return self.path / _REFUSED

    def open_refused(self) -> int:
        """The same, to be added to."""
        return self.open(_REFUSED, os.O_APPEND)

    def put_away_refused(self) -> None:
        """Begin it anew: what is added behind damage would not be found again."""
        number = 1
        while (kept := self.path / f"{_REFUSED}-{number}{_DAMAGED}").exists():
            number += 1
        self.refused.rename(kept)

    def segments(self) -> list[tuple[int, Path]]:
        """Numbers and files of all segments, oldest first."""
        found = self.path.glob(f"*{SUFFIX}")
        return sorted((int(path.stem), path) for path in found if path.stem.isdecimal())

    def put_away_damaged(self, path: Path) -> None:
        """Keep a segment that cannot be read to its end, for people."""
        path.rename(path.with_suffix(_DAMAGED))
        path.unlink(missing_ok=True)  # where it has that name already, renaming does nothing

    def keep(self, path: Path) -> None:
        """Keep a segment under a second name, for people: that takes no room, now or when the first one goes."""
        with contextlib.suppress(FileExistsError):
            path.with_suffix(_DAMAGED).hardlink_to(path)

    def kept_bytes(self) -> int:
        """Size of what is kept for people."""
        kept = [*self.path.glob(f"*{_DAMAGED}"), self.refused]
        return sum(path.stat().st_size for path in kept if path.exists())

    def sync(self) -> None:
        """A new file's name is on the disk only when its directory is."""
        descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def save_position(self, position: Position) -> None:
        """Not synced, and no failure: an older position repeats records, which their ids make harmless."""
        body = _POSITION.pack(*position)
        try:
            descriptor = self.open("position.new", os.O_TRUNC)
            try:
                os.write(descriptor, body + struct.pack("<I", zlib.crc32(body)))
            finally:
                os.close(descriptor)
            (self.path / "position.new").replace(self.path / "position")
        except OSError as error:
            _logger.info("spool_position_not_saved error=%s", reason(error))

    def saved_position(self) -> Position:
        """The last one that is whole; the very beginning when there is none.

        Raises
        ------
        OSError
            When it is there and cannot be read. It is not taken for none: segments would be numbered from one again,
            and those below the old number, which is still in the file, deleted by the next start as delivered.
        """
        try:
            raw = (self.path / "position").read_bytes()
        except FileNotFoundError:
            return Position(0, 0)
        body, checksum = raw[: _POSITION.size], raw[_POSITION.size :]
        if len(body) != _POSITION.size or checksum != struct.pack("<I", zlib.crc32(body)):
            return Position(0, 0)
        return Position(*_POSITION.unpack(body))

    def release(self) -> None:
        """Another process may have it now."""
        if self._owner >= 0:
            os.close(self._owner)
            self._owner = -1


def reason(error: OSError) -> str:
    """The error's symbol, e.g. ``ENOSPC``: no path and no content."""
    return errno.errorcode.get(error.errno or 0, type(error).__name__)
