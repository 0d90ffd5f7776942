"""Where a group that is new would begin: with whatever the topic still holds, unless it is told otherwise."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

from kafka import TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError

from streams.config import WorkerConfig

__all__ = ["look_at_beginning"]

_TRIES: Final = 10
_PAUSE_SECONDS: Final = 0.5


def look_at_beginning(config: WorkerConfig, admin: Any, existing: Mapping[str, int]) -> tuple[str, str] | None:
    """What is found and how to mend it; None when all that is there has been read up to an offset, or is left alone.

    Where it cannot be looked at, that is found.

    Parameters
    ----------
    existing
        Number of partitions by topic.
    """
    if config.kafka.auto_offset_reset != "earliest":
        return None
    group = config.kafka.group_id
    partitions = {TopicPartition(topic, n) for topic in config.topics.events for n in range(existing.get(topic, 0))}
    try:
        committed = _offsets(admin, group)
        new = partitions - {partition for partition, place in committed.items() if place.offset >= 0}
        if not new:
            return None
        first, end = (
            admin.list_partition_offsets(dict.fromkeys(new, spec)) for spec in (OffsetSpec.EARLIEST, OffsetSpec.LATEST)
        )
        held = sum(end[partition].offset - first[partition].offset for partition in new)
    # Not every broker tells, and not everybody may ask: nothing depends on it but that what was not looked at is said.
    except Exception as error:
        found = f"where it would begin was not looked at: {type(error).__name__}"
        return found, "check the user's rights (harmwatch doctor --acls), or ask with kafka-consumer-groups --describe"
    if not held:
        return None
    found = (
        f"has no offset in {len(new)} of {len(partitions)} partitions of events: it begins with the {held:,} records "
        "that are there, whatever their age, and counts them in today's metrics"
    )
    return found, (
        "to begin with what comes, set kafka.auto_offset_reset: latest for the first start, and earliest again once "
        "every partition has an offset, so that nothing of a partition that is added is passed over"
    )


def _offsets(admin: Any, group: str) -> Mapping[TopicPartition, Any]:
    """Of a cluster's first group the coordinator is made when it is asked for, which takes it a second or two."""
    tries = 1
    while True:
        try:
            offsets: Mapping[TopicPartition, Any] = admin.list_group_offsets(group).get(group, {})
            return offsets
        except KafkaError as error:
            if tries == _TRIES or not error.retriable:
                raise
        tries += 1
        time.sleep(_PAUSE_SECONDS)
