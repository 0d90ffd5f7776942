"""Noise on the counts, and figures out of the noisy counts alone: nothing below `draw` has seen an exact one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from agent.assess.dp.accuracy import accuracy
from agent.assess.dp.mechanism import CountMechanism, opendp_version
from agent.assess.dp.plan import OUTCOMES, ReleasePlan
from agent.windows.intervals import wilson, z_value

__all__ = ["CONFIDENCE", "Release"]

CONFIDENCE = 0.95
_ALPHA = 1.0 - CONFIDENCE


class Release:
    """The mechanisms of a plan, by query, and what they spend together.

    Raises
    ------
    ConfigError
        When OpenDP is not installed.

    Notes
    -----
    One release spends the sum of its queries' epsilons (sequential composition: Dwork and Roth, The Algorithmic
    Foundations of Differential Privacy, 2014, theorem 3.16). Within a query cells that no row can share cost no more
    than one of them (McSherry, SIGMOD 2009, parallel composition). What is computed out of noisy counts costs nothing.

    Neighbours are tables that differ by all rows of one unit. The number of columns, their names, the plan, and
    whether the table could be read are taken as public.
    """

    def __init__(self, plan: ReleasePlan) -> None:
        self.plan = plan
        self.mechanisms = {query.name: CountMechanism(query.sensitivity, query.epsilon) for query in plan.queries}
        self.epsilon = sum((mechanism.epsilon for mechanism in self.mechanisms.values()), Fraction(0))
        if self.epsilon > Fraction(plan.epsilon):
            raise AssertionError("a release spends more than was asked for: this is a bug")

    def draw(self, exact: Mapping[str, Sequence[int]]) -> dict[str, list[int]]:
        """Noisy counts, by query. Every call spends `epsilon`: charge it before."""
        return {name: mechanism.draw(exact[name]) for name, mechanism in self.mechanisms.items()}

    def figures(self, noisy: Mapping[str, Sequence[int]]) -> dict[str, Any]:
        """The figures to be released, from noisy counts: not negative, with accuracies and intervals."""
        rows = _Count(sum(noisy["rows"]), self._scale("rows"), 2)
        affected = _Count(noisy["rows"][0], self._scale("rows"))
        clean = _Count(noisy["rows"][1], self._scale("rows"))
        by_type = {
            kind: _Count(count, self._scale("types"))
            for kind, count in zip(self.plan.types, noisy["types"], strict=True)
        }
        found: dict[str, Any] = {
            "rows": rows.as_json(),
            "rows_with_personal_data": affected.as_json(),
            "p_privacy": _share_of_parts(affected, clean),
            "by_type": {
                kind: {**count.as_json(), "share": _share_of_whole(count, rows)} for kind, count in by_type.items()
            },
        }
        if self.plan.groups:
            found["groups"] = {column: self._groups(column, noisy) for column in self.plan.groups}
        elif self.plan.label is not None:
            found["label"] = self._outcomes(noisy["label"], self._scale("label"))
        return found

    def account(self) -> dict[str, Any]:
        """How the release is made: parameters of each query, what is spent, what is assumed."""
        plan = self.plan
        return {
            "epsilon": float(plan.epsilon),
            "delta": 0.0,
            "spent": float(self.epsilon),
            "composition": "sequential over the queries, parallel within disjoint cells",
            "neighbours": "tables that differ by all rows of one unit (add or remove)",
            "unit": plan.unit or "row",
            "rows_per_unit": plan.rows_per_unit,
            "mechanism": f"discrete Laplace, OpenDP {opendp_version()}",
            "confidence": CONFIDENCE,
            "queries": [
                {
                    "name": query.name,
                    "counts": query.cells,
                    "l1_sensitivity": query.sensitivity,
                    "scale": self._scale(query.name),
                    "epsilon": float(self.mechanisms[query.name].epsilon),
                }
                for query in plan.queries
            ],
        }

    def _scale(self, name: str) -> float:
        return self.mechanisms[name].scale

    def _groups(self, column: str, noisy: Mapping[str, Sequence[int]]) -> dict[str, Any]:
        counts = noisy[f"group:{column}"]
        scale = self._scale(f"group:{column}")
        width = 1 if self.plan.label is None else len(OUTCOMES)
        parts = [self._outcomes(part, scale) for part in _chunks(counts, width)]
        names = self.plan.groups[column]
        return {"by_group": dict(zip(names, parts, strict=False)), "other": parts[len(names)]}

    def _outcomes(self, counts: Sequence[int], scale: float) -> dict[str, Any]:
        """Size of a group and, with a label, the share of positives among its rows that have one."""
        size = {"rows": _Count(sum(counts), scale, len(counts)).as_json()}
        if self.plan.label is None:
            return size
        positive, negative = (_Count(count, scale) for count in counts[:2])
        return {**size, "positive_rate": _share_of_parts(positive, negative)}


class _Count:
    """A noisy count, not negative, and the range that holds the exact one."""

    __slots__ = ("_draws", "_scale", "value")

    def __init__(self, value: int, scale: float, draws: int = 1) -> None:
        self.value = max(0, value)
        self._scale = scale
        self._draws = draws

    def bounds(self, alpha: float) -> tuple[int, int]:
        """Both hold together with probability 1 - alpha."""
        reach = accuracy(self._scale, alpha, self._draws)
        return max(0, self.value - reach), self.value + reach

    def as_json(self) -> dict[str, Any]:
        return {"value": self.value, "accuracy": accuracy(self._scale, _ALPHA, self._draws)}


def _share_of_parts(hits: _Count, misses: _Count) -> dict[str, Any]:
    """hits / (hits + misses), from two independent noisy counts."""
    return _share(
        hits.value,
        hits.value + misses.value,
        hits.bounds(_ALPHA)[0] + misses.bounds(_ALPHA)[0] > 0,
        *(_box(hits.bounds(alpha), misses.bounds(alpha)) for alpha in (_ALPHA / 2.0, _ALPHA / 4.0)),
    )


def _share_of_whole(hits: _Count, whole: _Count) -> dict[str, Any]:
    """hits / whole."""
    boxes = []
    for alpha in (_ALPHA / 2.0, _ALPHA / 4.0):
        (hits_low, hits_high), (low, high) = hits.bounds(alpha), whole.bounds(alpha)
        boxes.append(((hits_low, max(hits_low, high)), (min(hits_high, low), low)))
    return _share(min(hits.value, whole.value), whole.value, whole.bounds(_ALPHA)[0] > 0, *boxes)


# Hits and total at the low end of the share, and at its high end.
_Corners = tuple[tuple[int, int], tuple[int, int]]


def _box(hits: tuple[int, int], misses: tuple[int, int]) -> _Corners:
    return (hits[0], hits[0] + misses[1]), (hits[1], hits[1] + misses[0])


def _share(hits: int, total: int, known: bool, data: _Corners, sample: _Corners) -> dict[str, Any]:
    """A share of noisy counts with two intervals of 95 %.

    ``interval_data`` holds the exact share of this table (noise alone). ``interval`` holds the share of the source that
    the rows are drawn from: noise and sampling together. Its noise may fail with 2.5 %, and Wilson's interval at the
    worst corner of what the noise leaves with 2.5 %: 95 % hold, rather more. The value is None unless `known`: all of
    the total may be noise.
    """
    (low_hits, low_total), (high_hits, high_total) = data
    z = z_value(1.0 - _ALPHA / 2.0)
    (sample_low_hits, sample_low_total), (sample_high_hits, sample_high_total) = sample
    lower = wilson(_ratio(sample_low_hits, sample_low_total), sample_low_total, z).lower
    upper = wilson(_ratio(sample_high_hits, sample_high_total), sample_high_total, z).upper
    return {
        "value": _ratio(hits, total) if known else None,
        "interval_data": [_ratio(low_hits, low_total), _ratio(high_hits, high_total) if high_total > 0 else 1.0],
        "interval": [lower, upper],
    }


def _ratio(hits: int, total: int) -> float:
    return hits / total if total > 0 else 0.0


def _chunks(counts: Sequence[int], width: int) -> Iterator[Sequence[int]]:
    return (counts[start : start + width] for start in range(0, len(counts), width))
