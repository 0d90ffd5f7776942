"""Figures of personal data found by spans, as docs/quality.md says that they are counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from agent.errors import legible
from agent.quality.bootstrap import FEWEST, Bootstrap, Bounds, percentiles
from agent.quality.figures import share_interval
from agent.quality.measure import Judged
from agent.quality.rows import LabelledFile
from agent.scoring.pii.base import CATEGORIES

__all__ = ["COLUMNS", "KNOWN_TYPES", "Counts", "count_file", "match", "span_figures", "total", "unknown_types"]

KNOWN_TYPES = frozenset((*CATEGORIES, "CANARY"))
"""Types of spans that a scorer of ours may find; all of another type are missed."""

_LONGEST_TYPE = 40

COLUMNS = ("hits", "strict_hits", "found", "annotated")
"""Matched pairs; pairs of equal bounds; spans found that count; spans annotated."""

Counts: TypeAlias = dict[str, NDArray[np.float64]]
"""By span type, float64 [texts, len(COLUMNS)]."""

_FIGURES = ("precision", "recall", "f1", "strict_f1")


class _Bounds(Protocol):
    @property
    def start(self) -> int: ...

    @property
    def end(self) -> int: ...


def match(first: Sequence[_Bounds], second: Sequence[_Bounds], least: float = 0.5) -> dict[int, int]:
    """Pairs of spans, one to one, as many as there can be; symmetric in the two sides.

    Parameters
    ----------
    least
        The smallest share that the intersection of a pair has of its union; 1.0 pairs equal bounds.

    Returns
    -------
    dict
        Index in `second` by index in `first`.
    """
    close: list[list[int]] = [
        [place for place, other in enumerate(second) if _overlap(span, other) >= least] for span in first
    ]
    partner: dict[int, int] = {}  # of second

    def place(index: int, seen: set[int]) -> bool:
        """Augmenting path (Kuhn 1955): at most a few steps, spans hardly overlap."""
        for other in close[index]:
            if other not in seen:
                seen.add(other)
                if other not in partner or place(partner[other], seen):
                    partner[other] = index
                    return True
        return False

    for index in range(len(first)):
        place(index, set())
    return {index: other for other, index in partner.items()}


def _overlap(span: _Bounds, other: _Bounds) -> float:
    shared = min(span.end, other.end) - max(span.start, other.start)
    if shared <= 0:
        return 0.0
    return shared / (max(span.end, other.end) - min(span.start, other.start))


def unknown_types(files: Sequence[LabelledFile]) -> dict[str, int]:
    """Annotated spans by type, of types that no scorer finds, such as ``email``; the commonest first, names clipped."""
    counts = Counter(
        legible(span.type, _LONGEST_TYPE)
        for file in files
        for row in file.rows
        for span in row.spans or ()
        if span.type not in KNOWN_TYPES
    )
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))


def count_file(judged: Judged) -> Counts:
    """Counts of each text, for the types that are annotated somewhere in the file; other types are not judged.

    A span that matches nothing and lies inside one of `other_spans` does not count as found.
    """
    types = sorted({span.type for row in judged.rows for span in row.spans or ()})
    counts = {kind: np.zeros((len(judged.rows), len(COLUMNS))) for kind in types}
    for place, (row, spans) in enumerate(zip(judged.rows, judged.spans, strict=True)):
        for kind in types:
            annotated = [span for span in row.spans or () if span.type == kind]
            found = [span for span in spans if span.type == kind]
            if not annotated and not found:
                continue
            pairs = match(found, annotated)
            excused = sum(
                any(other.start <= span.start and span.end <= other.end for other in row.other_spans)
                for index, span in enumerate(found)
                if index not in pairs
            )
            strict = len(match(found, annotated, 1.0))
            counts[kind][place] = (len(pairs), strict, len(found) - excused, len(annotated))
    return counts


def total(parts: Sequence[Counts], sizes: Sequence[int]) -> Counts:
    """The texts of several files, one after another; a type that a file does not annotate was not judged there.

    Parameters
    ----------
    sizes
        Texts of each file: a file that annotates nothing has no counts to tell.
    """
    kinds = sorted({kind for part in parts for kind in part})
    return {
        kind: np.concatenate(
            [part.get(kind, np.zeros((size, len(COLUMNS)))) for part, size in zip(parts, sizes, strict=True)]
        )
        for kind in kinds
    }


def span_figures(counts: Mapping[str, NDArray[np.float64]], bootstrap: Bootstrap) -> dict[str, Any]:
    """``micro`` and ``by_type``; intervals by resampling texts, since spans of one text are not independent."""
    pooled = sum(counts.values(), np.zeros((len(next(iter(counts.values()), [])), len(COLUMNS))))
    return {
        "micro": _one(pooled, bootstrap),
        "by_type": {kind: _one(rows, bootstrap) for kind, rows in counts.items()},
    }


def _one(rows: NDArray[np.float64], bootstrap: Bootstrap) -> dict[str, Any]:
    sums = rows.sum(axis=0)
    values = _values(sums[None, :])
    figures: dict[str, Any] = {
        name: None if np.isnan(values[name][0]) else float(values[name][0]) for name in ("precision", "recall", "f1")
    }
    figures["support"] = int(sums[3])
    figures["strict_f1"] = None if np.isnan(values["strict_f1"][0]) else float(values["strict_f1"][0])
    intervals: dict[str, Bounds | None] = dict.fromkeys(_FIGURES)
    if bootstrap.samples and sums.any():
        enough = int(rows.any(axis=1).sum()) >= FEWEST
        drawn = _values(bootstrap.sums(rows))
        for name in _FIGURES:
            if figures[name] is not None and enough:
                intervals[name] = percentiles(drawn[name][~np.isnan(drawn[name])])
        # Where resampling cannot tell.
        for name, count in (("precision", sums[2]), ("recall", sums[3])):
            if figures[name] in (0.0, 1.0) or (figures[name] is not None and not enough):
                intervals[name] = share_interval(int(sums[0]), int(count))
    figures["intervals"] = intervals
    return figures


def _values(sums: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Figures of count sums [..., columns]; NaN where a denominator is 0."""
    hits, strict, found, annotated = (sums[:, column] for column in range(len(COLUMNS)))
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "precision": hits / found,
            "recall": hits / annotated,
            "f1": np.where(annotated > 0, 2.0 * hits / (found + annotated), np.nan),
            "strict_f1": np.where(annotated > 0, 2.0 * strict / (found + annotated), np.nan),
        }
