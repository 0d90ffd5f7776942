"""A file that appears under its name only when it is whole."""

from __future__ import annotations

import errno
import gzip
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final, cast

from agent.errors import ConfigError, DataError

__all__ = ["AtomicFile", "write_whole"]

#: A name may have 255 bytes, and a character of it four.
_KEPT_OF_NAME: Final = 48
_MOST_LINKS: Final = 40


class AtomicFile:
    """Writes beside the file, under a hidden name of its own, and renames it at the end.

    Killed in between, it leaves the hidden file at most; what stood under the name before stays until the very end.
    What a link leads to is replaced, not the link. A device, a pipe and what is open already (``/dev/stdout``) are
    written to: by a rename they would be lost. Of a file that was there the permissions stay.

    Parameters
    ----------
    path
        The name in the end.
    compressed
        Whether to write gzip.
    private
        Whether nobody but the owner may read it.

    Raises
    ------
    ConfigError
        When its folder cannot be made, or nothing may be written there.
    """

    def __init__(self, path: Path, *, compressed: bool = False, private: bool = False) -> None:
        self._path = path
        self._unfinished: Path | None = None
        try:
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            handle = self._open(path, private)
        except (OSError, ValueError) as error:  # ValueError: no name of a file
            reason = error.strerror if isinstance(error, OSError) else "no name of a file"
            raise ConfigError(f"{path}: cannot be written ({reason})") from None
        self._raw = os.fdopen(handle, "wb")
        # Without the time in the header the same rows give the same bytes.
        self.stream: BinaryIO = (
            cast(BinaryIO, gzip.GzipFile(fileobj=self._raw, mode="wb", filename="", mtime=0))
            if compressed
            else self._raw
        )

    def _open(self, path: Path, private: bool) -> int:
        descriptor = _descriptor(path)
        if descriptor is not None:
            return os.dup(descriptor)  # with its place in the file: a shell's >> is not written over
        if path.exists() and not path.is_file():
            return os.open(path, os.O_WRONLY)
        path.parent.mkdir(parents=True, exist_ok=True)
        target = Path(os.path.realpath(path))
        if target.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        self._target = target
        self._unfinished = target.with_name(f".{target.name[:_KEPT_OF_NAME]}.{secrets.token_hex(4)}.unfinished")
        handle = os.open(self._unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o666)
        if not private:
            with suppress(OSError):  # there is none yet, or it is another's
                os.fchmod(handle, stat.S_IMODE(target.stat().st_mode))
        return handle

    @contextmanager
    def clear_errors(self) -> Iterator[None]:
        """Turn the system's errors, such as a full disk, into one line."""
        try:
            yield
        except OSError as error:
            raise DataError(f"{self._path}: cannot be written ({error.strerror or error})") from None

    def commit(self) -> None:
        """Everything to the disk, then the name."""
        if self.stream is not self._raw:
            self.stream.close()
        self._raw.flush()
        if self._unfinished is not None:
            os.fsync(self._raw.fileno())
        self._raw.close()
        if self._unfinished is not None:
            self._unfinished.replace(self._target)

    def discard(self) -> None:
        """Remove the unfinished file, if it is still there."""
        # Closing flushes, which fails again on a full disk.
        with suppress(OSError, ValueError):
            self.stream.close()
        with suppress(OSError):
            self._raw.close()
        if self._unfinished is not None:
            with suppress(OSError):
                self._unfinished.unlink()


def write_whole(path: Path, content: bytes) -> None:
    """Write a file of which the whole content is there.

    Raises
    ------
    ConfigError, DataError
        When it cannot be written: not at all, or not to its end.
    """
    file = AtomicFile(path)
    try:
        with file.clear_errors():
            file.stream.write(content)
            file.commit()
    finally:
        file.discard()


def _descriptor(path: Path) -> int | None:
    """Which of our own open descriptors a path is of, such as ``/dev/stdout``; None for others."""
    own = f"/proc/{os.getpid()}/fd"
    for _ in range(_MOST_LINKS):
        if os.path.realpath(path.parent) == own and path.name.isdecimal():
            return int(path.name)
        if not path.is_symlink():
            return None
        path = path.parent / path.readlink()
    return None
