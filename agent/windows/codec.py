"""The value of ``harm.panes``: one model's panes of one source partition, in MessagePack."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, isfinite
from typing import Any, Final

import msgspec

from agent.errors import StateError
from agent.windows.base import PartitionKey, State
from agent.windows.panes import ModelPanes, PaneMath

__all__ = ["FORMAT_VERSION", "PaneRecord", "build_model", "decode", "encode"]

FORMAT_VERSION: Final = 1

_LATEST_TIME: Final = 1e11
_REJECTED: Final = (TypeError, ValueError, KeyError, IndexError, AttributeError)


class _Version(msgspec.Struct, frozen=True):
    version: int


class PaneRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One model's state in one source partition.

    Attributes
    ----------
    version
        Of this layout. Fields may be added without raising it; readers pass over what they do not know.
    covered
        Next offset of the source partition that is not counted in here.
    generation
        Rises whenever the partition changes hands; of two values the higher ``(generation, covered)`` counts.
    watermark, watermark_at
        Highest event time of the partition, and the wall time when it was reached; seconds since the Unix epoch.
    aggregators
        ``(name, version)`` in the order in which their states stand in panes.
    panes
        ``(index of the first fine pane, width in fine panes, states)``.
    settled
        States of everything older than the panes.
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

    @property
    def key(self) -> PartitionKey:
        """The source partition."""
        return self.topic, self.partition


_encoder = msgspec.msgpack.Encoder()
_version_decoder = msgspec.msgpack.Decoder(_Version)
_decoder = msgspec.msgpack.Decoder(PaneRecord)


def encode(
    key: PartitionKey, name: str, model: ModelPanes, math: PaneMath, generation: int, watermark: tuple[float, float]
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
        )
    )


def decode(value: bytes) -> PaneRecord:
    """Read a record; the states in it are still unchecked.

    Raises
    ------
    StateError
        Damaged, or written by a newer version.
    """
    try:
        version = _version_decoder.decode(value).version
        if version > FORMAT_VERSION:
            raise StateError(f"window state has format {version}, this version reads up to {FORMAT_VERSION}: upgrade")
        record = _decoder.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise StateError("window state is damaged: no valid record") from error
    times = (record.watermark, record.watermark_at)
    if not all(0.0 <= time <= _LATEST_TIME for time in times) or not 1e-3 <= record.pane_seconds <= 1e9:
        raise StateError("window state is damaged: times out of range")
    if record.covered < 0 or record.generation < 0:
        raise StateError("window state is damaged: negative offsets")
    for index, factor, states in record.panes:
        if not 0 <= index * record.pane_seconds <= _LATEST_TIME or factor < 1:
            raise StateError("window state is damaged: panes out of range")
        if len(states) != len(record.aggregators):
            raise StateError("window state is damaged: states missing")
    if len(record.settled) != len(record.aggregators):
        raise StateError("window state is damaged: totals missing")
    return record


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
    # `saved` stays 0: the new owner writes everything once under its own generation, over what a zombie may have left.
    model.covered = record.covered
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
        if not _finite(states[position]):
            raise StateError(f"window state of {aggregator.name!r} is damaged: not finite")
        try:
            aggregator.merge(mine, states[position])
        except _REJECTED as error:
            raise StateError(f"window state of {aggregator.name!r} is damaged: {type(error).__name__}") from error


def _finite(state: Any) -> bool:
    """Whether all numbers in a state are finite: one NaN would spoil the totals for ever."""
    if isinstance(state, float):
        return isfinite(state)
    if isinstance(state, dict):
        return all(map(_finite, state.values()))
    if isinstance(state, list):
        try:
            return isfinite(sum(state))  # numbers, as nearly always
        except TypeError:
            return all(map(_finite, state))
    return isinstance(state, int | str)
