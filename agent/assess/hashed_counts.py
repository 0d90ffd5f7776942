"""Counts of pairs of hashed values, as many as the disk holds, in bounded memory."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from weakref import finalize

from agent.assess.temporary import needing_room

__all__ = ["PairCounts", "temporary_store"]

# About 60 MB of pending counts, and 64 MB of SQLite's cache; beyond that the counts lie in SQLite's own temporary file,
# some 80 bytes for each different pair.
_PENDING = 200_000
_CACHE_KIB = 65_536


class PairCounts:
    """How often each pair of hashes was added.

    Raises
    ------
    DataError
        From any method, when the temporary file cannot be written: a full disk.
    """

    def __init__(self) -> None:
        self._pending: Counter[tuple[bytes, bytes]] = Counter()
        self._store = temporary_store()
        finalize(self, self._store.close)
        self._store.execute(
            "CREATE TABLE pairs (first BLOB, second BLOB, n INTEGER, PRIMARY KEY (first, second)) WITHOUT ROWID"
        )

    def add(self, first: bytes, second: bytes) -> None:
        """Count a pair once more."""
        self._pending[first, second] += 1
        if len(self._pending) >= _PENDING:
            self._flush()

    def by_first(self) -> Iterator[list[tuple[bytes, int]]]:
        """For each first hash the second ones with their counts."""
        self._flush()
        with needing_room("counting"):
            rows = self._store.execute("SELECT first, second, n FROM pairs ORDER BY first")
            for _, group in groupby(rows, key=itemgetter(0)):
                yield [(second, count) for _, second, count in group]

    def second_totals(self, most: int) -> dict[bytes, int] | None:
        """How often each second hash was added; None when there are more than `most` different ones."""
        self._flush()
        with needing_room("counting"):
            rows = self._store.execute(
                "SELECT second, SUM(n) FROM pairs GROUP BY second LIMIT ?", (most + 1,)
            ).fetchall()
        return dict(rows) if len(rows) <= most else None

    def _flush(self) -> None:
        if not self._pending:
            return
        # In the order of the key, which is how the file is laid out.
        rows = [(*pair, count) for pair, count in sorted(self._pending.items())]
        self._pending.clear()
        with needing_room("counting"):
            self._store.execute("BEGIN")
            self._store.executemany(
                "INSERT INTO pairs VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n", rows
            )
            self._store.execute("COMMIT")


def temporary_store() -> sqlite3.Connection:
    """A data base of SQLite's own in the temporary folder, which nobody else can open and which goes by itself."""
    store = sqlite3.connect("", isolation_level=None)
    for pragma in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{_CACHE_KIB}"):
        store.execute(f"PRAGMA {pragma}")
    return store
