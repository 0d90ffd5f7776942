"""What the windows say about drift, and when that hints at bias: of the merged counts of all workers, once a minute.

The longest window of each model is compared with its reference from a file, or with its past: everything that was
counted before the window. Three workers on six partitions say the same as one worker on one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple
from zlib import crc32

from agent.clock import Clock
from agent.drift.binned import BinnedComparison, compare_histograms, evidence
from agent.drift.hints import BiasHint, DriftVerdict, Gap, GapChange, bias_hints
from agent.drift.reference import Reference
from agent.drift.reference_file import References
from agent.drift.watch import Series
from agent.histograms import Histogram, settled_in, trim_histogram, without
from agent.metrics import Metrics
from agent.significance import holm
from agent.windows.base import FinishContext
from agent.windows.bias import BiasAggregator
from agent.windows.bounded import REST
from agent.windows.disparity import BiasMeasurement, Disparity
from agent.windows.drift import DriftState
from agent.windows.engine import WindowEngine

__all__ = ["DriftWindows", "WindowDrift", "compare_with_past", "gap_changes"]

_logger = logging.getLogger(__name__)

#: Of all features and groups of a model that are looked at together.
SIGNIFICANCE: Final = 0.01
LOOK_SECONDS: Final = 60
MOST_HINTS: Final = 20
PSI_NAME: Final = "window_psi"
TEST_NAME: Final = "window_chi_square"

#: What the gap is made of: that it drifts in a group says nothing that the gap does not say.
_OUTCOMES: Final = frozenset({"output.decision", "output.score"})


class WindowDrift(NamedTuple):
    """A feature of everybody, or of a group, in the window and in its reference.

    ``adjusted`` is the p-value corrected by Holm's steps for all that were compared of the model.
    """

    series: Series
    comparison: BinnedComparison
    adjusted: float

    @property
    def detected(self) -> bool:
        """Whether it is more than chance."""
        return self.adjusted <= SIGNIFICANCE


class DriftWindows:
    """Looks at each model once a minute, sets its gauges and tells the log about hints.

    Parameters
    ----------
    windows
        The engine of the partitions held here.
    bias
        As the engine's own: gives the gaps of what it counted.
    references
        For everybody; groups are compared with their own past.
    window_seconds
        The longest window.
    most_series
        Features and groups of a model that are compared: everybody first, scores and decisions first.
    min_count
        Values that window and reference need.
    """

    def __init__(
        self,
        windows: WindowEngine,
        bias: BiasAggregator,
        metrics: Metrics,
        clock: Clock,
        references: References,
        *,
        window_seconds: float,
        most_series: int = 160,
        min_count: int = 30,
    ) -> None:
        self._windows = windows
        self._bias = bias
        self._metrics = metrics
        self._clock = clock
        self._references = references
        self._seconds = window_seconds
        self._most_series = most_series
        self._min_count = min_count
        self._merged: Callable[[], WindowEngine] = lambda: windows
        self._second = int(clock.monotonic())
        self._shown: dict[str, set[str]] = {}
        self._hinted: dict[str, set[tuple[str, str, str]]] = {}

    def read_from(self, merged: Callable[[], WindowEngine]) -> None:
        """Where the counts of all workers are; those of this one alone until then."""
        self._merged = merged

    def look(self) -> None:
        """Called about once a second; each time it is the turn of some models, so that none makes the others wait."""
        second = int(self._clock.monotonic())
        turns = {passed % LOOK_SECONDS for passed in range(max(self._second, second - LOOK_SECONDS), second)}
        if not turns:
            return
        self._second = second
        windows = self._merged()
        models = set(windows.models())
        for gone in self._shown.keys() - models:
            self._show(gone, ())
            self._tell(gone, ())
        held_here = set(self._windows.models())
        for model in sorted(models):
            if crc32(model.encode("utf-8", "surrogatepass")) % LOOK_SECONDS not in turns:
                continue
            found, hints = self.measure(windows, model)
            self._show(model, found)
            self._tell(model, hints, aloud=model in held_here)

    def measure(self, windows: WindowEngine, model: str) -> tuple[list[WindowDrift], list[BiasHint]]:
        """What the counts in ``windows`` say of a model at their present."""
        window, total = windows.window(model, self._seconds), windows.totals(model)
        found = compare_with_past(
            model,
            window["drift"],
            total["drift"],
            lambda feature: self._references.find(model, feature),
            self._most_series,
            self._min_count,
        )
        if not any(drift.detected and drift.series.attribute is not None for drift in found):
            return found, []
        changes = gap_changes(self._bias, window["bias"], total["bias"], FinishContext(model, self._seconds))
        verdicts = [
            DriftVerdict(
                drift.series.feature,
                drift.series.attribute,
                drift.series.group,
                evidence(drift.adjusted),
                evidence(SIGNIFICANCE),
                drift.detected,
            )
            for drift in found
            if drift.series.feature not in _OUTCOMES
        ]
        return found, bias_hints(verdicts, changes)[:MOST_HINTS]

    def _show(self, model: str, found: Iterable[WindowDrift]) -> None:
        shown: set[str] = set()
        for drift in found:
            label = drift.series.label
            self._metrics.set_drift(model, PSI_NAME, label, drift.comparison.psi, None)
            self._metrics.set_drift(model, TEST_NAME, label, evidence(drift.adjusted), evidence(SIGNIFICANCE))
            shown.add(label)
        for label in self._shown.get(model, set()) - shown:
            self._metrics.set_drift(model, PSI_NAME, label, None, None)
            self._metrics.set_drift(model, TEST_NAME, label, None, None)
        self._shown[model] = shown
        if not shown:
            del self._shown[model]

    def _tell(self, model: str, hints: Sequence[BiasHint], *, aloud: bool = False) -> None:
        now = {(hint.attribute, hint.group, hint.feature) for hint in hints}
        for key in now:
            self._metrics.set_bias_hint(model, *key, held=True)
        for key in self._hinted.pop(model, set()) - now:
            self._metrics.set_bias_hint(model, *key, held=False)
        if now:
            self._hinted[model] = now
        for hint in hints if aloud else ():
            _logger.warning(
                "bias_hint model=%r feature=%r attribute=%r group=%r measure=%s before=%.3f after=%.3f everywhere=%s",
                model,
                hint.feature,
                hint.attribute,
                hint.group,
                hint.measure,
                hint.before,
                hint.after,
                hint.everywhere,
            )


def compare_with_past(
    model: str,
    window: DriftState,
    total: DriftState,
    reference_of: Callable[[str], Reference | None],
    most_series: int,
    min_count: int,
) -> list[WindowDrift]:
    """Every feature and group with enough values on both sides, corrected for all of them together."""
    wanted = sorted(_series(model, total), key=lambda one: (one.attribute is not None, one.is_named_by_events, one))
    found: list[tuple[Series, BinnedComparison]] = []
    for series in wanted:
        if len(found) == most_series:
            break
        recent, whole = _histogram(window, series), _histogram(total, series)
        given = reference_of(series.feature) if series.attribute is None else None
        comparison = _compare(recent, whole, given, min_count)
        if comparison is not None:
            found.append((series, comparison))
    adjusted = holm([comparison.p_value for _, comparison in found])
    return [WindowDrift(series, comparison, p) for (series, comparison), p in zip(found, adjusted, strict=True)]


def _compare(recent: Histogram, whole: Histogram, given: Reference | None, min_count: int) -> BinnedComparison | None:
    if given is not None and given.bins:
        reference: Histogram = dict(given.bins)
        trim_histogram(reference)
    else:  # none, or of a file that was made before bins were kept in it
        recent = settled_in(recent, whole.keys())
        reference = without(whole, recent)
    return compare_histograms(recent, reference, min_count)


def _series(model: str, state: DriftState) -> Iterator[Series]:
    for feature, table in state.items():
        yield Series(model, feature)
        for attribute, groups in table["by"].items():
            for group in groups:
                if group != REST:
                    yield Series(model, feature, attribute, group)


def _histogram(state: DriftState, series: Series) -> Histogram:
    table = state.get(series.feature)
    if table is None:
        return {}
    if series.attribute is None or series.group is None:
        return table["all"]
    return table["by"].get(series.attribute, {}).get(series.group, {})


def gap_changes(bias: BiasAggregator, window: Any, total: Any, context: FinishContext) -> list[GapChange]:
    """Each fairness measure in the past and in the window, where both have it.

    Parameters
    ----------
    window, total
        States of ``bias``; the past is what the total holds more than the window.
    """
    before, after = bias.finish(_less(total, window), context), bias.finish(window, context)
    earlier = dict(_disparities(before))
    return [
        GapChange(attribute, measure, _gap(earlier[attribute, measure]), _gap(disparity))
        for (attribute, measure), disparity in _disparities(after)
        if (attribute, measure) in earlier
    ]


def _disparities(measured: BiasMeasurement) -> Iterator[tuple[tuple[str, str], Disparity]]:
    for attribute in measured.attributes:
        for disparity in attribute.disparities:
            yield (attribute.attribute, disparity.measure), disparity


def _gap(disparity: Disparity) -> Gap:
    return Gap(disparity.value, disparity.lower, disparity.upper, disparity.disfavoured)


def _less(total: Any, part: Any) -> Any:
    """Nested tables of counts, number by number. What the total has no name for is in its rests, which are not
    compared."""
    if isinstance(total, dict):
        return {name: _less(value, part[name]) if name in part else value for name, value in total.items()}
    if isinstance(total, list):
        return [_less(value, other) for value, other in zip(total, part, strict=True)]
    return total - part
