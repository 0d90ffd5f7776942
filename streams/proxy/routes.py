"""Which requests are tapped."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

__all__ = ["TappedRoutes", "plain_path"]

_SLASHES = re.compile(rb"/{2,}")
_KNOWN: int = 1024


class TappedRoutes:
    """Answers whether a request is one of those that are tapped, by the end of its path.

    A path is compared as servers read it: percent-encoding undone, doubled and trailing slashes, parameters and a line
    end dropped, in small letters. Whoever writes ``/v1/chat/%63ompletions`` must not escape by it.
    """

    def __init__(self, endings: Iterable[str]) -> None:
        self._endings = tuple(ending.lower().encode() for ending in endings)
        #: Targets hardly ever vary; whoever varies them on purpose only costs us the look.
        self._known: dict[bytes, bool] = {}

    def taps(self, method: bytes, target: bytes) -> bool:
        if method != b"POST":
            return False
        known = self._known.get(target)
        if known is None:
            known = self._matches(target)
            if len(self._known) < _KNOWN and len(target) < 256:
                self._known[target] = known
        return known

    def _matches(self, target: bytes) -> bool:
        return plain_path(target).endswith(self._endings)


def plain_path(target: bytes) -> bytes:
    """A request's path in the one form that is compared. What is not its own plain form is the end of none."""
    path = target.partition(b"?")[0].partition(b"#")[0]
    plain = unquote_to_bytes(unquote_to_bytes(path)).lower()
    segments: list[bytes] = []
    for segment in _SLASHES.sub(b"/", plain).split(b"/"):
        # A route that is compared as a regular expression ends in "$", which also matches before a line end.
        segment = segment.partition(b";")[0].rstrip(b"\n")
        if segment == b"..":
            del segments[-1:]
        elif segment not in (b"", b"."):
            segments.append(segment)
    return b"/" + b"/".join(segments)
