"""The keys that every user of a courier has: how long Kafka is waited for, how much is held, where it is spooled."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from agent.config_base import Seconds, Section

__all__ = ["CourierConfig"]

_KIB = 1024
_MIB = 1024 * 1024


class CourierConfig(Section):
    """How records come to Kafka.

    Attributes
    ----------
    spool_directory
        A directory of its own, in which records wait while Kafka is away. None: then nothing is taken meanwhile.
    spool_max_bytes
        All files of the spool together.
    pending_bytes
        Records in memory that neither Kafka nor the disk has yet; more is refused.
    max_record_bytes
        Larger records are refused: Kafka's own limit, unless the topic's ``max.message.bytes`` is raised as well.
    kafka_patience_seconds
        So long Kafka is waited for before records go to the spool.
    retry_seconds
        The longest pause between two attempts to reach Kafka.
    """

    spool_directory: Path | None = None
    spool_max_bytes: Annotated[int, Field(ge=64 * _KIB, le=1 << 44)] = 1024 * _MIB
    pending_bytes: Annotated[int, Field(ge=64 * _KIB, le=1 << 34)] = 32 * _MIB
    max_record_bytes: Annotated[int, Field(ge=1024, le=32 * _MIB)] = 1_000_000
    kafka_patience_seconds: Seconds = 5.0
    retry_seconds: Seconds = 5.0

    @field_validator("spool_directory", mode="before")
    @classmethod
    def _named(cls, value: object) -> object:
        if isinstance(value, str) and not value.strip():
            raise ValueError("must name a folder: it is empty, as a variable that is not set leaves it")
        return value
