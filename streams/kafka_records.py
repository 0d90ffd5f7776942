"""What aiokafka hands out, as records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aiokafka import ConsumerRecord, TopicPartition

from streams.ports import Record

__all__ = ["records_of"]


def records_of(batches: Mapping[TopicPartition, Sequence[ConsumerRecord]]) -> dict[TopicPartition, list[Record]]:
    """By partition, in the order of offsets."""
    return {
        partition: [
            Record(m.topic, m.partition, m.offset, m.timestamp / 1000.0, m.key, m.value, m.headers) for m in messages
        ]
        for partition, messages in batches.items()
    }
