"""The exact counts behind a release, with no unit counted for more rows than the plan allows."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from agent.assess.cells import cell_text
from agent.assess.dp.contributions import UnitQuota
from agent.assess.dp.plan import OUTCOMES, ReleasePlan
from agent.assess.positive import PositiveLabel
from agent.assess.scanning import RowScanner
from agent.assess.tables import Batch, Row

__all__ = ["Tally"]


class Tally:
    """Counts what the plan's queries ask for. The counts are exact and must not be shown.

    Each row counts in the cells that `ReleasePlan.queries` says it may, whatever it holds: in one of ``rows``, in one
    of each ``group:`` or ``label``, in up to all of ``types``.
    """

    def __init__(self, plan: ReleasePlan, scanner: RowScanner) -> None:
        self._plan = plan
        self._scanner = scanner
        self._positive = None if plan.positive is None else PositiveLabel(plan.positive)
        self._quota = None if plan.unit is None else UnitQuota(plan.rows_per_unit)
        self._types = {kind: place for place, kind in enumerate(plan.types)}
        self._groups = {
            column: {name: place for place, name in enumerate(names)} for column, names in plan.groups.items()
        }
        self.counts: dict[str, list[int]] = {query.name: [0] * query.cells for query in plan.queries}

    def observe(self, batch: Batch) -> None:
        """Take the rows in."""
        for row in self._counted(batch.rows):
            types = self._scanner.types_by_column(row).values()
            self._count(row, frozenset().union(*types))

    def _counted(self, rows: Sequence[Row]) -> Sequence[Row]:
        if self._quota is None or self._plan.unit is None:
            return rows
        units = [cell_text(row.get(self._plan.unit)) for row in rows]
        return [row for row, admitted in zip(rows, self._quota.admitted(units), strict=True) if admitted]

    def _count(self, row: Row, types: Collection[str]) -> None:
        self.counts["rows"][0 if types else 1] += 1
        for kind in types:
            self.counts["types"][self._types[kind]] += 1
        outcome, width = 0, 1
        if self._plan.label is not None:
            outcome, width = self._outcome(cell_text(row.get(self._plan.label))), len(OUTCOMES)
        for column, places in self._groups.items():
            place = places.get(cell_text(row.get(column)), len(places))
            self.counts[f"group:{column}"][place * width + outcome] += 1
        if "label" in self.counts:
            self.counts["label"][outcome] += 1

    def _outcome(self, label: str) -> int:
        if not label:
            return OUTCOMES.index("unlabelled")
        positive = self._positive is not None and self._positive.holds(label)
        return OUTCOMES.index("positive" if positive else "negative")
