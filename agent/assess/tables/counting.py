"""Lines of a file of text, with their numbers, and how far the file has been read."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import BinaryIO

from agent.assess.tables.base import MAX_CELL
from agent.errors import DataError

__all__ = ["LineSource", "Progress"]


class Progress:
    """How many bytes of a file have been read, of a compressed one in its compressed form."""

    def __init__(self, raw: BinaryIO, total: int | None) -> None:
        self._raw = raw
        self.total = total

    @property
    def done(self) -> int:
        return 0 if self.total is None else self._raw.tell()


class LineSource:
    """Lines with their line breaks, decoded from UTF-8.

    Attributes
    ----------
    number
        Of the line that was given last, from 1.
    read
        Bytes so far.

    Raises
    ------
    DataError
        For a line that is not UTF-8 or longer than `MAX_CELL`, and for a damaged gzip file; with the line's number.
    """

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream = stream
        self._name = name
        self.number = 0
        self.read = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.number += 1
        try:
            line = self._stream.readline(MAX_CELL + 1)
        except (EOFError, zlib.error):
            raise DataError(f"{self._name}: line {self.number}: the compressed file is damaged") from None
        except OSError as error:
            # gzip.BadGzipFile has no text of the system's.
            why = error.strerror or "the compressed file is damaged"
            raise DataError(f"{self._name}: line {self.number}: cannot be read ({why})") from None
        if not line:
            self.number -= 1
            raise StopIteration
        self.read += len(line)
        if len(line) > MAX_CELL:
            raise DataError(f"{self._name}: line {self.number}: is longer than {MAX_CELL} bytes")
        if self.number == 1 and line[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise DataError(f"{self._name}: is UTF-16; save it as UTF-8")
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise DataError(
                f"{self._name}: line {self.number}: byte {error.start + 1} is not UTF-8; save the file as UTF-8"
            ) from None
