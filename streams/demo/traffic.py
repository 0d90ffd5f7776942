"""Simulated inference traffic of three models with four planted incidents; deterministic in its seed.

Every incident follows a clean stretch at least as long as itself; `streams.demo.plan` says when and how many. The truth
(`Traffic.incidents`) and the exact counts (`Traffic.expected`) are for whoever judges the outcome; the agent and the
detector see only the records.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, TypeAlias

from agent.errors import ConfigError
from streams.demo import loans, texts, wire
from streams.demo.plan import CHAT, INCIDENT_NAMES, LEAST_EVENTS, LOANS, MODELS, SUPPORT, IncidentName, plan_for
from streams.ports import Headers

__all__ = ["CHAT", "INCIDENT_NAMES", "LOANS", "MODELS", "SUPPORT", "Expected", "Incident", "IncidentName",
           "Traffic", "TrafficRecord"]  # fmt: skip

Nature: TypeAlias = Literal["benign", "echo", "toxic_input", "toxic_output", "leak", "attack", "application"]
Wire: TypeAlias = Literal["native", "openai", "kserve"]
Fate: TypeAlias = Literal["whole", "duplicate", "request_only", "response_only"]

ATTACKING_TENANT: Final = "quarry"
_TENANTS: Final = ("harbor", "lantern", "maple", "orchid", ATTACKING_TENANT)

#: What real traffic holds on a quiet day; the detector has to tell an incident from this.
_BACKGROUND: Final[Mapping[str, Sequence[tuple[Nature, float]]]] = {
    CHAT: (("toxic_input", 0.004), ("toxic_output", 0.001), ("attack", 0.003), ("echo", 0.005)),
    SUPPORT: (("toxic_input", 0.006), ("attack", 0.001), ("echo", 0.02)),
}
_LATENCY_SECONDS: Final = (0.02, 0.25)
#: In a shorter run answers come sooner as well: else they would lie where the incident that they belong to is over.
_FULL_LATENCY_FROM_SECONDS: Final = 25.0


class TrafficRecord(NamedTuple):
    """One record for ``inference.events``: publish it at ``time`` (seconds since the Unix epoch)."""

    time: float
    key: bytes
    value: bytes
    headers: Headers = ()


@dataclass(frozen=True, slots=True)
class Incident:
    """The truth about one planted incident.

    Attributes
    ----------
    start_time, end_time
        Seconds since the Unix epoch.
    calls
        How many calls it turned bad; for the disparity, how many decisions fell into it.
    tenant, attribute, group
        Who attacks, or whom it hits; "" where that does not apply.
    too_few_events
        The run has fewer than `streams.demo.plan.LEAST_EVENTS`. It may be found all the same.
    """

    name: IncidentName
    model: str
    start_time: float
    end_time: float
    what: str
    calls: int
    tenant: str = ""
    attribute: str = ""
    group: str = ""
    too_few_events: bool = False


@dataclass(slots=True)
class Expected:
    """Exact counts of what the traffic holds.

    Attributes
    ----------
    calls
        Distinct calls; what the agent should count as events.
    records
        Records published: calls, second halves, duplicates and undecodable ones.
    directions
        Inputs and outputs without the duplicates: the number of verdicts.
    duplicate_records, duplicate_directions
        Whole events sent a second time, and the directions in them.
    orphans
        Halves whose other half is never sent.
    undecodable
        By kind of `streams.demo.wire.UNDECODABLE_KINDS`; their sum is the number of dead letters.
    calls_by_model, calls_by_wire, calls_by_nature
        Partition `calls`.
    """

    calls: int = 0
    records: int = 0
    directions: int = 0
    duplicate_records: int = 0
    duplicate_directions: int = 0
    orphans: int = 0
    undecodable: Counter[str] = field(default_factory=Counter)
    calls_by_model: Counter[str] = field(default_factory=Counter)
    calls_by_wire: Counter[str] = field(default_factory=Counter)
    calls_by_nature: Counter[str] = field(default_factory=Counter)

    @property
    def dead_letters(self) -> int:
        """Records that no decoder takes."""
        return self.undecodable.total()


class _Call(NamedTuple):
    number: int
    time: float
    model: str
    language: texts.Language
    tenant: str
    nature: Nature
    wire: Wire
    fate: Fate
    incident: IncidentName | None
    bad_record: str


class Traffic:
    """Records in the order of their times; iterating again yields the same bytes.

    Parameters
    ----------
    seed
        Same seed, same records.
    events
        Number of calls, at least 1.
    start_time
        Event time of the beginning, seconds since the Unix epoch.
    seconds
        Length of the run in event time.
    incidents
        Which incidents to plant; none for clean traffic.

    Raises
    ------
    ConfigError
        When there would be no event or no time.
    """

    def __init__(
        self,
        seed: int,
        events: int,
        start_time: float,
        seconds: float,
        incidents: Sequence[IncidentName] = INCIDENT_NAMES,
    ) -> None:
        if events < 1 or not seconds > 0:
            raise ConfigError("the demo needs at least one event and more than zero seconds")
        self._seed = seed
        self._events = events
        self._start_time = start_time
        self._seconds = seconds
        self._planted = frozenset(incidents)
        self._plan = plan_for(events)
        self._pace = min(1.0, seconds / _FULL_LATENCY_FROM_SECONDS)
        positions = random.Random(f"{seed}/bad").sample(range(events), k=min(events, max(6, events // 1000)))
        self._bad_records = {
            position: wire.UNDECODABLE_KINDS[i % len(wire.UNDECODABLE_KINDS)]
            for i, position in enumerate(sorted(positions))
        }
        hit: Counter[str] = Counter()
        self.expected = self._count(hit)
        self.incidents: dict[str, Incident] = {
            name: self._incident(name, hit[name]) for name in INCIDENT_NAMES if name in self._planted
        }

    def __iter__(self) -> Iterator[TrafficRecord]:
        rng = random.Random(f"{self._seed}/texts")
        later: list[tuple[float, int, TrafficRecord]] = []
        for call in self._calls():
            while later and later[0][0] <= call.time:
                yield heapq.heappop(later)[2]
            for order, record in enumerate(self._records(call, rng)):
                if record.time <= call.time:
                    yield record
                else:
                    heapq.heappush(later, (record.time, 4 * call.number + order, record))
        while later:
            yield heapq.heappop(later)[2]

    def _calls(self) -> Iterator[_Call]:
        """What happens when, without its texts; cheap, so that it can be counted before it is sent."""
        rng = random.Random(f"{self._seed}/plan")
        for number in range(self._events):
            position = (number + rng.random()) / self._events
            draw = rng.random()
            model = self._plan.model(position, draw)
            nature, incident = self._nature(model, position, rng)
            language: texts.Language = "zh" if rng.random() < (0.95 if model == SUPPORT else 0.25) else "en"
            tenant = ATTACKING_TENANT if incident == "injection_campaign" else rng.choice(_TENANTS)
            wire_format = self._wire(model, rng)
            yield _Call(
                number=number,
                time=self._start_time + position * self._seconds,
                model=model,
                language=language,
                tenant=tenant,
                nature=nature,
                wire=wire_format,
                fate=self._fate(wire_format, rng),
                incident=incident,
                bad_record=self._bad_records.get(number, ""),
            )

    def _nature(self, model: str, position: float, rng: random.Random) -> tuple[Nature, IncidentName | None]:
        draw = rng.random()
        for name, plant in self._plan.plants.items():
            if name in self._planted and plant.model == model and plant.start <= position < plant.end:
                if draw < plant.share:
                    return _NATURE_OF[name], name
                draw = (draw - plant.share) / (1.0 - plant.share)
        if model == LOANS:
            return "application", None
        for nature, share in _BACKGROUND[model]:
            if draw < share:
                return nature, None
            draw -= share
        return "benign", None

    @staticmethod
    def _wire(model: str, rng: random.Random) -> Wire:
        draw = rng.random()
        if model == LOANS or draw < 0.7:
            return "native"
        return "openai" if draw < 0.85 else "kserve"

    @staticmethod
    def _fate(wire_format: Wire, rng: random.Random) -> Fate:
        draw = rng.random()
        if wire_format == "kserve":
            return "request_only" if draw < 0.01 else "response_only" if draw < 0.015 else "whole"
        return "duplicate" if draw < 0.004 else "whole"

    def _records(self, call: _Call, rng: random.Random) -> Iterator[TrafficRecord]:
        key = call.model.encode()
        if call.bad_record:
            yield TrafficRecord(call.time, key, wire.undecodable(call.bad_record, call.number))
        latency = rng.uniform(*_LATENCY_SECONDS) * self._pace
        later = min(call.time + latency, self._start_time + self._seconds)
        if call.model == LOANS:
            value = self._loan(call, rng)
        else:
            chat = self._chat(call, rng)
            if call.wire == "kserve":
                if call.fate != "response_only":
                    yield TrafficRecord(call.time, key, wire.kserve_request(chat), wire.CLOUDEVENTS_HEADERS)
                if call.fate != "request_only":
                    yield TrafficRecord(later, key, wire.kserve_response(chat, later), wire.CLOUDEVENTS_HEADERS)
                return
            value = wire.openai_pair(chat) if call.wire == "openai" else wire.native_chat(chat, "demo-gateway")
        yield TrafficRecord(call.time, key, value)
        if call.fate == "duplicate":
            yield TrafficRecord(later, key, value)

    def _chat(self, call: _Call, rng: random.Random) -> wire.ChatCall:
        topic = "service" if call.model == SUPPORT and rng.random() < 0.7 else rng.choice(texts.TOPICS)
        exchange = texts.benign(rng, call.language, topic)
        if call.nature == "toxic_input":
            exchange = exchange._replace(question=texts.toxic(rng, call.language))
        elif call.nature == "toxic_output":
            exchange = exchange._replace(answer=texts.toxic(rng, call.language))
        elif call.nature == "leak":
            exchange = texts.leak(rng, call.language)
        elif call.nature == "echo":
            exchange = texts.echo(rng, call.language)
        elif call.nature == "attack":
            exchange = texts.attack(rng, call.language)
        return wire.ChatCall(
            id=f"{self._seed:x}-{call.number:x}",
            time=call.time,
            model=call.model,
            version="7",
            tenant=call.tenant,
            question=exchange.question,
            answer=exchange.answer,
        )

    def _loan(self, call: _Call, rng: random.Random) -> bytes:
        unfair = call.incident == "disparity"
        drawn = loans.application(rng, penalty=self._plan.penalty if unfair else 0.0)
        call_id = f"{self._seed:x}-{call.number:x}"
        return wire.native_loan(call_id, call.time, call.model, "4" if unfair else "3", drawn, "loan-service")

    def _count(self, hit: Counter[str]) -> Expected:
        expected = Expected()
        for call in self._calls():
            half = call.fate in ("request_only", "response_only")
            expected.calls += 1
            expected.calls_by_model[call.model] += 1
            expected.calls_by_wire[call.wire] += 1
            expected.calls_by_nature[call.nature] += 1
            expected.records += 2 if call.wire == "kserve" and not half else 1
            expected.directions += 1 if half else 2
            expected.orphans += half
            if call.fate == "duplicate":
                expected.records += 1
                expected.duplicate_records += 1
                expected.duplicate_directions += 2
            if call.bad_record:
                expected.records += 1
                expected.undecodable[call.bad_record] += 1
            if call.incident:
                hit[call.incident] += 1
        return expected

    def _incident(self, name: IncidentName, calls: int) -> Incident:
        plant = self._plan.plants[name]
        return Incident(
            name=name,
            model=plant.model,
            start_time=self._start_time + plant.start * self._seconds,
            end_time=self._start_time + plant.end * self._seconds,
            what=plant.what,
            calls=calls,
            tenant=ATTACKING_TENANT if name == "injection_campaign" else "",
            attribute="gender" if name == "disparity" else "",
            group="female" if name == "disparity" else "",
            too_few_events=self._events < LEAST_EVENTS,
        )


_NATURE_OF: Final[Mapping[IncidentName, Nature]] = {
    "toxicity_burst": "toxic_output",
    "pii_leak": "leak",
    "injection_campaign": "attack",
    "disparity": "application",
}
