"""deploy/alertmanager on a real Alertmanager: who is told, how alerts are grouped, and what silences what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.alertmanager_server import running_alertmanager, running_webhook
from tests.alerts import ALERTMANAGER, alerts

pytestmark = pytest.mark.layer("alertmanager")

FASTER = 20.0
#: Longer than `group_wait` of tickets in compressed time, which is the longer one.
SOON = 10.0
RECEIVERS = {"page": "pager", "ticket": "tickets"}
SEVERITY = {alert.name: alert.labels["severity"] for alert in alerts()}

PROD = {"cluster": "c", "namespace": "live", "job": "harmwatch"}
ELSEWHERE = [PROD | {"cluster": "d"}, PROD | {"namespace": "test"}, PROD | {"job": "other"}]


def of(name: str, **labels: str) -> dict[str, str]:
    """An alert of the installation that all cases are about, unless labels say otherwise."""
    return PROD | {"alertname": name} | labels


def _of_receiver(name: str) -> dict[str, str]:
    """Of the receiver beside it, which is scraped as a job of its own."""
    return of(name, job="harmwatch-ingest")


_MEASURED_NO_MORE = [
    of("NoWorkerReady"),
    of("PipelineStalled", topic="inference.events"),
    of("ScoringStopped", model="chat", dimension="output"),
    of("ModelTrafficStopped", model="chat"),
    of("ConsumerLagGrowing", topic="inference.events"),
    of("EventsLate", model="chat"),
]
#: By rule of inhibition: the alerts that silence, those that are silenced, and those that look alike and are not.
INHIBITED: list[tuple[dict[str, str], list[dict[str, str]], list[dict[str, str]]]] = [
    (
        of("HarmwatchDown"),
        [
            *_MEASURED_NO_MORE,
            of("MissingScores", scorer="pii", reason="busy"),
            of("MostScoresMissing", scorer="pii"),
            of("ScorerErrors", scorer="pii"),
        ],
        [
            of("HarmSpike", model="chat", dimension="output"),
            *({"alertname": "ScoringStopped", "model": "chat", "dimension": "output"} | labels for labels in ELSEWHERE),
        ],
    ),
    (
        of("BrokerLost"),
        _MEASURED_NO_MORE,
        [
            of("ScorerErrors", scorer="pii"),
            *({"alertname": "EventsLate", "model": "chat"} | labels for labels in ELSEWHERE),
        ],
    ),
    # Workers that cannot deliver end, and are away between two starts. Not both ways: each would silence the other.
    (
        of("BrokerLost"),
        [of("HarmwatchDown")],
        [{"alertname": "HarmwatchDown"} | labels for labels in ELSEWHERE],
    ),
    # Receivers are a job of their own, and may write to another broker.
    (
        of("BrokerLost"),
        [],
        [
            _of_receiver("IngestSpoolWaiting"),
            _of_receiver("IngestSpoolFilling") | {"job": "other-ingest"},
            _of_receiver("IngestRefusing") | {"job": "third-ingest"},
        ],
    ),
    (
        _of_receiver("IngestSpoolFilling"),
        [_of_receiver("IngestSpoolWaiting")],
        [_of_receiver("IngestSpoolWaiting") | {"job": "other-ingest"}],
    ),
    (
        _of_receiver("IngestRefusing") | {"reason": "spool"},
        [_of_receiver("IngestSpoolFilling")],
        [_of_receiver("IngestSpoolFilling") | {"job": "other-ingest"}],
    ),
    (_of_receiver("IngestRefusing") | {"reason": "spool"}, [_of_receiver("IngestSpoolWaiting")], []),
    # Too much at once explains no disk, which may fill up meanwhile: then all clients are sent away.
    (_of_receiver("IngestRefusing") | {"reason": "busy"}, [], [_of_receiver("IngestSpoolFilling")]),
    (_of_receiver("IngestRefusing") | {"reason": "busy"}, [], [_of_receiver("IngestSpoolWaiting")]),
    (
        of("PipelineStalled", topic="inference.events"),
        [of("ConsumerLagGrowing", topic="inference.events")],
        [
            of("ScoringStopped", model="chat", dimension="output"),
            of("ConsumerLagGrowing", topic="inference.other"),
        ],
    ),
    # It explains no page of a model: that has partitions besides.
    (
        of("PipelineStalled", topic="inference.events"),
        [],
        [of("EventsLate", model="chat"), of("ModelTrafficStopped", model="chat")],
    ),
    # Late events of a model explain no lag: it may be another topic that falls behind, and which one is the cause.
    (
        of("EventsLate", model="chat"),
        [],
        [
            of("ScoringStopped", model="chat", dimension="output"),
            of("ConsumerLagGrowing", topic="inference.events"),
        ],
    ),
    (
        of("ScorerErrors", scorer="pii"),
        [of("MissingScores", scorer="pii", reason="busy")],
        [
            of("ScoringStopped", model="chat", dimension="privacy"),
            of("MissingScores", scorer="toxicity", reason="busy"),
        ],
    ),
    (
        of("MostScoresMissing", scorer="pii"),
        [of("MissingScores", scorer="pii", reason="deadline")],
        [of("MissingScores", scorer="toxicity", reason="deadline")],
    ),
    (
        of("HarmBudgetBurnFast", model="chat", dimension="output", window="1h"),
        [of("HarmBudgetBurnSlow", model="chat", dimension="output", window="1d")],
        [
            of("HarmBudgetBurnSlow", model="chat", dimension="privacy", window="1d"),
            of("HarmBudgetBurnSlow", job="other", model="chat", dimension="output", window="1d"),
        ],
    ),
    (
        of("HarmSpike", model="chat", dimension="output", window="5m"),
        [of("HarmBudgetBurnSlow", model="chat", dimension="output", window="3d")],
        [of("HarmBudgetBurnSlow", model="other", dimension="output", window="3d")],
    ),
    (
        of("LeakedPersonalData", model="chat", category="pii.card"),
        [of("PersonalDataOfUnknownOrigin", model="chat", category="pii.card")],
        [of("PersonalDataOfUnknownOrigin", model="chat", category="pii.secret")],
    ),
    (
        of("AdversarialSucceeded", model="chat"),
        [of("AdversarialAttempts", model="chat")],
        [of("AdversarialAttempts", model="other")],
    ),
    (
        of("DriftHintsAtBias", model="chat"),
        [of("DriftDetected", model="chat")],
        [of("DriftDetected", model="other")],
    ),
    (
        of("DriftReferenceStale", model="chat"),
        [of("DriftDetected", model="chat")],
        [of("GroupDisparity", model="chat"), of("DriftDetected", model="chat", namespace="test")],
    ),
]


def with_severity(labels: dict[str, str]) -> dict[str, str]:
    return labels | {"severity": SEVERITY[labels["alertname"]]}


def test_every_rule_of_inhibition_has_a_case() -> None:
    """And every alert that one names: an alert that is renamed would no longer silence, or be silenced."""
    rules: list[dict[str, Any]] = yaml.safe_load(ALERTMANAGER.read_text(encoding="utf-8"))["inhibit_rules"]
    named: set[tuple[str, str]] = set()
    for rule in rules:
        (source, *_), (target,) = rule["source_matchers"], rule["target_matchers"]
        sides = [set(matcher.partition('"')[2].rstrip('"').split("|")) for matcher in (source, target)]
        named |= {(by, silenced) for by in sides[0] for silenced in sides[1]}
    tried = {(by["alertname"], one["alertname"]) for by, silenced, _ in INHIBITED for one in silenced}
    assert named == tried


@pytest.mark.parametrize(("source", "silenced", "others"), INHIBITED)
async def test_what_a_cause_explains_is_not_told(
    source: dict[str, str], silenced: list[dict[str, str]], others: list[dict[str, str]], tmp_path: Path
) -> None:
    async with running_webhook() as webhook, running_alertmanager(tmp_path, webhook, FASTER) as alertmanager:
        await alertmanager.post([with_severity(labels) for labels in (*silenced, *others, source)])
        for labels in (source, *others):
            receiver = RECEIVERS[SEVERITY[labels["alertname"]]]
            further = {name: value for name, value in labels.items() if name != "alertname"}
            await webhook.until(labels["alertname"], "firing", SOON, receiver=receiver, **further)
        states = {frozenset(alert["labels"].items()): alert for alert in await alertmanager.alerts()}
    cause = states[frozenset(with_severity(source).items())]["fingerprint"]
    for labels in silenced:
        status = states[frozenset(with_severity(labels).items())]["status"]
        assert (status["state"], status["inhibitedBy"]) == ("suppressed", [cause]), labels
    heard = {frozenset(alert.labels.items()) for told in webhook.notifications for alert in told.alerts}
    assert heard == {frozenset(with_severity(labels).items()) for labels in (source, *others)}


async def test_alerts_reach_their_receivers_in_groups(tmp_path: Path) -> None:
    spike = {"alertname": "HarmSpike", "severity": "page", "window": "5m"}
    spikes = [
        spike | {"model": "chat", "dimension": "output"},
        spike | {"model": "chat", "dimension": "privacy"},
        spike | {"model": "search", "dimension": "output"},
    ]
    ticket = {"alertname": "DeadLetterRatio", "severity": "ticket", "topic": "inference.events"}
    unrouted = {"alertname": "Unheard", "team": "other"}
    async with running_webhook() as webhook, running_alertmanager(tmp_path, webhook, FASTER) as alertmanager:
        await alertmanager.post([*spikes, ticket, unrouted])
        await webhook.until("HarmSpike", "firing", SOON, model="chat")
        await webhook.until("HarmSpike", "firing", SOON, model="search")
        for name in ("DeadLetterRatio", "Unheard"):
            await webhook.until(name, "firing", SOON, receiver="tickets")
        told = list(webhook.notifications)
        await alertmanager.post([*spikes, ticket], resolved=True)
        for model in ("chat", "search"):
            await webhook.until("HarmSpike", "resolved", 300.0 / FASTER + SOON, model=model)
    heard = sorted((one.receiver, one.group["alertname"], one.group.get("model"), len(one.alerts)) for one in told)
    assert heard == [
        ("pager", "HarmSpike", "chat", 2),
        ("pager", "HarmSpike", "search", 1),
        ("tickets", "DeadLetterRatio", None, 1),
        ("tickets", "Unheard", None, 1),
    ]
    # Whoever is woken hears that it is over; a ticket is closed by whoever has looked.
    assert {one.receiver for one in webhook.notifications if one.status == "resolved"} == {"pager"}
