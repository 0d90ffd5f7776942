"""Whose data are missing: the rate of missing cells in each column, by group."""

from __future__ import annotations

from collections import Counter
from typing import Any

from agent.assess.bias.columns import ColumnTexts, is_missing
from agent.assess.bias.groups import Attributes, Cells
from agent.assess.bias.labels import group_counts
from agent.assess.groups_shown import LEAST_COMPARED
from agent.assess.tables import Batch
from agent.windows.disparity import measure

__all__ = ["MissingValues"]

_HIT, _NEVER = 1, -1
_CONFIDENCE = 0.95
_MOST_SHOWN = 100


class MissingValues:
    """Counts missing cells by column and by group of each attribute, exactly; intersections are left out.

    Missing is an empty cell, and what tools write in its place (`MISSING_WORDS`). The differences are those of
    `agent.windows.disparity`: simultaneous 95 % intervals over all pairs of groups, of all attributes, in all columns
    that miss anything.
    """

    key = "missing_values"

    def __init__(self, texts: ColumnTexts, attributes: Attributes) -> None:
        self._texts = texts
        self._attributes = attributes
        self._rows = 0
        self._missing: Counter[str] = Counter()
        self._all: dict[str, Cells] = {name: Counter() for name in attributes.single}
        self._by_column: dict[str, dict[str, Cells]] = {}

    def observe(self, batch: Batch) -> None:
        for column in batch.columns:
            if column not in self._missing:
                # Rows of JSON Lines that came before the column did lack it too.
                self._missing[column] = self._rows
                self._by_column[column] = {name: Counter(cells) for name, cells in self._all.items() if name != column}
        self._attributes.count(self._all, batch)
        self._rows += len(batch.rows)
        for column, cells in self._by_column.items():
            places = [place for place, text in enumerate(self._texts.of(batch, column)) if is_missing(text)]
            if places:
                self._missing[column] += len(places)
                for name, found in cells.items():
                    codes = self._attributes.single[name].of(batch)
                    found.update((codes[place],) for place in places)

    def figures(self) -> dict[str, Any]:
        families = {
            (column, name): group_counts(self._attributes, name, self._cells(name, missing), _HIT, _NEVER)
            for column, by_attribute in self._by_column.items()
            if self._missing[column]
            for name, missing in by_attribute.items()
        }
        keys = {f"{place}": key for place, key in enumerate(families)}
        found = measure({place: families[key] for place, key in keys.items()}, LEAST_COMPARED)
        gaps: list[dict[str, Any]] = [
            {
                "column": keys[part.attribute][0],
                "attribute": keys[part.attribute][1],
                "difference": {"value": one.value, "interval": [one.lower, one.upper]},
                "most_missing": one.favoured,
                "least_missing": one.disfavoured,
                "rates": {
                    rate.group: {"rows": round(rate.count), "value": rate.rate, "interval": [rate.lower, rate.upper]}
                    for rate in part.groups
                },
                "significant": one.lower > 0.0,
            }
            for part in found.attributes
            for one in part.disparities
            if one.measure == "spd"
        ]
        gaps.sort(key=lambda gap: (-gap["difference"]["interval"][0], -gap["difference"]["value"]))
        return {
            "exact": True,
            "least_rows": LEAST_COMPARED,
            "confidence": _CONFIDENCE,
            "columns": {
                column: {"missing": missing, "share": missing / self._rows} for column, missing in self._missing.items()
            },
            "gaps": gaps[:_MOST_SHOWN],
            "gaps_in_all": len(gaps),
        }

    def _cells(self, name: str, missing: Cells) -> Cells:
        """All cells of a column, by group and by whether they are missing."""
        cells: Cells = Counter({(*group, 0): count for group, count in (self._all[name] - missing).items()})
        cells.update({(*group, _HIT): count for group, count in missing.items()})
        return cells
