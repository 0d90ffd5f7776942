"""Traffic of several models, steady but for chance, with a little natural harm; bursts are planted while it runs."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from agent.clock import Clock
from streams.config import KafkaConfig
from streams.demo import texts, wire
from streams.demo.publish import publish_paced
from streams.demo.traffic import TrafficRecord
from streams.kafka_sink import KafkaSink

__all__ = ["BURSTING", "QUIET", "RATES", "Burst", "PagingTraffic"]

BURSTING: Final = "chat-large"
QUIET: Final = "legal-drafts"
#: Calls a minute before time is compressed: one model has most, one has less than shares need (30 in 5 minutes).
RATES: Final[Mapping[str, float]] = {
    BURSTING: 500.0,
    "support-zh": 60.0,
    "search-answers": 20.0,
    "tutor": 8.0,
    QUIET: 2.0,
}
CHINESE: Final[Mapping[str, float]] = {"support-zh": 0.95, "search-answers": 0.5}

#: Of outputs and inputs, on a quiet day.
TOXIC_OUTPUTS: Final = 0.0015
_INPUTS: Final = (("toxic", 0.0005), ("attack", 0.002), ("echo", 0.005))


@dataclass(frozen=True, slots=True)
class Burst:
    """Every ``one_in``-th output of the model is toxic, in addition to what is natural.

    Times are seconds since the Unix epoch.
    """

    model: str
    start: float
    end: float
    one_in: int = 20


class PagingTraffic:
    """Publishes calls at their times, each model by a Poisson process of its own rate, until it is stopped.

    Parameters
    ----------
    faster
        Multiplies the rates.
    age_seconds
        How long before its publication a call says that it took place.
    """

    def __init__(self, kafka: KafkaConfig, topic: str, clock: Clock, *, faster: float, seed: int = 1) -> None:
        self._kafka, self._topic, self._clock, self._faster, self._seed = kafka, topic, clock, faster, seed
        self._stopping = False
        self.bursts: list[Burst] = []
        self.age_seconds = 0.0
        self.calls = dict.fromkeys(RATES, 0)
        self.planted = 0

    async def run(self) -> None:
        """Publish until `stop` is called. Raises TransportError when the broker cannot be reached."""
        sink = KafkaSink(self._kafka, patience_seconds=30.0, max_message_bytes=1 << 20, clock=self._clock)
        await sink.start()
        try:
            await publish_paced(self._records(), sink, self._topic, self._clock)
        finally:
            await sink.stop()

    def stop(self) -> None:
        """No record is made after the next one."""
        self._stopping = True

    def plant(self, model: str, start: float, seconds: float) -> Burst:
        """A burst from then on. Its start must not have passed."""
        burst = Burst(model, start, start + seconds)
        self.bursts.append(burst)
        return burst

    def _records(self) -> Iterator[TrafficRecord]:
        rng = random.Random(f"{self._seed}/paging")
        total = sum(RATES.values())
        models, weights = list(RATES), list(RATES.values())
        in_burst = dict.fromkeys(RATES, 0)
        at = self._clock.now()
        number = 0
        while not self._stopping:
            at += rng.expovariate(total * self._faster / 60.0)
            (model,) = rng.choices(models, weights)
            number += 1
            language: texts.Language = "zh" if rng.random() < CHINESE.get(model, 0.05) else "en"
            exchange = self._exchange(rng, language)
            burst = next((b for b in self.bursts if b.model == model and b.start <= at < b.end), None)
            if burst is not None:
                in_burst[model] += 1
                if in_burst[model] % burst.one_in == 0:
                    exchange = exchange._replace(answer=texts.toxic(rng, language))
                    self.planted += 1
            self.calls[model] += 1
            call = wire.ChatCall(
                id=f"{self._seed:x}-{number:x}",
                time=at - self.age_seconds,
                model=model,
                version="1",
                tenant=rng.choice(("harbor", "lantern", "maple", "orchid")),
                question=exchange.question,
                answer=exchange.answer,
            )
            yield TrafficRecord(at, model.encode(), wire.native_chat(call, "paging"))

    @staticmethod
    def _exchange(rng: random.Random, language: texts.Language) -> texts.Exchange:
        exchange = texts.benign(rng, language, rng.choice(texts.TOPICS))
        draw = rng.random()
        for kind, share in _INPUTS:
            if draw < share:
                if kind == "attack":
                    return texts.attack(rng, language)
                if kind == "echo":
                    return texts.echo(rng, language)
                exchange = exchange._replace(question=texts.toxic(rng, language))
                break
            draw -= share
        if rng.random() < TOXIC_OUTPUTS:
            exchange = exchange._replace(answer=texts.toxic(rng, language))
        return exchange
