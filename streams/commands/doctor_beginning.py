"""Where a group that is new would begin: with whatever the topic still holds, unless it is told otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kafka import TopicPartition
from kafka.admin import OffsetSpec

from streams.config import WorkerConfig

__all__ = ["look_at_beginning"]


def look_at_beginning(config: WorkerConfig, admin: Any, existing: Mapping[str, int]) -> tuple[str, str] | None:
    """What is found and how to mend it; None when the group is not new, or begins with what comes.

    Parameters
    ----------
    existing
        Number of partitions by topic.
    """
    if config.kafka.auto_offset_reset != "earliest":
        return None
    partitions = [TopicPartition(topic, n) for topic in config.topics.events for n in range(existing.get(topic, 0))]
    try:
        committed = admin.list_group_offsets(config.kafka.group_id).get(config.kafka.group_id, {})
        if not partitions or any(place.offset >= 0 for at, place in committed.items() if at in partitions):
            return None
        first, end = (
            admin.list_partition_offsets(dict.fromkeys(partitions, of))
            for of in (OffsetSpec.EARLIEST, OffsetSpec.LATEST)
        )
        held = sum(end[at].offset - first[at].offset for at in partitions)
    # Not every broker tells, and not everybody may ask: nothing depends on it but a warning.
    except Exception:
        return None
    if not held:
        return None
    found = (
        f"new to these topics: its first start reads the {held:,} records that are there, whatever their age, and "
        "counts them in today's metrics"
    )
    return found, "set kafka.auto_offset_reset: latest to begin with what comes from now on"
