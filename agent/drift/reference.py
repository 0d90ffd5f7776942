"""What a stream is compared with: histograms, mergeable and small, without payload.

Numbers are kept as counts between cut points, categories as counts under a digest of their name. Vectors, which the
detectors of alibi-detect compare, are kept as they are and never written to a file: a text can be guessed from its
embedding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Any, TypeAlias

import msgspec
import numpy as np

from agent.drift.two_sample import Numbers
from agent.errors import DataError
from agent.histograms import category_bin, category_code, check_bins, number_bin

__all__ = ["CategoryReference", "NumberReference", "Reference", "VectorReference", "category_code"]

MOST_BINS = 256
MOST_CATEGORIES = 50
OTHER = "other"


class NumberReference(msgspec.Struct, tag="number"):
    """A histogram whose bins hold about as many values each; a value that is frequent has one to itself.

    Attributes
    ----------
    edges
        Cut points, ascending, at most 255. Bin ``i`` holds the values in ``(edges[i - 1], edges[i]]``.
    counts
        Of each bin; one more than there are edges.
    bins
        The same values, (bin, count), in the fixed bins of `agent.histograms`, which windows are counted in; empty in
        files that were made before there were any.
    """

    edges: list[float]
    counts: list[int]
    bins: list[tuple[int, int]] = []

    def __post_init__(self) -> None:
        rising = all(a < b for a, b in zip(self.edges, self.edges[1:], strict=False))
        if len(self.counts) != len(self.edges) + 1 or not rising or not all(map(isfinite, self.edges)):
            raise ValueError("edges must be finite and rise, and there is one count more than there are edges")
        if min(self.counts) < 0 or not any(self.counts):
            raise ValueError("counts must not be negative, nor all be 0")
        check_bins(dict(self.bins))

    @classmethod
    def of(cls, values: Sequence[float] | Numbers, bins: int = MOST_BINS) -> NumberReference:
        """The histogram of a sample.

        Raises
        ------
        DataError
            When no value is a finite number.
        """
        sample = np.asarray(values, dtype=float)
        sample = sample[np.isfinite(sample)]
        if not sample.size:
            raise DataError("a drift reference needs at least one finite number")
        distinct, counts = np.unique(sample, return_counts=True)
        most = sample.size / bins
        edges: list[float] = []
        filled = 0
        for value, count, following in zip(distinct.tolist(), counts.tolist(), [*counts[1:].tolist(), 0], strict=True):
            filled += count
            if (filled >= most or following >= most) and len(edges) < bins - 1:
                edges.append(value)
                filled = 0
        if len(edges) == distinct.size:
            edges.pop()  # nothing of the sample lies above the largest value
        reference = cls(edges, [sample.size] + [0] * len(edges))
        reference.counts = np.bincount(np.searchsorted(edges, sample), minlength=len(edges) + 1).tolist()
        placed: Counter[int] = Counter()
        for value, count in zip(distinct.tolist(), counts.tolist(), strict=True):
            placed[number_bin(value)] += count
        reference.bins = sorted(placed.items())
        return reference

    @property
    def total(self) -> int:
        """Number of values."""
        return sum(self.counts)


class CategoryReference(msgspec.Struct, tag="category"):
    """How often each category occurred; the rarest beyond fifty, and those that are new later, count as ``other``.

    Attributes
    ----------
    counts
        By `category_code`, and under ``other``.
    bins
        As of `NumberReference`.
    """

    counts: dict[str, int]
    bins: list[tuple[int, int]] = []

    def __post_init__(self) -> None:
        if not self.counts or min(self.counts.values()) < 0 or not any(self.counts.values()):
            raise ValueError("counts must not be negative, nor all be 0")
        self.counts.setdefault(OTHER, 0)
        check_bins(dict(self.bins))

    @classmethod
    def of(cls, values: Iterable[str]) -> CategoryReference:
        """The counts of a sample.

        Raises
        ------
        DataError
            When it is empty.
        """
        return cls.of_codes(map(category_code, values))

    @classmethod
    def of_codes(cls, codes: Iterable[str]) -> CategoryReference:
        """The same from what `category_code` gives."""
        found = Counter(codes)
        if not found:
            raise DataError("a drift reference needs at least one value")
        counts = dict(found.most_common(MOST_CATEGORIES))
        counts[OTHER] = counts.get(OTHER, 0) + found.total() - sum(counts.values())
        placed: Counter[int] = Counter()
        for code, count in found.items():
            placed[category_bin(code)] += count
        return cls(counts, sorted(placed.items()))

    @property
    def total(self) -> int:
        """Number of values."""
        return sum(self.counts.values())


class VectorReference:
    """A sample of vectors, for detectors that compare them one with another.

    Parameters
    ----------
    vectors
        Of shape (n, d), finite.

    Raises
    ------
    DataError
        When it has no such shape, or a vector that is not finite.
    """

    __slots__ = ("vectors",)

    def __init__(self, vectors: Any) -> None:
        self.vectors = np.asarray(vectors, dtype=np.float32)
        if self.vectors.ndim != 2 or not self.vectors.size or not np.isfinite(self.vectors).all():
            raise DataError("a drift reference of vectors needs finite vectors of one length")

    @property
    def total(self) -> int:
        """Number of vectors."""
        return int(self.vectors.shape[0])


Reference: TypeAlias = NumberReference | CategoryReference
