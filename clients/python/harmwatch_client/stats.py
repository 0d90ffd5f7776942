"""What became of what was logged."""

from __future__ import annotations

from dataclasses import asdict, dataclass

__all__ = ["Stats"]


@dataclass(frozen=True)
class Stats:
    """Counts of one `Tap` in one process, since it was made or since the process was forked.

    At every moment ``logged == sent + dropped + skipped + pending``.

    Attributes
    ----------
    logged
        Calls that were given to the tap.
    sent
        Events that the other side has acknowledged: it has them in Kafka.
    pending, pending_bytes
        Events that wait in memory, and their size.
    dropped_full
        There was no place for them: the other side is away, or slower than the traffic.
    dropped_malformed
        They could not be made into an event.
    dropped_refused
        The other side will never take them.
    dropped_closed
        Logged after `Tap.close`, or not delivered when it ended.
    skipped
        Exchanges that hold nothing to judge (the middleware's: no JSON, no text).
    cut
        Events in which a text was cut to size; they are marked, and counted above as well.
    mended
        Events in which a value of a wrong type was replaced or left out; counted above as well.
    retries
        Attempts to send that failed and were or will be repeated.
    last_error
        Why the latest attempt failed, in a few words; "" when none did.
    """

    logged: int = 0
    sent: int = 0
    pending: int = 0
    pending_bytes: int = 0
    dropped_full: int = 0
    dropped_malformed: int = 0
    dropped_refused: int = 0
    dropped_closed: int = 0
    skipped: int = 0
    cut: int = 0
    mended: int = 0
    retries: int = 0
    last_error: str = ""

    @property
    def dropped(self) -> int:
        """All that is lost, for whatever reason."""
        return self.dropped_full + self.dropped_malformed + self.dropped_refused + self.dropped_closed

    def as_dict(self) -> dict[str, int | str]:
        """Plain data, with ``dropped``: for a health page, or for gauges of a metrics library."""
        return {**asdict(self), "dropped": self.dropped}
