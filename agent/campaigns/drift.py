"""A model is attacked more often than it used to be."""

from __future__ import annotations

from collections import deque
from typing import ClassVar, Final

from agent.campaigns.base import Kind, Member, Sees, Sighting, Suspicion, is_dense
from agent.campaigns.change import ChangeEvidence, blocks_of
from agent.campaigns.recent import Recent

__all__ = ["AttackDrift"]

_HOUR: Final = 3600.0
#: Before a model has a past: as if so many inputs had been seen, of which this share is flagged by mistake.
_PRIOR_INPUTS: Final = 500.0
_PRIOR_SHARE: Final = 0.02
_MOST_PAST: Final = 200_000.0
#: Ratio of odds up to which nobody is alarmed.
_TOLERANCE: Final = 2.0
_KEPT: Final = 64


class _Rate:
    """Attacks among the inputs of one model: of the hours before, of this hour, and since the last look."""

    __slots__ = ("attacks", "evidence", "hour", "inputs", "members", "most", "past", "since")

    def __init__(self, threshold: float, kept: int) -> None:
        self.evidence = ChangeEvidence(threshold)
        self.past = (_PRIOR_INPUTS, _PRIOR_SHARE * _PRIOR_INPUTS)
        self.inputs = 0
        self.attacks = 0
        self.since = 0
        self.hour: int | None = None
        self.most = _allowed(self.past)
        self.members: deque[Member] = deque(maxlen=kept)

    def attack(self, member: Member) -> None:
        # The bound was known before these inputs came; only then may it change.
        self.evidence.pass_time(member.time)
        self.evidence.add(self.most, 1, max(0, self.since - 1))
        self.since = 0
        self.attacks += 1
        self.members.append(member)
        hour = int(member.time // _HOUR)
        if self.hour is None or hour > self.hour:
            if self.hour is not None:
                self._close_hour()
            self.hour = hour

    def _close_hour(self) -> None:
        inputs, attacks = self.past[0] + self.inputs, self.past[1] + self.attacks
        kept = min(1.0, _MOST_PAST / inputs)
        self.past = (kept * inputs, kept * attacks)
        self.inputs = self.attacks = 0
        self.most = _allowed(self.past)


def _allowed(past: tuple[float, float]) -> float:
    share = min(0.99, (past[1] + 0.5) / (past[0] + 1.0))
    odds = _TOLERANCE * share / (1.0 - share)
    return odds / (1.0 + odds)


class AttackDrift:
    """Compares the share of a model's inputs that are attacks with that of the hours before; see
    `agent.campaigns.change`.

    This hour's share is not part of what it is compared with; from the next hour on it is, so that a rate that stays
    becomes the model's normal.

    Parameters
    ----------
    min_events, window_seconds
        And there must be so many attacks, the last ones within this time.
    ert_hours
        Expected time to a false alarm of one model, at the least.
    """

    kind: ClassVar[Kind] = "drift"
    sees: ClassVar[Sees] = "attacks"

    def __init__(
        self,
        *,
        min_events: int = 12,
        window_seconds: float = 1800.0,
        ert_hours: float = 720.0,
        max_models: int = 200,
    ) -> None:
        self._min_events = min_events
        self._window_seconds = window_seconds
        self._threshold = blocks_of(ert_hours)
        self._models: Recent[str, _Rate] = Recent(max_models, lambda: _Rate(self._threshold, max(_KEPT, min_events)))

    def count(self, model: str, tenant: str, inputs: int) -> None:
        """See `agent.campaigns.base.Counting.count`."""
        rate = self._models.of(model)
        rate.inputs += inputs
        rate.since += inputs

    def see(self, sighting: Sighting) -> Suspicion | None:
        """See `agent.campaigns.base.Detector.see`."""
        if not sighting.member.is_flagged:
            return None
        rate = self._models.of(sighting.model)
        rate.attack(sighting.member)
        members = tuple(rate.members)
        if rate.evidence.value < self._threshold or not is_dense(members, self._min_events, self._window_seconds):
            return None
        return Suspicion(self.kind, sighting.model, "", members)
