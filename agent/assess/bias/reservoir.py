"""A random sample of the rows of a table whose length nobody knows yet."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp, floor, log
from random import Random

from agent.assess.bias.columns import ColumnTexts
from agent.assess.tables import Batch

__all__ = ["RowSample"]

_MOST_CELLS = 400_000
_LEAST_ROWS = 1_000
_LONGEST = 200


class RowSample:
    """Every row is kept with the same probability (reservoir sampling).

    Li's algorithm L (ACM Transactions on Mathematical Software 20, 1994): most rows are skipped without a look.

    Parameters
    ----------
    most
        Rows, in tables of up to 20 columns; wider ones give fewer, down to 1,000, to keep cells at about 400,000.
        Cells are cut to 200 characters.
    seed
        The same table gives the same sample.
    """

    def __init__(self, texts: ColumnTexts, most: int = 20_000, seed: int = 0) -> None:
        self._texts = texts
        self._most = most
        self._random = Random(seed)
        self._columns: dict[str, int] = {}
        self._kept: list[tuple[str, ...]] = []
        self._seen = self._next = 0
        self._weight = 1.0

    @property
    def columns(self) -> tuple[str, ...]:
        """In order of appearance."""
        return tuple(self._columns)

    @property
    def seen(self) -> int:
        """Rows that the sample is drawn from."""
        return self._seen

    def __len__(self) -> int:
        return len(self._kept)

    def observe(self, batch: Batch) -> None:
        """Take rows in."""
        if not self._columns:
            self._most = max(min(self._most, _LEAST_ROWS), min(self._most, _MOST_CELLS // max(1, len(batch.columns))))
        for column in batch.columns:
            self._columns.setdefault(column, len(self._columns))
        texts = [self._texts.of(batch, column) for column in self._columns]
        for place, row in self._chosen(len(batch.rows)):
            kept = tuple(cells[row][:_LONGEST] for cells in texts)
            self._kept[place : place + 1] = [kept]

    def column(self, name: str) -> list[str]:
        """The cells of a column in all rows of the sample; empty in rows that came before the column did."""
        place = self._columns[name]
        return [row[place] if place < len(row) else "" for row in self._kept]

    def _chosen(self, count: int) -> Iterator[tuple[int, int]]:
        """For the next `count` rows those that are kept: the place in the sample, and the number in the batch."""
        first, end = self._seen, self._seen + count
        self._seen = end
        while self._next < end:
            row = self._next
            if row < self._most:
                place = row
                self._next += 1
                if self._next == self._most:
                    self._skip()
            else:
                place = self._random.randrange(self._most)
                self._next += 1
                self._skip()
            yield place, row - first

    def _skip(self) -> None:
        self._weight *= exp(log(1.0 - self._random.random()) / self._most)
        # 1 - weight may round to 1 only after more rows than any table has.
        self._next += floor(log(1.0 - self._random.random()) / log(1.0 - self._weight))
