"""Proxies: columns that tell a protected attribute, one by one and all together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.assess.bias.encoding import BINS, Codes, binned, fold_rare, frequent, hashed_words
from agent.assess.bias.foretelling import design, foretell, held_out_association
from agent.assess.bias.kinds import Kind, kind_of, numbers_of, tells_rows_apart
from agent.assess.bias.sampled_texts import SampledTexts
from agent.assess.bias.significance import LEAST_EXPECTED, LEVEL, Association, association, table_of
from agent.assess.groups_shown import LEAST_COMPARED, MOST_COMPARED, largest
from agent.assess.tables import Batch
from agent.significance import holm

__all__ = ["Proxies"]

#: Cramer's V from which a significant association is called a proxy ("small" after Cohen, 1988).
_NOTABLE = 0.1

_COPY = 0.95
# Smaller groups would leave hardly any bin in which they expect five rows.
_LEAST_SHARE = 0.01
_MODEL_ROWS = 5_000
_WORDY: tuple[Kind, ...] = ("text", "value")


@dataclass(frozen=True, slots=True)
class _Column:
    """Cells of a column: codes of values or of bins, and the numbers behind bins; or words."""

    kind: Kind
    codes: Codes | None = None
    numbers: NDArray[np.float64] | None = None
    words: list[NDArray[np.int64]] | None = None


class Proxies:
    """On a random sample of the rows, see `SampledTexts`.

    *One by one.* Cramer's V, corrected for bias, between the groups and the column's values (bins of numbers and dates,
    frequent categories, with rare ones pooled until every cell expects five rows); of texts and of categories with many
    values, between the groups and what naive Bayes guesses from the words, on rows that it was not made of. The
    chi-square tests are corrected (Holm) for all columns and attributes: in a table in which no column goes with any
    attribute, something is called significant with a probability of at most 5 %, as far as the chi-square
    approximation holds.

    Groups are looked at from 30 rows and 1 % of the sample on.

    *All together.* Logistic regression, cross-validated on at most 5,000 rows, on all columns but the attribute, the
    label and what has been left out; without those that tell the attribute outright (V of at least 0.95), which would
    leave the others nothing to do.

    What is not found: a proxy made of two columns that say nothing alone shows in neither figure.

    Parameters
    ----------
    left_out
        Columns that are no features: names of rows, the split.
    """

    key = "proxies"

    def __init__(
        self,
        sample: SampledTexts,
        protected: Sequence[str],
        label: str | None = None,
        left_out: Collection[str] = (),
        seed: int = 0,
    ) -> None:
        self._sample = sample
        self._protected = tuple(protected)
        self._label = label
        self._left_out = frozenset(left_out)
        self._seed = seed

    def observe(self, batch: Batch) -> None:
        self._sample.observe(batch)

    def figures(self) -> dict[str, Any]:
        texts = {name: self._sample.column(name) for name in self._sample.columns}
        left_out = [name for name in texts if name in self._left_out or tells_rows_apart(name, texts[name])]
        features = {
            name: _column(texts[name]) for name in texts if name != self._label and name not in left_out
        }  # fmt: skip
        rng = np.random.default_rng(self._seed)
        of_label = {} if self._label is None else self._with_label(texts[self._label], features, rng)
        found = {
            attribute: _Attribute(attribute, texts[attribute], features, rng) for attribute in self._protected
        }  # fmt: skip
        tests = [
            (attribute, name, test)
            for attribute, part in found.items()
            for name, test in part.tests.items()
            if test.freedom
        ]
        adjusted = holm([test.p for _, _, test in tests])
        p_values = {(attribute, name): p for (attribute, name, _), p in zip(tests, adjusted, strict=True)}
        return {
            "exact": False,
            "rows": self._sample.seen,
            "sample_rows": len(self._sample),
            "level": LEVEL,
            "notable_v": _NOTABLE,
            "tests": len(tests),
            "left_out": left_out,
            "label_told_by": [name for name, v in of_label.items() if v >= _COPY],
            "by_attribute": {
                attribute: {
                    "groups": part.rows,
                    "columns": _ranked(attribute, part.tests, p_values, features, of_label),
                    "model": part.model(),
                }
                for attribute, part in found.items()
            },
        }

    def _with_label(
        self, labels: Sequence[str], features: Mapping[str, _Column], rng: np.random.Generator
    ) -> dict[str, float]:
        """How strongly each column goes with the label: a proxy that does both is how bias gets into a model."""
        column = _column(labels)
        filled = np.array([bool(label) for label in labels])
        values = frequent(labels) if column.codes is None else column.codes
        codes = fold_rare(values[filled], max(LEAST_COMPARED, _LEAST_SHARE * filled.sum()))
        count = int(codes.max()) + 1 if len(codes) else 0
        return {name: _test(column, filled, codes, count, rng).v for name, column in features.items()}


class _Attribute:
    """One attribute: the groups of the sample that are large enough, and every column beside them."""

    def __init__(
        self, attribute: str, groups: Sequence[str], features: Mapping[str, _Column], rng: np.random.Generator
    ) -> None:
        counts = Counter(group for group in groups if group)
        names = largest(counts, MOST_COMPARED, max(LEAST_COMPARED, round(_LEAST_SHARE * counts.total())))
        self.rows = {name: counts[name] for name in names}
        places = {name: place for place, name in enumerate(names)}
        self._rng = rng
        self._there = np.array([group in places for group in groups], dtype=bool)
        self._classes = np.array([places[group] for group in groups if group in places], dtype=np.int64)
        self._features = {name: column for name, column in features.items() if name != attribute}
        self.tests: dict[str, Association] = {}
        if len(names) > 1:
            self.tests = {
                name: _test(column, self._there, self._classes, len(names), rng)
                for name, column in self._features.items()
            }

    def model(self) -> dict[str, Any] | None:
        """None where there are no two groups, or no columns left."""
        copies = [name for name, test in self.tests.items() if test.v >= _COPY]
        used = {name: column for name, column in self._features.items() if name not in copies}
        if not self.tests or not used:
            return None if not copies else {"tells_outright": copies}
        count = len(self.rows)
        places = np.flatnonzero(self._there)
        chosen = self._chosen()
        rows, classes = places[chosen], self._classes[chosen]
        codes = [column.codes[rows] for column in used.values() if column.codes is not None]
        words = [[column.words[row] for row in rows] for column in used.values() if column.words is not None]
        found = foretell(design(codes, words, len(rows)), classes, count, self._rng)
        return {
            "tells_outright": copies,
            "rows": len(rows),
            "columns": len(used),
            "balanced_accuracy": {"value": found.value, "interval": list(found.interval)},
            "chance": found.chance,
            "better_than_chance": found.interval[0] > found.chance,
        }

    def _chosen(self) -> NDArray[np.int64]:
        """At most `_MODEL_ROWS` of the rows; of every group an equal part, but thirty where it has them."""
        total = len(self._classes)
        if total <= _MODEL_ROWS:
            return np.arange(total)
        parts = []
        for group in range(len(self.rows)):
            places = self._rng.permutation(np.flatnonzero(self._classes == group))
            parts.append(places[: max(LEAST_COMPARED, len(places) * _MODEL_ROWS // total)])
        return np.sort(np.concatenate(parts))


def _column(texts: Sequence[str]) -> _Column:
    kind = kind_of(texts)
    if kind in _WORDY:
        return _Column(kind, words=hashed_words(texts, kind))
    if kind in ("number", "date"):
        numbers = numbers_of(texts, kind)
        return _Column(kind, binned(numbers), numbers)
    return _Column(kind, frequent(texts))


def _test(
    column: _Column, there: NDArray[np.bool_], classes: Codes, count: int, rng: np.random.Generator
) -> Association:
    """Of a column with classes, which are given for the rows that are `there`."""
    if count < 2:
        return Association(0.0, 0.0, 0, 1.0)
    if column.words is not None:
        words = [column.words[row] for row in np.flatnonzero(there)]
        return held_out_association(words, classes, count, rng)
    assert column.codes is not None
    smallest = int(np.bincount(classes, minlength=count).min())
    codes = column.codes[there]
    if column.numbers is not None:
        # As many bins as leave five rows of the smallest group in each, in place of pooling those that have fewer.
        codes = binned(column.numbers[there], min(BINS, max(2, int(smallest / LEAST_EXPECTED))))
    codes = fold_rare(codes, LEAST_EXPECTED * len(classes) / smallest)
    return association(table_of(codes, classes, int(codes.max()) + 1, count))


def _ranked(
    attribute: str,
    tests: Mapping[str, Association],
    p_values: Mapping[tuple[str, str], float],
    features: Mapping[str, _Column],
    of_label: Mapping[str, float],
) -> dict[str, Any]:
    order = sorted(tests, key=lambda name: (-tests[name].v, tests[name].p))
    found = {}
    for name in order:
        p = p_values.get((attribute, name))
        found[name] = {
            "kind": features[name].kind,
            "cramers_v": tests[name].v,
            "p": tests[name].p,
            "p_adjusted": p,
            "significant": p is not None and p < LEVEL,
            "proxy": p is not None and p < LEVEL and tests[name].v >= _NOTABLE,
            "cramers_v_with_label": of_label.get(name),
        }
    return found
