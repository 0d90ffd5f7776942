"""Which suspicions are one campaign: so that whatever finds it, and however often, one is told."""

from __future__ import annotations

import hashlib
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Sequence
from math import inf
from operator import eq
from typing import Final, NamedTuple

from agent.campaigns.base import Kind, Member, Suspicion

__all__ = ["CampaignBook", "CampaignShare", "KnownCampaign"]

#: What says less precisely what an attack belongs to waits so long, in event time, for what says it better.
_HOLD_SECONDS: Final = 60.0
_HELD: Final = frozenset({"burst", "drift"})
#: Share of a suspicion's events that belong to campaigns already, from which it is a sign of these.
_EXPLAINED: Final = 0.5
_MOST_OWNED: Final = 20_000
_MOST_GROUPS: Final = 2_000


class KnownCampaign(NamedTuple):
    """A campaign as the windows remember it, through restarts, and of other workers. Fields: see `CampaignShare`."""

    key: str
    id: str
    kind: str
    subject: str
    sketch: tuple[int, ...]
    last: float


class CampaignShare(NamedTuple):
    """Events that have been found to belong to a campaign; what windows count.

    Attributes
    ----------
    key
        Names the campaign within its model's state; sorts by the hour in which the campaign began.
    id
        32 hexadecimal digits, keyed.
    subject
        Keyed hash of the tenant, for kinds that are about one; else empty.
    sketch
        See `agent.campaigns.base.Suspicion`.
    sign
        The kind of detector that found these events to belong to it.
    events, suspected
        Flagged ones, and others.
    first, last
        Event times.
    categories, tenants
        Counts of findings; keyed hashes of 63 bits.
    is_new
        The campaign was raised with this share; otherwise it was known before.
    """

    model: str
    key: str
    id: str
    kind: Kind
    subject: str
    sketch: tuple[int, ...]
    sign: Kind
    events: int
    suspected: int
    first: float
    last: float
    categories: tuple[tuple[str, int], ...]
    tenants: tuple[int, ...]
    is_new: bool


class _Campaign:
    __slots__ = ("id", "key", "kind", "last", "sketch", "subject")

    def __init__(self, key: str, ident: str, kind: Kind, subject: str, sketch: tuple[int, ...], last: float) -> None:
        self.key = key
        self.id = ident
        self.kind = kind
        self.subject = subject
        self.sketch = sketch
        self.last = last


class CampaignBook:
    """Gives events to campaigns, each event to one.

    A suspicion whose group has a campaign that is still going on adds to it. Otherwise, if at least half of its
    events belong to campaigns already, it is another sign of the one with most of them. Otherwise, if windows
    remember one like it that is still going on (from before a restart, or of another worker), it is that one again.
    Otherwise a campaign is raised. Bursts and drift wait for a minute before that, since near duplicates say more.

    Parameters
    ----------
    key
        Of all hashes: 1 to 64 bytes.
    quiet_seconds
        A campaign without an event for so long, in event time, is over; what comes later is another.
    known
        The campaigns that the windows remember of a model.
    alike
        Whether two sketches are of one campaign.
    """

    def __init__(
        self,
        *,
        key: bytes,
        quiet_seconds: float,
        known: Callable[[str], Iterable[KnownCampaign]] = lambda model: (),
        alike: Callable[[Sequence[int], Sequence[int]], bool] = eq,
    ) -> None:
        self._hasher = hashlib.blake2b(key=key[:64], digest_size=16)
        self._quiet_seconds = quiet_seconds
        self._known = known
        self._alike = alike
        self._groups: OrderedDict[tuple[str, str, str], _Campaign] = OrderedDict()
        self._owners: OrderedDict[tuple[str, str], _Campaign] = OrderedDict()
        self._held: dict[tuple[str, str, str], tuple[float, Suspicion]] = {}
        self.next_due = inf

    def take(self, suspicion: Suspicion) -> CampaignShare | None:
        """The events of a suspicion that are news of a campaign; None when there are none, or while it is held."""
        group = (suspicion.kind, suspicion.model, suspicion.group)
        now = max(member.time for member in suspicion.members)
        campaign = self._groups.get(group)
        if campaign is not None and now <= campaign.last + self._quiet_seconds:
            return self._share(campaign, suspicion, is_new=False)
        if suspicion.kind in _HELD:
            since, _ = self._held.get(group, (now, suspicion))
            self._held[group] = (since, suspicion)
            self.next_due = min(self.next_due, since + _HOLD_SECONDS)
            return None
        return self._settle(group, suspicion, now)

    def due(self, now: float) -> list[CampaignShare]:
        """What has been held for long enough."""
        shares: list[CampaignShare | None] = []
        for group, (since, suspicion) in list(self._held.items()):
            if since + _HOLD_SECONDS <= now:
                del self._held[group]
                shares.append(self._settle(group, suspicion, max(member.time for member in suspicion.members)))
        self.next_due = min((since + _HOLD_SECONDS for since, _ in self._held.values()), default=inf)
        return [share for share in shares if share is not None]

    def _settle(self, group: tuple[str, str, str], suspicion: Suspicion, now: float) -> CampaignShare | None:
        campaign = self._explaining(suspicion) or self._remembered(suspicion, now)
        is_new = campaign is None
        if campaign is None:
            campaign = self._raise(suspicion)
        self._groups[group] = campaign
        self._groups.move_to_end(group)
        if len(self._groups) > _MOST_GROUPS:
            self._groups.popitem(last=False)
        return self._share(campaign, suspicion, is_new=is_new)

    def _explaining(self, suspicion: Suspicion) -> _Campaign | None:
        owners = [owner for member in suspicion.members if (owner := self._owners.get(member.key)) is not None]
        if len(owners) < _EXPLAINED * len(suspicion.members):
            return None
        by_key = {owner.key: owner for owner in owners}
        votes = Counter(owner.key for owner in owners)
        return by_key[min(votes, key=lambda key: (-votes[key], key))]

    def _remembered(self, suspicion: Suspicion, now: float) -> _Campaign | None:
        subject = self._subject(suspicion)
        for known in self._known(suspicion.model):
            if known.kind != suspicion.kind or now > known.last + self._quiet_seconds:
                continue
            if self._alike(known.sketch, suspicion.sketch) if suspicion.sketch else known.subject == subject:
                return _Campaign(known.key, known.id, suspicion.kind, known.subject, known.sketch, known.last)
        return None

    def _raise(self, suspicion: Suspicion) -> _Campaign:
        first = min(member.time for member in suspicion.members)
        last = max(member.time for member in suspicion.members)
        subject = self._subject(suspicion)
        ident = self._hash(suspicion.kind, suspicion.model, subject, repr(suspicion.sketch), f"{first:.3f}").hex()
        key = f"{max(0, int(first // 3600)):08x}-{ident}"
        return _Campaign(key, ident, suspicion.kind, subject, suspicion.sketch, last)

    def _share(self, campaign: _Campaign, suspicion: Suspicion, *, is_new: bool) -> CampaignShare | None:
        fresh = [member for member in suspicion.members if member.key not in self._owners]
        for member in fresh:
            self._owners[member.key] = campaign
        while len(self._owners) > _MOST_OWNED:
            self._owners.popitem(last=False)
        if not fresh:
            return None
        campaign.last = max(campaign.last, *(member.time for member in fresh))
        categories = Counter(category for member in fresh for category in member.categories)
        return CampaignShare(
            model=suspicion.model,
            key=campaign.key,
            id=campaign.id,
            kind=campaign.kind,
            subject=campaign.subject,
            sketch=campaign.sketch,
            sign=suspicion.kind,
            events=sum(member.is_flagged for member in fresh),
            suspected=sum(not member.is_flagged for member in fresh),
            first=min(member.time for member in fresh),
            last=max(member.time for member in fresh),
            categories=tuple(sorted(categories.items())),
            tenants=tuple(sorted({self._tenant(member) for member in fresh if member.tenant})),
            is_new=is_new,
        )

    def _subject(self, suspicion: Suspicion) -> str:
        """Only groups that are tenants are subjects: the number of a cluster says nothing."""
        return "" if suspicion.sketch or not suspicion.group else self._hash("tenant", suspicion.group).hex()

    def _tenant(self, member: Member) -> int:
        return int.from_bytes(self._hash("tenant", member.tenant)[:8], "big") >> 1

    def _hash(self, *fields: str) -> bytes:
        hasher = self._hasher.copy()
        for field in fields:
            content = field.encode("utf-8", "surrogatepass")
            hasher.update(len(content).to_bytes(8, "big") + content)
        return hasher.digest()
