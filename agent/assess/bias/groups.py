"""Protected attributes and their intersections, counted by whatever goes with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations

from agent.assess.bias.columns import FIRST_NAMED, CodedColumn, ColumnTexts
from agent.assess.tables import Batch
from agent.windows.bounded import JOINED, joined_name

__all__ = ["Attributes", "Cells"]

_MOST_PAIRED = 6

Cells = Counter[tuple[int, ...]]


class Attributes:
    """The protected attributes of a table, with the intersections of every two of them.

    Of each attribute 200 groups are kept apart, in the order in which they come up. Of the first six attributes all
    pairs are looked at, of further ones none.

    Attributes
    ----------
    single
        Attribute to its column.
    names
        Of attributes, and of intersections by the names of their attributes joined by ``+``.
    """

    def __init__(self, texts: ColumnTexts, protected: Sequence[str]) -> None:
        self.single = {column: CodedColumn(texts, column) for column in protected}
        self._pairs = {JOINED.join(pair): pair for pair in combinations(protected[:_MOST_PAIRED], 2)}
        self.names = (*self.single, *self._pairs)

    def parts(self, name: str) -> tuple[CodedColumn, ...]:
        """The columns of an attribute or of an intersection."""
        return tuple(self.single[column] for column in self._pairs.get(name, (name,)))

    def count(self, cells: Mapping[str, Cells], batch: Batch, *more: Sequence[int]) -> None:
        """Count each row, in each attribute and intersection that `cells` has, by its group and `more` codes."""
        for name, found in cells.items():
            found.update(zip(*(part.of(batch) for part in self.parts(name)), *more, strict=True))

    def label(self, name: str, cell: Sequence[int]) -> str | None:
        """The name of a group; None where the row has none of its own in one of the attributes."""
        parts = self.parts(name)
        if any(code < FIRST_NAMED for code in cell[: len(parts)]):
            return None
        return joined_name([part.names[code - FIRST_NAMED] for part, code in zip(parts, cell, strict=False)])

    def group_rows(self, name: str, cells: Cells) -> dict[str, int]:
        """Rows of each group that has a name; the largest first."""
        width = len(self.parts(name))
        found: Counter[str] = Counter()
        for cell, count in cells.items():
            group = self.label(name, cell[:width])
            if group is not None:
                found[group] += count
        return dict(found.most_common())
