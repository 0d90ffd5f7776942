"""What a worker must know to take a partition over: where to go on, and the window state of whoever had it before."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from agent.clock import Clock
from agent.errors import TransportError
from streams.ports import Partition, Source, StateReader

__all__ = ["Takeover", "read_takeovers"]

_RETRY_SECONDS = 1.0
#: Each read of a state partition is a connection of its own.
_READS_AT_ONCE = 8


class Takeover(NamedTuple):
    """One partition: the next offset to score, the end of the log just now, and its values in the pane topic."""

    partition: Partition
    resume_at: int
    end: int
    states: Sequence[bytes]


async def read_takeovers(
    source: Source,
    state_reader: StateReader,
    panes: str,
    partitions: Sequence[Partition],
    clock: Clock,
    patience_seconds: float,
) -> list[Takeover]:
    """Ask the broker, again and again while it is away.

    Raises
    ------
    TransportError
        When it does not answer within ``patience_seconds``.
    """
    deadline = clock.monotonic() + patience_seconds
    while True:
        try:
            return await _read(source, state_reader, panes, partitions)
        except TransportError:
            if clock.monotonic() >= deadline:
                raise
            await asyncio.sleep(_RETRY_SECONDS)


async def _read(
    source: Source, state_reader: StateReader, panes: str, partitions: Sequence[Partition]
) -> list[Takeover]:
    # All partitions at once: with hundreds of them, one after another takes minutes in which nothing is monitored.
    room = asyncio.Semaphore(_READS_AT_ONCE)

    async def states(partition: Partition) -> list[bytes]:
        async with room:
            records = await state_reader(panes, partition.number)
        return [record.value for record in records if record.value is not None]

    read = await asyncio.gather(*map(states, partitions))
    committed = await asyncio.gather(*map(source.committed, partitions))
    first = await source.start_offsets(partitions)
    ends = await source.end_offsets(partitions)
    return [
        Takeover(
            partition, first[partition] if offset is None else max(first[partition], offset), ends[partition], values
        )
        for partition, offset, values in zip(partitions, committed, read, strict=True)
    ]
