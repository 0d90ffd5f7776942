"""The books of an experiment: what was published, against the verdicts, against the windows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from agent.clock import SystemClock
from agent.pipeline.build import build_windows
from agent.scores import Verdict
from agent.windows.harm import HarmMeasurement
from streams.config import WorkerConfig
from streams.ports import Record

from .traffic import CallKey, Ledger
from .workbench import Workbench

__all__ = ["Account", "Totals", "audit", "differences", "read_verdicts", "truth_of", "unique", "window_totals"]

_decode = msgspec.json.Decoder(Verdict).decode


def read_verdicts(records: Iterable[Record]) -> list[Verdict]:
    """Decode a verdict topic."""
    return [_decode(record.value or b"") for record in records]


def unique(verdicts: Iterable[Verdict]) -> dict[str, Verdict]:
    """The first verdict of each id."""
    first: dict[str, Verdict] = {}
    for verdict in verdicts:
        first.setdefault(verdict.id, verdict)
    return first


@dataclass(slots=True)
class Totals:
    """What the windows count of one model since the beginning. Floats, as the windows have them."""

    events: float = 0.0
    harmful_any: float = 0.0
    missing: float = 0.0
    scored: dict[str, float] = field(default_factory=dict)
    harmful: dict[str, float] = field(default_factory=dict)
    categories: dict[str, float] = field(default_factory=dict)

    def flat(self) -> dict[str, float]:
        """One number a name, without zeros."""
        named = {"events": self.events, "harmful_any": self.harmful_any, "missing": self.missing}
        named |= {f"scored.{key}": value for key, value in self.scored.items()}
        named |= {f"harmful.{key}": value for key, value in self.harmful.items()}
        named |= {f"findings.{key}": value for key, value in self.categories.items()}
        return {key: value for key, value in named.items() if value}


def truth_of(verdicts: Iterable[Verdict]) -> dict[str, Totals]:
    """Recount from verdicts, each id once."""
    calls: dict[str, set[CallKey]] = defaultdict(set)
    harmful: dict[str, dict[str, set[CallKey]]] = defaultdict(lambda: defaultdict(set))
    scored: dict[str, Counter[str]] = defaultdict(Counter)
    categories: dict[str, Counter[str]] = defaultdict(Counter)
    missing: Counter[str] = Counter()
    for verdict in unique(verdicts).values():
        model, call = verdict.model, (verdict.source, verdict.inference_id)
        calls[model].add(call)
        if verdict.scores:
            scored[model][verdict.direction] += 1
        missing[model] += len(verdict.missing)
        for finding in verdict.findings:
            harmful[model][finding.dimension].add(call)
            categories[model][f"{verdict.direction} {finding.category}"] += 1
    return {
        model: Totals(
            events=len(keys),
            harmful_any=len(set().union(*harmful[model].values())),
            missing=missing[model],
            scored={key: float(value) for key, value in scored[model].items()},
            harmful={key: float(len(value)) for key, value in harmful[model].items()},
            categories={key: float(value) for key, value in categories[model].items()},
        )
        for model, keys in calls.items()
    }


def window_totals(config: WorkerConfig, records: Iterable[Record]) -> dict[str, Totals]:
    """What a fresh engine counts after it took up every value of the pane topic."""
    engine = build_windows(config, SystemClock())
    for record in records:
        if record.value is not None:
            engine.absorb(record.value)
    totals: dict[str, Totals] = {}
    for reading in engine.total_measurements():
        harm: HarmMeasurement = reading.results["harm"]
        totals[reading.model] = Totals(
            events=harm.events,
            harmful_any=harm.harmful_any,
            missing=harm.missing,
            scored=dict(harm.scored),
            harmful=dict(harm.harmful),
            categories={f"{d} {c}": n for d, inner in harm.categories.items() for c, n in inner.items()},
        )
    return totals


def differences(truth: Mapping[str, Totals], windows: Mapping[str, Totals]) -> list[str]:
    """One line per number that differs."""
    found: list[str] = []
    for model in sorted(truth.keys() | windows.keys()):
        left = truth[model].flat() if model in truth else {}
        right = windows[model].flat() if model in windows else {}
        found += [
            f"{model} {key}: truth {left.get(key, 0):g}, windows {right.get(key, 0):g}"
            for key in sorted(left.keys() | right.keys())
            if abs(left.get(key, 0.0) - right.get(key, 0.0)) > 1e-6
        ]
    return found


@dataclass(slots=True)
class Account:
    """The result of an audit.

    Attributes
    ----------
    without_verdict
        Directions published that have no verdict.
    contradicting
        Duplicate verdicts that do not say the same as the first one.
    uninvited
        Verdicts on directions that were never published.
    window_differences
        One line per number that differs between the windows and a recount of the verdicts.
    """

    inference_ids: int
    directions: int
    verdicts: int
    duplicates: int
    without_verdict: list[tuple[CallKey, str]]
    contradicting: list[str]
    uninvited: int
    window_events: float
    window_findings: float
    window_differences: list[str]

    def numbers(self) -> dict[str, Any]:
        """For the table and for ``--json``."""
        return {
            "inference_ids": self.inference_ids,
            "directions": self.directions,
            "verdict_records": self.verdicts,
            "duplicate_verdicts": self.duplicates,
            "contradicting_duplicates": len(self.contradicting),
            "directions_without_verdict": len(self.without_verdict),
            "uninvited_verdicts": self.uninvited,
            "window_events": self.window_events,
            "window_findings": self.window_findings,
            "window_differences": len(self.window_differences),
        }

    def problems(self) -> list[str]:
        """What breaks the promise; empty when all is well."""
        found: list[str] = []
        if self.without_verdict:
            found.append(f"{len(self.without_verdict)} directions without a verdict, first {self.without_verdict[0]}")
        if self.contradicting:
            found.append(f"{len(self.contradicting)} duplicates contradict the first verdict: {self.contradicting[0]}")
        if self.uninvited:
            found.append(f"{self.uninvited} verdicts on nothing that was published")
        return found + [f"windows: {line}" for line in self.window_differences[:6]]


def audit(bench: Workbench, ledger: Ledger) -> Account:
    """Read the topics of a bench back and balance them against what was published."""
    verdicts = read_verdicts(bench.lens.records(bench.topic("verdicts")))
    firsts = unique(verdicts)
    contradicting: list[str] = []
    for verdict in verdicts:
        first = firsts[verdict.id]
        for name in ("inference_id", "direction", "model", "scores", "findings", "missing", "truncated"):
            if getattr(first, name) != getattr(verdict, name):
                contradicting.append(f"{verdict.inference_id} {verdict.direction}: {name}")
                break
    seen = {((v.source, v.inference_id), v.direction) for v in firsts.values()}
    wanted = ledger.halves()
    truth = truth_of(firsts.values())
    windows = window_totals(bench.config, bench.lens.records(bench.topic("panes")))
    return Account(
        inference_ids=len(ledger.models),
        directions=len(wanted),
        verdicts=len(verdicts),
        duplicates=len(verdicts) - len(firsts),
        without_verdict=sorted(wanted - seen)[:1000],
        contradicting=contradicting,
        uninvited=len(seen - wanted),
        window_events=sum(total.events for total in windows.values()),
        window_findings=sum(sum(total.categories.values()) for total in windows.values()),
        window_differences=differences(truth, windows),
    )
