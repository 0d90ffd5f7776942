"""Fixed-width records with a hash each, as many as the disk holds, given back with equal hashes side by side."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from typing import IO, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from agent.assess.temporary import needing_room, write_all

__all__ = ["Records"]

_PARTS = 64
_WORK = "finding repeated rows"
_SHIFT = np.uint64(58)
# About 20 MB before the disk is used.
_PENDING = 500_000

_Array: TypeAlias = NDArray[Any]


class Records:
    """Takes records in any order; gives them back in parts sorted by hash, each hash in one part.

    The first 500,000 stay in memory. More go to 64 temporary files (`TMPDIR`), which have no name and go by themselves;
    memory then is that of one part, a sixty-fourth of all.

    Parameters
    ----------
    fields
        Names and NumPy types beside the hash.

    Raises
    ------
    DataError
        From any method, when there is no room in the temporary folder.
    """

    def __init__(self, fields: Sequence[tuple[str, str]]) -> None:
        self._type = np.dtype([("high", "<u8"), ("low", "<u8"), *fields])
        self._pending: list[_Array] = []
        self._count = 0
        self._files: list[IO[bytes]] = []

    def add(self, hashes: bytes, **fields: Sequence[int] | _Array) -> None:
        """Take records in.

        Parameters
        ----------
        hashes
            One after the other, `HASH_BYTES` each.
        """
        halves = np.frombuffer(hashes, dtype="<u8").reshape(-1, 2)
        records = np.empty(len(halves), dtype=self._type)
        records["high"], records["low"] = halves[:, 0], halves[:, 1]
        for name, values in fields.items():
            records[name] = values
        self._pending.append(records)
        self._count += len(records)
        if self._count >= _PENDING:
            self._spill()

    def parts(self) -> Iterator[_Array]:
        """Structured arrays with the fields ``high``, ``low`` and those given, sorted by hash."""
        if not self._files:
            pending = np.concatenate(self._pending) if self._pending else np.empty(0, dtype=self._type)
            yield _sorted(pending)
            return
        self._spill()
        for file in self._files:
            with needing_room(_WORK):
                file.seek(0)
                data = file.read()
            yield _sorted(np.frombuffer(data, dtype=self._type))

    def close(self) -> None:
        """Give the room on the disk back."""
        for file in self._files:
            file.close()

    def _spill(self) -> None:
        if not self._pending:
            return
        records = np.concatenate(self._pending)
        self._pending, self._count = [], 0
        part = records["high"] >> _SHIFT
        order = np.argsort(part, kind="stable")
        bounds = np.searchsorted(part[order], np.arange(_PARTS + 1, dtype=np.uint64))
        with needing_room(_WORK):
            if not self._files:
                self._files = [tempfile.TemporaryFile(buffering=0) for _ in range(_PARTS)]  # noqa: SIM115
            for place, file in enumerate(self._files):
                write_all(file, records[order[bounds[place] : bounds[place + 1]]].tobytes())


def _sorted(records: _Array) -> _Array:
    ordered: _Array = records[np.lexsort((records["low"], records["high"]))]
    return ordered
