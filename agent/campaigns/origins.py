"""Do marked events, such as attacks, come from one tenant more than from the others, and more than they used to?

Each mark is a trial for each tenant: is it theirs? Null hypothesis: the odds that it is are at most `tolerance` times
those of the larger of two shares, both known before the mark: the tenant's share of all traffic, which is what
attacks would follow if they fell on all alike, and its share of the marks of the hours before, which is the tenant's
own past. A tenant that always had many is therefore no news.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from agent.campaigns.base import Member
from agent.campaigns.change import ChangesOfMany, blocks_of

__all__ = ["Origins"]

_HOUR: Final = 3600.0
#: The own past counts for as much as the share of traffic from so many marks on.
_PRIOR_MARKS: Final = 20.0
#: Totals above which everything is halved, so that the past fades.
_MOST_TRAFFIC: Final = 50_000
_MOST_PAST: Final = 5_000.0
#: Of a tenant's latest marks, at the least.
_KEPT: Final = 32


class _Tenant:
    __slots__ = ("marks", "members", "name", "past", "place", "traffic")

    def __init__(self, name: str, place: int, kept: int) -> None:
        self.name = name
        self.place = place
        self.traffic = 0
        #: Marks of the hours before, and of this hour, which are past when it is over.
        self.past = 0.0
        self.marks = 0
        self.members: deque[Member] = deque(maxlen=kept)


class Origins:
    """One model's tenants: those with the most traffic, since a new one takes the place of the least busy.

    It takes over that one's traffic (Metwally et al., "space-saving", ICDT 2005), which is an over-estimate, so that
    a crowd of made-up tenants makes alarms rarer and never more frequent.

    Parameters
    ----------
    ert_hours
        Expected time to a false alarm of any tenant, at the least.
    max_tenants
        Tenants watched; about 2 kB each, and more with `min_events` above 32.
    min_events
        So many of a tenant's latest marks are kept, and 32 at the least.
    tolerance
        Ratio of odds up to which nobody is alarmed.
    """

    def __init__(self, ert_hours: float, max_tenants: int, min_events: int = _KEPT, tolerance: float = 3.0) -> None:
        self._tenants: dict[str, _Tenant] = {}
        self._by_place: list[_Tenant] = []
        self._max_tenants = max_tenants
        self._kept = max(_KEPT, min_events)
        self._tolerance = tolerance
        # Rates of false alarms add up: each of the places has its share of the promise.
        self._threshold = blocks_of(ert_hours) * max_tenants
        self._evidence = ChangesOfMany(max_tenants, self._threshold)
        self._total = 0
        self._hour: int | None = None

    def count(self, tenant: str, events: int = 1) -> None:
        """Events of a tenant, marked or not."""
        known = self._tenants.get(tenant) or self._admit(tenant)
        known.traffic += events
        self._total += events
        if self._total > _MOST_TRAFFIC:
            self._fade()

    def mark(self, member: Member) -> Sequence[Member] | None:
        """A marked event that was counted; the tenant's latest marks when the evidence suffices."""
        self._pass_hours(member.time)
        self._evidence.pass_time(member.time)
        known = self._tenants.get(member.tenant) or self._admit(member.tenant)
        self._evidence.add(self._most(known.place), known.place)
        known.marks += 1
        known.members.append(member)
        return tuple(known.members) if self._evidence.of(known.place) >= self._threshold else None

    def _most(self, place: int) -> Any:
        """By place, the largest chance that the null hypothesis allows, from what was known before this mark."""
        traffic = np.array([tenant.traffic for tenant in self._by_place], dtype=float)
        past = np.array([tenant.past for tenant in self._by_place])
        traffic[place] = max(0.0, traffic[place] - 1.0)
        share = (traffic + 1.0) / (traffic.sum() + 2.0)
        own = (past + _PRIOR_MARKS * share) / (past.sum() + _PRIOR_MARKS)
        larger = np.minimum(np.maximum(share, own), 1.0 - 1e-9)
        odds = self._tolerance * larger / (1.0 - larger)
        return odds / (1.0 + odds)

    def _admit(self, name: str) -> _Tenant:
        if len(self._by_place) < self._max_tenants:
            tenant = _Tenant(name, len(self._by_place), self._kept)
            self._by_place.append(tenant)
        else:
            least = min(self._by_place, key=lambda other: other.traffic)
            del self._tenants[least.name]
            tenant = _Tenant(name, least.place, self._kept)
            tenant.traffic = least.traffic
            self._by_place[least.place] = tenant
            self._evidence.forget(least.place)
        self._tenants[name] = tenant
        return tenant

    def _fade(self) -> None:
        for tenant in self._by_place:
            tenant.traffic -= tenant.traffic // 2
        self._total = sum(tenant.traffic for tenant in self._by_place)

    def _pass_hours(self, time: float) -> None:
        hour = int(time // _HOUR)
        if self._hour is not None and hour <= self._hour:
            return
        self._hour = hour
        total = sum(tenant.past + tenant.marks for tenant in self._by_place)
        kept = 0.5 if total > _MOST_PAST else 1.0
        for tenant in self._by_place:
            tenant.past = kept * (tenant.past + tenant.marks)
            tenant.marks = 0
