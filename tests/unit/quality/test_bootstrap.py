"""Bootstrap intervals: they hold the truth as often as they say, and nothing where nothing can move."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.quality.bootstrap import Bootstrap, percentiles
from agent.quality.figures import text_figures
from agent.quality.ranking import RANKED, Ranking, auc_interval, ranked_figures
from tests.unit.quality.builders import judged


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    """Scores of the classes are normal and one standard deviation apart: the AUC is 0.7602."""
    rng = np.random.default_rng(7)
    held = 0
    for seed in range(200):
        scores = np.concatenate([rng.normal(1.0, 1.0, 60), rng.normal(0.0, 1.0, 60)])
        ranking = Ranking.of(np.array([1] * 60 + [0] * 60), scores)
        low, high = Bootstrap(300, seed).ranking(ranking, ranked_figures)["auroc"] or (0.0, 0.0)
        held += low <= 0.7602 <= high
    assert 0.88 <= held / 200 <= 0.99


@pytest.mark.parametrize("positives", [5, 10])
def test_intervals_of_few_texts_that_are_told_apart_well_hold_the_truth_too(positives: int) -> None:
    """Three standard deviations apart: the AUC is 0.9831. Resamples alone held it in 61 and 72 of a hundred cases."""
    rng = np.random.default_rng(11)
    labels = [1] * positives + [0] * 10 * positives
    widened = closed = 0
    for seed in range(200):
        scores = np.concatenate([rng.normal(3.0, 1.0, positives), rng.normal(0.0, 1.0, 10 * positives)])
        found = text_figures(judged(labels, scores), 0.5, Bootstrap(100, seed))["intervals"]["auroc"] or (0.0, 1.0)
        widened += found[0] <= 0.9831 <= found[1]
        low, high = auc_interval(np.array(labels), scores) or (1.0, 0.0)
        closed += low <= 0.9831 <= high
    assert widened / 200 >= 0.93
    assert closed / 200 >= 0.93


@pytest.mark.parametrize(
    ("positives", "negatives", "shift", "spread", "truth"),
    [
        (500, 8, 3.0, 1.0, 0.9831),  # Hanley and McNeil's, with the counts as they are: 72 of a hundred
        (400, 20, 2.0, 1.0, 0.9214),  # 77
        (8, 400, 2.0, 2.5, 0.7713),  # 90, and DeLong's 89
        (30, 30, 5.0, 2.5, 0.9684),
    ],
)
def test_intervals_of_classes_of_unlike_numbers_and_spreads_hold_the_truth(
    positives: int, negatives: int, shift: float, spread: float, truth: float
) -> None:
    """The truth of two normal distributions is Φ(shift / √(1 + spread²))."""
    rng = np.random.default_rng(5)
    labels, held = np.array([1] * positives + [0] * negatives), 0
    for _ in range(400):
        scores = np.concatenate([rng.normal(shift, spread, positives), rng.normal(0.0, 1.0, negatives)])
        low, high = auc_interval(labels, scores) or (1.0, 0.0)
        held += low <= truth <= high
    assert held / 400 >= 0.92  # 93, and what 400 draws leave to chance


def test_the_interval_is_near_that_of_hanley_and_mcneil() -> None:
    rng = np.random.default_rng(1)
    labels = np.array([1] * 300 + [0] * 300)
    scores = np.concatenate([rng.normal(1.0, 1.0, 300), rng.normal(0.0, 1.0, 300)])
    found = Bootstrap().ranking(Ranking.of(labels, scores), ranked_figures)["auroc"]
    assert found == pytest.approx(auc_interval(labels, scores), abs=0.01)


def test_equal_scores_cannot_be_moved() -> None:
    found = text_figures(judged([1, 0] * 20, [0.3] * 40), 0.5, Bootstrap(200))
    assert found["auroc"] == 0.5
    assert found["intervals"]["auroc"] is None
    assert found["intervals"]["recall"] is not None, "Wilson's stands in where resampling cannot move a share of 0"
    assert found["intervals"]["recall"][1] == pytest.approx(0.1611, abs=1e-3)


def test_too_few_texts_of_a_class_have_no_bootstrap_interval() -> None:
    found = text_figures(judged([1, 0, 0, 0, 0, 0, 0], [0.9, 0.1, 0.2, 0.3, 0.4, 0.95, 0.6]), 0.5, Bootstrap(200))
    assert found["intervals"]["auroc"] is None
    assert found["intervals"]["f1"] is None
    assert found["intervals"]["recall"] == pytest.approx([0.2065, 1.0], abs=1e-3)
    assert found["intervals"]["fpr"] is not None


def test_equal_seeds_give_equal_intervals() -> None:
    rng = np.random.default_rng(3)
    texts = judged((rng.random(80) < 0.5).astype(int).tolist(), rng.random(80).tolist())
    first, again = (text_figures(texts, 0.5, Bootstrap(100, 4))["intervals"] for _ in range(2))
    other = text_figures(texts, 0.5, Bootstrap(100, 5))["intervals"]
    assert first == again
    assert first != other


def test_both_ways_of_resampling_have_the_same_distribution() -> None:
    """Many texts a group: multinomial. About one a group: drawn one by one. The mean and spread of a count agree."""
    crowded = Ranking(np.array([0.2, 0.1]), np.array([50.0, 50.0]), np.array([90.0, 10.0]))
    found = Bootstrap(4000, 1).order_statistic(crowded, 9)
    assert set(found.tolist()) == {0.2}
    spread = Ranking(np.arange(100.0)[::-1], np.zeros(100), np.ones(100))
    places = Bootstrap(4000, 1).order_statistic(spread, 9)
    # The tenth highest of 100 draws out of 0..99 lies about ten from the top, give or take three.
    assert places.mean() == pytest.approx(89.5, abs=0.6)
    assert places.std() == pytest.approx(3.0, abs=0.3)


def test_hits_are_resampled_as_rows_would_be() -> None:
    drawn = Bootstrap(20_000, 0).binomial(30, 100)
    assert drawn.mean() == pytest.approx(30.0, abs=0.2)
    assert drawn.var() == pytest.approx(21.0, abs=0.8)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=20), st.integers(1, 50))
def test_sums_lie_between_the_least_and_the_most(rows: list[tuple[int, int]], samples: int) -> None:
    table = np.array(rows, float)
    sums = Bootstrap(samples).sums(table)
    assert sums.shape == (samples, 2)
    assert (sums >= len(rows) * table.min(axis=0)).all()
    assert (sums <= len(rows) * table.max(axis=0)).all()


def test_percentiles_of_nothing() -> None:
    assert percentiles(np.zeros(0)) is None
    assert percentiles(np.ones(10)) is None


def test_twenty_thousand_rows_take_seconds() -> None:
    rng = np.random.default_rng(0)
    ranking = Ranking.of((rng.random(20_000) < 0.3).astype(int), rng.random(20_000))
    began = time.perf_counter()
    found = Bootstrap(1000).ranking(ranking, ranked_figures)
    # One or two on an idle core.
    assert time.perf_counter() - began < 60.0
    assert all(found[name] is not None for name in RANKED)
