"""Sizes of the groups of protected attributes, and how often the label is positive in each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from agent.assess.bias.columns import ColumnTexts
from agent.assess.groups_shown import LEAST_NAMED, MOST_NAMED
from agent.assess.positive import PositiveLabel
from agent.assess.sensitivity import share_of
from agent.assess.tables import Batch

__all__ = ["Groups"]

_MOST_VALUES = 10_000


class Groups:
    """Counts rows by protected attribute, and positives among those that have a label.

    At most 50 groups of each attribute are named, the largest, none with fewer than 10 rows; all others are counted
    together, as are values that come up only after 10,000 others. Without ``positive`` the usual one of two labels is
    taken, see `PositiveLabel`; where there is none there are no rates.
    """

    key = "groups"

    def __init__(
        self,
        texts: ColumnTexts,
        protected: Sequence[str],
        label: str | None = None,
        positive: str | None = None,
    ) -> None:
        self._texts = texts
        self._protected = tuple(protected)
        self._label = label
        self._positive = PositiveLabel(positive)
        self._rows: dict[str, Counter[str]] = {column: Counter() for column in protected}
        self._labelled: dict[str, Counter[str]] = {column: Counter() for column in protected}
        self._positives: dict[str, Counter[str]] = {column: Counter() for column in protected}
        self._overall = [0, 0]

    def observe(self, batch: Batch) -> None:
        labels = [""] * len(batch.rows) if self._label is None else self._texts.of(batch, self._label)
        hits = list(map(self._positive.holds, labels))
        self._overall[0] += sum(map(bool, labels))
        self._overall[1] += sum(hits)
        for column in self._protected:
            rows, labelled, positives = self._rows[column], self._labelled[column], self._positives[column]
            for group, label, hit in zip(self._texts.of(batch, column), labels, hits, strict=True):
                if group not in rows and len(rows) >= _MOST_VALUES:
                    group = ""
                rows[group] += 1
                if label:
                    labelled[group] += 1
                    positives[group] += hit

    @property
    def positives(self) -> int:
        """Rows with the positive label."""
        return self._overall[1]

    def figures(self) -> dict[str, Any]:
        found: dict[str, Any] = {"least_rows": LEAST_NAMED}
        if self._positive.value is not None:
            found |= {
                "positive": self._positive.value if self.positives >= LEAST_NAMED else None,
                "positive_assumed": self._positive.assumed,
                "positive_rate": share_of(self._overall[1], self._overall[0]),
            }
        return found | {"by_attribute": {column: self._attribute(column) for column in self._protected}}

    def _attribute(self, column: str) -> dict[str, Any]:
        counts = self._rows[column]
        total = counts.total()
        named = [group for group, count in counts.most_common(MOST_NAMED) if group and count >= LEAST_NAMED]
        others = counts.keys() - set(named)
        return {
            "by_group": {group: self._group(column, [group], total) for group in named},
            "other": self._group(column, sorted(others), total),
        }

    def _group(self, column: str, groups: Sequence[str], total: int) -> dict[str, Any]:
        rows = sum(self._rows[column][group] for group in groups)
        found = {"rows": rows, "share": share_of(rows, total)}
        if self._positive.value is not None:
            labelled = sum(self._labelled[column][group] for group in groups)
            found["positive_rate"] = share_of(sum(self._positives[column][group] for group in groups), labelled)
        return found
