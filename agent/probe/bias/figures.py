"""The figures of one set, as plain data for JSON and page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from agent.probe.asking import Asked
from agent.probe.bias.base import Benchmark
from agent.probe.question import STATUSES, Question
from agent.probe.score import Score, corrected

__all__ = ["set_figures"]


def set_figures(
    name: str, benchmark: Benchmark, questions: Sequence[Question], asked: Asked, examples: int
) -> dict[str, Any]:
    """What came of one set.

    Parameters
    ----------
    name
        Of the benchmark.
    examples
        How many telling items to list, by id, at most; 0 lists none.

    Returns
    -------
    dict
        ``benchmark``, ``items``, ``questions`` (how many, and what came of them), ``scores``, ``by_category``,
        ``tests`` (how many the p-values are corrected for), ``counts``, and ``examples`` where wanted.
    """
    outcomes = asked.outcomes
    measured = benchmark.measure(outcomes)
    statuses = Counter(outcome.status for outcome in outcomes.values())
    everything: list[tuple[tuple[str | None, str], Score]] = [
        ((None, key), score) for key, score in measured.scores.items()
    ]
    everything += [
        ((category, key), score) for category, scores in measured.by_category.items() for key, score in scores.items()
    ]
    plain, tests = corrected(everything)
    figures: dict[str, Any] = {
        "benchmark": name,
        "items": benchmark.items,
        "questions": {
            "all": len(questions),
            **{status: statuses[status] for status in STATUSES},
            "not_asked": len(questions) - len(outcomes),
            "failures": dict(sorted(asked.failures.items())),
        },
        "scores": {key: plain[None, key] for key in measured.scores},
        "by_category": {
            category: {key: plain[category, key] for key in scores} for category, scores in measured.by_category.items()
        },
        "tests": tests,
        "counts": dict(measured.counts),
    }
    if examples:
        figures["examples"] = [{"id": item, "answer": letters} for item, letters in measured.telling[:examples]]
    return figures
