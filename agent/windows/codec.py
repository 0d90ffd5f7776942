"""The value of ``harm.panes``: one model's panes of one source partition, in MessagePack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import floor
from operator import itemgetter
from typing import Any, Final, TypeVar

import msgspec

from agent.errors import StateError
from agent.windows.base import PartitionKey, State
from agent.windows.labelled import LabelledDecisions
from agent.windows.panes import ModelPanes, PaneMath

__all__ = [
    "FORMAT_VERSION",
    "Candidates",
    "PaneHeader",
    "PaneRecord",
    "build_model",
    "decode",
    "encode",
    "lowest_offsets",
    "peek",
]

FORMAT_VERSION: Final = 1

_Read = TypeVar("_Read", "PaneHeader", "PaneRecord")

_LATEST_TIME: Final = 1e11
# Sums of weights, and of their squares: no sampling gives others.
_LEAST: Final = 1e-30
_MOST: Final = 1e30
_REJECTED: Final = (TypeError, ValueError, KeyError, IndexError, AttributeError)


class _Version(msgspec.Struct, frozen=True):
    version: int


class PaneHeader(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What tells of a value whose it is and whether it counts; see `PaneRecord`."""

    version: int
    topic: str
    partition: int
    model: str
    covered: int
    generation: int
    floor: int = 0
    revision: int = 0

    @property
    def key(self) -> PartitionKey:
        """The source partition."""
        return self.topic, self.partition

    @property
    def rank(self) -> tuple[int, int, int]:
        """Of two values of a model the one of the higher rank counts."""
        return self.generation, self.covered, self.revision


class PaneRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One model's state in one source partition.

    Attributes
    ----------
    version
        Of this layout. Fields may be added without raising it; readers pass over what they do not know.
    covered
        Next offset of the source partition that is not counted in here.
    generation
        Rises whenever the partition changes hands.
    revision
        Rises with every label that changed the counts; of two values the higher ``(generation, covered, revision)``
        counts.
    floor
        Values of the partition, of any model, with a generation below this are void; it rises when the partition
        begins anew (`WindowEngine.restart`).
    watermark, watermark_at
        Highest event time of the partition, and the wall time when it was reached; seconds since the Unix epoch.
    aggregators
        ``(name, version)`` in the order in which their states stand in panes.
    panes
        ``(index of the first fine pane, width in fine panes, states)``.
    settled
        States of everything older than the panes.
    labelled
        `LabelledDecisions`, encoded.
    label_offsets
        By partition of the labels the next one that has not been offered to this state; empty when none was read.
    """

    version: int
    topic: str
    partition: int
    model: str
    covered: int
    generation: int
    watermark: float
    watermark_at: float
    pane_seconds: float
    aggregators: list[tuple[str, int]]
    panes: list[tuple[int, int, list[Any]]]
    settled: list[Any]
    floor: int = 0
    revision: int = 0
    labelled: bytes = b""
    label_offsets: dict[int, int] = {}

    @property
    def key(self) -> PartitionKey:
        """The source partition."""
        return self.topic, self.partition

    @property
    def rank(self) -> tuple[int, int, int]:
        """As of `PaneHeader`."""
        return self.generation, self.covered, self.revision


_encoder = msgspec.msgpack.Encoder()
_version_decoder = msgspec.msgpack.Decoder(_Version)
_header_decoder = msgspec.msgpack.Decoder(PaneHeader)
_decoder = msgspec.msgpack.Decoder(PaneRecord)


def encode(
    key: PartitionKey,
    name: str,
    model: ModelPanes,
    math: PaneMath,
    generation: int,
    watermark: tuple[float, float],
    floor: int = 0,
    label_offsets: Mapping[int, int] = {},
) -> bytes:
    """The record of one model as bytes; about 25 KB for an hour without bias counts, before compression."""
    return _encoder.encode(
        PaneRecord(
            version=FORMAT_VERSION,
            topic=key[0],
            partition=key[1],
            model=name,
            covered=model.covered,
            generation=generation,
            watermark=watermark[0],
            watermark_at=watermark[1],
            pane_seconds=math.layout.pane_seconds,
            aggregators=[(aggregator.name, aggregator.version) for aggregator in math.aggregators],
            panes=[
                (index, factor, states)
                for factor, panes in zip(math.layout.factors, model.tiers, strict=True)
                for index, states in panes.items()
            ],
            settled=model.settled,
            floor=floor,
            revision=model.revision,
            labelled=model.labelled.encode(),
            label_offsets=dict(label_offsets),
        )
    )


def peek(value: bytes) -> PaneHeader:
    """Read only the header: the states are passed over, so this costs a fraction of `decode`.

    That a value has a sound header does not mean that its states are sound.

    Raises
    ------
    StateError
        Damaged, or written by a newer version.
    """
    return _read(_header_decoder, value)


def decode(value: bytes) -> PaneRecord:
    """Read a record; the states in it are still unchecked.

    Raises
    ------
    StateError
        Damaged, or written by a newer version.
    """
    record = _read(_decoder, value)
    times = (record.watermark, record.watermark_at)
    if not all(0.0 <= time <= _LATEST_TIME for time in times) or not 1e-3 <= record.pane_seconds <= 1e9:
        raise StateError("window state is damaged: times out of range")
    for index, factor, states in record.panes:
        if not 0 <= index * record.pane_seconds <= _LATEST_TIME or factor < 1:
            raise StateError("window state is damaged: panes out of range")
        if len(states) != len(record.aggregators):
            raise StateError("window state is damaged: states missing")
    if not all(place >= 0 and offset >= 0 for place, offset in record.label_offsets.items()):
        raise StateError("window state is damaged: offsets of labels out of range")
    if len(record.settled) != len(record.aggregators):
        raise StateError("window state is damaged: totals missing")
    return record


def _read(decoder: msgspec.msgpack.Decoder[_Read], value: bytes) -> _Read:
    try:
        header = decoder.decode(value)
        version = header.version
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        version = _version_of(value)  # a newer version may have changed any other field
        if version <= FORMAT_VERSION:
            raise StateError("window state is damaged: no valid record") from error
    if version > FORMAT_VERSION:
        raise StateError(f"window state has format {version}, this version reads up to {FORMAT_VERSION}: upgrade")
    if not (0 <= header.floor <= header.generation and header.covered >= 0 and header.revision >= 0):
        raise StateError("window state is damaged: generation or offset out of range")
    return header


def _version_of(value: bytes) -> int:
    """The version of a value that cannot be read; 0 when not even that can."""
    try:
        return _version_decoder.decode(value).version
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return 0


class Candidates:
    """The values of one partition, sorted out by their headers: only what is needed is read in full.

    Attributes
    ----------
    damaged
        Values that could not be read, so far.
    floor
        The highest floor seen.
    following
        The generation after the highest seen, that of damaged states with a sound header included; 0 for no value.
    """

    __slots__ = ("_by_model", "damaged", "floor", "following")

    def __init__(self, key: PartitionKey, values: Iterable[bytes]) -> None:
        self.damaged = 0
        self.floor = 0
        self.following = 0
        self._by_model: dict[str, list[tuple[tuple[int, int, int], bytes]]] = {}
        for value in values:
            try:
                header = peek(value)
            except StateError:
                self.damaged += 1
                continue
            if header.key == key:
                self._by_model.setdefault(header.model, []).append((header.rank, value))
                self.floor = max(self.floor, header.floor)
                self.following = max(self.following, header.generation + 1)

    def build(self, math: PaneMath) -> list[tuple[PaneRecord, ModelPanes, int]]:
        """For each model the readable value of the highest rank, as `build_model` gives it; others are not read."""
        built: list[tuple[PaneRecord, ModelPanes, int]] = []
        for ranked in self._by_model.values():
            for rank, value in sorted(ranked, key=itemgetter(0), reverse=True):
                if rank[0] < self.floor:
                    break
                try:
                    record = decode(value)
                    model, moved = build_model(record, math)
                except StateError:
                    self.damaged += 1
                    continue
                built.append((record, model, moved))
                break
        return built


def build_model(record: PaneRecord, math: PaneMath) -> tuple[ModelPanes, int]:
    """The model's panes in this engine's layout, not folded yet, and how many had to be re-bucketed.

    A pane of another width goes as a whole to the pane that holds its start, so its events move by less than the
    wider of the two panes; none is lost. States of aggregators that are not configured any more are dropped, newly
    configured ones begin empty.

    Raises
    ------
    StateError
        States that their aggregator does not understand.
    """
    order = _order(record, math)
    layout = math.layout
    model = math.new_model()
    # `saved` stays at zero: the new owner writes everything once under its own generation, over what a zombie may have
    # left.
    model.covered = record.covered
    model.revision = record.revision
    model.labelled = LabelledDecisions.decode(record.labelled)
    model.generation = record.generation
    moved = 0
    for index, factor, states in record.panes:
        if record.pane_seconds == layout.pane_seconds and factor in layout.factors and index % factor == 0:
            tier = layout.factors.index(factor)
        else:
            index, tier, moved = floor(index * record.pane_seconds / layout.pane_seconds), 0, moved + 1
        _absorb(math, model.tiers[tier].setdefault(index, math.empty()), states, order)
    _absorb(math, model.settled, record.settled, order)
    return model, moved


def _order(record: PaneRecord, math: PaneMath) -> list[int | None]:
    """For each configured aggregator the position of its state in the record, None when it was not configured."""
    written = {name: (position, version) for position, (name, version) in enumerate(record.aggregators)}
    order: list[int | None] = []
    for aggregator in math.aggregators:
        position, version = written.get(aggregator.name, (None, aggregator.version))
        if version != aggregator.version:
            raise StateError(
                f"window state of {aggregator.name!r} has version {version}, this version reads {aggregator.version}"
            )
        order.append(position)
    return order


def _absorb(math: PaneMath, into: list[State], states: Sequence[Any], order: Sequence[int | None]) -> None:
    """Merge read states into states of our own: it checks them, and whatever the reader made is not kept."""
    for aggregator, mine, position in zip(math.aggregators, into, order, strict=True):
        if position is None:
            continue
        if not _sound(states[position]):
            raise StateError(f"window state of {aggregator.name!r} is damaged: numbers out of range")
        try:
            aggregator.merge(mine, states[position])
        except _REJECTED as error:
            raise StateError(f"window state of {aggregator.name!r} is damaged: {type(error).__name__}") from error


def _sound(state: Any) -> bool:
    """Whether all numbers in a state are such as counting makes.

    One NaN would spoil the totals for ever, and the square of one tiny number, where no tiny weight is, is 0 where
    nobody expects it: as a divisor.
    """
    if isinstance(state, float | int):
        return state == 0 or _LEAST <= abs(state) <= _MOST
    if isinstance(state, dict):
        return all(map(_sound, state.values()))
    if isinstance(state, list):
        return all(map(_sound, state))
    return isinstance(state, str)


def lowest_offsets(all_offsets: Iterable[Mapping[int, int]]) -> dict[int, int]:
    """From where all of several states have been offered all labels; from the first for one that names no offset."""
    told = list(all_offsets)
    places = {place for offsets in told for place in offsets}
    return {place: min(offsets.get(place, 0) for offsets in told) for place in places}
