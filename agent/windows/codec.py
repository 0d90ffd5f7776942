"""The value of ``harm.panes``: one model's panes of one source partition, in MessagePack."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Mapping, Sequence
from math import floor
from typing import Any, Final, TypeVar

import msgspec
from msgspec.structs import replace

from agent.errors import StateError
from agent.windows.base import Aggregator, Divisible, PartitionKey, State
from agent.windows.labelled import LabelledDecisions
from agent.windows.panes import ModelPanes, PaneMath

__all__ = [
    "FORMAT_VERSION",
    "PaneHeader",
    "PaneRecord",
    "build_model",
    "decode",
    "encode",
    "peek",
]

FORMAT_VERSION: Final = 2
"""Of packed records; others are written as 1, which older code reads."""

#: Larger states are packed: at least 4 times smaller, at about 30 ms a megabyte.
_MOST_PLAIN: Final = 512 * 1024
#: However damaged a value is, no more memory is taken.
_MOST_UNPACKED: Final = 256 * 1024 * 1024

_Read = TypeVar("_Read", "PaneHeader", "PaneRecord")

_LATEST_TIME: Final = 1e11
# Sums of weights, of their squares, and of squared scores, which may be 1e24 each (`agent.windows.bias`) and weigh a
# thousand: no counting gives others. Squares of the bounds are finite.
_LEAST: Final = 1e-30
_MOST: Final = 1e42
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
    packed
        ``panes`` and ``settled``, which are empty then, in MessagePack and zlib.
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
    packed: bytes = b""

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
_states_decoder = msgspec.msgpack.Decoder(tuple[list[tuple[int, int, list[Any]]], list[Any]])


def encode(
    key: PartitionKey,
    name: str,
    model: ModelPanes,
    math: PaneMath,
    generation: int,
    watermark: tuple[float, float],
    floor: int = 0,
    label_offsets: Mapping[int, int] = {},
    without: Collection[str] = (),
    most_plain: int = _MOST_PLAIN,
) -> bytes:
    """The record of one model as bytes; about 25 KB for an hour without bias counts, before compression.

    Parameters
    ----------
    without
        Parts to leave out, of `agent.windows.fitting.EXPENDABLE`.
    most_plain
        A larger record is packed; one of more than 512 KiB always.
    """
    aggregators, kept = _keeping(math.aggregators, without)
    record = PaneRecord(
        version=1,
        topic=key[0],
        partition=key[1],
        model=name,
        covered=model.covered,
        generation=generation,
        watermark=watermark[0],
        watermark_at=watermark[1],
        pane_seconds=math.layout.pane_seconds,
        aggregators=[(aggregator.name, aggregator.version) for aggregator in aggregators],
        panes=[
            (index, factor, kept(states))
            for factor, panes in zip(math.layout.factors, model.tiers, strict=True)
            for index, states in panes.items()
        ],
        settled=kept(model.settled),
        floor=floor,
        revision=model.revision,
        labelled=model.labelled.encode(),
        label_offsets=dict(label_offsets),
    )
    value = _encoder.encode(record)
    if len(value) <= min(most_plain, _MOST_PLAIN) or len(value) > _MOST_UNPACKED:  # no topic takes the latter
        return value
    packed = zlib.compress(_encoder.encode((record.panes, record.settled)), 1)
    return _encoder.encode(replace(record, version=FORMAT_VERSION, panes=[], settled=[], packed=packed))


def _keeping(
    aggregators: Sequence[Aggregator], without: Collection[str]
) -> tuple[Sequence[Aggregator], Callable[[list[State]], list[State]]]:
    """The aggregators that stay, and what leaves of a pane's states what is theirs."""
    if not without:  # nearly always, and asking for the protocol takes longer than writing a small model
        return aggregators, lambda states: states
    staying = [(place, each) for place, each in enumerate(aggregators) if each.name not in without]
    divided = {place: each for place, each in staying if isinstance(each, Divisible)}

    def kept(states: list[State]) -> list[State]:
        return [divided[at].without(states[at], without) if at in divided else states[at] for at, _ in staying]

    return [each for _, each in staying], kept


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
    record = _unpacked(_read(_decoder, value))
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


def _unpacked(record: PaneRecord) -> PaneRecord:
    if not record.packed:
        return record
    inflate = zlib.decompressobj()
    try:
        panes, settled = _states_decoder.decode(inflate.decompress(record.packed, _MOST_UNPACKED))
    except (zlib.error, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise StateError("window state is damaged: states cannot be unpacked") from error
    return replace(record, panes=panes, settled=settled, packed=b"")


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
        if version != aggregator.version and version not in getattr(aggregator, "earlier_versions", ()):
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
