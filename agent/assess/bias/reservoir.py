"""A random sample of the rows of a table whose length nobody knows yet."""

from __future__ import annotations

from random import Random

from agent.assess.bias.columns import ColumnTexts
from agent.assess.tables import Batch

__all__ = ["RowSample"]

_MOST_CELLS = 400_000
_LEAST_ROWS = 1_000
_LONGEST = 200


class RowSample:
    """Every row is kept with the same probability (reservoir sampling; Vitter's algorithm R, 1985).

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
        self._seen = 0

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
        for column in batch.columns:
            self._columns.setdefault(column, len(self._columns))
        self._most = max(min(self._most, _LEAST_ROWS), min(self._most, _MOST_CELLS // max(1, len(self._columns))))
        if len(self._kept) > self._most:
            # JSON Lines have got wider. A random part of a random sample is one too.
            self._kept = self._random.sample(self._kept, self._most)
        texts = [self._texts.of(batch, column) for column in self._columns]
        for row in range(len(batch.rows)):
            self._seen += 1
            place = len(self._kept)
            if place >= self._most:
                place = int(self._random.random() * self._seen)
            if place < self._most:
                self._kept[place : place + 1] = [tuple(cells[row][:_LONGEST] for cells in texts)]

    def column(self, name: str) -> list[str]:
        """The cells of a column in all rows of the sample; empty in rows that came before the column did."""
        place = self._columns[name]
        return [row[place] if place < len(row) else "" for row in self._kept]
