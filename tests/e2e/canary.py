"""``make canary``: a canary in 1 of 100,000 outputs is found, and stands in nothing that is written.

A whole tap in memory (``streams.memory``) with real scorers. Searched are all topics that it writes (verdicts,
evidence, filtered texts, dead letters, window state), /metrics in both forms, every log line of every logger at DEBUG,
the file of registered canaries, and what the commands say. Searched for is every run of eight characters of the values
in the canonical form, so that neither spacing nor case nor width hides it, and their plain digests. The topic of
events, where the values do stand, is searched in the same way: it shows that the search finds.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import logging
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from agent.canonical import canonical
from agent.pipeline import build_scorers
from agent.scoring.canary.generate import fresh_canaries
from streams.demo.texts import LANGUAGES, TOPICS, benign
from streams.memory import MemoryBroker
from tests.builders import native
from tests.unit.streams.rig import Rig, make_config

__all__ = ["measure", "problems"]

TOPICS_WRITTEN = ("harm.verdicts", "harm.evidence", "harm.filtered", "harm.dlq", "harm.panes")
KEY = "HARMWATCH_CANARY_KEY"
#: Without the networks, which have nothing to do with it and would take hours.
SCORERS: Mapping[str, Any] = {"pii": {}, "adversarial": {}, "toxicity": {"kind": "ngrams"}, "groundedness": {}}
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_PART = 8


def measure(
    events: int, *, registered: int = 1_000, seed: int = 1, on_progress: Callable[[int], None] = lambda done: None
) -> dict[str, Any]:
    """Run ``events`` calls through a tap, one output with a canary; and say what was found, and where."""
    rng = random.Random(seed)
    leaked, asked = fresh_canaries(2)
    planted = rng.randrange(events)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        said, environment = _register(folder, registered, (leaked.value, asked.value))
        before = os.environ.get(KEY)
        os.environ[KEY] = environment[KEY]
        try:
            rig, lines, seconds = asyncio.run(
                _run(folder, _events(events, planted, leaked.value, asked.value, rng), on_progress)
            )
        finally:
            os.environ.pop(KEY) if before is None else os.environ.__setitem__(KEY, before)
        written = _written(rig, lines, [*said, (folder / "canaries.json").read_bytes()])
    needles = _needles((leaked.value, asked.value))
    holding = {place: sum(_holds(text, needles) for text in texts) for place, texts in written.items()}
    source = [record.value.decode() for record in rig.broker.log("inference.events") if record.value]
    found = [
        (verdict["inference_id"], verdict["direction"], finding)
        for verdict in rig.verdicts()
        for finding in verdict["findings"]
        if finding["category"] == "pii.canary"
    ]
    evidence = [json.loads(text) for text in written["harm.evidence"]]
    return {
        "events": events,
        "registered": registered + 2,
        "verdicts": len(written["harm.verdicts"]),
        "seconds": round(seconds, 1),
        "planted_in": f"r-{planted}",
        "findings": [
            {"id": which, "direction": direction, "leaked": finding["leaked"], "severity": finding.get("severity")}
            for which, direction, finding in found
        ],
        "evidence_shows_the_place": sum("[CANARY]" in "".join(one.get("texts", ())) for one in evidence),
        "searched": {
            place: {"texts": len(texts), "characters": sum(map(len, texts))} for place, texts in written.items()
        },
        "texts_that_hold_a_value": holding,
        "events_that_hold_a_value": sum(_holds(text, needles) for text in source),
        "metric": _counted(written["metrics"][0]),
    }


def problems(result: Mapping[str, Any]) -> list[str]:
    """What is not as it must be."""
    wrong: list[str] = []
    due = [
        {"id": "r-asked", "direction": "input", "leaked": False, "severity": None},
        {"id": result["planted_in"], "direction": "output", "leaked": True, "severity": "critical"},
    ]
    if sorted(result["findings"], key=lambda one: str(one["direction"])) != due:
        wrong.append("the findings are not those of the two events that hold a canary")
    if result["events_that_hold_a_value"] != 2:
        wrong.append("the search does not find the values where they were planted")
    if result["evidence_shows_the_place"] != 2:
        wrong.append("evidence does not show the places")
    if result["metric"] != 1:
        wrong.append("the counter does not say one")
    wrong += [f"{place} holds a value" for place, count in result["texts_that_hold_a_value"].items() if count]
    wrong += [f"{place} is empty" for place, size in result["searched"].items() if not size["texts"]]
    return wrong


def _register(folder: Path, count: int, values: Sequence[str]) -> tuple[list[bytes], dict[str, str]]:
    """As an operator does it, in processes of their own; what they said, and the environment with the key."""
    (folder / "values.txt").write_text("\n".join(values), encoding="utf-8")
    environment = {**os.environ, KEY: os.urandom(16).hex(), "HARMWATCH_LOG_LEVEL": "DEBUG"}
    said: list[bytes] = []
    out = str(folder / "canaries.json")
    for words in (
        ["--generate", str(count), "--values", str(folder / "fresh.jsonl"), "--out", out, "--json"],
        [str(folder / "values.txt"), "--out", out, "--append"],
    ):
        command = [sys.executable, "-m", "streams.cli", "canaries", *words]
        done = subprocess.run(command, env=environment, capture_output=True, check=True, timeout=300)
        said += (done.stdout, done.stderr)
    return said, environment


def _events(count: int, planted: int, leaked: str, asked: str, rng: random.Random) -> Iterator[bytes]:
    """Harmless calls, rubbish, one output that tells a canary in disguise, one input that holds another, and mail."""
    disguise = " ".join(leaked).lower()
    for number in range(count):
        exchange = benign(rng, rng.choice(LANGUAGES), rng.choice(TOPICS))
        answer = f"{exchange.answer} {disguise}! {exchange.answer}" if number == planted else exchange.answer
        yield native(f"r-{number}", text=exchange.question, answer=answer)
    yield native("r-asked", text=f"Mail ann.lee@corp.example whether {asked} is right.", answer="I cannot tell.")
    yield b"rubbish that is no event"


class _Lines(logging.Handler):
    """Keeps every line of every logger."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


async def _run(
    folder: Path, values: Iterator[bytes], on_progress: Callable[[int], None]
) -> tuple[Rig, list[str], float]:
    topics = {"inference.events": 4, **dict.fromkeys(TOPICS_WRITTEN, 1), "harm.panes": 4}
    broker = MemoryBroker(topics)
    total = 0
    for total, value in enumerate(values, start=1):
        broker.append("inference.events", value, partition=total % 4)
    config = make_config(
        scorers={**SCORERS, "canary": {"file": str(folder / "canaries.json")}},
        policy={"rules": [{"category": "pii.*", "action": "mask"}]},
        topics={"filtered": "harm.filtered"},
        tap={"commit_interval_seconds": 0.5},
        log_level="DEBUG",
    )
    rig = Rig(broker, config, build_scorers(config.scorers))
    rig.pipeline.warm_up()
    root, handler = logging.getLogger(), _Lines()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    began = time.perf_counter()
    try:
        async with rig.running():
            while (done := rig.committed()) < total:
                on_progress(done)
                await asyncio.sleep(0.1)
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    rig.pipeline.terminate()
    return rig, handler.lines, time.perf_counter() - began


def _written(rig: Rig, lines: Sequence[str], commands: Sequence[bytes]) -> dict[str, list[str]]:
    """Everything that was written, by place."""
    written = {
        "metrics": [rig.metrics.freeze().text(openmetrics=form) for form in (False, True)],
        "logs": list(lines),
        "registering": [content.decode() for content in commands if content],
    }
    for topic in TOPICS_WRITTEN:
        written[topic] = [
            part.decode("utf-8", "replace")
            for record in rig.broker.log(topic)
            for part in (record.key, record.value, *(content for _, content in record.headers))
            if part and (part is record.value or topic == "harm.dlq")
        ]
    return written


def _counted(exposition: str) -> float:
    """Findings of canaries in outputs, as /metrics tells them: what an alert looks at."""
    counted = 0.0
    for line in exposition.splitlines():
        if line.startswith("harmwatch_findings_total{") and 'category="pii.canary"' in line:
            counted += float(line.rsplit(" ", 1)[1]) if 'direction="output"' in line else 0.0
    return counted


def _needles(values: Sequence[str]) -> list[str]:
    """Every run of eight characters, and what anybody could compute of a value without the key."""
    found: list[str] = []
    for value in values:
        form = canonical(value)
        found += [form[start : start + _PART] for start in range(len(form) - _PART + 1)]
        for text in (value, form):
            found += [hashlib.new(name, text.encode()).hexdigest() for name in ("md5", "sha1", "sha256")]
    return found


def _holds(text: str, needles: Sequence[str]) -> bool:
    shown = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "\\u" in text else text
    form = canonical(shown)
    return any(needle in form for needle in needles)


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0 when the canary was found and its value is nowhere, 1 when not."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.canary", description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--registered", type=int, default=1_000, metavar="N", help="other canaries that are looked for")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    args = parser.parse_args(argv)
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("scoring", total=args.events)
        result = measure(
            args.events, registered=args.registered, seed=args.seed,
            on_progress=lambda done: progress.update(task, completed=done),
        )  # fmt: skip
    wrong = problems(result)
    if args.json:
        print(json.dumps(result | {"problems": wrong}))
    else:
        for key, value in result.items():
            print(f"{key}: {value}")
        for problem in wrong:
            print(f"problem: {problem}")
        print("nothing wrong" if not wrong else f"{len(wrong)} problems")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
