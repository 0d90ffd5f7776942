"""What every detector of campaigns promises: bounded memory, determinism, that duplicates of its table agree."""

from __future__ import annotations

from random import Random
from typing import get_args

import pytest

from agent.campaigns import DETECTORS, detector_class
from agent.campaigns.base import Counting, Detector, Following, Kind, Member, Sees, Sighting
from agent.config import CampaignsConfig
from agent.errors import ConfigError
from tests.campaign_texts import paraphrases, unrelated

START = 1_790_000_400.0
KINDS = sorted(DETECTORS)


def made(kind: str) -> Detector:
    detector: Detector = detector_class(kind)(**({"key": b"of the tests"} if kind == "near_duplicates" else {}))
    return detector


def sighting(place: int, draw: Random, text: str = "") -> Sighting:
    """Something of everything: what a detector does not look at is of no matter to it."""
    member = Member(("test", f"r-{place}"), START + place, f"tenant {draw.randrange(500)}", ("adversarial",))
    features = (("income", draw.choice((1.0, 1e9))), ("age", float(place)))
    return Sighting(f"model {draw.randrange(400)}", member, text or f"Translate the word number {place}", features, 0.5)


def test_the_table_the_kinds_and_the_configuration_agree() -> None:
    assert set(DETECTORS) == set(get_args(Kind)) == set(CampaignsConfig().kinds)
    assert [made(kind).kind for kind in DETECTORS] == list(DETECTORS)
    assert {made(kind).sees for kind in DETECTORS} == set(get_args(Sees))
    with pytest.raises(ConfigError, match="no detector of campaigns named 'flood'; there are: near_duplicates, "):
        detector_class("flood")


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_sightings_give_the_same_suspicions(kind: str) -> None:
    texts = paraphrases(60, "both", Random(1)) + unrelated(60, Random(1))
    told = []
    for _ in range(2):
        draw, detector = Random(2), made(kind)
        found = []
        for place, text in enumerate(texts):
            seen = sighting(place, draw, text)._replace(model="chat")
            if isinstance(detector, Counting):
                detector.count("chat", seen.member.tenant, 1)
            if isinstance(detector, Following):
                detector.follow("chat", seen.member.tenant)(text)
            found.append(detector.see(seen))
        told.append(found)
    assert told[0] == told[1]


@pytest.mark.parametrize("kind", KINDS)
def test_names_of_strangers_and_times_out_of_order_do_no_harm(kind: str) -> None:
    draw, detector = Random(3), made(kind)
    for place in range(600):
        seen = sighting(place, draw)
        late = seen.member._replace(time=draw.choice((START - place, START + 9e9, 0.0, -5.0)))
        tenant = draw.choice(("", "长" * 3_000, f"\ud800{place}"))
        seen = seen._replace(model=f"{tenant}{place % 7}", member=late._replace(tenant=tenant))
        if isinstance(detector, Counting):
            detector.count(seen.model, tenant, 3)
        if isinstance(detector, Following):
            detector.follow(seen.model, tenant)(seen.text)
        detector.see(seen)
