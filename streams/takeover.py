"""What a worker must know to take a partition over: where to go on, and the window state of whoever had it before."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import NamedTuple

from agent.clock import Clock
from agent.errors import AccessDenied, TransportError
from agent.windows.engine import WindowEngine
from streams.ports import Partition, Source, StateReader
from streams.state_owner import StateOwner

__all__ = ["Takeover", "read_takeovers", "restore_windows"]

_logger = logging.getLogger(__name__)

_RETRY_SECONDS = 1.0
#: Each read of a state partition is a connection of its own.
_READS_AT_ONCE = 8


class Takeover(NamedTuple):
    """One partition: the next offset to score, the end of the log just now, its values in the pane topic, and in that
    of decisions that wait for a label; how many offsets were deleted before anybody of the group had scored them.
    """

    partition: Partition
    resume_at: int
    end: int
    states: Sequence[bytes]
    decisions: Sequence[bytes] = ()
    deleted: int = 0


def restore_windows(windows: WindowEngine, takeover: Takeover) -> None:
    """Take the partition's window state up, as far as it can be read and belongs to these offsets."""
    partition = takeover.partition
    windows.restore(partition, takeover.states)
    if damaged := windows.damaged(partition):
        # A damaged value must not keep the monitor down: its model starts from zero, loudly.
        _logger.error("window_state_lost topic=%s partition=%d values=%d", *partition, damaged)
    if windows.covered(partition) > takeover.end:
        # The topic was deleted and made anew: its old state says nothing about the new offsets.
        _logger.warning("window_state_of_another_topic_life topic=%s partition=%d", *partition)
        windows.restart(partition, takeover.states)


async def read_takeovers(
    source: Source,
    state_reader: StateReader,
    owner: StateOwner,
    panes: str,
    decisions: str | None,
    partitions: Sequence[Partition],
    clock: Clock,
    patience_seconds: float,
) -> list[Takeover]:
    """Ask the broker, again and again while it is away.

    Parameters
    ----------
    owner
        What other groups wrote is passed over.
    panes, decisions
        Topics; decisions are not read when it is None.

    Raises
    ------
    AccessDenied
        When this user may not read what it needs.
    TransportError
        When it does not answer within ``patience_seconds``.
    """
    deadline = clock.monotonic() + patience_seconds
    while True:
        try:
            async with asyncio.timeout(max(1.0, deadline - clock.monotonic())):
                return await _read(source, state_reader, owner, panes, decisions, partitions)
        except* (TransportError, TimeoutError) as errors:
            failures = [e for e in errors.exceptions if isinstance(e, TransportError)]
        if refused := next((e for e in failures if isinstance(e, AccessDenied)), None):
            raise refused  # a right that is missing is not waited for
        if clock.monotonic() >= deadline:
            raise next(iter(failures), None) or TransportError(
                "the broker did not answer in time while a partition was taken over"
            )
        await asyncio.sleep(_RETRY_SECONDS)


async def _read(
    source: Source,
    state_reader: StateReader,
    owner: StateOwner,
    panes: str,
    decisions: str | None,
    partitions: Sequence[Partition],
) -> list[Takeover]:
    # All partitions at once: with hundreds of them, one after another takes minutes in which nothing is monitored.
    room = asyncio.Semaphore(_READS_AT_ONCE)

    async def values(topic: str | None, partition: Partition) -> list[bytes]:
        async with room:
            records = await state_reader(topic, partition.number) if topic is not None else ()
        return owner.values(records)

    async with asyncio.TaskGroup() as group:
        read = {partition: group.create_task(values(panes, partition)) for partition in partitions}
        waiting = {partition: group.create_task(values(decisions, partition)) for partition in partitions}
        committed = {partition: group.create_task(source.committed(partition)) for partition in partitions}
    first = await source.start_offsets(partitions)
    ends = await source.end_offsets(partitions)
    defaults = await source.default_offsets(partitions)
    if begun := {partition: defaults[partition] for partition in partitions if committed[partition].result() is None}:
        # Where the group begins is told at once: where that is the end, whoever comes next before a first commit would
        # begin at a later one, and pass over what came since.
        await source.commit(begun)
    takeovers = []
    for partition in partitions:
        offset, deleted = committed[partition].result(), 0
        if offset is None:
            resume_at = defaults[partition]
        elif offset > ends[partition]:
            # The log is shorter than what was read of it: truncated, restored from a backup, or made anew.
            end = ends[partition]
            _logger.error("committed_beyond_end topic=%s partition=%d committed=%d end=%d", *partition, offset, end)
            resume_at = first[partition]
        else:
            resume_at = max(first[partition], offset)
            deleted = resume_at - offset
        states, decided = read[partition].result(), waiting[partition].result()
        takeovers.append(Takeover(partition, resume_at, ends[partition], states, decided, deleted))
    return takeovers
