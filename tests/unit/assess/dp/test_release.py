"""Noise, figures and their accuracy; the audit, in short. The long form is tests/bench/dp.py."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.assess.dp.accuracy import accuracy
from agent.assess.dp.mechanism import CountMechanism
from agent.assess.dp.plan import epsilon_of, plan_release
from agent.assess.dp.release import Release
from agent.assess.dp.tally import Tally
from agent.assess.scanning import RowScanner
from agent.assess.tables import Batch
from agent.errors import ConfigError
from tests.bench import dp as bench

SCANNER = RowScanner()


def tally_of(plan: Any, rows: list[dict[str, Any]], size: int = 1000) -> dict[str, list[int]]:
    tally = Tally(plan, SCANNER)
    for start in range(0, len(rows), size):
        tally.observe(Batch(("text",), rows[start : start + size], start + 1, 0))
    return tally.counts


# ---------------------------------------------------------------- accuracy and noise


@pytest.mark.parametrize("draws", [1, 2, 3, 7])
def test_the_accuracy_bounds_a_sum_of_draws_and_is_not_far_too_wide(draws: int) -> None:
    rng = np.random.default_rng(draws)
    success = 1.0 - math.exp(-1.0 / 20.0)
    runs = 200_000
    noise = sum(rng.geometric(success, runs) - rng.geometric(success, runs) for _ in range(draws))
    for alpha in (0.05, 0.0125):
        bound = accuracy(20.0, alpha, draws)
        assert (np.abs(noise) > bound).mean() <= alpha
        assert (np.abs(noise) > bound - 2 * draws - 2).mean() > 0.9 * alpha


@given(
    sensitivity=st.integers(1, 10_000),
    epsilon=st.fractions(Fraction(1, 1000), 20, max_denominator=10**6),
)
@settings(max_examples=60)
def test_a_mechanism_never_spends_more_than_it_is_given(sensitivity: int, epsilon: Fraction) -> None:
    mechanism = CountMechanism(sensitivity, epsilon)
    assert mechanism.epsilon <= epsilon
    assert mechanism.epsilon >= epsilon * (1 - Fraction(1, 10**12))
    assert all(isinstance(count, int) for count in mechanism.draw([0, 2**40]))


# 40,000 draws; a mechanism that keeps its accuracy exactly fails this with probability below 1e-6 (4.75 sigma).
def test_the_stated_accuracy_holds_empirically() -> None:
    plan = bench.example_plan()
    runs = 40_000
    found = bench.errors(Release(plan), bench.example_counts(plan), runs)
    slack = 4.9 * math.sqrt(0.05 * 0.95 / runs)
    for query in plan.queries:
        part = found[query.name]
        assert part["share_within"] >= 0.95 - slack
        assert part["mean_absolute_error"] == pytest.approx(part["expected"], rel=0.05)


# The audit's false-alarm rate is 1e-6: its bound exceeds the true epsilon with that probability at most.
def test_neighbouring_tables_cannot_be_told_apart_better_than_epsilon_allows() -> None:
    plan = bench.example_plan()
    counts = bench.example_counts(plan)
    release = Release(plan)
    scales = {name: mechanism.scale for name, mechanism in release.mechanisms.items()}
    worst = bench.worst_neighbour(plan, counts)
    found = bench.audit(release.mechanisms, scales, worst, counts, 4_000)
    assert 0.2 < found.epsilon_lower <= 1.0
    # And it has teeth: half the noise is caught.
    broken = bench.audit(bench.half_the_noise(plan), scales, worst, counts, 4_000)
    assert broken.epsilon_lower > 1.0


# ---------------------------------------------------------------- what one unit can change

VALUES = st.sampled_from(["", "a@example.org", "13812345678", "a@example.org, 13812345678, 10.22.33.44", "nothing"])
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "person": st.sampled_from(["", "p1", "p2", "p3"]),
            "text": VALUES,
            "gender": st.sampled_from(["female", "male", "?", ""]),
            "y": st.sampled_from(["1", "0", ""]),
        }
    ),
    max_size=25,
)


@given(rows=ROWS, bound=st.integers(1, 4), person=st.sampled_from(["p1", "p2", "p3"]), size=st.integers(1, 9))
@settings(max_examples=150)
def test_removing_a_person_changes_no_query_by_more_than_its_sensitivity(
    rows: list[dict[str, Any]], bound: int, person: str, size: int
) -> None:
    plan = plan_release(
        Decimal(1),
        SCANNER.types,
        unit="person",
        rows_per_unit=bound,
        groups={"gender": ("female", "male")},
        label="y",
        positive="1",
    )
    full = tally_of(plan, rows, size)
    without = tally_of(plan, [row for row in rows if row["person"] != person], size)
    for query in plan.queries:
        changed = sum(abs(a - b) for a, b in zip(full[query.name], without[query.name], strict=True))
        assert changed <= query.sensitivity
        assert len(full[query.name]) == query.cells


def test_the_tally_counts_what_the_queries_say() -> None:
    plan = plan_release(Decimal(1), SCANNER.types, groups={"g": ("f",)}, label="y", positive="1")
    rows = [
        {"t": "a@example.org", "g": "f", "y": "1"},
        {"t": "a@example.org 13812345678", "g": "f", "y": "0"},
        {"t": "", "g": "x", "y": ""},
    ]
    counts = tally_of(plan, rows)
    assert counts["rows"] == [2, 1]
    assert dict(zip(plan.types, counts["types"], strict=True)) == dict.fromkeys(plan.types, 0) | {
        "EMAIL": 2,
        "PHONE": 1,
    }
    assert counts["group:g"] == [1, 1, 0, 0, 0, 1]
    overall = tally_of(plan_release(Decimal(1), SCANNER.types, label="y", positive="1"), rows)
    assert overall["label"] == [1, 1, 1]
    assert tally_of(plan_release(Decimal(1), SCANNER.types, label="y", positive="1.0"), rows)["label"] == [1, 1, 1]


# ---------------------------------------------------------------- figures


def test_figures_come_from_the_noisy_counts_alone_are_not_negative_and_spend_epsilon_at_most() -> None:
    plan = bench.example_plan("0.3")
    release = Release(plan)
    figures = release.figures(release.draw({query.name: [0] * query.cells for query in plan.queries}))
    assert release.epsilon <= Fraction(3, 10)
    assert set(figures) == {"rows", "rows_with_personal_data", "p_privacy", "by_type", "groups"}
    assert figures["rows"]["value"] >= 0
    assert all(part["value"] >= 0 for part in figures["by_type"].values())
    # Of nothing but noise no share is given, but for the draws that the 95 % leave: more than 25 come up once in 1e11.
    nothing = {query.name: [0] * query.cells for query in plan.queries}
    shares = [release.figures(release.draw(nothing))["p_privacy"]["value"] for _ in range(100)]
    assert sum(share is not None for share in shares) <= 25
    assert json.loads(json.dumps(release.account()))["delta"] == 0.0
    assert sum(query.epsilon for query in plan.queries) == Fraction(3, 10)


# 400 releases; each interval misses with 5 % at most, 44 misses or more come up with a probability of 1e-6 each.
def test_intervals_hold_the_shares_of_the_table_and_of_its_source() -> None:
    rng = np.random.default_rng(7)
    plan = plan_release(Decimal("0.5"), ("EMAIL", "PHONE"))
    release = Release(plan)
    missed = {"data": 0, "source": 0, "type": 0}
    runs = 400
    for _ in range(runs):
        hits = int(rng.binomial(800, 0.1))
        exact = {"rows": [hits, 800 - hits], "types": [hits, 0]}
        figures = release.figures(release.draw(exact))
        low, high = figures["p_privacy"]["interval_data"]
        missed["data"] += not low <= hits / 800 <= high
        low, high = figures["p_privacy"]["interval"]
        missed["source"] += not low <= 0.1 <= high
        low, high = figures["by_type"]["EMAIL"]["share"]["interval_data"]
        missed["type"] += not low <= hits / 800 <= high
    assert max(missed.values()) < 44


# ---------------------------------------------------------------- plans


@pytest.mark.parametrize("words", ["0", "-1", "abc", "nan", "inf", "1e9", "0.00001", "0.1234567890123"])
def test_epsilons_without_sense_are_refused(words: str) -> None:
    with pytest.raises(ConfigError, match="--dp-epsilon"):
        epsilon_of(words, "--dp-epsilon")


def test_plans_without_sense_are_refused() -> None:
    for wrong in ({"rows_per_unit": 0}, {"groups": {"g": ()}}, {"groups": {"g": ("a", "a")}}):
        with pytest.raises(ConfigError):
            plan_release(Decimal(1), ("EMAIL",), **wrong)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="promises nothing"):
        plan_release(Decimal(50), ("EMAIL",))
