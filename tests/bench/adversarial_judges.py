"""Ours as the adversarial bench measures it, in parts and as a whole, beside what ``harmwatch evaluate`` measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from agent.events import TextPart
from agent.normalize import normalize
from agent.quality.measure import Contexts, Opinion
from agent.quality.rows import UNKNOWN_LANGUAGE
from agent.scoring.base import Batch, Scorer, ScoringItem
from agent.scoring.ngrams import LinearNgramModel, NgramFeaturizer

__all__ = ["AnyFinding", "Classifier"]


class Classifier:
    """The built-in classifier alone: the linear model over hashed n-grams, without any other layer."""

    name = "classifier"

    def __init__(self, model: Path | None = None) -> None:
        self._model = LinearNgramModel.load("adversarial" if model is None else model)
        self._featurizer = NgramFeaturizer(self._model.spec)
        self.version = f"{self._model.name}@{self._model.version}"
        self.thresholds: Mapping[str, float] = {self.name: self._model.threshold}

    def judge(self, texts: Sequence[str], contexts: Contexts = (), lang: str = UNKNOWN_LANGUAGE) -> list[Opinion]:
        scores = self._model.predict(self._featurizer(texts)).tolist()
        return [Opinion(score, score >= self._model.threshold) for score in scores]


class AnyFinding:
    """A scorer, warm, with what `evaluate` leaves out: disguises and other signals raise findings too.

    A text's score is the most that any category's score exceeds its threshold by, where each threshold is put at 0.5.
    """

    name = "any finding"

    def __init__(self, scorer: Scorer, thresholds: Mapping[str, float]) -> None:
        self.version = scorer.version
        self.thresholds: Mapping[str, float] = {self.name: 0.5}
        self._scorer = scorer
        self._limits = {**scorer.thresholds, **thresholds}

    def judge(self, texts: Sequence[str], contexts: Contexts = (), lang: str = UNKNOWN_LANGUAGE) -> list[Opinion]:
        batch = Batch([ScoringItem(TextPart(text), "input", normalize) for text in texts])
        rows = self._scorer.score(batch)
        scores = [max((self._aligned(*each) for each in row.scores.items()), default=0.0) for row in rows]
        return [Opinion(score, score >= 0.5) for score in scores]

    def _aligned(self, category: str, score: float) -> float:
        """`score` on a scale where the category's threshold is at 0.5; keeps the order within the category."""
        limit = self._limits[category]
        return 0.5 * score / limit if score < limit else 0.5 + 0.5 * (score - limit) / max(1.0 - limit, 1e-9)
