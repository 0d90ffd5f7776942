"""Who is in a table: shares of groups and of intersections, beside those of the population it should stand for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import log
from typing import Any

from agent.assess.bias.columns import ABSENT, BEYOND, MOST_VALUES
from agent.assess.bias.groups import Attributes, Cells
from agent.assess.bias.reference import Reference
from agent.assess.bias.significance import LEVEL, Association, goodness_of_fit
from agent.assess.groups_shown import LEAST_COMPARED, LEAST_NAMED, MOST_COMPARED, MOST_NAMED, largest
from agent.assess.tables import Batch
from agent.significance import holm
from agent.windows.bounded import joined_name
from agent.windows.intervals import wilson, z_value

__all__ = ["Representation", "evenness", "imbalance_ratio"]

_CONFIDENCE = 0.95


class Representation:
    """Counts rows by attribute and by intersection, exactly, among rows that say their group.

    Intervals of the shares of an attribute hold together with 95 %: Goodman's (Technometrics 7, 1965) with one degree
    of freedom at level 1 - 0.05 / groups, which is Wilson's interval with Bonferroni's correction. They say how far the
    share of the source may lie from that of these rows, if they were drawn independently.
    """

    key = "representation"

    def __init__(self, attributes: Attributes, reference: Reference | None = None) -> None:
        self._attributes = attributes
        self._reference: Reference = reference or {}
        self._cells: dict[str, Cells] = {name: Counter() for name in attributes.names}
        self._rows = 0

    def observe(self, batch: Batch) -> None:
        self._rows += len(batch.rows)
        self._attributes.count(self._cells, batch)

    def figures(self) -> dict[str, Any]:
        rows = {name: self._attributes.group_rows(name, cells) for name, cells in self._cells.items()}
        tests = {name: self._test(name, rows[name]) for name in rows}
        made = {name: test for name, test in tests.items() if test is not None}
        adjusted = dict(zip(made, holm([test.p for test in made.values()]), strict=True))
        found = {
            name: self._attribute(name, rows[name]) | {"test": _test_figures(tests[name], adjusted.get(name))}
            for name in rows
        }
        single = self._attributes.single
        return {
            "exact": True,
            "least_rows": LEAST_NAMED,
            "groups_kept_apart": MOST_VALUES,
            "confidence": _CONFIDENCE,
            "tests": len(made),
            "by_attribute": {name: found[name] for name in single},
            "intersections": {
                name: found[name] | {"rare": self._rare(name, rows)} for name in found if name not in single
            },
        }

    def _test(self, name: str, rows: Mapping[str, int]) -> Association | None:
        shares = self._reference.get(name)
        counts = [rows.get(group, 0) for group in shares or ()]
        return goodness_of_fit(counts, list(shares.values())) if shares and sum(counts) else None

    def _attribute(self, name: str, rows: Mapping[str, int]) -> dict[str, Any]:
        shares = self._reference.get(name)
        known = sum(rows.values())
        later = sum(count for cell, count in self._cells[name].items() if BEYOND in cell and ABSENT not in cell)
        covered = known if shares is None else sum(rows.get(group, 0) for group in shares)
        named = largest(rows, MOST_NAMED, LEAST_NAMED)
        # Groups that the population has and the table lacks are what representation is about.
        groups = [*named, *(group for group in shares or () if group not in named)][: 2 * MOST_NAMED]
        z = z_value(_CONFIDENCE, max(1, len(groups)))
        by_group = {
            group: _group(rows.get(group, 0), known, covered, shares.get(group) if shares else None, z)
            for group in groups
        }
        counts = [rows[group] for group in named]
        return {
            "rows": known,
            "rows_without_group": self._rows - known - later,
            "rows_of_later_groups": later,
            "rows_outside_reference": None if shares is None else known - covered,
            "groups": by_group,
            "other_rows": known - sum(counts),
            "evenness": evenness(counts),
            "imbalance_ratio": imbalance_ratio(counts),
        }

    def _rare(self, name: str, rows: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
        """Pairs of groups that would have many rows were the attributes independent, and have hardly any."""
        one, two = (part.column for part in self._attributes.parts(name))
        known = sum(rows[name].values())
        of_one, of_two = sum(rows[one].values()), sum(rows[two].values())
        found = [
            {"group": joined, "rows_if_independent": expected, "fewer_than": LEAST_NAMED}
            for first in largest(rows[one], MOST_COMPARED, LEAST_NAMED)
            for second in largest(rows[two], MOST_COMPARED, LEAST_NAMED)
            if (expected := known * (rows[one][first] / of_one) * (rows[two][second] / of_two)) >= LEAST_COMPARED
            and rows[name].get(joined := joined_name((first, second)), 0) < LEAST_NAMED
        ]
        return sorted(found, key=lambda part: -part["rows_if_independent"])


def evenness(counts: Sequence[int]) -> float | None:
    """Entropy over that of equal shares (Pielou, Journal of Theoretical Biology 13, 1966): 1 is even, 0 all in one.

    None for fewer than two groups.
    """
    total = sum(counts)
    if len(counts) < 2 or not total:
        return None
    entropy = -sum(count / total * log(count / total) for count in counts if count)
    return max(0.0, min(1.0, entropy / log(len(counts))))


def imbalance_ratio(counts: Sequence[int]) -> float | None:
    """Rows of the largest group for each one of the smallest; None for fewer than two groups."""
    return max(counts) / min(counts) if len(counts) > 1 and min(counts) else None


def _group(count: int, known: int, covered: int, expected: float | None, z: float) -> dict[str, Any]:
    few = count < LEAST_NAMED
    share = count / known if known else 0.0
    found: dict[str, Any] = {
        "rows": None if few else count,
        "share": {"value": None, "interval": [0.0, 1.0]}
        if few
        else {"value": share, "interval": list(wilson(share, known, z))},
    }
    if few:
        found["fewer_than"] = LEAST_NAMED
    if expected is not None:
        among = count / covered if covered else 0.0
        low, high = wilson(among, covered, z)
        known_ratio = expected > 0.0 and not few
        found["expected_share"] = expected
        found["ratio"] = among / expected if known_ratio else None
        found["ratio_interval"] = [low / expected, high / expected] if known_ratio else None
    return found


def _test_figures(test: Association | None, adjusted: float | None) -> dict[str, Any] | None:
    if test is None or adjusted is None:
        return None
    return {
        "statistic": test.statistic,
        "freedom": test.freedom,
        "p": test.p,
        "p_adjusted": adjusted,
        "significant": adjusted < LEVEL,
        "cohens_w": test.v,
    }
