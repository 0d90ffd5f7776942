"""The store behind the metrics: plain accumulators, closed label sets, a series budget.

A write finds its accumulator by one dictionary look-up on the label values as they came. Only a label set that has no
accumulator takes the slow way: clean the values, admit or fold them, make the accumulator. What is folded is never
remembered, so that a million hostile names cost time but no memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeAlias, TypeVar

from agent.metrics.catalogue import LABEL_CAPS, SCOPED_LABELS, MetricSpec
from agent.metrics.label_text import around_le, label_text
from agent.metrics.label_values import clean_label, is_plain

__all__ = [
    "OTHER",
    "Family",
    "Histogram",
    "Labels",
    "Number",
    "SeriesBudget",
]

OTHER = "other"

#: Share of the budget open to metrics with a model label: hostile model names cannot crowd out the pipeline's own.
_MODEL_SHARE = 0.9
#: Share of the budget that one metric with a model label may take: scores cannot crowd out findings.
_METRIC_SHARE = 0.5
_DEFAULT_CAP = 64
_MOST_GONE = 1000
#: For these an empty value says something: there is no ground truth (yet).
_MAY_BE_EMPTY = frozenset({"label"})

Labels: TypeAlias = tuple[str, ...]


class Accumulator:
    """What one label set has come to.

    Attributes
    ----------
    label_text
        The label set as the text formats have it: made once, since every scrape needs it.
    """

    __slots__ = ("label_text", "labels")

    def __init__(self, labels: dict[str, str], bounds: tuple[float, ...] = ()) -> None:
        self.labels = labels
        self.label_text = label_text(labels)


class Number(Accumulator):
    """A counter or gauge of one label set.

    Attributes
    ----------
    written
        The value of the last scrape and the line that it became: `agent.metrics.frozen` alone writes and reads it.
    """

    __slots__ = ("value", "written")

    def __init__(self, labels: dict[str, str], bounds: tuple[float, ...] = ()) -> None:
        super().__init__(labels)
        self.value = 0.0
        self.written: tuple[float, str] | None = None


class Histogram(Accumulator):
    """A histogram of one label set.

    Attributes
    ----------
    around_le
        The label set as text with ``le`` in it: what stands before a bucket's edge, and what behind.
    counts
        By bucket, not cumulative; the last one is +Inf's.
    exemplars
        By bucket: trace id, observed value, Unix time. The latest one stays.
    left_over
        Of the weights observed what is no whole number yet, in [0, 1).
    written
        As `Number.written`, by form: True for OpenMetrics.
    """

    __slots__ = ("around_le", "bounds", "counts", "exemplars", "left_over", "total", "written")

    def __init__(self, labels: dict[str, str], bounds: tuple[float, ...] = ()) -> None:
        super().__init__(labels)
        self.around_le = around_le(labels)
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0
        self.exemplars: dict[int, tuple[str, float, float]] = {}
        self.left_over = 0.0
        self.written: dict[bool, tuple[list[int], float, dict[int, tuple[str, float, float]], str]] = {}

    def whole_times(self, weight: float) -> int:
        """A bucket counts whole numbers alone (OpenMetrics): what is left over of one weight goes to the next.

        To the next of this label set: were it another's, halves that come by turns with a weight of 1.5 would count 1
        in the one and 2 in the other, always.
        """
        self.left_over += weight
        times = int(self.left_over)
        self.left_over -= times
        return times


Child = TypeVar("Child", bound=Accumulator)


class SeriesBudget:
    """Says which label values and label sets may have a series of their own.

    Parameters
    ----------
    limit
        Time series in all; never exceeded.
    model_limit
        Distinct values of the label ``model``, without ``other``.
    on_reclaim
        Told which forgotten model has to give its place to a new one; must drop all its series.
    """

    def __init__(self, limit: int, model_limit: int, on_reclaim: Callable[[str], None]) -> None:
        self.limit = limit
        self.used = 0
        #: Set aside for each metric's all-`other` series until it exists.
        self.reserved = 0
        #: The model, as it came, that found no place last: one event asks for it some twenty times.
        self.refused_model: str | None = None
        self._caps = {**LABEL_CAPS, "model": model_limit}
        self._seen: dict[tuple[str, str], set[str]] = {}
        self._forgotten: dict[str, None] = {}
        self._kept: set[str] = set()
        self._on_reclaim = on_reclaim

    def admit_value(self, label: str, scope: str, value: str) -> bool:
        """True when this value of the label has, or now gets, one of the label's places."""
        key = (label, scope)
        seen = self._seen.get(key)
        if seen is None:
            # Bounded: a scope is an admitted value of another label.
            seen = self._seen[key] = set()
        if value in seen:
            if self._forgotten and label == "model":
                self._forgotten.pop(value, None)
            return True
        if value == OTHER:
            return False
        if len(seen) >= self._caps.get(label, _DEFAULT_CAP):
            if label != "model" or not self._forgotten:
                return False
            oldest = next(iter(self._forgotten))
            del self._forgotten[oldest]
            self._on_reclaim(oldest)
            seen.discard(oldest)
        seen.add(value)
        return True

    def keep_model(self, model: str) -> None:
        """Give a model a place, if there is one, that it never gives away."""
        if self.admit_value("model", "", model):
            self._kept.add(model)

    def forget_model(self, model: str) -> None:
        """Let a new model take this one's place once all places are taken; the longest forgotten goes first."""
        if model not in self._kept and model in self._seen.get(("model", ""), ()):
            self._forgotten[model] = None
            self.refused_model = None

    def has_room(self, cost: int, used_by_metric: int, model_bound: bool) -> bool:
        """True when a new label set of this cost fits beside what is set aside for others."""
        after = self.used + self.reserved + cost
        if not model_bound:
            return after <= self.limit
        return after <= self.limit * _MODEL_SHARE and used_by_metric + cost <= self.limit * _METRIC_SHARE


class Family(Generic[Child]):
    """All label sets of one metric.

    A counter or histogram adds what has no place of its own to ``other``, so that sums stay right. A gauge cannot: the
    last of many models would pass for all of them, so a gauge without a place is not exposed at all.

    Parameters
    ----------
    make
        ``Number`` or ``Histogram``; decides what an accumulator is.
    """

    __slots__ = (
        "_budget",
        "_discard",
        "_last_resort",
        "_make",
        "_model_bound",
        "_reserves",
        "_scopes",
        "_used",
        "children",
        "folded",
        "gone",
        "spec",
    )

    #: Makes any label value one that may be shown.
    _clean = staticmethod(clean_label)

    def __init__(self, spec: MetricSpec, make: type[Child], budget: SeriesBudget) -> None:
        names = spec.labels
        self.spec = spec
        #: Read by the hot path, with label values as they came. Keys are clean ones, and see `_key`.
        self.children: dict[Labels, Child] = {}
        #: Updates that found no place of their own.
        self.folded = 0
        #: What counters of models that gave their place away had come to, with ``other`` in place of the model. It is
        #: not exposed: added to the series of ``other`` it would pass for an increase.
        self.gone: dict[Labels, float] = {}
        self._used = 0
        self._make = make
        self._budget = budget
        self._model_bound = names[:1] == ("model",)
        scopes = (SCOPED_LABELS.get(name) for name in names)
        self._scopes = tuple(names.index(scope) if scope in names else -1 for scope in scopes)
        self._last_resort = (OTHER,) * len(names)
        self._discard = make({}, spec.buckets) if spec.kind == "gauge" else None
        self._reserves = spec.kind != "gauge" or not names
        if self._reserves:
            budget.reserved += spec.series_per_child
        for labels in spec.preset:
            self.child(labels)

    def child(self, labels: Labels) -> Child:
        """The accumulator of a label set, made or folded when it has none. Never fails, never exceeds the budget."""
        found = self.children.get(labels)
        if found is not None:
            return found
        if self._model_bound and labels[0] == self._budget.refused_model:
            found = self._discard or self.children.get((OTHER, *labels[1:]))
            if found is not None:
                self.folded += 1
                return found
        clean, folded = self._fold(labels)
        if folded and self._discard is not None:
            self.folded += 1
            return self._discard
        found = self.children.get(self._key(clean))
        if found is None:
            place = self._place(clean)
            if place is None:
                self.folded += 1
                return self._discard or self._add(self._last_resort)
            folded = folded or place != clean
            key = self._key(place)
            found = self.children.get(key) or self._add(key)
        if folded:
            self.folded += 1
        return found

    def drop(self, labels: Labels) -> None:
        """Stop exposing one label set; nothing happens when it is not there."""
        if not self.children:
            return
        key = labels if labels in self.children else self._key(tuple(map(self._clean, labels)))
        if self.children.pop(key, None) is None:
            return
        cost = self.spec.series_per_child
        self._used -= cost
        self._budget.used -= cost
        if key == self._last_resort and self._reserves:
            self._budget.reserved += cost

    def drop_model(self, model: str) -> None:
        """Stop exposing all label sets of one model."""
        if self._model_bound:
            for labels in [labels for labels in self.children if labels[0] == model]:
                child = self.children[labels]
                if self.spec.kind == "counter" and isinstance(child, Number):
                    self._remember(labels, child.value)
                self.drop(labels)

    def _remember(self, labels: Labels, value: float) -> None:
        key = (OTHER, *labels[1 : len(self.spec.labels)])
        if key not in self.gone and len(self.gone) >= _MOST_GONE:
            key = self._last_resort
        self.gone[key] = self.gone.get(key, 0.0) + value

    def __iter__(self) -> Iterator[Child]:
        return iter(self.children.values())

    def rows(self) -> Iterator[tuple[Labels, Child]]:
        """All label sets, by the values shown."""
        places = len(self.spec.labels)
        return ((key[:places], child) for key, child in self.children.items())

    @staticmethod
    def _key(clean: Labels) -> Labels:
        """A key that no label set as it came can be, unless it is the clean one.

        A name that had to be written out is one element longer: else whoever is really called what another name was
        written out as would find that one's accumulator.
        """
        return clean if all(map(is_plain, clean)) else (*clean, "")

    def _fold(self, labels: Labels) -> tuple[Labels, bool]:
        clean: list[str] = []
        folded = False
        for name, scope_at, value in zip(self.spec.labels, self._scopes, labels, strict=True):
            if value or name not in _MAY_BE_EMPTY:
                value = self._clean(value)
                scope = clean[scope_at] if scope_at >= 0 else ""
                if scope == OTHER or not self._budget.admit_value(name, scope, value):
                    if value != OTHER:
                        folded = True
                        if name == "model":
                            self._budget.refused_model = labels[0]
                    value = OTHER
            clean.append(value)
        return tuple(clean), folded

    def _place(self, clean: Labels) -> Labels | None:
        """Where a new label set goes: itself, the same with model `other`, all `other`; None: nowhere."""
        cost = self.spec.series_per_child
        if clean == self._last_resort and self._reserves:
            return clean
        if self._budget.has_room(cost, self._used, self._model_bound):
            return clean
        if self._discard is not None:
            return None
        if self._model_bound:
            without_model = (OTHER, *clean[1:])
            if self._key(without_model) in self.children:
                return without_model
        return self._last_resort

    def _add(self, key: Labels) -> Child:
        cost = self.spec.series_per_child
        if key == self._last_resort and self._reserves:
            self._budget.reserved -= cost
        self._used += cost
        self._budget.used += cost
        shown = key[: len(self.spec.labels)]
        made: Child = self._make(dict(zip(self.spec.labels, shown, strict=True)), self.spec.buckets)
        self.children[key] = made
        return made
