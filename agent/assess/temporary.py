"""Room on the disk for what memory does not hold, and what is said when there is none."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from agent.errors import DataError

__all__ = ["needing_room", "write_all"]


@contextmanager
def needing_room(work: str) -> Iterator[None]:
    """Turn errors of temporary files and of SQLite's into one line.

    Parameters
    ----------
    work
        What needs the room, at the beginning of the line: ``counting``.

    Raises
    ------
    DataError
        When such a file cannot be made, written or read: a full disk.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise DataError(f"{work} needs room in the temporary folder ({error}); set SQLITE_TMPDIR") from None
    except OSError as error:
        raise DataError(f"{work} needs room in the temporary folder ({error.strerror or error}); set TMPDIR") from None


def write_all(file: IO[bytes], data: bytes) -> None:
    """Write to an unbuffered file, which may take less at once than it is given.

    Unbuffered, since closing writes what a buffer still holds, and would fail on a full disk.
    """
    while data:
        data = data[file.write(data) :]
