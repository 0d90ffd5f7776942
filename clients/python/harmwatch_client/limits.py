"""Bounds of a tap: memory, batches, and how long anything may take."""

from __future__ import annotations

from dataclasses import dataclass

from harmwatch_client.errors import ConfigurationError

__all__ = ["Limits"]

_COUNTS = ("max_events", "max_bytes", "max_event_bytes", "batch_events", "batch_bytes")


@dataclass(frozen=True)
class Limits:
    """All have defaults that fit a server of some hundred calls a second; durations are in seconds.

    Attributes
    ----------
    max_events, max_bytes
        How much may wait in memory.
    max_event_bytes
        A larger event has its texts cut, and says so (``truncated``). The default is below Kafka's limit on a record.
    batch_events, batch_bytes, linger_seconds
        A batch goes when it is as large as this, or when its first event has waited as long as that.
    timeout_seconds
        How long the other side may take to connect, and to answer.
    retry_seconds, max_retry_seconds
        First and longest pause between attempts; a Retry-After of the other side goes before them.
    close_seconds
        How long the end of the process may be held up by what has not been delivered.

    Raises
    ------
    ConfigurationError
        For a value that is no positive number, or too small to hold one event.
    """

    max_events: int = 10_000
    max_bytes: int = 64 * 1024 * 1024
    max_event_bytes: int = 900_000
    batch_events: int = 500
    batch_bytes: int = 1024 * 1024
    linger_seconds: float = 0.2
    timeout_seconds: float = 10.0
    retry_seconds: float = 0.5
    max_retry_seconds: float = 30.0
    close_seconds: float = 2.0

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            value: object = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e12:
                raise ConfigurationError(f"{name}: give a number above 0")
            if name in _COUNTS and not isinstance(value, int):
                raise ConfigurationError(f"{name}: give a whole number")
        if self.max_event_bytes < 10_000:
            raise ConfigurationError("max_event_bytes: give 10,000 or more")
