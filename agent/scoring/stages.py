"""What a scorer's time went into, for those that can tell: stage by stage, into ``harmwatch_stage_seconds``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

__all__ = ["Staged", "stages_of"]


@runtime_checkable
class Staged(Protocol):
    """A scorer that says how long the stages of its calls took.

    Asked in the thread that called `score`, after each call. A stage becomes the label ``score_<scorer>_<stage>``, so
    there must be few of them, with names that never change.
    """

    def take_stages(self) -> Mapping[str, float]:
        """Seconds by stage since it was last asked. Must not raise."""


def stages_of(scorer: object) -> Mapping[str, float]:
    """What a scorer tells, for those that wrap it; nothing of one that tells nothing."""
    return scorer.take_stages() if isinstance(scorer, Staged) else {}
