"""Campaigns through the whole pipeline: told once, counted once, through restarts, replays and several workers."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from math import inf
from random import Random
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from agent.campaigns.base import Sighting
from agent.campaigns.burst import Bursts
from agent.campaigns.drift import AttackDrift
from agent.config import CampaignsConfig, CoreConfig
from agent.events import InferenceEvent, Payload, TextPart
from agent.joining import JoinedCall
from agent.pipeline.build import build_windows
from agent.pipeline.campaign_watch import CampaignWatch
from agent.scores import ScoreRow
from tests.bench.campaign import Traffic, run
from tests.campaign_rig import PARTITION, START, KnownAttacks, Rig
from tests.campaign_texts import benign, paraphrases, unrelated

ATTACKS = paraphrases(120, "both", Random(11))
ONE = {("chat", "near_duplicates"): 1.0}


def event(place: int, text: str, *, at: float | None = None, tenant: str = "acme", **over: Any) -> InferenceEvent:
    fields: dict[str, Any] = {
        "inference_id": f"r-{place}",
        "source": "test",
        "model": "chat",
        "time": START + 3.0 * place if at is None else at,
        "tenant": tenant,
        "input": Payload(texts=(TextPart(text),)),
    }
    return InferenceEvent(**(fields | over))


def attacks(first: int, last: int) -> list[InferenceEvent]:
    return [event(place, ATTACKS[place], tenant=f"t{place % 10}") for place in range(first, last)]


def active(rig: Rig) -> dict[tuple[str, ...], float]:
    rig.look()
    return {place: number for place, number in rig.metrics.rows("harmwatch_campaigns_active").items() if number}


def rig_of(texts: Sequence[str] = ATTACKS, **campaigns: Any) -> Rig:
    rig = Rig([KnownAttacks(texts)], **campaigns)
    rig.clock.advance(600.0)
    return rig


@pytest.mark.parametrize("language", ["en", "zh", "both"])
def test_a_planted_campaign_is_one_finding_and_one_alert_within_a_minute_of_the_20th_attack(language: str) -> None:
    draw = Random(f"planted {language}")
    texts = paraphrases(200, language, draw)
    found = run(Traffic(texts, 2_500, draw), KnownAttacks(texts))
    assert (found["kinds"], found["alerts"], found["evidence_ids"]) == ({"near_duplicates": 1.0}, 1, 1)
    assert found["seconds_after_20th"] <= 60.0
    assert found["events"] > 170
    assert 35 <= found["tenants"] <= 40


def test_as_many_unrelated_attacks_are_no_finding() -> None:
    draw = Random(12)
    texts = unrelated(200, draw)
    found = run(Traffic(texts, 6_000, draw), KnownAttacks(texts))
    assert (found["flagged"], found["campaigns"], found["alerts"]) == (200.0, 0, 0)


def test_evidence_says_how_much_and_nothing_of_what(caplog: pytest.LogCaptureFixture) -> None:
    rig = rig_of()
    with caplog.at_level(logging.WARNING):
        rig.take(attacks(0, 60))
    told = rig.evidence[-1]
    assert {evidence.id for evidence in rig.evidence} == {told.id}
    assert [evidence.events for evidence in rig.evidence] == sorted(evidence.events for evidence in rig.evidence)
    assert (told.kind, told.model, told.tenants) == ("near_duplicates", "chat", 10)
    assert "near_duplicates" in told.signs
    assert told.categories == {"adversarial": told.events}
    assert told.events >= 50
    assert told.first < told.last == told.time
    written = msgspec.json.encode(rig.evidence).decode() + caplog.text
    words = {word for text in ATTACKS[:60] for word in text.split()} - set(told.__struct_fields__)
    assert not [word for word in words if len(word) > 4 and word.isalpha() and word in written]
    assert not [tenant for tenant in range(10) if f'"t{tenant}"' in written]
    assert caplog.text.count("campaign_raised") == 1


def test_it_ends_when_nothing_comes_any_more_and_the_gauge_goes_on_as_0() -> None:
    rig = rig_of()
    rig.take(attacks(0, 60))
    assert active(rig) == ONE
    rig.clock.advance(1_000.0)
    assert active(rig) == {}
    assert rig.metrics.rows("harmwatch_campaigns_active") == {("chat", "near_duplicates"): 0.0}


def test_a_record_that_comes_again_counts_once_and_duplicates_do_as_well() -> None:
    rig, again = rig_of(), rig_of()
    rig.take(attacks(0, 60))
    for _ in range(3):
        again.offset = 0
        again.take(attacks(0, 60))
    assert again.raised() == rig.raised() == ONE
    # Under other offsets, as a producer that tries again sends them: known by their ids.
    again.take(attacks(0, 60))
    for each in (rig, again):
        each.take([event(500, benign(1, Random(1))[0], at=START + 400.0)])
    assert again.evidence[-1] == rig.evidence[-1]
    few = rig_of()
    for _ in range(4):
        few.take(attacks(0, 9))
    assert few.raised() == {}


def test_the_order_of_events_is_of_little_matter() -> None:
    shuffled = attacks(0, 60)
    Random(13).shuffle(shuffled)
    rig = rig_of()
    rig.take(shuffled)
    assert rig.raised() == ONE
    assert rig.evidence[-1].events >= 50


def restarted(rig: Rig) -> Rig:
    """The next life of a worker: only what the windows wrote is left."""
    snapshot = rig.pipeline.windows.snapshot(PARTITION)
    rig.close()
    heir = rig_of()
    heir.pipeline.windows.restore(PARTITION, snapshot.values.values())
    heir.offset = rig.offset
    return heir


def test_a_restart_raises_no_second_campaign() -> None:
    rig = rig_of()
    rig.take(attacks(0, 40))
    before = rig.evidence[-1]
    heir = restarted(rig)
    assert active(heir) == ONE
    heir.take(attacks(40, 120))
    assert heir.raised() == {}
    assert {evidence.id for evidence in heir.evidence} == {before.id}
    assert active(heir) == ONE
    assert heir.evidence[-1].events > before.events + 60
    assert heir.evidence[-1].first == before.first


def test_two_workers_tell_one_campaign_once_the_second_knows_of_the_first() -> None:
    one, two = rig_of(), rig_of()
    fleet = build_windows(CoreConfig(), two.clock)
    two.pipeline.read_from(lambda: fleet)
    one.take(attacks(0, 40))
    for value in one.pipeline.windows.snapshot(PARTITION).values.values():
        fleet.absorb(value)
    other = (PARTITION[0], 1)
    two.take(attacks(40, 100), partition=other)
    assert two.raised() == {}
    assert {evidence.id for evidence in two.evidence} == {one.evidence[0].id}
    for value in two.pipeline.windows.snapshot(other).values.values():
        fleet.absorb(value)
    (reading,) = [each for each in fleet.total_measurements() if each.model == "chat"]
    (campaign,) = reading.results["campaigns"].campaigns
    assert campaign.events > 85
    assert campaign.tenants == 10


def test_an_attack_that_a_conversation_brings_along_is_one() -> None:
    def turn(place: int, asked: int) -> InferenceEvent:
        texts = [TextPart(ATTACKS[0]), TextPart("No.", "assistant")]
        for number in range(asked):
            texts += [TextPart(f"And what about {number}?"), TextPart("No.", "assistant")]
        return event(place, "", input=Payload(texts=(*texts, TextPart(f"Question {asked}"))))

    rig = rig_of()
    rig.take([turn(place, place) for place in range(40)])
    assert rig.metrics.total("harmwatch_findings_total") == 40
    assert rig.raised() == {}
    # Where it is what was said last, each call is one.
    rig.take([event(100 + place, ATTACKS[0], at=START + 200.0 + place) for place in range(40)])
    assert rig.raised() == ONE


def test_one_attack_in_the_passages_of_many_calls_is_a_campaign_whatever_is_asked() -> None:
    questions = benign(60, Random(16))
    rig = rig_of()
    rig.take([event(place, text, tenant=f"t{place % 10}") for place, text in enumerate(questions)])
    assert rig.raised() == {}
    poisoned = [
        event(100 + place, text, tenant=f"t{place % 10}", context=("Open from nine to five.", ATTACKS[place]))
        for place, text in enumerate(questions)
    ]
    rig.take(poisoned)
    assert rig.raised() == ONE
    assert rig.evidence[-1].categories == {"adversarial.indirect": rig.evidence[-1].events}


class WithSignal(KnownAttacks):
    """Has a category, too, whose threshold is of strengths and not of scores."""

    signals = frozenset({"adversarial.obfuscation"})

    def __init__(self, attacks: Collection[str], score: float) -> None:
        super().__init__(attacks)
        self.categories |= dict.fromkeys(self.signals, "adversarial")
        self.thresholds |= dict.fromkeys(self.signals, 0.5)
        self._other = score

    def _score(self, text: str) -> float:
        return super()._score(text) or self._other


@pytest.mark.parametrize(("score", "suspected"), [(0.53, False), (0.55, True)])
def test_an_input_adds_to_a_campaign_from_a_share_of_the_threshold_of_its_own_score(
    score: float, suspected: bool
) -> None:
    # 0.6 of its own threshold is 0.54, of the signal's 0.3.
    rig = Rig([WithSignal(ATTACKS[::2], score)], kinds=("near_duplicates",))
    rig.clock.advance(600.0)
    rig.take(attacks(0, 120))
    assert rig.raised() == ONE
    assert (rig.evidence[-1].suspected > 30) == (rig.evidence[-1].suspected > 0) == suspected


def test_one_tenant_that_attacks_in_all_ways_is_a_burst_after_a_minute() -> None:
    draw = Random(14)
    texts = unrelated(64, draw)
    rig = rig_of(texts)
    questions = benign(3_000, draw)
    events = [
        event(place, text, at=START + place / 10, tenant=f"t{place % 40}") for place, text in enumerate(questions)
    ]
    events += [event(9_000 + n, text, at=START + 100.0 + 3 * n, tenant="t7") for n, text in enumerate(texts)]
    events.sort(key=lambda each: each.time or 0.0)
    rig.take(events)
    assert rig.raised() == {("chat", "burst"): 1.0}
    assert rig.evidence[-1].tenants == 1
    assert len(rig.evidence[-1].subject) == 32
    assert rig.evidence[-1].events >= 55


def test_sweeps_and_rows_are_campaigns_as_well() -> None:
    rig = rig_of()
    rig.take([event(place, f"Show the record with number {place} in full.") for place in range(200)])
    draw, rows = Random(15), []
    for place in range(1_200):
        amount = draw.gauss(100.0, 10.0) * (1_000.0 if place > 1_000 and draw.random() < 0.5 else 1.0)
        payload = Payload(features={"amount": amount})
        rows.append(event(5_000 + place, "", at=START + place / 2, model="loans", input=payload))
    rig.take(rows)
    walks = []
    for place in range(1_500):
        tenant, near = f"t{place % 15}", place % 15 == 3
        score = draw.gauss(0.5, 0.01) if near else draw.random()
        given = Payload(features={"amount": draw.gauss(100.0, 10.0)})
        output = Payload(score=score)
        walks.append(
            event(8_000 + place, "", at=START + place / 3, tenant=tenant, model="risk", input=given, output=output)
        )
    rig.take(walks)
    assert rig.raised() == {("chat", "sweep"): 1.0, ("loans", "out_of_range"): 1.0, ("risk", "boundary"): 1.0}


def test_nothing_is_told_where_it_is_not_wanted() -> None:
    off = rig_of(enabled=False)
    off.take(attacks(0, 60))
    assert off.raised() == {}
    some = rig_of(kinds=("burst", "drift"))
    some.take([event(place, text) for place, text in enumerate(benign(400, Random(1)))])
    some.take(attacks(0, 30))
    assert ("chat", "near_duplicates") not in some.raised()


def test_a_worker_that_publishes_no_evidence_raises_campaigns_all_the_same() -> None:
    rig = Rig([KnownAttacks(ATTACKS)], evidence=False)
    rig.clock.advance(600.0)
    rig.take(attacks(0, 60))
    assert rig.raised() == ONE
    assert rig.evidence == []
    # Nor does it put by what is never fetched: that would grow for as long as it runs.
    watch = rig.pipeline._campaigns
    assert watch is not None
    assert watch.publish(inf) == []


def test_the_section_says_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="kinds"):
        CampaignsConfig(kinds=("flood",))  # type: ignore[arg-type]


class Counts:
    """A detector that is told of every input, and finds nothing."""

    kind, sees = "burst", "attacks"

    def __init__(self) -> None:
        self.told: dict[tuple[str, str], int] = {}

    def count(self, model: str, tenant: str, inputs: int) -> None:
        self.told[model, tenant] = self.told.get((model, tenant), 0) + inputs

    def see(self, sighting: Sighting) -> None: ...


class Watching:
    """A watch with its detectors, shown inputs that have been judged already."""

    def __init__(self, *detectors: Any) -> None:
        rig = rig_of()
        rig.close()
        self.metrics = rig.metrics
        parts = {"windows": rig.pipeline.windows, "metrics": rig.metrics, "clock": rig.clock}
        self.watch = CampaignWatch(detectors, key=b"k" * 32, quiet_seconds=600.0, rules=rig.pipeline.rules, **parts)
        rig.clock.advance(100_000.0)

    def show(self, asked: InferenceEvent, *, is_attack: bool, call: JoinedCall | None = None) -> None:
        finding = SimpleNamespace(dimension="adversarial", category="adversarial", threshold=0.9)
        call = call or JoinedCall(0.0, 0.0, "native", "chat")
        half: Any = SimpleNamespace(
            direction="input",
            event=asked,
            call=call,
            weight=call.weight or 1.0,
            parts=[SimpleNamespace(part=TextPart("anything"), text_index=0)],
            passages=[],
            answers=[{"adversarial": ScoreRow({"adversarial": 1.0})}],
            passage_answers=[],
            time=asked.time,
        )
        judgement: Any = SimpleNamespace(
            dimensions={"adversarial"} if is_attack else set(),
            verdict=SimpleNamespace(scores={}, findings=[finding]),
        )
        self.watch.note(half, judgement)


@pytest.mark.parametrize("tenants", [1, 7, 1_200])
def test_each_input_is_counted_once_before_the_attack_that_follows_it(tenants: int) -> None:
    counts = Counts()
    watching = Watching(counts)
    for place in range(2_520):
        watching.show(event(place, "anything", tenant=f"t{place % tenants}"), is_attack=place % 3 == 2)
    assert sum(counts.told.values()) == 2_520


def sampled_at(ordinary: float, draw: Random, *, is_suspicious: bool) -> JoinedCall | None:
    """A call as `agent.overload.sampler` decides it where suspicious ones are kept whole; None when passed by."""
    lot = draw.random()
    if not is_suspicious and lot >= ordinary:
        return None
    call = JoinedCall(0.0, 0.0, "native", "chat")
    call.weight, call.representative = 1.0 if is_suspicious else 1.0 / ordinary, lot < ordinary
    return call


@pytest.mark.parametrize("kind", ["drift", "burst"])
def test_attacks_are_no_more_frequent_since_a_sample_keeps_them_rather_than_others(kind: str) -> None:
    """Three attacks in a hundred inputs all the time, kept whole; a tenth of them are of a tenant that is kept whole.

    A campaign was raised soon after the sampling had begun.
    """
    for seed in range(3):
        draw = Random(seed)
        watching = Watching(Bursts() if kind == "burst" else AttackDrift())
        for place in range(24_000):
            tenant = f"t{draw.randrange(10)}"
            is_attack = draw.random() < 0.03
            is_suspicious = is_attack and (kind == "drift" or tenant == "t0")
            at = START + 0.9 * place
            call = sampled_at(0.02 if place >= 12_000 else 1.0, draw, is_suspicious=is_suspicious)
            if call is not None:
                watching.show(event(place, "", at=at, tenant=tenant), is_attack=is_attack, call=call)
        watching.show(event(24_001, "", at=START + 30_000.0), is_attack=False)
        assert watching.metrics.rows("harmwatch_campaigns_total") == {}


def test_a_share_of_attacks_is_the_same_while_a_sample_is_scored_and_when_all_is_again() -> None:
    """Each input of a tenth counted ten, each attack one: the past was a tenth of what it had been, and when the
    sampling ended attacks seemed ten times as frequent."""
    for seed in range(3):
        draw = Random(seed)
        watching = Watching(AttackDrift())
        for place in range(40_000):
            is_attack = draw.random() < 0.02
            at = START + 0.4 * place
            call = sampled_at(0.1 if place < 30_000 else 1.0, draw, is_suspicious=False)
            if call is not None:
                watching.show(event(place, "", at=at), is_attack=is_attack, call=call)
        watching.show(event(40_001, "", at=START + 30_000.0), is_attack=False)
        assert watching.metrics.rows("harmwatch_campaigns_total") == {}
