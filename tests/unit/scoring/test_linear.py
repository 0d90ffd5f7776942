"""The wrappers around linear n-gram models, with small models made on the spot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from agent.clock import ManualClock
from agent.errors import ConfigError, ModelError
from agent.scoring import load_scorer
from agent.scoring.adversarial import AdversarialScorer
from agent.scoring.base import Batch
from agent.scoring.cache import ScoreCache
from agent.scoring.executor import Executor
from agent.scoring.featurizer import SHAPE_NAMES
from agent.scoring.linear import LinearScorer
from agent.scoring.ngram_classifier import NgramClassifier
from agent.scoring.ngrams import FeatureSpec, LinearNgramModel, NgramFeaturizer
from tests.unit.scoring.fake_scorers import make_batch, make_item, run

SMALL = FeatureSpec(bucket_bits=10)
TEXTS = ["you are an idiot", "你好世界", "", "hello world", "a", "x" * 5000]


def write_model(path: Path, *, seed: int = 1, spec: FeatureSpec = SMALL, threshold: float = 0.71) -> Path:
    random = np.random.default_rng(seed)
    weights = random.integers(-3000, 3000, 1 << spec.bucket_bits).astype(np.int32)
    weights[0] = 0
    model = LinearNgramModel(
        name="small", version="3", threshold=threshold, spec=spec, weights=weights, scale=0.001,
        shape_weights=np.zeros(len(SHAPE_NAMES), np.float32),
    )  # fmt: skip
    model.save(path)
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_model(tmp_path / "small.npz")


@pytest.mark.parametrize("scorer_class", [NgramClassifier, AdversarialScorer])
def test_scores_are_those_of_the_model(scorer_class: type[LinearScorer], model: Path) -> None:
    scorer = scorer_class(model=model)
    scorer.warm_up()
    loaded = LinearNgramModel.load(model)
    expected = loaded.predict(NgramFeaturizer(SMALL)(TEXTS)).tolist()
    rows = scorer.score(make_batch(*TEXTS))
    assert [row.scores[scorer.category] for row in rows] == expected
    assert len({round(score, 3) for score in expected}) > 3


def test_the_threshold_is_the_models_unless_overridden(model: Path) -> None:
    assert NgramClassifier(model=model).thresholds == {"ngrams": 0.71}
    assert NgramClassifier(model=model, threshold=0.9, slot="toxicity").thresholds == {"toxicity": 0.9}


def test_an_overridden_threshold_needs_no_file(tmp_path: Path) -> None:
    assert AdversarialScorer(model=tmp_path / "absent.npz", threshold=0.4).thresholds["adversarial"] == 0.4


def test_the_explanation_is_one_line_about_the_threshold(model: Path) -> None:
    for threshold, said in [(None, "0.71 (false alarms: see"), (0.8, "0.80 (set by configuration)")]:
        scorer = NgramClassifier(model=model, threshold=threshold)
        scorer.warm_up()
        (row,) = scorer.score(make_batch("secret text"))
        assert said in row.explanation
        assert "secret" not in row.explanation
        assert "\n" not in row.explanation


def test_the_version_tells_the_shipped_model_from_others(model: Path) -> None:
    assert NgramClassifier().version == "ngrams@1"
    assert AdversarialScorer().version == "builtin@3"
    scorer = NgramClassifier(model=model)
    scorer.warm_up()
    assert scorer.version == "custom@3"


@pytest.mark.parametrize("threshold", [0.0, -0.5, 1.01, float("nan")])
@pytest.mark.parametrize("kind", [None, "ngrams"])
def test_a_threshold_out_of_range_is_refused(threshold: float, kind: str | None) -> None:
    with pytest.raises(ConfigError, match="scorer toxicity: threshold"):
        load_scorer("toxicity", {"threshold": threshold}, kind)


def test_a_value_of_a_wrong_type_is_refused_in_one_line() -> None:
    with pytest.raises(ConfigError, match="scorer toxicity: an option has a wrong value"):
        load_scorer("toxicity", {"threshold": "high"})


def test_missing_and_damaged_models_are_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="absent"):
        NgramClassifier(model=tmp_path / "absent.npz").warm_up()
    (tmp_path / "bad.npz").write_bytes(b"not an archive")
    with pytest.raises(ModelError, match="damaged"):
        NgramClassifier(model=tmp_path / "bad.npz").warm_up()


class CountingFeaturizer(NgramFeaturizer):
    """Counts the texts that it hashes."""

    hashed = 0

    def __call__(self, texts):  # type: ignore[no-untyped-def]
        CountingFeaturizer.hashed += len(texts)
        return super().__call__(texts)


def counting(scorer: LinearScorer) -> LinearScorer:
    scorer.warm_up()
    assert scorer._featurizer is not None
    scorer._featurizer = CountingFeaturizer(scorer._featurizer.spec)
    return scorer


def test_the_two_scorers_hash_a_text_once(tmp_path: Path) -> None:
    toxicity = counting(NgramClassifier(model=write_model(tmp_path / "t.npz", seed=1), slot="toxicity"))
    adversarial = counting(AdversarialScorer(model=write_model(tmp_path / "a.npz", seed=2)))
    executor = Executor([toxicity, adversarial], 5.0, ScoreCache(10), ManualClock())
    CountingFeaturizer.hashed = 0
    items = [make_item("q1", "input"), make_item("a1", "output"), make_item("q2", "input")]
    (result,) = run(executor, Batch(items))
    executor.close()
    assert [sorted(row) for row in result.rows] == [
        ["adversarial", "toxicity"],
        ["toxicity"],
        ["adversarial", "toxicity"],
    ]
    assert CountingFeaturizer.hashed == 3


def test_models_that_hash_differently_do_not_share(tmp_path: Path) -> None:
    first = NgramClassifier(model=write_model(tmp_path / "t.npz"))
    second = AdversarialScorer(model=write_model(tmp_path / "a.npz", spec=FeatureSpec(bucket_bits=11)))
    batch = make_batch(*TEXTS)
    for scorer in (first, second):
        scorer.warm_up()
        assert len(scorer.score(batch)) == len(TEXTS)
