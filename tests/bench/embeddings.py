"""Drift of embeddings: what embedding costs, how often it alarms without drift, how soon it finds another topic.

``python -m tests.bench.embeddings [--alibi] [--short]``. Made questions (`tests.bench.topics`), vectors of the built-in
encoder.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.config import CoreConfig
from agent.drift import detector_class
from agent.drift.reference import NumberReference, VectorReference
from agent.events import TextPart
from agent.normalize import normalize
from agent.pipeline import build_scorers
from agent.scoring.base import Batch, ScoringItem
from agent.scoring.embedding import load_embedding
from agent.scoring.embedding.projection import directions
from tests.bench.topics import question

COMPONENTS = 8
FIRST = 500
#: Embedded texts until a false alarm, of all eight components together.
TOGETHER = 20_000.0
CHANGES = {"all": 1.0, "half": 0.5, "a fifth": 0.2}
Vectors = NDArray[np.float32]


def embed(texts: Sequence[str]) -> Vectors:
    rows: list[Any] = []
    measure = load_embedding("built_in")
    measure.warm_up()
    for begin in range(0, len(texts), 64):
        items = [ScoringItem(TextPart(text), "input", normalize) for text in texts[begin : begin + 64]]
        rows += measure.score(Batch(items))
    return np.array([row.vector for row in rows], dtype=np.float32)


def pools(language: str, size: int) -> tuple[Vectors, Vectors]:
    """Vectors of questions about banking and travel, and of such about cooking."""
    draw = Random(f"{language} pool")
    usual = [question(draw, language, draw.choice(("banking", "travel"))) for _ in range(size)]
    return embed(usual), embed([question(draw, language, "cooking") for _ in range(size)])


def cost(count: int) -> dict[str, dict[str, float]]:
    """Microseconds of processor time a text, in batches of 64, every text another."""
    found: dict[str, dict[str, float]] = {}
    for language in ("en", "zh"):
        draw = Random(5)
        texts = [question(draw, language, draw.choice(("banking", "cooking", "travel"))) for _ in range(count)]
        found[language] = {"characters": round(statistics.mean(map(len, texts)), 1)}
        scorers: list[Any] = [*build_scorers(CoreConfig().scorers), load_embedding("built_in")]
        for scorer in scorers:
            scorer.warm_up()
            best = float("inf")
            for _ in range(3):
                began = time.process_time()
                for begin in range(0, count, 64):
                    items = [ScoringItem(TextPart(text), "input", normalize) for text in texts[begin : begin + 64]]
                    scorer.score(Batch(items))
                best = min(best, time.process_time() - began)
            found[language][scorer.name] = round(best / count * 1e6, 1)
    return found


class Family:
    """A detector for each component."""

    def __init__(self, name: str, reference: Vectors, ert: float, seed: int) -> None:
        self._signs = directions(COMPONENTS, reference.shape[1]) / 4.0
        columns = (reference @ self._signs.T).T
        made = detector_class(name)
        self._detectors = [
            made(NumberReference.of(column), ert * COMPONENTS, seed=seed * COMPONENTS + place)
            for place, column in enumerate(columns.tolist())
        ]

    def observe(self, vector: Vectors) -> bool:
        values = (self._signs @ vector).tolist()
        reports = [one.observe(value) for one, value in zip(self._detectors, values, strict=True)]
        return any(reports)


def until_report(observe: Callable[[Vectors], bool], draw: Callable[[], Vectors], most: int) -> int:
    for fed in range(1, most + 1):
        if observe(draw()):
            return fed
    return most


def without_change(name: str, pool: Vectors, runs: int) -> dict[str, float]:
    ert, lengths = 2_000.0, []
    for seed in range(runs):
        generator = np.random.default_rng(seed)
        family = Family(name, pool[generator.integers(len(pool), size=FIRST)], ert, seed)
        lengths.append(until_report(family.observe, lambda: pool[generator.integers(len(pool))], 50_000))  # noqa: B023
    mean = statistics.mean(lengths)
    error = 1.96 * statistics.stdev(lengths) / len(lengths) ** 0.5
    return {"configured": ert, "measured": round(mean), "lower": round(mean - error), "upper": round(mean + error)}


def delays(name: str, usual: Vectors, other: Vectors, share: float, runs: int) -> list[int]:
    """Embedded texts from the change to the report, in each run with a reference of its own."""
    found: list[int] = []
    for seed in range(runs):
        generator = np.random.default_rng((seed, 3))
        family = Family(name, usual[generator.integers(len(usual), size=FIRST)], TOGETHER, seed)
        found.append(_delay(family.observe, usual, other, share, generator, 300))
    return sorted(found)


def alibi_delays(name: str, usual: Vectors, other: Vectors, runs: int) -> dict[str, list[int]]:
    """The same of a detector that takes long to be made, and so is made once; after a report it starts again."""
    generator = np.random.default_rng(3)
    made = detector_class(name)(VectorReference(usual[generator.integers(len(usual), size=FIRST)]), 500.0)
    return {
        change: sorted(_delay(made.observe, usual, other, share, generator, 60) for _ in range(runs))
        for change, share in CHANGES.items()
    }


def _delay(
    observe: Callable[[Vectors], bool],
    usual: Vectors,
    other: Vectors,
    share: float,
    generator: np.random.Generator,
    before: int,
) -> int:
    for _ in range(before):
        observe(usual[generator.integers(len(usual))])

    def draw() -> Vectors:
        pool = other if generator.random() < share else usual
        return pool[generator.integers(len(pool))]

    return until_report(observe, draw, 20_000)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.embeddings")
    parser.add_argument("--alibi", action="store_true", help="alibi_mmd as well: half a minute for each language")
    parser.add_argument("--short", action="store_true", help="few runs")
    options = parser.parse_args()
    print(json.dumps({"microseconds": cost(128 if options.short else 512)}), flush=True)
    for language in ("en", "zh"):
        usual, other = pools(language, 300 if options.short else 1_500)
        for name in ("cusum", "ks"):
            found = without_change(name, usual, 5 if options.short else 100)
            print(json.dumps({"language": language, "detector": name, "without change": found}), flush=True)
        runs = 2 if options.short else 10
        for name in ("cusum", "ks"):
            for change, share in CHANGES.items():
                tell(language, name, change, delays(name, usual, other, share, runs))
        if options.alibi:
            for change, found_delays in alibi_delays("alibi_mmd", usual, other, runs).items():
                tell(language, "alibi_mmd", change, found_delays)


def tell(language: str, name: str, change: str, found: Sequence[int]) -> None:
    told = {"median": statistics.median(found), "worst": found[-1], "runs": len(found)}
    print(json.dumps({"language": language, "detector": name, "change": change, "delay": told}), flush=True)


if __name__ == "__main__":
    main()
