"""Warnings in the log: one a minute for each condition, without any payload, from the sender's thread alone."""

from __future__ import annotations

import logging
import time

__all__ = ["LOGGER", "Warner"]

LOGGER = logging.getLogger("harmwatch_client")
_PAUSE_SECONDS = 60.0


class Warner:
    """Says a thing once a minute.

    Never called where a request is served: a log handler may block on a disk.
    """

    def __init__(self) -> None:
        self._next: dict[str, float] = {}
        self._held_back: dict[str, int] = {}

    def warn(self, condition: str, message: str) -> None:
        """Log ``message``, unless this condition (one of a closed set) has spoken within a minute. Never raises."""
        try:
            now = time.monotonic()
            if now < self._next.get(condition, 0.0):
                self._held_back[condition] = self._held_back.get(condition, 0) + 1
                return
            self._next[condition] = now + _PAUSE_SECONDS
            held_back = self._held_back.pop(condition, 0)
            more = f" ({held_back} more like this were not logged)" if held_back else ""
            LOGGER.warning("%s%s", message, more)
        except Exception:
            # A handler of the server's own may raise; the tap goes on without words.
            return
