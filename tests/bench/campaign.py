"""A campaign among benign traffic: is it told once, how soon, and what is told where there is none?

    python -m tests.bench.campaign [--benign 100000] [--runs 20] [--language en|zh|both] [--scorer known|builtin]

One JSON line for each run. ``planted``: 200 attacks, one reworded, over ten minutes of event time, of 40 tenants,
among the benign inputs. ``spread``: as many attacks of 32 unrelated kinds instead. ``known`` is a scorer that knows
the attacks, so that what is measured is what is made of them; ``builtin`` is the scorer that is shipped, with its
misses and mistakes. ``raised_at`` is the place among the attacks that the first campaign was raised at,
``seconds_after_20th`` how much later than the 20th attack in event time (negative: before it); ``cost``: microseconds
of processor time by benign input of all that campaigns add, and by attack.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import tracemalloc
from collections.abc import Sequence
from random import Random
from typing import Any

from agent.campaigns.base import Member, Sighting
from agent.campaigns.near_duplicates import NearDuplicates
from agent.clock import ManualClock
from agent.config import CoreConfig
from agent.events import InferenceEvent, Payload, TextPart
from agent.joining import JoinedCall
from agent.metrics import Metrics, new_registry
from agent.pipeline.build import build_windows
from agent.pipeline.campaign_detectors import build_campaigns
from agent.pipeline.judge import Judge
from agent.pipeline.pending import Half
from agent.scores import ScoreRow
from agent.scoring import load_scorer
from agent.scoring.base import Scorer
from tests.campaign_rig import PARTITION, START, KnownAttacks, Rig
from tests.campaign_texts import benign, paraphrases, unrelated

__all__ = ["Traffic", "main", "run"]

_SECONDS = 600.0
_TENANTS = 40
_ATTACKS = 200
_LOOK_SECONDS = 5.0
_BATCH = 256


class Traffic:
    """Benign inputs and attacks in the order of their times.

    Attributes
    ----------
    attack_times
        Seconds since the Unix epoch, ascending.
    """

    def __init__(self, attacks: Sequence[str], benign_inputs: int, draw: Random) -> None:
        self.attacks = list(attacks)
        times = sorted(draw.uniform(0.0, _SECONDS) for _ in attacks)
        self.attack_times = [START + at for at in times]
        texts = list(zip(self.attack_times, attacks, strict=True))
        texts += [(START + draw.uniform(0.0, _SECONDS), text) for text in benign(benign_inputs, draw)]
        texts.sort()
        self.events = [
            InferenceEvent(
                inference_id=f"r-{number}",
                source="bench",
                model="chat",
                time=at,
                tenant=f"tenant-{draw.randrange(_TENANTS)}",
                input=Payload(texts=(TextPart(text),)),
            )
            for number, (at, text) in enumerate(texts)
        ]


def run(traffic: Traffic, scorer: Scorer, **campaigns: Any) -> dict[str, Any]:
    """One worker over the traffic; the gauges are looked at every five seconds of event time."""
    rig = Rig([scorer], **campaigns)
    raised_after: float | None = None
    waiting = list(reversed(traffic.events))
    end = START
    while waiting:
        end += _LOOK_SECONDS
        step = []
        while waiting and (waiting[-1].time or 0.0) <= end:
            step.append(waiting.pop())
        before = len(rig.evidence)
        rig.take(step)
        if raised_after is None and len(rig.evidence) > before:
            raised_after = end
        rig.look(_LOOK_SECONDS)
    rig.look()
    found = {
        "campaigns": sum(rig.raised().values()),
        "kinds": {place[1]: number for place, number in rig.raised().items()},
        "alerts": rig.alerts,
        "evidence_ids": len({evidence.id for evidence in rig.evidence}),
        "evidence_records": len(rig.evidence),
        "events": rig.evidence[-1].events if rig.evidence else 0,
        "suspected": rig.evidence[-1].suspected if rig.evidence else 0,
        "tenants": rig.evidence[-1].tenants if rig.evidence else 0,
        "flagged": rig.metrics.total("harmwatch_findings_total"),
    }
    if raised_after is not None:
        found["raised_at"] = sum(at <= raised_after for at in traffic.attack_times)
        found["seconds_after_20th"] = round(raised_after - traffic.attack_times[19], 1)
    rig.close()
    return found


def cost(inputs: int, draw: Random) -> dict[str, Any]:
    """What campaigns add to an event, in microseconds of processor time.

    ``benign_us`` of everyday questions; ``template_us`` of one application's prompts, which differ in a long place;
    ``slot_us`` of prompts that differ in a short one, which are looked at for sweeps; ``attack_us`` of attacks;
    ``pipeline_us`` is what an event costs without campaigns and with next to no scorer, on the same machine at the
    same time.
    """
    clock = ManualClock(START + _SECONDS)
    config = CoreConfig()
    scorer = KnownAttacks(())
    metrics = Metrics(new_registry(), clock=clock)
    windows = build_windows(config, clock)
    watch = build_campaigns(config, [scorer], None, windows=windows, metrics=metrics, clock=clock)
    assert watch is not None
    judge = Judge([scorer], {}, None)
    long = [
        f"Summarise the mail below in three sentences.\n{' '.join(benign(6, draw))}\nThank you." for _ in range(inputs)
    ]
    figures: dict[str, Any] = {}
    for name, texts, score in (
        ("benign_us", benign(inputs, draw), 0.0),
        ("template_us", long, 0.0),
        ("slot_us", [f"What is the plural of the word {text[:12]}?" for text in benign(inputs, draw)], 0.0),
        ("attack_us", [*paraphrases(1_000, "both", draw), *unrelated(3_000, draw)], 1.0),
    ):
        spent = 0.0
        for first in range(0, len(texts), _BATCH):
            # Batch by batch, as the pipeline does: what has just been judged is at hand.
            halves = [
                _half(f"{name} {first + at}", text, score) for at, text in enumerate(texts[first : first + _BATCH])
            ]
            judged = [(half, judge.judge(half, "")) for half in halves]
            began = time.process_time()
            for half, judgement in judged:
                if not windows.covers(PARTITION, half.call.model, 0):
                    watch.note(half, judgement)
                if half.time >= watch.next_publication:
                    watch.publish(half.time)
            spent += time.process_time() - began
        figures[name] = round(spent / len(texts) * 1e6, 2)
    figures["pipeline_us"] = round(_pipeline_us(Traffic([], inputs, draw)), 2)
    return figures


def _pipeline_us(traffic: Traffic) -> float:
    """What an event costs without campaigns and with no scorer to speak of."""
    rig = Rig([KnownAttacks(())], enabled=False)
    began = time.process_time()
    rig.take(traffic.events)
    spent = time.process_time() - began
    rig.close()
    return spent / len(traffic.events) * 1e6


def _half(ident: str, text: str, score: float) -> Half:
    event = InferenceEvent(
        inference_id=ident,
        source="bench",
        model="chat",
        time=START,
        tenant=f"tenant-{hash(ident) % _TENANTS}",
        input=Payload(texts=(TextPart(text),)),
    )
    half = Half(event, "input", JoinedCall.first(event, START, 0.0), START)
    half.answers = [{"adversarial": ScoreRow({"adversarial": score} if score else {})}]
    return half


def memory(clusters: int, draw: Random) -> dict[str, Any]:
    """Bytes that the clusters hold when there are as many as may be, and twice as many have come."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    detector = NearDuplicates(key=b"a key of the tests", max_clusters=clusters)
    words = [f"{stem}{ending}" for stem in range(4_000) for ending in ("a", "b")]
    sizes = []
    for place in range(2 * clusters):
        text = " ".join(f"w{word}" for word in draw.sample(words, 25))
        detector.see(Sighting(f"model-{place % 20}", Member(("s", str(place)), START, "t"), text))
        if place + 1 in (clusters, 2 * clusters):
            sizes.append(tracemalloc.get_traced_memory()[0] - before)
    tracemalloc.stop()
    return {
        "clusters": len(detector),
        "full_mb": round(sizes[0] / 1e6, 1),
        "after_twice_as_many_mb": round(sizes[1] / 1e6, 1),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Print what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--benign", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--language", choices=("en", "zh", "both"), default="both")
    parser.add_argument("--scorer", choices=("known", "builtin"), default="known")
    parser.add_argument("--only", choices=("planted", "spread", "cost"))
    args = parser.parse_args(argv)
    if args.only in (None, "cost"):
        sys.stdout.write(json.dumps(cost(args.benign // 2, Random(1)) | memory(2_000, Random(2))) + "\n")
    for name in ("planted", "spread"):
        if args.only not in (None, name):
            continue
        for seed in range(args.runs):
            draw = Random(f"{name} {seed}")
            attacks = paraphrases(_ATTACKS, args.language, draw) if name == "planted" else unrelated(_ATTACKS, draw)
            traffic = Traffic(attacks, args.benign, draw)
            scorer: Scorer = KnownAttacks(attacks)
            if args.scorer == "builtin":
                scorer = load_scorer("adversarial", {}, None)
            began = time.process_time()
            found = run(traffic, scorer)
            line = {"run": name, "seed": seed, "scorer": args.scorer, **found}
            sys.stdout.write(json.dumps(line | {"cpu_seconds": round(time.process_time() - began, 1)}) + "\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
