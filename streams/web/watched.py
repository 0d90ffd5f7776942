"""Files that are taken anew when they have changed: looked at when somebody needs them, at most once a second."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeAlias

from agent.clock import Clock

__all__ = ["WatchedFiles"]

_LOOK_SECONDS: Final = 1.0
_WARNING_SECONDS: Final = 60.0

_Mark: TypeAlias = tuple[tuple[int, int, int] | None, ...]


class WatchedFiles:
    """Whether files have changed since `taken` was last called.

    By device-independent marks (inode, size, time of writing in nanoseconds) of what a path leads to: a file that was
    written, one renamed into place, and a link that was turned to another, as Kubernetes does, are all seen. Nothing
    runs in the background. A file that cannot be taken stays changed, so that it is tried again at the next look.
    """

    def __init__(self, paths: Sequence[Path], clock: Clock) -> None:
        self._paths = tuple(paths)
        self._clock = clock
        self._looked: float | None = None
        self._warned: float | None = None
        self._taken: _Mark = ()

    def due(self) -> _Mark | None:
        """The mark of files to be taken; None when they are as they were, or were looked at within the last second."""
        now = self._clock.monotonic()
        if self._looked is not None and now - self._looked < _LOOK_SECONDS:
            return None
        self._looked = now
        mark = self.mark()
        return None if mark == self._taken else mark

    def mark(self) -> _Mark:
        """To be made before the files are read: what is written meanwhile is then seen as a change."""
        return tuple(map(_mark, self._paths))

    def taken(self, mark: _Mark) -> None:
        self._taken = mark

    def may_warn(self) -> bool:
        """True once a minute."""
        now = self._clock.monotonic()
        if self._warned is not None and now - self._warned < _WARNING_SECONDS:
            return False
        self._warned = now
        return True


def _mark(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
