"""Dead letters: undecodable records go to a topic of their own, whole, with the reason; too many stop the worker.

One bad producer must not stop the monitor, and a bad deploy of ours must not dead-letter all traffic: within the limits
a record is set aside, beyond them the worker halts before its offset is committed, so nothing is lost (DESIGN 12).
"""

from __future__ import annotations

from collections import deque

from agent.clock import iso_time
from agent.errors import DeadLetterLimit, DecodeError
from streams.config import DeadLetterConfig
from streams.formats.base import FORMAT_HEADER, header
from streams.ports import Headers, Message, Record

__all__ = ["DeadLetterLimits", "dead_letter_message"]


#: Room for both is in the dead-letter topic's ``max.message.bytes``, beside a value of ``tap.max_record_bytes``.
_MAX_KEY_BYTES = 64 * 1024
_MAX_HEADER_BYTES = 512 * 1024


class DeadLetterLimits:
    """Watches the outcome of every decoded record."""

    def __init__(self, config: DeadLetterConfig) -> None:
        self._config = config
        self._consecutive = 0
        self._recent: deque[bool] = deque(maxlen=config.ratio_records)
        self._recent_bad = 0

    def good(self) -> None:
        """A record was decoded."""
        self._consecutive = 0
        self._push(False)

    def bad(self) -> None:
        """A record goes to the dead letters.

        Raises
        ------
        DeadLetterLimit
            When this is one too many in a row, or too large a share of the last ``ratio_records``.
        """
        self._consecutive += 1
        self._push(True)
        if self._consecutive > self._config.max_consecutive:
            raise DeadLetterLimit(
                f"{self._consecutive} records in a row could not be decoded; check topics.formats and the producers, "
                "or raise dead_letters.max_consecutive"
            )
        full = len(self._recent) == self._config.ratio_records
        if full and self._recent_bad > self._config.max_ratio * self._config.ratio_records:
            raise DeadLetterLimit(
                f"{self._recent_bad} of the last {self._config.ratio_records} records could not be decoded; check "
                "topics.formats and the producers, or raise dead_letters.max_ratio"
            )

    def refused(self, record: Record, error: DecodeError) -> None:
        """A record could not be decoded, or not all of it.

        What our own taps bring does not count, but for a bug of ours: it is what a user of the model sent and its
        server took, so that nobody's deploy is bad, and a stranger must not be able to stop the worker.

        Raises
        ------
        DeadLetterLimit
            As `bad`.
        """
        if error.rest:
            self.good()
        elif error.reason == "internal" or not header(record.headers, FORMAT_HEADER):
            self.bad()

    def _push(self, bad: bool) -> None:
        if len(self._recent) == self._recent.maxlen:
            self._recent_bad -= self._recent[0]
        self._recent.append(bad)
        self._recent_bad += bad


def dead_letter_message(record: Record, error: DecodeError, topic: str, now: float, max_bytes: int) -> Message:
    """The record as it came, with the reason beside it.

    Our headers stand last, so that they win over headers of the same name where headers are read into a mapping.

    Parameters
    ----------
    topic
        Name of the dead-letter topic.
    now
        Seconds since the Unix epoch.
    max_bytes
        What the dead-letter topic takes. A larger value is cut to it, and a header ``original_bytes`` gives its length:
        one such record must not stop the worker at every start, and the source topic still has it whole.
    """
    value, key, headers = record.value, record.key, tuple(record.headers)
    cut: Headers = ()
    if value is not None and len(value) > max_bytes:
        value, cut = value[:max_bytes], (("original_bytes", str(len(value)).encode()),)
    added: Headers = (
        ("reason", error.reason.encode()),
        ("detail", error.detail.encode("utf-8", "replace")[:500]),
        ("format", error.wire_format.encode()),
        ("topic", record.topic.encode()),
        ("partition", str(record.partition).encode()),
        ("offset", str(record.offset).encode()),
        ("time", iso_time(now).encode()),
        *cut,
    )
    if len(key or b"") > _MAX_KEY_BYTES:
        key, added = (key or b"")[:_MAX_KEY_BYTES], (*added, ("original_key_bytes", str(len(key or b"")).encode()))
    if sum(len(name) + len(content or b"") for name, content in headers) > _MAX_HEADER_BYTES:
        headers, added = (), (*added, ("dropped_headers", str(len(headers)).encode()))
    return Message(topic, key, value, headers + added)
