"""Panes: how event time is cut, which panes are kept, and how they are merged into windows.

Fine panes serve the short windows. Behind them they are merged into coarser panes that serve the longer windows, so
that no window is read from more than about a hundred panes; behind the longest window, panes are merged into the
totals. An event is in exactly one pane or in the settled part of the totals at any time, so totals are exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil, floor
from operator import itemgetter
from typing import Any

from agent.errors import ConfigError
from agent.windows.base import Aggregator, Counting, FinishContext, Relabelling, State
from agent.windows.labelled import LabelledDecisions

__all__ = ["NEVER", "ModelPanes", "PaneLayout", "PaneMath", "WindowSpan"]

NEVER = -(1 << 60)
"""A pane index before all panes."""

_MAX_PANES_PER_WINDOW = 60


@dataclass(frozen=True, slots=True)
class WindowSpan:
    """A window in panes: the tiers up to ``tier`` hold it, it is ``span`` fine panes long, cut at ``factor`` panes."""

    seconds: float
    tier: int
    factor: int
    span: int

    def start(self, now_index: int) -> int:
        """First fine pane of the window that ends with pane ``now_index``, which is counted as far as it is filled."""
        return now_index - now_index % self.factor - self.span + self.factor


@dataclass(frozen=True, slots=True)
class PaneLayout:
    """How event time is cut.

    Attributes
    ----------
    pane_seconds
        Width of a fine pane; its index is ``floor(time / pane_seconds)``.
    factors
        Width of a pane of each tier, in fine panes; the first is 1, each a multiple of the one before.
    keeps
        How many fine panes behind the watermark each tier reaches, allowed lateness included.
    windows
        By seconds.
    """

    pane_seconds: float
    factors: tuple[int, ...]
    keeps: tuple[int, ...]
    windows: dict[float, WindowSpan]

    @classmethod
    def plan(cls, pane_seconds: float, windows_seconds: Sequence[float], lateness_seconds: float) -> PaneLayout:
        """Cut the windows into panes; a window that is no multiple of its panes is rounded up.

        Raises
        ------
        ConfigError
            For windows shorter than a pane, or durations that are not positive.
        """
        if not pane_seconds > 0.0 or lateness_seconds < 0.0:
            raise ConfigError("windows: pane_seconds must be positive, allowed_lateness_seconds not negative")
        if not windows_seconds or min(windows_seconds) < pane_seconds:
            raise ConfigError("windows: give at least one window, none shorter than pane_seconds")
        late = ceil(lateness_seconds / pane_seconds)
        factors, keeps, windows = [1], [late], {}
        for seconds in sorted(set(windows_seconds)):
            panes = _panes(seconds, pane_seconds * factors[-1])
            if panes > _MAX_PANES_PER_WINDOW:
                factors.append(factors[-1] * ceil(panes / _MAX_PANES_PER_WINDOW))
                keeps.append(0)
                panes = _panes(seconds, pane_seconds * factors[-1])
            span = panes * factors[-1]
            keeps[-1] = max(keeps[-1], span + late)
            windows[float(seconds)] = WindowSpan(float(seconds), len(factors) - 1, factors[-1], span)
        return cls(float(pane_seconds), tuple(factors), tuple(keeps), windows)

    def index(self, time: float) -> int:
        """The fine pane of a finite time."""
        return floor(time / self.pane_seconds)

    def boundaries(self, watermark: float) -> tuple[int, ...]:
        """For each tier the first fine pane that it still holds; older ones belong to the next tier, or are settled."""
        newest = self.index(watermark)
        next_factors = (*self.factors[1:], self.factors[-1])
        return tuple((newest - keep) // factor * factor for keep, factor in zip(self.keeps, next_factors, strict=True))


def _panes(seconds: float, pane_seconds: float) -> int:
    return ceil(seconds / pane_seconds - 1e-9)


@dataclass(slots=True)
class ModelPanes:
    """One model's state in one source partition.

    Attributes
    ----------
    tiers
        By tier, by index of the first fine pane: one state per aggregator.
    settled
        The part of the totals that is in no pane any more.
    covered
        Next offset that is not in here yet.
    labelled
        Decisions that got their label after they were counted.
    revision
        Rises with each of them; of two states with the same offsets the higher one is the later.
    saved
        `covered` and `revision` of the last snapshot that this owner knows to be written.
    hot_index, hot
        The pane that was added to last; always of the first tier.
    epoch, old_epoch
        Count changes of any pane but the hot one, and of any pane behind the first tier.
    boundaries
        Up to where panes have been folded.
    parts_left_out
        Parts that its last snapshot lacks, see `agent.windows.fitting`.
    sums, sums_key
        By window, all its panes but the hot one, as of ``(end, epoch)``.
    old_sums
        By window ``(start, old_epoch, merged)``: its panes behind the first tier.
    """

    tiers: list[dict[int, list[State]]]
    settled: list[State]
    covered: int = 0
    labelled: LabelledDecisions = field(default_factory=LabelledDecisions)
    revision: int = 0
    saved: tuple[int, int] = (0, 0)
    generation: int = 0
    hot_index: int = NEVER
    hot: list[State] = field(default_factory=list)
    epoch: int = 0
    old_epoch: int = 0
    boundaries: tuple[int, ...] = ()
    parts_left_out: int = 0
    sums: dict[float, list[State]] = field(default_factory=dict)
    sums_key: tuple[int, int] = (NEVER, 0)
    old_sums: dict[float, tuple[int, int, list[State]]] = field(default_factory=dict)

    @property
    def unsaved(self) -> bool:
        """Changed since the last snapshot that is known to be written."""
        return (self.covered, self.revision) > self.saved


class PaneMath:
    """Everything that is done to `ModelPanes`, for one layout and one list of aggregators."""

    __slots__ = ("_counters", "_merges", "_on_demand", "_reading", "aggregators", "layout", "relabels")

    def __init__(self, layout: PaneLayout, aggregators: Sequence[Aggregator]) -> None:
        self.layout = layout
        self.aggregators = tuple(aggregators)
        self._merges = tuple(aggregator.merge for aggregator in self.aggregators)
        # By place. Found once: asking whether something has a protocol's methods takes as long as moving a label.
        self.relabels = tuple(
            (place, each.relabel) for place, each in enumerate(self.aggregators) if isinstance(each, Relabelling)
        )
        self._counters = tuple(
            (place, each.events_of) for place, each in enumerate(self.aggregators) if isinstance(each, Counting)
        )
        self._on_demand = tuple(bool(getattr(aggregator, "on_demand", False)) for aggregator in self.aggregators)
        self._reading = tuple(
            _leave if waits else merge for merge, waits in zip(self._merges, self._on_demand, strict=True)
        )

    def empty(self) -> list[State]:
        """One empty state per aggregator."""
        return [aggregator.empty() for aggregator in self.aggregators]

    def new_model(self) -> ModelPanes:
        """A model without events."""
        return ModelPanes([{} for _ in self.layout.factors], self.empty())

    def merge(self, into: list[State], other: Sequence[State]) -> None:
        """Add ``other`` to ``into``, aggregator by aggregator."""
        for merge, mine, theirs in zip(self._merges, into, other, strict=True):
            merge(mine, theirs)

    def _read(self, into: list[State], other: Sequence[State]) -> None:
        """Like `merge`, but for what is read on demand."""
        for merge, mine, theirs in zip(self._reading, into, other, strict=True):
            merge(mine, theirs)

    def heat(self, model: ModelPanes, index: int, boundaries: tuple[int, ...]) -> list[State]:
        """The states of the pane that holds ``index``; it becomes the hot one when it is of the first tier."""
        model.epoch += 1
        tier = 0
        while tier < len(boundaries) and index < boundaries[tier]:
            tier += 1
        if tier >= len(boundaries):
            return model.settled
        start = index - index % self.layout.factors[tier]
        states = model.tiers[tier].get(start)
        if states is None:
            # A new pane is the moment to fold old ones: it bounds the memory of a model that nobody reads.
            self.fold(model, boundaries)
            # Folding may just have made this very pane out of finer ones: it must not be overwritten.
            states = model.tiers[tier].get(start)
            if states is None:
                states = model.tiers[tier][start] = self.empty()
        if tier == 0:
            model.hot_index = start
            model.hot = states
        else:
            model.old_epoch += 1
        return states

    def fold(self, model: ModelPanes, boundaries: tuple[int, ...]) -> None:
        """Merge panes behind the boundaries into the next tier, and finally into the settled part."""
        if model.boundaries == boundaries:
            return
        model.boundaries = boundaries
        for tier, boundary in enumerate(boundaries):
            panes = model.tiers[tier]
            for start in [start for start in panes if start < boundary]:
                self._fold_pane(model, tier, start, panes.pop(start))

    def _fold_pane(self, model: ModelPanes, tier: int, start: int, states: list[State]) -> None:
        model.epoch += 1
        model.old_epoch += 1
        if states is model.hot:
            model.hot_index, model.hot = NEVER, []
        if tier + 1 == len(model.tiers):
            self.merge(model.settled, states)
            return
        coarse = model.tiers[tier + 1]
        target = start - start % self.layout.factors[tier + 1]
        if target in coarse:
            self.merge(coarse[target], states)
        else:
            coarse[target] = states

    def window(
        self, into: list[State], model: ModelPanes, seconds: float, now_index: int, in_full: bool = False
    ) -> None:
        """Add a window's panes, folded before, to ``into``; not `in_full`, without what is read on demand."""
        if model.sums_key != (now_index, model.epoch):
            self._sum_up(model, now_index)
        self._read(into, model.sums[seconds])
        if self.layout.windows[seconds].start(now_index) <= model.hot_index <= now_index:
            self._read(into, model.hot)
        if in_full and any(self._on_demand):
            self._add_on_demand(into, model, seconds, now_index)

    def _add_on_demand(self, into: list[State], model: ModelPanes, seconds: float, now_index: int) -> None:
        span = self.layout.windows[seconds]
        start = span.start(now_index)
        for place, merge in enumerate(self._merges):
            for panes in model.tiers[: span.tier + 1] if self._on_demand[place] else ():
                for index, states in panes.items():
                    if start <= index <= now_index:
                        merge(into[place], states[place])

    def _sum_up(self, model: ModelPanes, now_index: int) -> None:
        """Sum up all panes but the hot one for every window: needed once per pane and model, not once per reading."""
        fine = sorted(
            ((index, s) for index, s in model.tiers[0].items() if index <= now_index and s is not model.hot),
            key=itemgetter(0),
            reverse=True,
        )
        running, done = self.empty(), 0
        starts = {seconds: span.start(now_index) for seconds, span in self.layout.windows.items()}
        # From the latest start backwards each window's fine panes are those of the window before and some more.
        for seconds, start in sorted(starts.items(), key=lambda item: -item[1]):
            while done < len(fine) and fine[done][0] >= start:
                self._read(running, fine[done][1])
                done += 1
            total = self.empty()
            self._read(total, running)
            if self.layout.windows[seconds].tier:
                self._read(total, self._old_sum(model, self.layout.windows[seconds], start, now_index))
            model.sums[seconds] = total
        model.sums_key = (now_index, model.epoch)

    def _old_sum(self, model: ModelPanes, span: WindowSpan, start: int, now_index: int) -> list[State]:
        """Sum of a window's panes behind the first tier; they change once per coarse pane only."""
        known = model.old_sums.get(span.seconds)
        if known is not None and known[:2] == (start, model.old_epoch):
            return known[2]
        total = self.empty()
        for panes in model.tiers[1 : span.tier + 1]:
            for index, states in panes.items():
                if start <= index <= now_index:
                    self._read(total, states)
        if now_index >= model.boundaries[0]:  # else the end of the window cuts off some of them
            model.old_sums[span.seconds] = (start, model.old_epoch, total)
        return total

    def finish(self, states: Sequence[State], context: FinishContext) -> dict[str, Any]:
        """Measurements by aggregator, without what is read on demand."""
        rows = zip(self.aggregators, states, self._on_demand, strict=True)
        return {aggregator.name: aggregator.finish(state, context) for aggregator, state, waits in rows if not waits}

    def totals(self, into: list[State], model: ModelPanes) -> None:
        """Add everything since the beginning to ``into``."""
        for states in _parts(model):
            self.merge(into, states)

    def total_of(self, aggregator: str, models: Iterable[ModelPanes]) -> State:
        """Everything since the beginning that one aggregator counted, over several partitions."""
        place = next(at for at, each in enumerate(self.aggregators) if each.name == aggregator)
        one = self.aggregators[place]
        total = one.empty()
        for model in models:
            for states in _parts(model):
                one.merge(total, states[place])
        return total

    def events(self, model: ModelPanes) -> float:
        """Events counted since the beginning; 0 when no aggregator counts them."""
        return sum(events_of(states[place]) for place, events_of in self._counters for states in _parts(model))


def _leave(into: State, other: State) -> None:
    """Instead of a merge."""


def _parts(model: ModelPanes) -> Iterator[list[State]]:
    """All states that a model's totals are made of."""
    yield model.settled
    for panes in model.tiers:
        yield from panes.values()
