"""What is known of each campaign: counted in the panes, so that it survives a restart and adds up over workers."""

from __future__ import annotations

from collections import Counter
from operator import add
from typing import Any, Final, TypeAlias

import msgspec

from agent.campaigns.book import CampaignShare
from agent.errors import StateError
from agent.windows.base import FinishContext, Observation
from agent.windows.bounded import REST, trim

__all__ = ["CampaignMeasurement", "CampaignReading", "CampaignsAggregator"]

CampaignsState: TypeAlias = dict[str, dict[str, Any]]
"""By key of the campaign, its `_Entry` as plain data."""

#: Keys begin with the hour in which a campaign began; those of the latest stay.
_MOST_CAMPAIGNS: Final = 16
_MOST_CATEGORIES: Final = 12
#: A bottom-k sketch (Bar-Yossef et al., 2002): exact below so many tenants, then within about an eighth.
_MOST_TENANTS: Final = 64
_HASHES: Final = float(1 << 63)
_LONGEST_NAME: Final = 64


class CampaignReading(msgspec.Struct, frozen=True):
    """One campaign of one model. Fields: see `CampaignShare`; ``tenants`` estimates how many there are."""

    key: str
    id: str
    kind: str
    subject: str
    sketch: tuple[int, ...]
    signs: tuple[str, ...]
    events: int
    suspected: int
    first: float
    last: float
    categories: dict[str, int]
    tenants: int


class CampaignMeasurement(msgspec.Struct, frozen=True):
    """The campaigns of one model that have had an event within the window, those that began first in front."""

    campaigns: tuple[CampaignReading, ...]


class CampaignsAggregator:
    """Adds up shares of campaigns. Events count once each, whatever their weight."""

    name = "campaigns"
    version = 1

    def empty(self) -> CampaignsState:
        return {}

    def add(self, state: CampaignsState, observation: Observation) -> None:
        for share in observation.campaigns:
            self.merge(state, {share.key: _entry(share)})

    def merge(self, into: CampaignsState, other: CampaignsState) -> None:
        for key, entry in other.items():
            if not entry.keys() >= _FIELDS:
                raise StateError("the state of a campaign lacks a field")
            held = into.get(key)
            into[key] = _copy(entry) if held is None else _sum(held, entry)
        while len(into) > _MOST_CAMPAIGNS:
            del into[min(into)]

    def finish(self, state: CampaignsState, context: FinishContext) -> CampaignMeasurement:
        return CampaignMeasurement(tuple(_reading(key, state[key]) for key in sorted(state)))


_FIELDS: Final = frozenset(
    ("id", "kind", "subject", "sketch", "signs", "events", "suspected", "first", "last", "categories", "tenants")
)


def _entry(share: CampaignShare) -> dict[str, Any]:
    categories: dict[str, int] = {}
    for name, count in share.categories:
        name = name[:_LONGEST_NAME] or "unknown"
        categories[name] = categories.get(name, 0) + count
    trim(categories, _MOST_CATEGORIES, _plus)
    return {
        "id": share.id,
        "kind": share.kind,
        "subject": share.subject,
        "sketch": list(share.sketch),
        "signs": [share.sign],
        "events": share.events,
        "suspected": share.suspected,
        "first": share.first,
        "last": share.last,
        "categories": categories,
        "tenants": sorted(share.tenants)[:_MOST_TENANTS],
    }


def _copy(entry: dict[str, Any]) -> dict[str, Any]:
    copied = dict(entry)
    for name in ("sketch", "signs", "tenants"):
        copied[name] = list(entry[name])
    copied["categories"] = dict(entry["categories"])
    return copied


def _sum(one: dict[str, Any], two: dict[str, Any]) -> dict[str, Any]:
    categories = dict(one["categories"])
    for name, count in two["categories"].items():
        categories[name] = categories.get(name, 0) + count
    trim(categories, _MOST_CATEGORIES, _plus)
    return {
        # One campaign has one of each; the larger one, so that the order of merging is of no matter.
        **{name: max(one[name], two[name]) for name in ("id", "kind", "subject", "sketch")},
        "signs": sorted({*one["signs"], *two["signs"]}),
        **{name: add(one[name], two[name]) for name in ("events", "suspected")},
        "first": min(one["first"], two["first"]),
        "last": max(one["last"], two["last"]),
        "categories": categories,
        "tenants": sorted({*one["tenants"], *two["tenants"]})[:_MOST_TENANTS],
    }


def _plus(so_far: int | None, more: int) -> int:
    return (so_far or 0) + more


def _reading(key: str, entry: dict[str, Any]) -> CampaignReading:
    tenants = entry["tenants"]
    categories: Counter[str] = Counter()
    for name, count in entry["categories"].items():
        categories["other" if name == REST else name] += count  # a category may be called that as well
    full = len(tenants) == _MOST_TENANTS and tenants[-1] > 0
    return CampaignReading(
        key=key,
        id=entry["id"],
        kind=entry["kind"],
        subject=entry["subject"],
        sketch=tuple(entry["sketch"]),
        signs=tuple(entry["signs"]),
        events=entry["events"],
        suspected=entry["suspected"],
        first=entry["first"],
        last=entry["last"],
        categories=dict(sorted(categories.items())),
        tenants=round((_MOST_TENANTS - 1) / (tenants[-1] / _HASHES)) if full else len(tenants),
    )
