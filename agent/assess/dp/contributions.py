"""Which rows count when one person may have many: at most so many of each unit, the first ones."""

from __future__ import annotations

from collections.abc import Sequence
from weakref import finalize

from agent.assess.hashed_counts import temporary_store
from agent.assess.hashing import Hasher
from agent.assess.temporary import needing_room

__all__ = ["UnitQuota"]


class UnitQuota:
    """Admits the first `rows_per_unit` rows of each unit.

    Whether a row is admitted depends on earlier rows of the same unit alone. So all rows of a unit together, added or
    removed, change what is counted by at most `rows_per_unit` rows. A row without a unit is a unit of its own.

    Memory is bounded; the counts of units lie in SQLite's temporary file, hashed with a key that nobody keeps.

    Raises
    ------
    DataError
        From `admitted`, when the temporary file cannot be written.
    """

    def __init__(self, rows_per_unit: int) -> None:
        self._quota = rows_per_unit
        self._hash = Hasher()
        self._store = temporary_store()
        finalize(self, self._store.close)
        self._store.execute("CREATE TABLE units (unit BLOB PRIMARY KEY, n INTEGER) WITHOUT ROWID")

    def admitted(self, units: Sequence[str]) -> list[bool]:
        """For rows that follow each other, by their units' names ("" for none)."""
        counts: dict[bytes, int] = {}
        found = []
        with needing_room("counting"):
            for unit in units:
                if not unit:
                    found.append(True)
                    continue
                key = self._hash((unit,))
                if key not in counts:
                    row = self._store.execute("SELECT n FROM units WHERE unit = ?", (key,)).fetchone()
                    counts[key] = row[0] if row else 0
                found.append(counts[key] < self._quota)
                counts[key] = min(self._quota, counts[key] + 1)
            self._store.execute("BEGIN")
            self._store.executemany("INSERT OR REPLACE INTO units VALUES (?, ?)", sorted(counts.items()))
            self._store.execute("COMMIT")
        return found
