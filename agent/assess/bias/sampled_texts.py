"""The cells of a random sample of the rows, as texts."""

from __future__ import annotations

from random import Random

from agent.assess.bias.columns import ColumnTexts
from agent.assess.sampling import Reservoir
from agent.assess.tables import Batch

__all__ = ["SampledTexts"]

_MOST_CELLS = 400_000
_LEAST_ROWS = 1_000
_LONGEST = 200


class SampledTexts:
    """Every row is kept with the same probability, see `agent.assess.sampling.Reservoir`.

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
        self._rows: Reservoir[tuple[str, ...]] = Reservoir(most, Random(seed))
        self._least = min(most, _LEAST_ROWS)
        self._columns: dict[str, int] = {}

    @property
    def columns(self) -> tuple[str, ...]:
        """In order of appearance."""
        return tuple(self._columns)

    @property
    def seen(self) -> int:
        """Rows that the sample is drawn from."""
        return self._rows.seen

    def __len__(self) -> int:
        return len(self._rows.kept)

    def observe(self, batch: Batch) -> None:
        """Take rows in."""
        for column in batch.columns:
            self._columns.setdefault(column, len(self._columns))
        # JSON Lines may get wider.
        self._rows.shrink(max(self._least, _MOST_CELLS // max(1, len(self._columns))))
        texts = [self._texts.of(batch, column) for column in self._columns]
        self._rows.add(range(len(batch.rows)), lambda row: tuple([cells[row][:_LONGEST] for cells in texts]))

    def column(self, name: str) -> list[str]:
        """The cells of a column in all rows of the sample; empty in rows that came before the column did."""
        place = self._columns[name]
        return [row[place] if place < len(row) else "" for row in self._rows.kept]
