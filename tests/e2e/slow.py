"""A scorer that is slower than the traffic: the source waits, memory stays bounded, nothing is lost.

With the worker's own parts on real Kafka, because the command has no slow scorer to configure; in a process of its own,
so that its memory is nobody else's: ``python -m tests.e2e.slow CONFIG SECONDS_A_TEXT``.
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from agent.scores import ScoreRow
from agent.scoring.base import Batch
from streams.config import WorkerConfig, load_config
from streams.kafka_source import KafkaSource
from streams.ports import Record
from tests.builders import WordScorer

from .own_tap import own_tap
from .scenarios import Outcome
from .traffic import MODELS, Ledger, Traffic, TrafficRecord
from .workbench import Workbench

__all__ = ["SlowScorer", "slow_scorer"]

#: What is in flight, twice over (bytes, text, normalised text), and what is fetched ahead; whatever waits in Kafka.
_RSS_GROWTH_MIB = 50.0


class SlowScorer(WordScorer):
    """Takes its time for each text."""

    def __init__(self, seconds_a_text: float) -> None:
        super().__init__(words={"awful": "toxicity"})
        self.seconds_a_text = seconds_a_text

    def score(self, batch: Batch) -> list[ScoreRow]:
        time.sleep(self.seconds_a_text * len(batch))
        return super().score(batch)


class _CountingSource(KafkaSource):
    """Counts what was handed out, to tell how far the tap reads ahead."""

    handed_out = 0

    async def getmany(self, max_records: int, timeout_seconds: float) -> Sequence[Record]:
        records = await super().getmany(max_records, timeout_seconds)
        self.handed_out += len(records)
        return records


def _large_traffic(events: int, chars: int, seed: int) -> Traffic:
    rng = random.Random(seed)
    ledger, records = Ledger(), []
    words = ("plain", "awful", "words", "很长", "的文本")
    for n in range(events):
        model = MODELS[n % len(MODELS)]
        text = " ".join(rng.choices(words, k=chars // 6))
        # Whole calls: a lone input is kept for its output, which has a bound of its own (join.max_chars).
        halves = f'"input": {{"text": "{text}"}}, "output": {{"text": "short answer {n}"}}'
        value = f'{{"id": "s-{n}", "source": "e2e", "model": "{model}", {halves}}}'
        records.append(TrafficRecord(model.encode(), value.encode()))
        ledger.note(("e2e", f"s-{n}"), model, ["input", "output"])
    return Traffic(records, ledger)


def _rss_mib() -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


def slow_scorer(bench: Workbench, *, events: int, chars: int, seconds_a_text: float, seed: int) -> Outcome:
    """Far more bytes wait in Kafka than may be held; all are scored in the end."""
    outcome = Outcome("slow_scorer", {"seconds_a_text": seconds_a_text})
    traffic = _large_traffic(events, chars, seed)
    bench.create_topics()
    bench.lens.publish(bench.events, traffic.records)
    megabytes = sum(len(record.value) for record in traffic.records) / 1e6
    command = [sys.executable, "-m", "tests.e2e.slow", str(bench.config_file), str(seconds_a_text)]
    child = subprocess.run(command, check=True, capture_output=True, timeout=400)
    numbers: dict[str, float] = json.loads(child.stdout)
    outcome.numbers |= {"published_mb": round(megabytes, 1)} | numbers
    limit = bench.config.tap.max_in_flight_records + bench.config.tap.max_poll_records
    outcome.expect(numbers["most_ahead"] <= limit, f"{numbers['most_ahead']} records read ahead, allowed {limit}")
    outcome.expect(numbers["waited"] > 0, "the pipeline was never full: the scorer was not slow")
    outcome.expect(
        numbers["rss_growth_mib"] < _RSS_GROWTH_MIB,
        f"memory grew by {numbers['rss_growth_mib']} MiB with {megabytes:.0f} MB published",
    )
    outcome.balance(bench, traffic)
    return outcome


async def _run(config: WorkerConfig, seconds_a_text: float) -> dict[str, float]:
    source = _CountingSource(config.kafka, config.topics.events, max_record_bytes=config.tap.max_record_bytes)
    tap, pipeline, _ = own_tap(config, [SlowScorer(seconds_a_text)], source)
    before = _rss_mib()
    peak, most_ahead, waited, most_in_flight = before, 0, 0, 0
    started = time.monotonic()
    task = asyncio.create_task(tap.run())
    try:
        while not (tap.assigned and tap.lags and sum(tap.lags.values()) == 0 and source.handed_out):
            if task.done():
                task.result()
            await asyncio.sleep(0.05)
            peak = max(peak, _rss_mib())
            most_ahead = max(most_ahead, source.handed_out - tap.verdicts // 2)
            most_in_flight = max(most_in_flight, pipeline.in_flight)
            waited += pipeline.full
    finally:
        tap.request_stop()
        await task
    return {
        "seconds": round(time.monotonic() - started, 1),
        "most_in_flight": most_in_flight,
        "most_ahead": most_ahead,
        "waited": waited,
        "rss_growth_mib": round(peak - before, 1),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(_run(load_config(Path(sys.argv[1])), float(sys.argv[2])))))
