"""A file that appears under its name only when it is whole."""

from __future__ import annotations

import gzip
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

from agent.errors import ConfigError, DataError

__all__ = ["AtomicFile"]


class AtomicFile:
    """Writes beside the file, under a hidden name of its own, and renames it at the end.

    Killed in between, it leaves the hidden file at most; what stood under the name before stays until the very end.
    What a link leads to is replaced, not the link. A device or a pipe is written to: by a rename root would lose it.

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
                raise IsADirectoryError(21, "Is a directory")
            if path.exists() and not path.is_file():
                handle = os.open(path, os.O_WRONLY)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._target = Path(os.path.realpath(path))
                self._unfinished = self._target.with_name(f".{path.name}.{secrets.token_hex(4)}.unfinished")
                handle = os.open(self._unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o666)
        except OSError as error:
            raise ConfigError(f"{path}: cannot be written ({error.strerror})") from None
        self._raw = os.fdopen(handle, "wb")
        # Without the time in the header the same rows give the same bytes.
        self.stream: BinaryIO = (
            cast(BinaryIO, gzip.GzipFile(fileobj=self._raw, mode="wb", filename="", mtime=0))
            if compressed
            else self._raw
        )

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
