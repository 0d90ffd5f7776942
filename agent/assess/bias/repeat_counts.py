"""What equal hashes side by side come to: copies, conflicts of labels, leakage between splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.assess.bias.columns import FIRST_NAMED
from agent.assess.bias.records import Records
from agent.assess.groups_shown import LEAST_NAMED

__all__ = ["RepeatCounts"]

_SHIFT = np.uint64(32)


class RepeatCounts:
    """Counts over records whose hash says what is equal.

    Parameters
    ----------
    records
        With the fields ``label`` (0 for none), ``split`` (a code) and those of `fields`.
    fields
        Each holds codes below `codes`; labelled and conflicting rows are counted by them.
    splits
        Codes of splits are below this.
    """

    def __init__(self, records: Records, fields: Sequence[str] = (), codes: int = 0, splits: int = 0) -> None:
        self._rows = self._distinct = self._with_label = self._most = 0
        self._labelled = self._conflicting = self._least_wrong = 0
        self._labelled_by = {field: np.zeros(codes, dtype=np.int64) for field in fields}
        self._conflicting_by = {field: np.zeros(codes, dtype=np.int64) for field in fields}
        self._split_rows = np.zeros(splits, dtype=np.int64)
        self._shared = np.zeros((splits, splits), dtype=np.int64)
        for part in records.parts():
            if len(part):
                self._add(part)

    def copies(self) -> dict[str, Any]:
        """Rows that an earlier one equals, whatever their labels are, and those whose label is the same too."""
        return {
            "rows": self._rows,
            "distinct": self._distinct,
            "copies": _part(self._rows - self._distinct, self._rows),
            "copies_with_the_same_label": _part(self._rows - self._with_label, self._rows),
            "most_alike": self._most,
        }

    def conflicts(self) -> dict[str, Any]:
        """Labelled rows that equal another one with another label.

        ``least_wrong`` are those without the most frequent label of their equals: if equal rows deserve equal labels,
        no fewer labels are wrong, and no model that sees these features can be right on more rows than the others.
        """
        return {
            "labelled": self._labelled,
            "conflicting": _part(self._conflicting, self._labelled),
            "least_wrong": _part(self._least_wrong, self._labelled),
        }

    def conflicts_by(self, field: str, names: Sequence[str]) -> dict[str, Any]:
        """Of each group with at least ten labelled rows."""
        labelled, conflicting = self._labelled_by[field], self._conflicting_by[field]
        return {
            name: {"labelled": int(labelled[code]), "conflicting": _part(int(conflicting[code]), int(labelled[code]))}
            for code, name in enumerate(names, FIRST_NAMED)
            if labelled[code] >= LEAST_NAMED
        }

    def leakage(self, names: Sequence[str]) -> dict[str, Any]:
        """Rows of each split with at least ten rows, and how many of them equal a row of each other such split."""
        named: Mapping[int, str] = {
            code: name for code, name in enumerate(names, FIRST_NAMED) if self._split_rows[code] >= LEAST_NAMED
        }
        return {
            "splits": {name: int(self._split_rows[code]) for code, name in named.items()},
            "pairs": [
                {
                    "split": name,
                    "stands_in": other,
                    **_part(int(self._shared[code, place]), int(self._split_rows[code])),
                }
                for code, name in named.items()
                for place, other in named.items()
                if code != place
            ],
        }

    def _add(self, part: NDArray[Any]) -> None:
        new = np.ones(len(part), dtype=bool)
        new[1:] = (part["high"][1:] != part["high"][:-1]) | (part["low"][1:] != part["low"][:-1])
        starts = np.flatnonzero(new)
        group_of_row = np.cumsum(new) - 1
        groups = len(starts)
        self._rows += len(part)
        self._distinct += groups
        self._most = max(self._most, int(np.diff(np.append(starts, len(part))).max()))

        labels = part["label"]
        pairs, counts = np.unique((group_of_row.astype(np.uint64) << _SHIFT) | labels, return_counts=True)
        self._with_label += len(pairs)
        labelled = (pairs & np.uint64(0xFFFFFFFF)) != 0
        of_pair, counts = (pairs[labelled] >> _SHIFT).astype(np.int64), counts[labelled]
        conflict = np.bincount(of_pair, minlength=groups) > 1
        most = np.zeros(groups, dtype=np.int64)
        np.maximum.at(most, of_pair, counts)
        rows = np.bincount(of_pair, weights=counts, minlength=groups).astype(np.int64)
        self._labelled += int(counts.sum())
        self._conflicting += int(rows[conflict].sum())
        self._least_wrong += int((rows - most)[conflict].sum())

        there = labels != 0
        in_conflict = there & conflict[group_of_row]
        for field, found in self._labelled_by.items():
            found += np.bincount(part[field][there], minlength=len(found))
            self._conflicting_by[field] += np.bincount(part[field][in_conflict], minlength=len(found))
        if len(self._split_rows):
            self._add_splits(part["split"], starts, group_of_row)

    def _add_splits(self, splits: NDArray[Any], starts: NDArray[Any], group_of_row: NDArray[Any]) -> None:
        seen_in = np.bitwise_or.reduceat(np.uint32(1) << splits.astype(np.uint32), starts)[group_of_row]
        self._split_rows += np.bincount(splits, minlength=len(self._split_rows))
        for split in range(FIRST_NAMED, len(self._split_rows)):
            others = seen_in[splits == split]
            for other in range(FIRST_NAMED, len(self._split_rows)):
                self._shared[split, other] += int(np.count_nonzero(others & np.uint32(1 << other)))


def _part(rows: int, of: int) -> dict[str, Any]:
    return {"rows": rows, "share": rows / of if of else None}
