"""Many attacks from one tenant at once."""

from __future__ import annotations

from typing import ClassVar

from agent.campaigns.base import Kind, Sees, Sighting, Suspicion, is_dense
from agent.campaigns.origins import Origins
from agent.campaigns.recent import Recent

__all__ = ["Bursts"]


class Bursts:
    """Compares each tenant's attacks with its share of the traffic, and with its own past; see `Origins`.

    Parameters
    ----------
    min_events, window_seconds
        And there must be so many attacks, the last ones within this time: a tenant with little traffic soon stands out.
    ert_hours, max_tenants
        See `Origins`; of one model.
    max_models
        The one that has gone longest without traffic is forgotten first.
    """

    kind: ClassVar[Kind] = "burst"
    sees: ClassVar[Sees] = "attacks"

    def __init__(
        self,
        *,
        min_events: int = 12,
        window_seconds: float = 1800.0,
        ert_hours: float = 720.0,
        max_tenants: int = 256,
        max_models: int = 200,
    ) -> None:
        self._min_events = min_events
        self._window_seconds = window_seconds
        self._models: Recent[str, Origins] = Recent(max_models, lambda: Origins(ert_hours, max_tenants, min_events))

    def count(self, model: str, tenant: str, inputs: int) -> None:
        """See `agent.campaigns.base.Counting.count`."""
        if tenant:
            self._models.of(model).count(tenant, inputs)

    def see(self, sighting: Sighting) -> Suspicion | None:
        """See `agent.campaigns.base.Detector.see`. Whose tenant is not known is nobody's burst."""
        member = sighting.member
        if not member.tenant or not member.is_flagged:
            return None
        members = self._models.of(sighting.model).mark(member)
        if members is None or not is_dense(members, self._min_events, self._window_seconds):
            return None
        return Suspicion(self.kind, sighting.model, member.tenant, members)
