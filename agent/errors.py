"""Every error that harmwatch raises, in one tree.

::

    HarmwatchError
    ├── ConfigError           wrong usage or configuration; the command exits with 2  not retryable
    │   └── InUse             another process has what this one is to have  retryable, when that one has ended
    ├── DecodeError           bytes that are no event of the format  -> dead letter
    ├── DataError             labelled data that cannot be read, or cannot give what was asked for  not retryable
    ├── ModelError            model files that are missing, damaged or of another version  not retryable
    ├── ScorerError           one scorer failed on one batch  counted as missing scores
    │   └── OutOfDeviceMemory the batch is too large for the device  retryable with half the batch
    ├── Backpressure          the pipeline is full: pause the source, submit again later  retryable
    ├── StateError            a window snapshot that cannot be read  not retryable
    ├── TransportError        the broker did not answer in time  retryable
    │   ├── AccessDenied      the broker does not let us in, or a right is missing  not retryable
    │   └── TopicUnavailable  the topic is missing or may not be written  not retryable
    │       └── MessageTooLarge  it takes none of this size  not retryable
    ├── Overloaded            neither Kafka nor the spool takes a record now  retryable, after a while
    │   └── SpoolFull         the spool's limit, or its disk's  retryable
    ├── RefusedMessage        an HTTP message that must not be passed on  not retryable
    ├── TargetError           a served model that is probed gives no answers  not retryable
    │   └── BudgetSpent       no more requests may be made  not retryable
    └── DeadLetterLimit       too many dead letters: a bad deploy, stop  not retryable

No message ever holds payload text.
"""

from __future__ import annotations

from typing import Any, ClassVar

__all__ = [
    "AccessDenied",
    "Backpressure",
    "BudgetSpent",
    "ConfigError",
    "DataError",
    "DeadLetterLimit",
    "DecodeError",
    "HarmwatchError",
    "InUse",
    "MessageTooLarge",
    "ModelError",
    "OutOfDeviceMemory",
    "Overloaded",
    "RefusedMessage",
    "ScorerError",
    "SpoolFull",
    "StateError",
    "TargetError",
    "TopicUnavailable",
    "TransportError",
    "legible",
]


def legible(name: str, most: int | None = None) -> str:
    """A name that somebody made up, for a line of a message: the beginning of a long one, nothing a terminal obeys."""
    begins = name if most is None or len(name) <= most else f"{name[:most]}..."
    return begins if begins.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in begins)


class HarmwatchError(Exception):
    """Base of all errors of harmwatch. A message is one line, whatever the names within it hold."""

    retryable: ClassVar[bool] = False

    def __init__(self, message: str = "") -> None:
        super().__init__(legible(message))


class ConfigError(HarmwatchError):
    """Wrong usage or configuration. The message is one line: what is wrong and how to mend it."""


class InUse(ConfigError):
    """Another process has what this one is to have: a folder, a port. That may be for good, or until it has ended."""

    retryable = True


class DecodeError(HarmwatchError):
    """Bytes that are no event of the format.

    Parameters
    ----------
    reason
        A member of a small closed set (it becomes a metric label), e.g. ``not_json``, ``wrong_type``,
        ``missing_field``, ``too_large``, ``too_deep``, ``unknown_format``.
    detail
        Where it went wrong: a field path, a byte position. Never the value found there.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = legible(detail)
        #: The format that the bytes were read as, "" when none claimed them.
        self.wire_format = ""
        #: Of a batch: the events of those calls that could be read.
        self.rest: list[Any] = []


class DataError(HarmwatchError):
    """Labelled data that cannot be read, or cannot give what was asked for. The message names file and line."""


class ModelError(HarmwatchError):
    """Model files that are missing, damaged or of another version."""


class ScorerError(HarmwatchError):
    """One scorer failed on one batch. Its scores count as missing; the events go on."""


class OutOfDeviceMemory(ScorerError):
    """The batch is too large for the device; the executor tries again with half of it."""

    retryable = True


class Backpressure(HarmwatchError):
    """The pipeline holds as much as it may. Pause the source, poll, and submit the same event again."""

    retryable = True


class StateError(HarmwatchError):
    """A window snapshot that cannot be read: damaged, or written by a newer version."""


class TransportError(HarmwatchError):
    """The broker did not answer in time."""

    retryable = True


class AccessDenied(TransportError):
    """The broker does not let us in: credentials, certificate, the listener's protocol; or a right is missing.

    The message says which, and how to mend it, without a secret.
    """

    retryable = False


class TopicUnavailable(TransportError):
    """The topic is missing or may not be written."""

    retryable = False


class MessageTooLarge(TopicUnavailable):
    """The topic takes no message with a value of so many bytes."""

    def __init__(self, topic: str, size: int) -> None:
        super().__init__(f"topic {topic} takes no message of {size} bytes; raise its max.message.bytes")
        self.topic = topic
        self.size = size


class Overloaded(HarmwatchError):
    """Neither Kafka nor the spool takes a record now.

    Parameters
    ----------
    retry_after_seconds
        When to try again.
    busy
        Only too much at once: nothing is wrong but the rate.
    """

    retryable = True

    def __init__(self, message: str, retry_after_seconds: float = 1.0, *, busy: bool = False) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds
        self.busy = busy


class SpoolFull(Overloaded):
    """The spool holds as much as it may, or its disk takes no more."""


class RefusedMessage(HarmwatchError):
    """An HTTP message that must not be passed on, since two readers could take it for different ones.

    Parameters
    ----------
    status
        What the client is answered with.
    reason
        A member of a small closed set (it becomes a metric label), e.g. ``framing``, ``field``.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status}: {reason}")
        self.status = status
        self.reason = reason


class TargetError(HarmwatchError):
    """A served model that is probed gives no answers: wrong key, no such model, or it fails again and again."""


class BudgetSpent(TargetError):
    """No more requests may be made of a served model."""


class DeadLetterLimit(HarmwatchError):
    """Too many dead letters in a row or in proportion: stop instead of dead-lettering all traffic."""
