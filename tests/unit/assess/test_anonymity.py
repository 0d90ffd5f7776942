"""Classes, diversity and risk against plain Python on small tables; estimates against simulated populations."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.assess import hashed_counts
from agent.assess.anonymity import Anonymity
from agent.assess.hashed_counts import PairCounts
from agent.assess.hashing import Hasher
from agent.assess.population import estimate_population
from agent.assess.risk import reidentification_risk
from agent.assess.tables import Batch


def anonymity_of(rows: list[dict[str, Any]], *, sensitive: tuple[str, ...] = ("s",), size: int = 3) -> dict[str, Any]:
    analysis = Anonymity(("a", "b"), sensitive)
    for start in range(0, len(rows), size):
        analysis.observe(Batch(("a", "b", "s"), rows[start : start + size], start + 1, 0))
    return analysis.figures()


ROWS = st.lists(
    st.fixed_dictionaries({"a": st.sampled_from(["x", "y", ""]), "b": st.integers(0, 3), "s": st.sampled_from("pqr")}),
    min_size=1,
    max_size=40,
)


@given(rows=ROWS)
def test_figures_are_those_of_the_definitions(rows: list[dict[str, Any]]) -> None:
    figures = anonymity_of(rows)
    classes: dict[Any, Counter[str]] = defaultdict(Counter)
    for row in rows:
        classes[row["a"], row["b"]][row["s"]] += 1
    totals = Counter(row["s"] for row in rows)
    sizes = [values.total() for values in classes.values()]
    assert figures["k"] == min(sizes)
    assert figures["classes"] == len(sizes)
    assert figures["unique_rows"] == sizes.count(1)
    assert sum(part["rows"] for part in figures["class_sizes"]) == figures["rows"] == len(rows)
    for limit in (2, 5, 10):
        assert figures["rows_below"][str(limit)] == pytest.approx(sum(s for s in sizes if s < limit) / len(rows))
    found = figures["sensitive"]["s"]
    assert found["distinct_l"] == min(map(len, classes.values()))
    entropies = [
        -sum(n / values.total() * math.log(n / values.total()) for n in values.values()) for values in classes.values()
    ]
    assert found["entropy_l"] == pytest.approx(math.exp(min(entropies)))
    distances = [
        sum(abs(values[s] / values.total() - totals[s] / len(rows)) for s in totals) / 2 for values in classes.values()
    ]
    assert found["t"] == pytest.approx(max(distances), abs=1e-8)
    weighted = sum(d * v.total() for d, v in zip(distances, classes.values(), strict=True)) / len(rows)
    assert found["mean_t"] == pytest.approx(weighted, abs=1e-8)
    assert figures["risk"]["prosecutor"]["average"] == pytest.approx(len(sizes) / len(rows))
    assert figures["risk"]["prosecutor"]["maximum"] == 1 / min(sizes)


def test_the_same_value_in_another_format_is_the_same_class_and_its_parts_are_not_confused() -> None:
    figures = anonymity_of([{"a": "35", "b": "x "}, {"a": 35, "b": "x"}, {"a": 35.0, "b": "x"}], sensitive=())
    assert figures["k"] == 3
    assert anonymity_of([{"a": "ab", "b": "c"}, {"a": "a", "b": "bc"}], sensitive=())["classes"] == 2
    assert anonymity_of([{"a": None, "b": "c"}, {"b": "c"}, {"a": "", "b": "c"}], sensitive=())["k"] == 3


def test_counts_are_the_same_when_they_go_to_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    rows = [{"a": str(a), "b": int(b), "s": str(s)} for a, b, s in rng.integers(0, 12, (2000, 3))]
    in_memory = anonymity_of(rows)
    monkeypatch.setattr(hashed_counts, "_PENDING", 7)
    assert anonymity_of(rows) == in_memory


def test_a_column_of_too_many_values_has_no_shares() -> None:
    counts = PairCounts()
    hashed = Hasher()
    for number in range(10):
        counts.add(b"", hashed([str(number)]))
    assert counts.second_totals(9) is None
    assert len(counts.second_totals(10) or {}) == 10


def population_of(kind: str, rng: np.random.Generator, rows: int) -> np.ndarray:
    if kind == "zipf":
        return rng.zipf(1.3, rows)
    ages = rng.normal(40, 15, rows).astype(int) * 2 + rng.integers(0, 2, rows)
    return ages * 3000 + np.minimum(rng.pareto(1.2, rows) * 100, 2999).astype(int)


@pytest.mark.parametrize("kind", ["zipf", "age, sex, place"])
@pytest.mark.parametrize("share", [0.05, 0.3])
def test_estimates_of_skewed_populations_are_within_a_third(kind: str, share: float) -> None:
    rng = np.random.default_rng(5)
    rows = 100_000
    people = population_of(kind, rng, rows)
    sizes = np.unique(people, return_counts=True)[1]
    sample = rng.choice(people, int(share * rows), replace=False)
    seen = Counter(np.unique(sample, return_counts=True)[1].tolist())
    found = estimate_population(seen, rows)
    assert found is not None
    assert found.uniques == pytest.approx((sizes == 1).sum(), rel=1 / 3)
    assert found.classes == pytest.approx(len(sizes), rel=1 / 3)
    assert found.fit == pytest.approx(1.0, abs=0.1)
    risk = reidentification_risk(seen, rows)
    assert risk["marketer"]["average"] == pytest.approx(len(sizes) / rows, rel=1 / 3)
    assert risk["marketer"]["average"] < risk["prosecutor"]["average"]


def test_a_population_that_does_not_fit_shows_it() -> None:
    rng = np.random.default_rng(5)
    sample = rng.choice(rng.integers(0, 10_000, 100_000), 60_000, replace=False)
    found = estimate_population(Counter(np.unique(sample, return_counts=True)[1].tolist()), 100_000)
    assert found is not None
    assert found.fit > 2


def test_without_a_population_the_table_is_all_of_it() -> None:
    sizes = Counter({1: 10, 2: 5, 10: 3})
    for population in (None, 50):
        risk = reidentification_risk(sizes, population)
        assert risk["overall"] == risk["journalist"]["average"] == risk["prosecutor"]["average"] == 18 / 50
        assert risk["population"] == {"rows": 50, "given": False, "uniques": 10, "fit": None}
    assert risk["prosecutor"]["rows_over"] == {"0.05": 1.0, "0.09": 1.0, "0.2": 0.4}


def test_a_sample_that_cannot_tell_says_so() -> None:
    for sizes in ({1: 10}, {5: 10}, {1: 1}):
        risk = reidentification_risk(sizes, 1000)
        assert risk["marketer"]["average"] is None
        assert risk["population"]["uniques"] is None
        assert risk["overall"] == risk["prosecutor"]["average"]
