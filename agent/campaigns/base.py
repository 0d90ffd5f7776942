"""What detectors of campaigns see, and what they say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Literal, NamedTuple, Protocol, TypeAlias, runtime_checkable

from agent.events import FeatureValue
from agent.scores import CampaignKind

__all__ = ["Counting", "Detector", "Following", "Kind", "Member", "Sees", "Sighting", "Suspicion", "is_dense"]

Kind: TypeAlias = CampaignKind

Sees: TypeAlias = Literal["attacks", "texts", "rows", "scores"]
"""Inputs with an adversarial signal; inputs that `Following` asked for; inputs that are features; outputs with a
score."""


class Member(NamedTuple):
    """One event of a campaign, without its text.

    ``key`` tells events apart: source and inference id. ``tenant`` is as it came, "" when not known; ``time`` is event
    time in seconds since the Unix epoch. ``is_flagged`` is False for a score that only came near its threshold.
    """

    key: tuple[str, str]
    time: float
    tenant: str
    categories: tuple[str, ...] = ()
    is_flagged: bool = True


class Sighting(NamedTuple):
    """One event, as detectors see it. ``text`` is what was new in it; ``features`` and ``score`` are of models on
    features."""

    model: str
    member: Member
    text: str = ""
    features: Sequence[tuple[str, FeatureValue]] = ()
    score: float | None = None


class Suspicion(NamedTuple):
    """A sighting belongs to a group that is over its detector's threshold.

    Attributes
    ----------
    group
        Tells the groups of one detector apart, within a model; a small number, or the name of a tenant.
    members
        The latest events of the group, this one last; a bounded number.
    sketch
        What the group is like, in numbers made with a key, for the detector to compare with that of another worker, or
        of another life. Empty when `group` says it.
    """

    kind: Kind
    model: str
    group: str
    members: Sequence[Member]
    sketch: tuple[int, ...] = ()


class Detector(Protocol):
    """Looks for one kind of campaign.

    Memory is bounded whatever comes. Sightings may come out of order; each event comes once. Nothing but the order of
    sightings, their times and the key decides what is said.
    """

    kind: ClassVar[Kind]
    sees: ClassVar[Sees]

    def see(self, sighting: Sighting) -> Suspicion | None:
        """Take one sighting; what it belongs to, when that is a campaign by now."""


@runtime_checkable
class Counting(Protocol):
    """A detector that must know of every input, attack or not."""

    def count(self, model: str, tenant: str, inputs: int) -> None:
        """So many inputs that have come, before any attack among them is shown; not each by itself, which would be
        dear."""


@runtime_checkable
class Following(Protocol):
    """A detector that follows what each tenant asks each model."""

    def follow(self, model: str, tenant: str) -> Callable[[str], bool]:
        """Says of each text of an input of this tenant, in a fraction of a microsecond, whether `see` wants to have
        it."""


def is_dense(members: Sequence[Member], number: int, seconds: float) -> bool:
    """Whether there are so many members, the last of them within so many seconds of each other."""
    if len(members) < number:
        return False
    times = [member.time for member in members[-number:]]
    return max(times) - min(times) <= seconds
