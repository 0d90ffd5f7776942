"""Figures of a ranking, against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from agent.quality.ranking import RANKED, Negatives, Ranking, auc, auc_interval, ranked_figures

# Few distinct scores, so that ties are the rule.
points = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 6)), min_size=2, max_size=60).filter(
    lambda found: len({label for label, _ in found}) == 2
)


def figures_of(labels: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    ranking = Ranking.of(labels, scores)
    return {name: float(value) for name, value in ranked_figures(ranking.positives, ranking.negatives).items()}


@given(points)
def test_figures_equal_those_of_scikit_learn(found: list[tuple[int, int]]) -> None:
    labels = np.array([label for label, _ in found])
    scores = np.array([score / 6 for _, score in found])
    ours = figures_of(labels, scores)
    assert ours["auroc"] == pytest.approx(roc_auc_score(labels, scores))
    assert ours["average_precision"] == pytest.approx(average_precision_score(labels, scores))
    rates, recalls, _ = roc_curve(labels, scores, drop_intermediate=False)
    assert ours["recall_at_1pct_fpr"] == pytest.approx(max(recalls[rates <= 0.01]))


@given(points)
def test_negatives_that_were_sorted_once_give_the_same(found: list[tuple[int, int]]) -> None:
    labels = np.array([label for label, _ in found])
    scores = np.array([score / 6 for _, score in found])
    ranked = figures_of(labels, scores)
    negatives, positives = Negatives(scores[labels == 0]), scores[labels == 1]
    area, interval = negatives.auc(positives)
    assert area == pytest.approx(ranked["auroc"]) and interval == pytest.approx(auc_interval(labels, scores))
    assert -1e-9 <= interval[0] <= area + 1e-9 and area - 1e-9 <= interval[1] <= 1.0 + 1e-9
    assert negatives.recall_at(positives) == pytest.approx(ranked["recall_at_1pct_fpr"])


@given(points)
def test_counts_of_two_are_the_same_as_rows_that_come_twice(found: list[tuple[int, int]]) -> None:
    labels = np.array([label for label, _ in found])
    scores = np.array([score / 6 for _, score in found])
    ranking = Ranking.of(labels, scores)
    weighted = ranked_figures(2 * ranking.positives, 2 * ranking.negatives)
    repeated = figures_of(np.repeat(labels, 2), np.repeat(scores, 2))
    assert {name: float(weighted[name]) for name in RANKED} == pytest.approx(repeated)


def test_many_resamples_at_once_equal_one_at_a_time() -> None:
    rng = np.random.default_rng(0)
    positives, negatives = rng.integers(0, 4, (2, 30, 9)).astype(float) + 0.0
    positives[:, 0] += 1
    negatives[:, -1] += 1
    together = ranked_figures(positives, negatives)
    for place in range(30):
        alone = ranked_figures(positives[place], negatives[place])
        assert {name: together[name][place] for name in RANKED} == pytest.approx(alone)


def test_a_missing_class_has_no_auc() -> None:
    assert auc(np.array([1, 1]), np.array([0.1, 0.2])) is None


def test_recall_counts_only_thresholds_that_keep_one_percent() -> None:
    # 200 negatives: two may be above.
    scores = np.concatenate([[0.9, 0.8, 0.7], np.linspace(0.0, 0.1, 197), [0.95, 0.75, 0.65, 0.05]])
    labels = np.array([0] * 200 + [1] * 4)
    assert figures_of(labels, scores)["recall_at_1pct_fpr"] == 0.5
