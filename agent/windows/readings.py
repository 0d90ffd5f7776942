"""What the window engine hands out: counts, snapshots to write, readings to export."""

from __future__ import annotations

from typing import Any

import msgspec

from agent.windows.base import PartitionKey

__all__ = ["Reading", "Snapshot", "WindowCounts"]


class WindowCounts(msgspec.Struct):
    """What has happened to observations since the last `WindowEngine.take_counts`.

    ``late`` ones are in the totals only; ``future`` ones are in the pane of the watermark; ``replayed`` ones had been
    counted before; ``rebucketed`` counts panes restored from another layout.
    """

    applied: int = 0
    replayed: int = 0
    late: int = 0
    future: int = 0
    rebucketed: int = 0


class Snapshot(msgspec.Struct, frozen=True):
    """Values to write, by model. Give it to `WindowEngine.confirm` once all are written; until then they stay dirty.

    ``covered`` is the partition's next offset: once confirmed, offsets up to it may be committed.
    """

    partition: PartitionKey
    covered: int
    values: dict[str, bytes]
    marks: dict[str, tuple[int, int]]
    lease: int


class Reading(msgspec.Struct, frozen=True):
    """One model over one window (None: since the beginning): by aggregator, what its `finish` gave."""

    model: str
    window_seconds: float | None
    results: dict[str, Any]
