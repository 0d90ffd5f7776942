"""Protected attributes and their intersections, counted by whatever goes with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations

from agent.assess.bias.columns import FIRST_NAMED, CodedColumn, ColumnTexts
from agent.assess.tables import Batch
from agent.windows.bias import JOINED

__all__ = ["COMPARED", "LEAST_COMPARED", "LEAST_ROWS", "Attributes", "Cells", "largest"]

LEAST_ROWS = 10
"""Smaller groups are not named: a rare value may itself be a person's."""
LEAST_COMPARED = 30
"""Smaller groups are not compared with others, as with live decisions."""
COMPARED = 12
"""So many groups of an attribute are compared, the largest; of an intersection twice as many."""

_MOST_INTERSECTIONS = 15

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
        self._pairs = {
            JOINED.join(pair): pair for pair in list(combinations(protected, 2))[:_MOST_INTERSECTIONS]
        }  # fmt: skip
        self.names = (*self.single, *self._pairs)

    def parts(self, name: str) -> tuple[CodedColumn, ...]:
        """The columns of an attribute or of an intersection."""
        return tuple(self.single[column] for column in self._pairs.get(name, (name,)))

    def is_intersection(self, name: str) -> bool:
        """Whether the name is that of two attributes."""
        return name in self._pairs

    def count(self, cells: Mapping[str, Cells], batch: Batch, *more: Sequence[int]) -> None:
        """Count each row, in each attribute and intersection that `cells` has, by its group and `more` codes."""
        for name, found in cells.items():
            found.update(zip(*(part.of(batch) for part in self.parts(name)), *more, strict=True))

    def label(self, name: str, cell: Sequence[int]) -> str | None:
        """The name of a group; None where the row has none of its own in one of the attributes."""
        parts = self.parts(name)
        if any(code < FIRST_NAMED for code in cell[: len(parts)]):
            return None
        return JOINED.join(part.names[code - FIRST_NAMED] for part, code in zip(parts, cell, strict=False))

    def group_rows(self, name: str, cells: Cells) -> dict[str, int]:
        """Rows of each group that has a name; the largest first."""
        width = len(self.parts(name))
        found: Counter[str] = Counter()
        for cell, count in cells.items():
            group = self.label(name, cell[:width])
            if group is not None:
                found[group] += count
        return dict(found.most_common())


def largest(rows: Mapping[str, int], most: int, least: int) -> list[str]:
    """The names of at most `most` groups of at least `least` rows, from the largest on."""
    ranked = sorted(rows, key=lambda name: (-rows[name], name))
    return [name for name in ranked[:most] if rows[name] >= least]
