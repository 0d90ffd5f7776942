"""All metrics of a process as bytes, for another process of the same worker to add to its own (`agent.metrics.merged`).

MessagePack of label values and numbers. Nothing in it can be executed, and a name that the reader does not know is
passed over.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from agent.metrics.frozen import FrozenMetrics

__all__ = ["HistogramRow", "NumberRow", "Snapshot", "read_snapshot", "write_snapshot"]

#: Label values in the catalogue's order, as they are shown; what it came to.
NumberRow: TypeAlias = tuple[tuple[str, ...], float]


class HistogramRow(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A histogram of one label set, as `agent.metrics.series.Histogram` keeps it: buckets are not cumulative."""

    labels: tuple[str, ...]
    counts: list[int]
    total: float
    exemplars: dict[int, tuple[str, float, float]]


class Snapshot(msgspec.Struct, array_like=True, frozen=True):
    """By metric, the rows of its label sets."""

    numbers: dict[str, list[NumberRow]]
    histograms: dict[str, list[HistogramRow]]


_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(Snapshot)


def write_snapshot(frozen: FrozenMetrics) -> bytes:
    """What `read_snapshot` reads."""
    return _encode(
        Snapshot(
            {
                name: [(tuple(child.labels.values()), value) for child, value in zip(children, values, strict=True)]
                for name, (children, values) in frozen.numbers.items()
            },
            {
                name: [
                    HistogramRow(tuple(row.source.labels.values()), row.counts, row.total, row.exemplars)
                    for row in rows
                ]
                for name, rows in frozen.histograms.items()
            },
        )
    )


def read_snapshot(content: bytes) -> Snapshot:
    """Raises
    ------
    msgspec.DecodeError
        For what `write_snapshot` has not written.
    """
    return _decoder.decode(content)
