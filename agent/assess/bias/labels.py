"""What is said of whom: how labels are spread, and how far the groups differ in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from agent.assess.bias.columns import ABSENT, BEYOND, FIRST_NAMED, CodedColumn, ColumnTexts
from agent.assess.bias.groups import Attributes, Cells
from agent.assess.bias.representation import evenness, imbalance_ratio
from agent.assess.bias.significance import LEVEL, Association, association
from agent.assess.disparity_figures import disparity_figures, most_compared
from agent.assess.groups_shown import LEAST_COMPARED, LEAST_NAMED, MOST_NAMED, largest
from agent.assess.positive import PositiveLabel
from agent.assess.tables import Batch
from agent.significance import holm
from agent.windows.disparity import measure
from agent.windows.groups import SLOTS, GroupCounts
from agent.windows.intervals import wilson, z_value

__all__ = ["Labels", "group_counts"]

_MEASURES = ("spd", "dir")
_CONFIDENCE = 0.95
_NEGATIVE, _POSITIVE = 1, 2
_LABEL_CELLS = 2


class Labels:
    """Counts labels by attribute and intersection, exactly.

    The disparities are those of live decisions (`agent.windows.disparity`), with the label in the place of the
    decision: same values, same simultaneous intervals, over all attributes and intersections. Compared are the largest
    groups of at least 30 labelled rows.

    Parameters
    ----------
    label
        Its column. 200 values are kept apart; a numeric target has more: its rest is counted as one, and its
        independence of the groups is not tested.
    positive
        The value in favour of a person. Without it the usual one of two labels is taken, see `PositiveLabel`; where
        there is none there are no disparities, since no direction is better.
    """

    key = "labels"

    def __init__(self, texts: ColumnTexts, attributes: Attributes, label: str, positive: str | None = None) -> None:
        self._attributes = attributes
        self._texts = texts
        self._positive = PositiveLabel(positive)
        self._positive_rows = 0
        self._label = CodedColumn(texts, label, known=() if positive is None else (positive,))
        self._classes: Counter[int] = Counter()
        # Of intersections only whether the label is positive, which keeps their number of cells bounded.
        self._by_class: dict[str, Cells] = {name: Counter() for name in attributes.single}
        self._by_outcome: dict[str, Cells] = {name: Counter() for name in attributes.names}

    def observe(self, batch: Batch) -> None:
        codes = self._label.of(batch)
        self._classes.update(codes)
        self._attributes.count(self._by_class, batch, codes)
        if not self._positive.ruled_out:
            holds = self._positive.holds
            outcomes = [
                (_POSITIVE if holds(text) else _NEGATIVE) if text else ABSENT
                for text in self._texts.of(batch, self._label.column)
            ]
            self._positive_rows += outcomes.count(_POSITIVE)
            self._attributes.count(self._by_outcome, batch, outcomes)

    def figures(self) -> dict[str, Any]:
        found = {
            "exact": True,
            "least_rows": LEAST_COMPARED,
            "confidence": _CONFIDENCE,
            "classes": self._class_figures(),
            "tests": self._tests(),
        }
        if self._positive.value is None or (self._positive.assumed and not self._by_outcome):
            return found  # nothing need be assumed where there are no groups
        return found | {"disparities": self._disparities()}

    def _class_figures(self) -> dict[str, Any]:
        rows = {
            name: self._classes[code]
            for code, name in enumerate(self._label.names, FIRST_NAMED)
            if self._classes[code]
        }  # fmt: skip
        labelled = self._classes.total() - self._classes[ABSENT]
        named = largest(rows, MOST_NAMED, LEAST_NAMED)
        z = z_value(_CONFIDENCE, max(1, len(named)))
        counts = [rows[name] for name in named]
        return {
            "rows": labelled,
            "rows_without_label": self._classes[ABSENT],
            "by_class": {
                name: {
                    "rows": rows[name],
                    "share": {
                        "value": rows[name] / labelled,
                        "interval": list(wilson(rows[name] / labelled, labelled, z)),
                    },
                }
                for name in named
            },
            "other_rows": labelled - sum(counts),
            "evenness": evenness(counts),
            "imbalance_ratio": imbalance_ratio(counts),
        }

    def _tests(self) -> dict[str, Any]:
        if self._classes[BEYOND]:
            # A number, or a text: which values came first is no class.
            return {}
        found = {name: self._association(name, cells) for name, cells in self._by_class.items()}
        made = {name: test for name, test in found.items() if test.freedom}
        adjusted = holm([test.p for test in made.values()])
        return {
            name: {
                "cramers_v": test.v,
                "statistic": test.statistic,
                "freedom": test.freedom,
                "p": test.p,
                "p_adjusted": p,
                "significant": p < LEVEL,
            }
            for (name, test), p in zip(made.items(), adjusted, strict=True)
        }

    def _association(self, name: str, cells: Cells) -> Association:
        """Of groups and classes of the label, both large enough for the test, the smaller classes pooled."""
        labelled = Counter({cell: count for cell, count in cells.items() if cell[-1] != ABSENT})
        groups = _compared(self._attributes, name, labelled)
        total = sum(count for cell, count in labelled.items() if self._attributes.label(name, cell) in groups)
        classes: Counter[int] = Counter()
        for (group, label), count in labelled.items():
            if self._attributes.label(name, (group,)) in groups:
                classes[label] += count
        smallest = min(groups.values(), default=0)
        # Every cell shall expect 5 rows or more.
        kept = {
            label: place
            for place, label in enumerate(label for label, rows in classes.items() if rows * smallest >= 5 * total)
        }
        table = np.zeros((len(groups), len(kept) + 1), dtype=np.int64)
        places = {group: place for place, group in enumerate(groups)}
        for (group, label), count in labelled.items():
            place = places.get(self._attributes.label(name, (group,)) or "")
            if place is not None:
                table[place, kept.get(label, len(kept))] += count
        if int(table[:, -1].sum()) * smallest < 5 * total:
            table = table[:, :-1]
        return association(table)

    def _disparities(self) -> dict[str, Any]:
        by_attribute = {
            name: group_counts(self._attributes, name, cells, _POSITIVE, ABSENT)
            for name, cells in self._by_outcome.items()
        }
        found = measure(by_attribute, LEAST_COMPARED)
        single = self._attributes.single
        parts = {part.attribute: disparity_figures(part, _MEASURES) for part in found.attributes}
        return {
            "positive": self._positive.value if self._positive_rows >= LEAST_NAMED else None,
            "positive_assumed": self._positive.assumed,
            "p_bias": {
                "value": found.component.value,
                "interval": [found.component.lower, found.component.upper],
                "sufficient": found.component.sufficient,
            },
            "by_attribute": {name: parts[name] for name in single},
            "intersections": {name: part for name, part in parts.items() if name not in single},
        }


def _compared(attributes: Attributes, name: str, cells: Cells) -> dict[str, int]:
    """Rows of the groups that are compared: the largest, as many as live decisions have, of at least 30 rows."""
    rows = attributes.group_rows(name, cells)
    return {group: rows[group] for group in most_compared(rows, len(attributes.parts(name)))}


def group_counts(attributes: Attributes, name: str, cells: Cells, hit: int, unknown: int) -> Sequence[GroupCounts]:
    """The groups that are compared, as `measure` takes them.

    Parameters
    ----------
    cells
        Codes of the group, then a code that is `hit`, `unknown`, or anything else.
    """
    known = Counter({cell: count for cell, count in cells.items() if cell[-1] != unknown})
    hits = attributes.group_rows(name, Counter({cell: count for cell, count in known.items() if cell[-1] == hit}))
    found = []
    for group, rows in _compared(attributes, name, known).items():
        numbers = [0.0] * SLOTS
        positive = float(hits.get(group, 0))
        # Of decisions without a label: the sums of weights and of their squares, which are equal as all weights are 1.
        numbers[0] = numbers[1] = rows - positive
        numbers[2] = numbers[3] = positive
        found.append(GroupCounts(group, numbers))
    return found
