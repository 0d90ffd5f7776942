"""Fairness figures of streamed decisions beside fairlearn's on the same table.

    python -m tests.bench.fairness --open DIR [--seed N]

For each ``DIR/decisions/*.csv`` (columns ``row_id, y, group_*``, then features) a logistic regression decides; its
decisions, scores and the labels go through the pipeline as native events on six partitions, in random order, some as
request and response, some twice, and partitions are read again from an earlier offset now and then. One JSON line for
each file and attribute: the largest difference from fairlearn over all measures. Exit code 0, or 1 where one exceeds
1e-9.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from fairlearn.metrics import (
    MetricFrame,
    demographic_parity_difference,
    demographic_parity_ratio,
    equal_opportunity_difference,
    equalized_odds_difference,
)
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler

from agent.clock import ManualClock
from agent.config import CoreConfig
from agent.joining import Origin
from agent.metrics import Metrics, new_registry
from agent.pipeline import Pipeline, build_pipeline
from agent.windows.disparity import AttributeMeasurement, BiasMeasurement
from streams.formats import Decoder
from streams.ports import Record

__all__ = ["Person", "fairlearn_figures", "streamed"]

TOLERANCE = 1e-9
_NOW = 1_700_000_000.0
_TOPIC = "inference.events"


class Person(NamedTuple):
    """One decision: whom it concerns, what was decided on what score, and what would have been right."""

    attributes: Mapping[str, str]
    score: float
    approved: bool
    deserved: bool


def streamed(people: Sequence[Person], seed: int, partitions: int = 6) -> BiasMeasurement:
    """What the windows know of the people since the beginning, after a disorderly stream."""
    clock = ManualClock(_NOW)
    config = CoreConfig.model_validate({"windows": {"min_group": 1}})
    metrics = Metrics(new_registry(), clock=clock)
    pipeline = build_pipeline(config, metrics=metrics, clock=clock, scorers=[], max_records=10 * len(people) + 100)
    decoder = Decoder()
    for record in _disorderly(people, random.Random(seed), partitions):
        _submit(pipeline, decoder, record)
    pipeline.close()
    pipeline.join(60.0)
    (reading,) = pipeline.windows.total_measurements()
    found: BiasMeasurement = reading.results["bias"]
    return found


def _submit(pipeline: Pipeline, decoder: Decoder, record: Record) -> None:
    origin = Origin(record.topic, record.partition, record.offset)
    pipeline.submit(origin, record.time, decoder.decode(record))
    pipeline.poll(drain=True)


def _disorderly(people: Sequence[Person], draw: random.Random, partitions: int) -> Iterator[Record]:
    """Records as they might come: a partition's offsets rise, but for replays of its latest ones."""
    logs: list[list[Record]] = [[] for _ in range(partitions)]

    def append(value: Mapping[str, Any]) -> Record:
        partition = draw.randrange(partitions)
        record = Record(_TOPIC, partition, len(logs[partition]), _NOW, None, json.dumps(value).encode(), ())
        logs[partition].append(record)
        return record

    for number in draw.sample(range(len(people)), len(people)):
        values = list(_events(number, people[number], halves=draw.random() < 0.3))
        for value in values:
            yield append(value)
        if draw.random() < 0.1:
            yield append(draw.choice(values))  # at least once: a producer sent it again
        if draw.random() < 0.01:
            yield from draw.choice(logs)[-20:]  # a rebalance: read again from the last commit


def _events(number: int, person: Person, *, halves: bool) -> Iterator[dict[str, Any]]:
    words = {True: "approved", False: "denied"}
    call = {"id": f"r-{number}", "source": "bench", "model": "loans", "time": _NOW}
    asked = {"input": {"features": {"row": number}}, "attributes": person.attributes, "label": words[person.deserved]}
    decided = {"output": {"decision": words[person.approved], "score": person.score}}
    if halves:
        yield call | asked
        yield call | decided
    else:
        yield call | asked | decided


def fairlearn_figures(people: Sequence[Person], attribute: str) -> dict[str, float]:
    """By measure, what fairlearn makes of the same people.

    Groups in which nobody deserves it, or nobody does not, have no rate of errors: fairlearn takes it for 0, we leave
    them out of the measures that compare it.
    """
    truth = np.array([person.deserved for person in people], dtype=float)
    decision = np.array([person.approved for person in people], dtype=float)
    score = np.array([person.score for person in people])
    groups = [person.attributes[attribute] for person in people]

    def between(metric: Any, guess: Any) -> float:
        return float(MetricFrame(metrics=metric, y_true=truth, y_pred=guess, sensitive_features=groups).difference())

    def precision(right: Any, guess: Any) -> float:
        return float(precision_score(right, guess, zero_division=np.nan))

    known = {"y_true": truth, "y_pred": decision, "sensitive_features": groups}
    right, wrong = (_known_to(people, attribute, deserved) for deserved in (True, False))
    return {
        "spd": float(demographic_parity_difference(**known)),
        "dir": float(demographic_parity_ratio(**known)),
        "eod": _errors(equal_opportunity_difference, people, attribute, right),
        "equalised_odds": _errors(equalized_odds_difference, people, attribute, right & wrong),
        "predictive_parity": between(precision, decision),
        "mean_gap": between(lambda _, guess: float(np.mean(guess)), score),
        "calibration": between(lambda right, guess: float(np.mean(right - guess)), score),
    }


def _known_to(people: Sequence[Person], attribute: str, deserved: bool) -> set[str]:
    return {person.attributes[attribute] for person in people if person.deserved is deserved}


def _errors(metric: Any, people: Sequence[Person], attribute: str, groups: set[str]) -> float:
    chosen = [person for person in people if person.attributes[attribute] in groups]
    return float(
        metric(
            y_true=[person.deserved for person in chosen],
            y_pred=[person.approved for person in chosen],
            sensitive_features=[person.attributes[attribute] for person in chosen],
        )
    )


def read_people(path: Path) -> list[Person]:
    """The rows of a decision table, decided by a logistic regression that was fitted to them."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    groups = [name for name in rows[0] if name.startswith("group_")]
    used = list(rows[0])[2 + len(groups) : -1]
    features = [{name: _value(row[name]) for name in used} for row in rows]
    labels = [row["y"] == "1" for row in rows]
    model = make_pipeline(DictVectorizer(), MaxAbsScaler(), LogisticRegression(max_iter=2000))
    scores = model.fit(features, labels).predict_proba(features)[:, 1]
    return [
        Person({name.removeprefix("group_"): row[name] for name in groups}, float(score), score >= 0.5, label)
        for row, score, label in zip(rows, scores, labels, strict=True)
    ]


def _value(cell: str) -> float | str:
    try:
        return float(cell)
    except ValueError:
        return cell


def main(arguments: Sequence[str]) -> int:
    """Print the lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--open", type=Path, required=True, metavar="DIR", help="labelled data; decisions/ is read")
    parser.add_argument("--seed", type=int, default=5)
    args = parser.parse_args(arguments)
    missed = False
    for path in sorted((args.open / "decisions").glob("*.csv")):
        people = read_people(path)
        for entry in streamed(people, args.seed).attributes:
            line = _beside(path.stem, people, entry)
            missed |= not line["within"]
            print(json.dumps(line), flush=True)
    return int(missed)


def _beside(name: str, people: Sequence[Person], entry: AttributeMeasurement) -> dict[str, Any]:
    ours = {one.measure: one.value for one in entry.disparities}
    theirs = fairlearn_figures(people, entry.attribute)
    differences = {measure: abs(ours[measure] - value) for measure, value in theirs.items() if measure in ours}
    return {
        "file": name,
        "attribute": entry.attribute,
        "decisions": len(people),
        "groups": len(entry.groups),
        "figures": {measure: round(value, 6) for measure, value in ours.items()},
        "missing": sorted(set(theirs) - set(ours)),
        "largest_difference": max(differences.values()),
        "within": max(differences.values()) <= TOLERANCE and set(ours) == set(theirs),
    }


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
