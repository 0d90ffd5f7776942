"""Calibration maps, thresholds, the file, and the scorer that applies it."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from agent.calibration import Calibration, IsotonicMap, PlattMap, advised_negatives
from agent.clock import ManualClock
from agent.errors import ConfigError, DataError, ModelError
from agent.quality.bootstrap import Bootstrap
from agent.quality.calibrate import Wanted, calibrate
from agent.quality.fitting import fit_isotonic, fit_map, pool_adjacent_violators
from agent.quality.measure import Judged
from agent.quality.reliability import brier, calibration_error, cross_fitted, expected_error, reliability_bins
from agent.quality.thresholds import least_negatives, threshold_for
from agent.scores import ScoreRow, TextSpan
from agent.scoring.base import Batch, passage_factor_of
from agent.scoring.calibrated import CalibratedScorer
from tests.builders import WordScorer
from tests.unit.quality.builders import FixedJudge, judged, make_batch

shares = st.floats(0.0, 1.0).map(lambda value: round(value, 3))
points = st.lists(st.tuples(st.integers(0, 1), shares), min_size=2, max_size=60).filter(
    lambda found: len({label for label, _ in found}) == 2
)


def arrays(found: list[tuple[int, float]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([label for label, _ in found], float), np.array([score for _, score in found], float)


# ---------------------------------------------------------------- maps


@given(st.lists(st.tuples(shares, st.integers(1, 5)), min_size=1, max_size=40))
def test_pooling_rises_is_idempotent_keeps_the_mean_and_is_scikit_learns(found: list[tuple[float, int]]) -> None:
    values, weights = np.array([value for value, _ in found]), np.array([float(weight) for _, weight in found])
    fitted = pool_adjacent_violators(values, weights)
    assert (np.diff(fitted) >= 0).all()
    assert pool_adjacent_violators(fitted, weights) == pytest.approx(fitted)
    assert fitted @ weights == pytest.approx(values @ weights)
    theirs = IsotonicRegression().fit_transform(np.arange(len(values)), values, sample_weight=weights)
    assert fitted == pytest.approx(theirs)


@given(points, st.sampled_from(["isotonic", "platt"]))
def test_maps_rise_and_stay_shares(found: list[tuple[int, float]], method: str) -> None:
    labels, scores = arrays(found)
    fitted = fit_map(method, scores, labels)
    fitted.check()
    grid = np.linspace(0.0, 1.0, 201)
    values = fitted.apply(grid)
    assert ((values >= 0.0) & (values <= 1.0)).all()
    assert (np.diff(values) >= 0).all()


@given(points)
def test_an_isotonic_map_tells_every_two_scores_apart(found: list[tuple[int, float]]) -> None:
    """A plain isotonic regression is flat over whole ranges, where no threshold could be."""
    labels, scores = arrays(found)
    values = fit_isotonic(scores, labels).apply(np.unique(scores))
    assert (np.diff(values) > 0).all()


def test_an_isotonic_map_is_the_share_of_positives_within_a_thousandth() -> None:
    scores = np.array([0.2] * 4 + [0.6] * 4)
    labels = np.array([1, 0, 0, 0, 1, 1, 1, 0], float)
    assert fit_isotonic(scores, labels).apply(np.array([0.2, 0.4, 0.6])) == pytest.approx([0.25, 0.5, 0.75], abs=1e-3)


def test_platt_scaling_finds_a_distorted_probability() -> None:
    rng = np.random.default_rng(5)
    truth = rng.random(20_000)
    labels = (rng.random(20_000) < truth).astype(float)
    odds = np.log(truth) - np.log1p(-truth)
    scores = 1.0 / (1.0 + np.exp(-(odds - 1.0) / 2.0))
    found = fit_map("platt", scores, labels)
    assert isinstance(found, PlattMap)
    assert (found.slope, found.intercept) == (pytest.approx(2.0, abs=0.1), pytest.approx(1.0, abs=0.1))


# ---------------------------------------------------------------- reliability


@given(points)
def test_bins_hold_every_text_once_and_rise(found: list[tuple[int, float]]) -> None:
    labels, scores = arrays(found)
    bins = reliability_bins(labels, scores)
    assert sum(part.n for part in bins) == len(scores)
    assert sum(part.n * part.share for part in bins) == pytest.approx(labels.sum())
    assert all(one.score < other.score for one, other in pairwise(bins))
    assert all(part.interval[0] <= part.share <= part.interval[1] for part in bins)


def test_error_of_one_bin_by_hand() -> None:
    labels, scores = np.array([1, 0, 0, 0]), np.full(4, 0.75)
    assert expected_error(labels, scores) == 0.5
    assert brier(labels, scores) == pytest.approx((0.0625 + 3 * 0.5625) / 4)


def test_cross_fitting_finds_that_noise_cannot_be_calibrated() -> None:
    """A map that judged its own texts would look perfect."""
    rng = np.random.default_rng(2)
    labels, scores = (rng.random(400) < 0.5).astype(float), rng.random(400)
    crossed = cross_fitted("isotonic", labels, scores, seed=0)
    assert crossed is not None
    own = fit_isotonic(scores, labels).apply(scores)
    assert brier(labels, own) < 0.25 < brier(labels, crossed) + 0.002
    error = calibration_error(labels, scores, crossed)
    assert error.ece_after < error.ece_before


def test_cross_fitting_needs_texts_of_both_labels_in_each_part() -> None:
    assert cross_fitted("isotonic", np.array([1, 1, 1, 0]), np.array([0.9, 0.8, 0.7, 0.1]), seed=0) is None


# ---------------------------------------------------------------- thresholds


def test_a_threshold_lets_through_what_may_be_expected_of_new_texts() -> None:
    scores = np.concatenate([np.arange(1000) / 1000, np.full(10, 0.9955)])
    labels = np.array([0] * 1000 + [1] * 10)
    found = threshold_for(labels, scores, 0.01, Bootstrap(500))
    # 9 of 1000 may reach it: the next text beats the tenth highest of them with a chance of 10 / 1001.
    assert (found.false_positives, found.negatives, found.hits) == (9, 1000, 10)
    assert found.just_below == 0.990 < found.value < 0.991
    low, high = found.interval
    assert low < found.value < high
    assert 0.003 < high - low < 0.02


def test_the_target_is_kept_on_new_texts_on_average() -> None:
    rng = np.random.default_rng(11)
    rates = []
    for _ in range(300):
        scores = rng.random(340)
        labels = np.array([0] * 300 + [1] * 40)
        # Scores are uniform: the share of new ones over a threshold is what is left above it.
        rates.append(1.0 - threshold_for(labels, scores, 0.02, Bootstrap(0)).value)
    assert 0.016 < np.mean(rates) <= 0.0205


def test_the_target_is_kept_on_average_with_few_texts_too() -> None:
    rng = np.random.default_rng(12)
    for negatives in (100, 135, 250):
        labels = np.array([0] * negatives + [1] * 400)
        rates = []
        for _ in range(600):
            scores = np.append(rng.random(negatives + 399), 1.0)
            rates.append(1.0 - threshold_for(labels, scores, 0.01, Bootstrap(0)).value)
        assert 0.005 < np.mean(rates) <= 0.0105, negatives


def test_ties_are_never_torn_apart() -> None:
    scores = np.concatenate([np.full(390, 0.1), np.full(10, 0.5), np.full(5, 0.8)])
    labels = np.array([0] * 400 + [1] * 5)
    found = threshold_for(labels, scores, 0.01, Bootstrap(0))
    assert (found.false_positives, found.value) == (0, pytest.approx(0.65))


def test_too_few_negatives_are_refused_with_the_number_that_is_needed() -> None:
    assert (least_negatives(0.01), least_negatives(0.001), least_negatives(0.5)) == (100, 1000, 2)
    assert (advised_negatives(0.01), advised_negatives(0.001), advised_negatives(0.5)) == (300, 3000, 6)
    with pytest.raises(DataError, match=r"99 texts of label 0 are too few .* at least 100 \(1 / target\), better 300"):
        threshold_for(np.array([0] * 99 + [1]), np.linspace(0, 1, 100), 0.01, Bootstrap(0))


def test_a_scorer_that_cannot_keep_the_target_is_refused() -> None:
    with pytest.raises(DataError, match="100 of 400 texts of label 0 have the highest score"):
        threshold_for(np.array([0] * 400), np.array([1.0] * 100 + [0.0] * 300), 0.01, Bootstrap(0))
    with pytest.raises(DataError, match=r"1 of 135 texts .* with this scorer; label at least 300 of them"):
        threshold_for(np.array([1] + [0] * 135), np.arange(136) / 136, 0.01, Bootstrap(0))


# ---------------------------------------------------------------- the whole, and its file


def sample(lang: str = "en", shift: float = 0.0, seed: int = 0) -> Judged:
    rng = np.random.default_rng(seed)
    scores = np.clip(np.concatenate([rng.beta(2, 5, 400) + shift, rng.beta(5, 2, 200)]), 0.0, 1.0)
    return judged([0] * 400 + [1] * 200, scores.tolist(), lang=lang)


def made(texts: Judged | None = None, **over: Any) -> Calibration:
    wanted = replace(Wanted("toxicity", 0.01), **over)
    judge = FixedJudge({})
    return calibrate(texts or sample(), ["own"], 3, judge, wanted, Bootstrap(200), ManualClock())


@pytest.mark.parametrize("method", ["isotonic", "platt"])
def test_a_calibration_survives_its_file(tmp_path: Path, method: str) -> None:
    found = made(method=method)
    path = tmp_path / "calibration.json"
    path.write_bytes(found.encode())
    again = Calibration.load(path)
    assert again == found
    assert again.mark == found.mark
    assert (again.schema_version, again.created) == (1, "2023-11-14T22:13:20.000Z")
    assert (again.scorer, again.scorer_version, again.task) == ("fixed", "fixed@1", "toxicity")
    assert (again.data.n, again.data.positives, again.data.negatives, again.data.unlabelled) == (600, 200, 400, 3)
    low, high = again.threshold.interval
    assert low <= again.threshold.value <= high


@pytest.mark.parametrize("method", ["isotonic", "platt"])
def test_calibrated_scores_reach_the_threshold_where_raw_ones_do(method: str) -> None:
    texts = sample()
    found = made(texts, method=method)
    assert np.array_equal(found.apply(texts.scores) >= found.threshold.value, texts.scores >= found.threshold.raw)
    reached = found.apply(texts.scores) >= found.threshold.value
    assert int((reached & (texts.labels == 0)).sum()) == found.threshold.false_positives
    assert found.threshold.recall == pytest.approx(float(reached[texts.labels == 1].mean()))


def test_the_digest_tells_data_apart() -> None:
    assert made().data.sha256 == made().data.sha256 != made(sample(seed=1)).data.sha256


def test_per_language_the_strictest_threshold_holds() -> None:
    easy, hard, small = sample("en"), sample("zh", shift=0.2, seed=3), judged([0] * 9, [0.1] * 9, lang="de")
    found = made(Judged.pooled([easy, hard, small]), per_lang=True)
    assert set(found.by_lang) == {"en", "zh"}
    assert found.skipped_langs == {"de": 9}
    assert found.threshold.raw == max(part.raw for part in found.by_lang.values()) == found.by_lang["zh"].raw
    assert found.threshold.negatives == 809
    assert found.threshold.fpr <= 0.01


def test_one_class_is_refused() -> None:
    with pytest.raises(DataError, match="both labels"):
        made(judged([0] * 400, [0.1] * 400))


def damaged(change: dict[str, Any]) -> bytes:
    return json.dumps(json.loads(made().encode()) | change).encode()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is no calibration"),
        (b"[1]", "is no calibration"),
        (b'{"threshold": 0.5}', "is no calibration"),
        (damaged({"schema_version": 2}), "another schema version"),
        (damaged({"target_fpr": 2}), "is damaged"),
        (damaged({"map": {"method": "isotonic", "scores": [0, 0.5, 0.5, 1], "values": [0, 0.1, 0.2, 1]}}), "damaged"),
        (damaged({"map": {"method": "isotonic", "scores": [0, 0.5, 1], "values": [0, 0.7, 0.2]}}), "damaged"),
        (damaged({"map": {"method": "isotonic", "scores": [0.1, 1], "values": [0, 1]}}), "damaged"),
        (damaged({"map": {"method": "platt", "slope": -1, "intercept": 0}}), "damaged"),
        (damaged({"map": {"method": "magic"}}), "damaged"),
    ],
)
def test_a_file_that_is_wrong_is_refused_in_one_line(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "calibration.json"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=complaint) as caught:
        Calibration.load(path)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        Calibration.load(tmp_path / "absent.json")


# ---------------------------------------------------------------- the scorer


class Half(WordScorer):
    """0.5 for texts with a word, with its span; 0.25 in another category for all."""

    def __init__(self) -> None:
        super().__init__(words={"awful": "toxicity", "zzzz": "other"})

    def score(self, batch: Batch) -> list[ScoreRow]:
        return [
            ScoreRow({"toxicity": 0.5, "other": 0.25}, (TextSpan(0, 5, "toxicity", "X", 0.5),), "why")
            if "awful" in text
            else ScoreRow({})
            for text in batch.texts("raw")
        ]


def calibration_for(name: str, version: str, method: str = "isotonic") -> Calibration:
    found = json.loads(made(method=method).encode()) | {"scorer": name, "scorer_version": version}
    found["map"] = {"method": "isotonic", "scores": [0.0, 0.5, 1.0], "values": [0.0, 0.8, 1.0]}
    found["threshold"]["value"] = 0.75
    return msgspec.convert(found, Calibration)


def test_scores_and_spans_are_calibrated_and_nothing_else_changes() -> None:
    inner = Half()
    scorer = CalibratedScorer(inner, calibration_for("words", "test@1"))
    scorer.warm_up()
    assert inner.warm
    assert (scorer.name, scorer.lane, scorer.directions) == (inner.name, inner.lane, inner.directions)
    assert scorer.categories == inner.categories
    assert scorer.thresholds == {"toxicity": 0.75, "other": 0.75}
    assert scorer.version.startswith("test@1-cal.")
    hit, clean = scorer.score(make_batch(["awful", "fine"]))
    assert dict(hit.scores) == pytest.approx({"toxicity": 0.8, "other": 0.4})
    assert [span.score for span in hit.spans] == pytest.approx([0.8])
    assert hit.explanation == "calibrated (uncalibrated: why)"
    assert dict(clean.scores) == {}


def test_what_an_attack_in_a_passage_takes_is_as_the_scorer_says() -> None:
    inner = Half()
    assert passage_factor_of(CalibratedScorer(inner, calibration_for("words", "test@1"))) == 0.1
    inner.passage_factor = 0.8  # type: ignore[attr-defined]
    assert passage_factor_of(CalibratedScorer(inner, calibration_for("words", "test@1"))) == 0.8


def test_a_batch_equals_single_texts() -> None:
    scorer = CalibratedScorer(Half(), calibration_for("words", "test@1"))
    texts = ["awful", "fine", "awful too", ""]
    together = scorer.score(make_batch(texts))
    assert together == [scorer.score(make_batch([text]))[0] for text in texts]


@pytest.mark.parametrize(("name", "version"), [("words", "test@2"), ("other", "test@1")])
def test_a_calibration_of_another_scorer_is_refused(name: str, version: str) -> None:
    with pytest.raises(ConfigError, match=r"scorers\.words\.calibration: was made with .*; recalibrate"):
        CalibratedScorer(WordScorer(), calibration_for(name, version))


def test_a_version_that_shows_with_the_weights_is_checked_too() -> None:
    class Late(WordScorer):
        def warm_up(self) -> None:
            super().warm_up()
            self.version = "test@2"

    scorer = CalibratedScorer(Late(), calibration_for("words", "test@1"))
    with pytest.raises(ModelError, match="recalibrate"):
        scorer.warm_up()


def test_knots_reach_from_zero_to_one() -> None:
    found = fit_isotonic(np.array([0.4, 0.6]), np.array([0.0, 1.0]))
    assert isinstance(found, IsotonicMap)
    assert (found.scores[0], found.scores[-1]) == (0.0, 1.0)
