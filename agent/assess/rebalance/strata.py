"""Rows counted by group and label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from agent.assess.cells import cell_text
from agent.assess.groups_shown import LEAST_NAMED, largest
from agent.assess.positive import PositiveLabel
from agent.assess.rebalance.readings import table_changed
from agent.assess.tables import Batch, Row
from agent.errors import ConfigError, DataError, legible

__all__ = ["MOST_GROUPS", "Strata", "Stratum", "sizes"]

#: More groups are no groups of people, but identifiers.
MOST_GROUPS: Final = 1000
_MOST_LABELS: Final = 200
_MOST_OFFERED: Final = 5
_LONGEST_OFFERED: Final = 40


class Stratum(NamedTuple):
    """The number of a group, in order of appearance, and whether the label is the positive one."""

    group: int
    positive: bool


class Strata:
    """Counts rows by group (intersection of the protected attributes) and label.

    A missing cell of a protected attribute is a value like any other.

    Attributes
    ----------
    groups
        The values of each group, in the order of the attributes.
    counts
        Rows by stratum.
    """

    def __init__(self, protected: Sequence[str], label: str, positive: str | None) -> None:
        self._protected = tuple(protected)
        self._label, self._positive = label, PositiveLabel(positive)
        self._numbers: dict[tuple[str, ...], int] = {}
        self._unlabelled = 0
        #: Without a name of the positive one: rows by label, of the first that come up.
        self._labels: Counter[str] = Counter()
        self.counts: Counter[Stratum] = Counter()

    @property
    def groups(self) -> list[tuple[str, ...]]:
        return list(self._numbers)

    @property
    def rows(self) -> int:
        return self.counts.total()

    def observe(self, batch: Batch) -> list[Stratum]:
        """Count the rows; gives the stratum of each.

        Raises
        ------
        DataError
            With more than `MOST_GROUPS` groups.
        """
        places = []
        for row in batch.rows:
            label = cell_text(row.get(self._label))
            self._unlabelled += not label
            if self._positive.assumed and (label in self._labels or len(self._labels) < _MOST_LABELS):
                self._labels[label] += 1
            values = self._values(row)
            number = self._numbers.setdefault(values, len(self._numbers))
            if number >= MOST_GROUPS:
                raise DataError(
                    f"--protected {' '.join(self._protected)}: more than {MOST_GROUPS} groups; "
                    "name attributes of few values, or generalise them first"
                )
            places.append(Stratum(number, self._positive.holds(label)))
        self.counts.update(places)
        return places

    def places(self, batch: Batch) -> list[Stratum]:
        """The strata of rows that have been counted before.

        Raises
        ------
        DataError
            For a group that had no such rows.
        """
        found = [
            Stratum(self._numbers.get(self._values(row), -1), self._positive.holds(cell_text(row.get(self._label))))
            for row in batch.rows
        ]
        if any(place not in self.counts for place in found):
            raise table_changed()
        return found

    def check(self, *, complete: bool) -> None:
        """Whether there is anything to compare, and with ``complete`` anything to weigh.

        Raises
        ------
        ConfigError
            When no row has the positive label, or it was not named and none can be assumed.
        DataError
            When rows have no label, all have the positive one, there is one group only; with ``complete`` also when
            a group lacks rows of either label. Groups are not named: a small one may be a person.
        """
        if self._unlabelled:
            raise DataError(
                f"{self._unlabelled} of {self.rows} rows have no label in column {self._label!r}; "
                "fill it in, or leave them out"
            )
        if self._positive.value is None:
            raise ConfigError(
                f"--rebalance: no value of column {self._label!r} is known to be in a person's favour; "
                f"give --positive{self._offered()}"
            )
        positives = sum(count for place, count in self.counts.items() if place.positive)
        if not positives:
            raise ConfigError(f"--positive: no row of column {self._label!r} has this value")
        if positives == self.rows:
            raise DataError(
                f"every row of column {self._label!r} has the positive label: there is nothing to rebalance"
            )
        if len(self._numbers) < 2:
            raise DataError(f"--protected {' '.join(self._protected)}: one group only, so nothing to rebalance")
        for positive, word in ((True, "with"), (False, "without")):
            lacking = sum((number, positive) not in self.counts for number in range(len(self._numbers)))
            if complete and lacking:
                raise DataError(
                    f"{lacking} of {len(self._numbers)} groups of {' x '.join(self._protected)} have no row {word} the "
                    "positive label, so their rate cannot be changed; combine small groups, or name fewer attributes"
                )

    def _offered(self) -> str:
        """Labels to choose from: a few of those that reports name as well."""
        names = largest(self._labels, _MOST_OFFERED, LEAST_NAMED)
        if not names:
            return f" (no value has {LEAST_NAMED} rows, and rarer ones are not named)"
        more = ", ..." if len(names) < len(self._labels) else ""
        return f", one of {', '.join(repr(legible(name, _LONGEST_OFFERED)) for name in names)}{more}"

    def _values(self, row: Row) -> tuple[str, ...]:
        return tuple([cell_text(row.get(column)) for column in self._protected])


def sizes(counts: Mapping[Stratum, int]) -> tuple[Counter[int], Counter[bool]]:
    """Rows by group, and by label."""
    groups: Counter[int] = Counter()
    labels: Counter[bool] = Counter()
    for place, count in counts.items():
        groups[place.group] += count
        labels[place.positive] += count
    return groups, labels
