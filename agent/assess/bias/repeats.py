"""Rows and texts that come more than once: copies, equal rows with different labels, and what stands in two splits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import closing
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.assess.bias.columns import FIRST_NAMED, MOST_VALUES, CodedColumn, ColumnTexts
from agent.assess.bias.groups import Attributes
from agent.assess.bias.kinds import kind_of, plain_form, tells_rows_apart
from agent.assess.bias.records import Records
from agent.assess.bias.repeat_counts import RepeatCounts
from agent.assess.hashing import Hasher
from agent.assess.tables import Batch

__all__ = ["Repeats"]

_MOST_SPLITS = 12
_MOST_TEXTS = 4
_SHORTEST_TEXT = 16


class Repeats:
    """Compares all rows with all rows, exactly, by 128-bit hashes: see `Records` for memory and disk.

    *Rows* are equal in all their features: all columns but the label, the split, and those that only tell rows apart
    (named, or titled like a number of the row and different in each row of the first batch). Rows of tables with few,
    coarse columns are often equal by chance.

    *Texts* are those of columns that hold texts (the first four; by their first batch). Texts are taken for near copies
    when nothing differs but case, spaces and punctuation; of fewer than 16 letters and digits none is looked at.

    Parameters
    ----------
    label, split
        Their columns, if any. At most 12 splits are told apart.
    left_out
        Columns that only tell rows apart.
    """

    key = "repeats"

    def __init__(
        self,
        texts: ColumnTexts,
        attributes: Attributes,
        label: str | None = None,
        split: str | None = None,
        left_out: Collection[str] = (),
    ) -> None:
        self._texts = texts
        self._attributes = attributes
        self._label = label
        self._split = None if split is None else CodedColumn(texts, split, _MOST_SPLITS)
        self._named_out = frozenset(left_out)
        self._features: tuple[str, ...] = ()
        self._left_out: tuple[str, ...] = ()
        self._hash = Hasher()
        self._places = {name: f"group{place}" for place, name in enumerate(attributes.single)}
        self._rows = Records([("label", "<u4"), ("split", "u1"), *((name, "<u2") for name in self._places.values())])
        self._of_text: dict[str, Records] = {}
        self._skipped: frozenset[str | None] = frozenset()
        self._begun = False

    def observe(self, batch: Batch) -> None:
        if not self._begun:
            self._begin(batch)
        labels = self._labels(batch)
        splits = np.array(self._split.of(batch), dtype=np.uint8) if self._split else np.zeros(len(labels), np.uint8)
        groups = {
            self._places[name]: np.array(column.of(batch), dtype=np.uint16)
            for name, column in self._attributes.single.items()
        }
        self._rows.add(b"".join(self._hashes(batch)), label=labels, split=splits, **groups)
        for column, records in self._of_text.items():
            forms = [plain_form(text) for text in self._texts.of(batch, column)]
            long = [place for place, form in enumerate(forms) if len(form) >= _SHORTEST_TEXT]
            if long:
                hashes = b"".join(self._hash((forms[place],)) for place in long)
                records.add(hashes, label=labels[long], split=splits[long])

    def figures(self) -> dict[str, Any]:
        splits = 0 if self._split is None else FIRST_NAMED + _MOST_SPLITS
        with closing(self._rows):
            rows = RepeatCounts(self._rows, list(self._places.values()), FIRST_NAMED + MOST_VALUES, splits)
        found = self._section(rows)
        if self._label is not None:
            found["label_noise"]["by_attribute"] = {
                name: rows.conflicts_by(place, self._attributes.single[name].names)
                for name, place in self._places.items()
            }
        texts: dict[str, Any] = {}
        for column, records in self._of_text.items():
            with closing(records):
                texts[column] = self._section(RepeatCounts(records, splits=splits))
        return {"exact": True, "left_out": list(self._left_out), "rows": found, "texts": texts}

    def _section(self, counts: RepeatCounts) -> dict[str, Any]:
        found: dict[str, Any] = {"copies": counts.copies()}
        if self._label is not None:
            found["label_noise"] = counts.conflicts()
        if self._split is not None:
            found["leakage"] = counts.leakage(self._split.names)
        return found

    def _begin(self, batch: Batch) -> None:
        self._begun = True
        cells = {column: self._texts.of(batch, column) for column in batch.columns}
        split = self._split.column if self._split else None
        no_features = (self._label, split)
        self._left_out = tuple(
            column
            for column in cells
            if column in self._named_out
            or (
                column not in (*no_features, *self._attributes.single)
                and tells_rows_apart(column, cells[column])
            )
        )  # fmt: skip
        self._features = tuple(column for column in cells if column not in (*no_features, *self._left_out))
        texts = [column for column in self._features if kind_of(cells[column]) == "text"]
        self._of_text = {column: Records([("label", "<u4"), ("split", "u1")]) for column in texts[:_MOST_TEXTS]}
        self._skipped = frozenset((*cells, *self._named_out, *no_features))

    def _hashes(self, batch: Batch) -> Iterator[bytes]:
        columns = [self._texts.of(batch, column) for column in self._features]
        known: Iterable[tuple[str, ...]] = zip(*columns, strict=True) if columns else [()] * len(batch.rows)
        # By name: a batch has them in the order in which its own rows came, and equal rows stand in any two batches.
        later = sorted(column for column in batch.columns if column not in self._skipped)
        if not later:
            return map(self._hash, known)
        return (
            self._hash([*cells, *(part for column in later for part in self._later(batch, column, place))])
            for place, cells in enumerate(known)
        )

    def _later(self, batch: Batch, column: str, place: int) -> tuple[str, ...]:
        """A cell of a column that JSON Lines did not have in the first batch, with its name; nothing where empty."""
        text = self._texts.of(batch, column)[place]
        return (column, text) if text else ()

    def _labels(self, batch: Batch) -> NDArray[np.uint32]:
        """A hash of the label, 0 for none: two labels of equal rows are taken for one with probability 2e-10."""
        if self._label is None:
            return np.zeros(len(batch.rows), dtype=np.uint32)
        known: dict[str, int] = {"": 0}
        found = []
        for text in self._texts.of(batch, self._label):
            code = known.get(text)
            if code is None:
                code = known[text] = int.from_bytes(self._hash((text,))[:4], "little") or 1
            found.append(code)
        return np.array(found, dtype=np.uint32)
