"""The window engine: observations in, per partition and exactly once; windows and totals out.

**Exactly once.** The state of each model in each source partition carries `covered`, the next offset that is not in
it yet. A record is applied in one synchronous call, so no snapshot sees half of it, and a record below `covered` is
passed over. Because every model carries its own `covered`, a snapshot of which only some values were written is no
problem: on replay each model takes exactly the records that it lacks. Which models share the bucket `OTHER` depends
only on the order of records within the partition, so a replay sorts them alike. This asks two things of the caller:
records of one partition are applied in the order of their offsets, and offsets are committed only up to records whose
snapshot has been written and confirmed.

A worker that has lost a partition without knowing it may still write a value or two. Until the topic is compacted both
values are there, and the generation tells which counts; compaction would keep the one written last. So after a restore
every model is written once, the topic's ``min.compaction.lag.ms`` should exceed the group's session timeout by far,
and a full snapshot now and then (every few minutes) mends what compaction might get wrong.

**Time.** Windows are in event time. The present is the highest watermark of the partitions held, moved on by the wall
time that has passed since it was reached: windows follow the events, also when a backlog or an old file is read, and
run empty when the events stop.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from agent.clock import Clock
from agent.errors import ConfigError
from agent.windows.base import Aggregator, FinishContext, Observation, PartitionKey, State
from agent.windows.candidates import Candidates, lowest_offsets
from agent.windows.codec import PaneRecord, build_model, decode, encode
from agent.windows.fitting import StateFitting
from agent.windows.panes import ModelPanes, PaneLayout, PaneMath
from agent.windows.partition import OTHER, PartitionPanes
from agent.windows.places import Places
from agent.windows.readings import Reading, Snapshot, WindowCounts

__all__ = ["OTHER", "Reading", "Snapshot", "WindowCounts", "WindowEngine"]


class WindowEngine:
    """Panes of all partitions held here, with every aggregator's state in them. Not thread-safe.

    Parameters
    ----------
    aggregators, clock
        Order is of no matter, names must differ. The wall time bounds event time, and moves idle partitions on.
    pane_seconds
        Resolution of the short windows; those of more than 60 panes use coarser ones (an hour: 60 s).
    windows_seconds
        Lengths of the rolling windows.
    allowed_lateness_seconds
        How much longer than the longest window panes are kept. Older observations are late.
    skew_tolerance_seconds
        How far ahead of the wall clock an event may be and still move the watermark.
    max_models, named
        Models told apart per partition, first come, first kept, and in `models` over all partitions, where events
        decide; the rest is counted as `OTHER`, but for those ``named``, which are told apart whatever came before.

    Attributes
    ----------
    fitting
        Makes the values of snapshots no larger than what has been refused.
    """

    def __init__(
        self,
        aggregators: Sequence[Aggregator],
        clock: Clock,
        *,
        pane_seconds: float = 10.0,
        windows_seconds: Sequence[float] = (60.0, 300.0, 3600.0),
        allowed_lateness_seconds: float = 60.0,
        skew_tolerance_seconds: float = 60.0,
        max_models: int = 200,
        named: Collection[str] = (),
    ) -> None:
        if len({aggregator.name for aggregator in aggregators}) != len(aggregators):
            raise ConfigError("windows: two aggregators share a name")
        if max_models < 1 or skew_tolerance_seconds < 0.0:
            raise ConfigError("windows: max_models must be at least 1, skew_tolerance_seconds not negative")
        layout = PaneLayout.plan(pane_seconds, windows_seconds, allowed_lateness_seconds)
        self._math = PaneMath(layout, aggregators)
        self._layout, self._pane_seconds = layout, layout.pane_seconds
        self._adds: tuple[Callable[[State, Observation], None], ...] = tuple(a.add for a in aggregators)
        self._clock = clock
        self._skew = skew_tolerance_seconds
        pinned = frozenset(named) - {OTHER}
        self._new_partition = partial(PartitionPanes, self._math, max_models, pinned)
        self._places = Places(max_models, pinned, self._math.events, clock)
        self._partitions: dict[PartitionKey, PartitionPanes] = {}
        self._leases = 0
        self._counts = WindowCounts()
        self.fitting = StateFitting([aggregator.name for aggregator in aggregators])

    # Counting

    def apply(self, partition: PartitionKey, offset: int, observations: Iterable[Observation]) -> bool:
        """Count all observations of one record, each once however often the record comes.

        Records of a partition must come in the order of their offsets; gaps are fine.

        Returns
        -------
        bool
            False when nothing was counted: the record is covered already, or brought no observation.
        """
        part = self._partitions.get(partition) or self._open(partition)
        math, counts = self._math, self._counts
        touched: list[ModelPanes] = []
        for observation in observations:
            model = part.models.get(observation.model)
            if model is None:
                model = part.admit(observation.model)
            if offset < model.covered:
                counts.replayed += 1
                continue
            touched.append(model)
            time = observation.time
            if time > part.watermark:
                time = self._move_watermark(part, time)
            if time >= part.late_before:
                index = int(time / self._pane_seconds)
                states = model.hot if index == model.hot_index else math.heat(model, index, part.boundaries)
            else:  # also for NaN
                counts.late += 1
                states = model.settled
            for add, state in zip(self._adds, states, strict=True):
                add(state, observation)
        next_offset = offset + 1
        for model in touched:
            model.covered = next_offset
        if next_offset > part.covered:
            part.covered = next_offset
        counts.applied += len(touched)
        return bool(touched)

    def _move_watermark(self, part: PartitionPanes, time: float) -> float:
        """Take up a time beyond the watermark; gives back the time to count the event at."""
        now = self._clock.now()
        if time > now + self._skew:
            self._counts.future += 1
            return part.place_future(now)
        part.move_watermark(time, now)
        return time

    def _open(self, key: PartitionKey, generation: int = 0) -> PartitionPanes:
        self._leases += 1
        part = self._new_partition(self._leases, generation)
        self._partitions[key] = part
        return part

    def held(self, partition: PartitionKey) -> PartitionPanes | None:
        """What is held of a partition; None when it is not ours, or nothing of it was counted."""
        return self._partitions.get(partition)

    def covers(self, partition: PartitionKey, model: str, offset: int) -> bool:
        """Whether `apply` would pass this record over, as far as it concerns the model."""
        part = self._partitions.get(partition)
        return part is not None and part.covers(model, offset)

    def relabelled(self) -> list[PartitionKey]:
        """Partitions to which labels have come since the last confirmed snapshot."""
        return [key for key, part in self._partitions.items() if part.is_relabelled]

    def covered(self, partition: PartitionKey) -> int:
        """Next offset never applied nor skipped; a record below it may still be new to its model after a restore."""
        return part.covered if (part := self._partitions.get(partition)) else 0

    def advance(self, partition: PartitionKey, next_offset: int, passed: Collection[str] = ()) -> None:
        """Note records that bring no observation: dead letters, and events of models that were ``passed`` by."""
        part = self._partitions.get(partition) or self._open(partition)
        part.covered = max(part.covered, next_offset)
        part.pass_by(passed, next_offset)

    def take_counts(self) -> WindowCounts:
        """What has been counted since the last call, for the metrics."""
        taken, self._counts = self._counts, WindowCounts()
        return taken

    # Keeping

    def snapshot(
        self, partition: PartitionKey, full: bool = False, label_offsets: Mapping[int, int] | None = None
    ) -> Snapshot:
        """The values of all models changed since the last confirmed snapshot or restore, or of all models.

        ``label_offsets``, by partition of the labels, says which one is the next to be offered to `relabel`; while
        that is not known, what was restored goes on to hold.
        """
        part = self._partitions.get(partition)
        if part is None:
            return Snapshot(partition, 0, {}, {}, 0)
        values: dict[str, bytes] = {}
        marks: dict[str, tuple[int, int]] = {}
        if label_offsets:
            part.label_offsets = dict(label_offsets)
        watermark = (part.watermark, part.watermark_at)
        for name, model in part.models.items():
            if full or model.unsaved:
                self._math.fold(model, part.boundaries)
                write = partial(encode, partition, name, model, self._math, part.generation, watermark)
                values[name] = self.fitting.fit(model, partial(write, part.floor, part.label_offsets), full)
                marks[name] = (model.covered, model.revision)
        return Snapshot(partition, part.covered, values, marks, part.lease)

    def confirm(self, snapshot: Snapshot) -> None:
        """All values of a snapshot are written. Too late an answer, for a partition given up since, does nothing."""
        part = self._partitions.get(snapshot.partition)
        if part is None or part.lease != snapshot.lease:
            return
        for name, mark in snapshot.marks.items():
            model = part.models[name]
            model.saved = max(model.saved, mark)

    def restore(self, partition: PartitionKey, values: Iterable[bytes], generation: int | None = None) -> int:
        """Take up a partition from its snapshots, instead of whatever was held of it.

        Of several values of a model the readable one with the highest ``(generation, covered, revision)`` counts.
        Damaged values, and those of a newer version, are passed over and counted in `damaged`; values of other
        partitions are passed over. Only the values that count are read in full.

        Parameters
        ----------
        generation
            Marks the values written from now on, e.g. the consumer group's; by default one above the highest seen.

        Returns
        -------
        int
            Next offset that no model covers.
        """
        candidates = Candidates(partition, values)
        built = candidates.build(self._math)
        part = self._open(partition, candidates.following if generation is None else generation)
        part.floor, part.damaged = candidates.floor, candidates.damaged
        part.label_offsets = lowest_offsets([record.label_offsets for record, _, _ in built])
        for record, model, moved in built:
            self._take_in(part, record, model, moved)
        return part.covered

    def restart(self, partition: PartitionKey, values: Iterable[bytes]) -> int:
        """Take up a partition with nothing counted, for when its state says nothing about its offsets any more.

        The first value written from now on makes all the given ones void, those of models that never come again too.

        Returns
        -------
        int
            The generation of what is written from now on, one above the highest seen.
        """
        candidates = Candidates(partition, values)
        part = self._open(partition, candidates.following)
        part.floor = part.generation
        part.damaged = candidates.damaged
        return part.generation

    def damaged(self, partition: PartitionKey) -> int:
        """Values that `restore` or `restart` could not read when the partition was taken up."""
        part = self._partitions.get(partition)
        return part.damaged if part else 0

    def absorb(self, value: bytes) -> bool:
        """Take one value into its partition, unless a newer one is held; for the reader that merges all workers' panes.

        Raises
        ------
        StateError
            The value is damaged, or was written by a newer version.
        """
        record = decode(value)
        part = self._partitions.get(record.key)
        if part is not None and record.generation < part.floor:
            return False
        held = part.models.get(record.model) if part else None
        if held is not None and record.rank <= (held.generation, held.covered, held.revision):
            return False
        model, moved = build_model(record, self._math)
        part = part or self._open(record.key)
        if record.floor > part.floor:
            part.floor = record.floor
            part.models = {name: held for name, held in part.models.items() if held.generation >= record.floor}
        self._take_in(part, record, model, moved)
        return True

    def _take_in(self, part: PartitionPanes, record: PaneRecord, model: ModelPanes, moved: int) -> None:
        part.models[record.model] = model
        part.covered = max(part.covered, record.covered)
        self._counts.rebucketed += moved
        if record.watermark > part.watermark:
            part.watermark, part.watermark_at = record.watermark, record.watermark_at
            part.set_boundaries()

    def label_offsets(self, partition: PartitionKey) -> Mapping[int, int]:
        """By partition of the labels, the first one that may not have been offered to this partition's state."""
        part = self._partitions.get(partition)
        return part.label_offsets if part else {}

    def drop(self, partition: PartitionKey) -> None:
        """Forget a partition that is held elsewhere from now on."""
        self._partitions.pop(partition, None)

    @property
    def partitions(self) -> tuple[PartitionKey, ...]:
        """Partitions held."""
        return tuple(self._partitions)

    # Reading

    def event_now(self) -> float:
        """The present in event time, seconds since the Unix epoch; the wall clock's before the first event."""
        wall = self._clock.now()
        held = (part for part in self._partitions.values() if part.watermark > 0.0)
        return max((part.watermark + max(0.0, wall - part.watermark_at) for part in held), default=wall)

    def watermark(self, partition: PartitionKey) -> float:
        """Highest event time taken up; 0 before the first. Never goes back while the partition is held."""
        part = self._partitions.get(partition)
        return part.watermark if part else 0.0

    def models(self) -> tuple[str, ...]:
        """Models in `measurements`, at most ``max_models`` and `OTHER`."""
        return tuple(self._held())

    def _held(self) -> dict[str, list[tuple[PartitionPanes, ModelPanes]]]:
        """By exported name, what is held of it."""
        names = self._places.choose(self._partitions.values())
        shown: dict[str, list[tuple[PartitionPanes, ModelPanes]]] = {name: [] for name in names}
        for part in self._partitions.values():
            for name, model in part.models.items():
                shown.setdefault(name if name in shown else OTHER, []).append((part, model))
        return shown

    def window(self, model: str, seconds: float, now: float | None = None) -> dict[str, State]:
        """Merged states, by aggregator, of one model's last ``seconds``; a copy that the caller may keep.

        Parameters
        ----------
        now
            Event time at which the window ends, by default `event_now`. Windows that end before the watermark by more
            than the allowed lateness are incomplete: their panes have been merged into coarser ones.

        Raises
        ------
        ConfigError
            When ``seconds`` is not one of the windows.
        """
        if float(seconds) not in self._layout.windows:
            raise ConfigError(f"no window of {seconds} seconds is kept")
        at = self.event_now() if now is None else now
        return self._by_name(self._window(self._held().get(model, []), float(seconds), at, in_full=True))

    def totals(self, model: str) -> dict[str, State]:
        """Merged states, by aggregator, of everything ever counted for one model, late events included."""
        return self._by_name(self._totals(self._held().get(model, [])))

    def totals_of(self, aggregator: str, wanted: Callable[[str], bool]) -> Iterator[tuple[str, State]]:
        """Of each model that is wanted: one aggregator's totals, as `totals` gives them."""
        for name, held in self._held().items():
            if wanted(name):
                yield name, self._math.total_of(aggregator, [model for _, model in held])

    def measurements(self, now: float | None = None) -> list[Reading]:
        """Every model over every window, finished."""
        return list(self.each_measurement(now))

    def each_measurement(self, now: float | None = None) -> Iterator[Reading]:
        """The same one by one. What is counted meanwhile is in those to come; models that come meanwhile are not."""
        at = self.event_now() if now is None else now
        for name, held in self._held().items():
            for seconds in self._layout.windows:
                yield Reading(name, seconds, self._finish(name, seconds, self._window(held, seconds, at)))

    def total_measurements(self) -> list[Reading]:
        """Every model since the beginning, finished."""
        return [
            Reading(name, None, self._finish(name, None, self._totals(held))) for name, held in self._held().items()
        ]

    def _window(
        self, held: Sequence[tuple[PartitionPanes, ModelPanes]], seconds: float, now: float, in_full: bool = False
    ) -> list[State]:
        states = self._math.empty()
        for part, model in held:
            self._math.fold(model, part.boundaries)
            self._math.window(states, model, seconds, self._layout.index(now), in_full)
        return states

    def _totals(self, held: Sequence[tuple[PartitionPanes, ModelPanes]]) -> list[State]:
        states = self._math.empty()
        for _, model in held:
            self._math.totals(states, model)
        return states

    def _by_name(self, states: Sequence[State]) -> dict[str, State]:
        return {aggregator.name: state for aggregator, state in zip(self._math.aggregators, states, strict=True)}

    def _finish(self, model: str, seconds: float | None, states: Sequence[State]) -> dict[str, Any]:
        context = FinishContext(model, seconds, in_full=seconds is None or seconds == max(self._layout.windows))
        return self._math.finish(states, context)
