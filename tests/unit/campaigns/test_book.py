"""One campaign is told once, whoever finds it and however often."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agent.campaigns.base import Kind, Member, Suspicion
from agent.campaigns.book import CampaignBook, CampaignShare, KnownCampaign

START = 1_790_000_400.0
KEY = b"a key of the tests"
SKETCH = tuple(range(32))


def member(place: int, tenant: str = "acme", *, is_flagged: bool = True) -> Member:
    return Member(("test", str(place)), START + place, tenant, ("adversarial",), is_flagged)


def suspicion(
    places: Iterable[int],
    kind: Kind = "near_duplicates",
    group: str = "1",
    sketch: tuple[int, ...] = SKETCH,
    tenant: str = "acme",
) -> Suspicion:
    return Suspicion(kind, "chat", group, [member(place, tenant) for place in places], sketch)


def known(share: CampaignShare) -> KnownCampaign:
    return KnownCampaign(share.key, share.id, share.kind, share.subject, share.sketch, share.last)


def half_alike(one: Sequence[int], two: Sequence[int]) -> bool:
    return 2 * len(set(one) & set(two)) >= len(one)


def taken(book: CampaignBook, given: Suspicion) -> CampaignShare:
    share = book.take(given)
    assert share is not None
    return share


def test_a_group_is_raised_once_and_each_event_counts_once() -> None:
    book = CampaignBook(key=KEY, quiet_seconds=900.0)
    first = taken(book, suspicion(range(12)))
    assert (first.is_new, first.events, first.first, first.last) == (True, 12, START, START + 11)
    assert first.categories == (("adversarial", 12),)
    again = taken(book, suspicion(range(4, 16)))
    assert (again.is_new, again.events, again.id, again.key) == (False, 4, first.id, first.key)
    assert book.take(suspicion(range(4, 16))) is None


def test_another_detector_of_the_same_events_adds_a_sign() -> None:
    book = CampaignBook(key=KEY, quiet_seconds=900.0)
    first = taken(book, suspicion(range(12)))
    assert book.take(suspicion(range(14), "burst", "acme", ())) is None
    (share,) = book.due(START + 200.0)
    assert (share.id, share.kind, share.sign, share.is_new) == (first.id, "near_duplicates", "burst", False)
    assert share.events == 2


def test_a_burst_waits_a_minute_and_is_raised_when_nothing_says_more() -> None:
    book = CampaignBook(key=KEY, quiet_seconds=900.0)
    assert book.take(suspicion(range(12), "burst", "acme", ())) is None
    assert book.next_due == START + 11 + 60
    assert book.due(START + 60.0) == []
    assert book.take(suspicion(range(20), "burst", "acme", ())) is None
    (share,) = book.due(START + 80.0)
    assert (share.kind, share.is_new, share.events) == ("burst", True, 20)
    assert "acme" not in repr(share)
    assert share.subject
    # What is found among its events afterwards is a sign of it.
    later = taken(book, suspicion(range(5, 21)))
    assert (later.id, later.sign, later.is_new, later.events) == (share.id, "near_duplicates", False, 1)


def test_two_attacks_at_once_are_two() -> None:
    book = CampaignBook(key=KEY, quiet_seconds=900.0)
    one = taken(book, suspicion(range(12)))
    other = taken(book, suspicion(range(100, 112), group="2", sketch=tuple(range(50, 82))))
    assert other.is_new
    assert one.id != other.id


def test_after_a_restart_it_is_the_same_campaign() -> None:
    first = taken(CampaignBook(key=KEY, quiet_seconds=900.0), suspicion(range(12)))
    remembered = [known(first)]
    book = CampaignBook(
        key=KEY, quiet_seconds=900.0, known=lambda model: remembered if model == "chat" else [], alike=half_alike
    )
    alike = (*SKETCH[:20], *range(100, 112))
    again = taken(book, suspicion(range(20, 32), group="7", sketch=alike))
    assert (again.is_new, again.id, again.key, again.events) == (False, first.id, first.key, 12)
    unlike = taken(book, suspicion(range(40, 52), group="8", sketch=tuple(range(200, 232))))
    assert unlike.is_new


def test_a_tenant_is_recognised_after_a_restart_by_its_keyed_hash() -> None:
    def burst(book: CampaignBook, places: Iterable[int], tenant: str) -> CampaignShare:
        book.take(suspicion(places, "burst", tenant, (), tenant))
        (share,) = book.due(START + 10_000.0)
        return share

    first = burst(CampaignBook(key=KEY, quiet_seconds=900.0), range(12), "acme")
    lives = [CampaignBook(key=KEY, quiet_seconds=900.0, known=lambda model: [known(first)]) for _ in range(2)]
    assert burst(lives[0], range(20, 32), "acme").id == first.id
    assert burst(lives[1], range(20, 32), "other").is_new


def test_what_comes_long_after_is_another_campaign() -> None:
    book = CampaignBook(key=KEY, quiet_seconds=900.0, known=lambda model: remembered)
    remembered: list[KnownCampaign] = []
    first = taken(book, suspicion(range(12)))
    remembered.append(known(first))
    later = taken(book, suspicion(range(5_000, 5_012)))
    assert later.is_new
    assert later.id != first.id


def test_ids_are_the_same_for_the_same_events_and_key_alone() -> None:
    one, two = (taken(CampaignBook(key=KEY, quiet_seconds=900.0), suspicion(range(12))) for _ in range(2))
    other = taken(CampaignBook(key=b"another", quiet_seconds=900.0), suspicion(range(12)))
    assert one == two
    assert one.id != other.id
    assert not set(one.tenants) & set(other.tenants)
