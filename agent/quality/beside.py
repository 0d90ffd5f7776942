"""Other judges to measure beside ours: a plain n-gram classifier as a floor, alt-profanity-check, and Presidio.

Their packages load here when they are asked for. None is part of any extra that users install.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from agent.errors import ConfigError
from agent.quality.measure import Contexts, Opinion, TextJudge
from agent.quality.rows import UNKNOWN_LANGUAGE, Task, read_training

__all__ = ["NgramFloor", "ProfanityCheck", "load_rival"]

_THRESHOLD = 0.5


class _Probable:
    """A judge that gives one probability for each text."""

    name: str
    version: str

    def __init__(self) -> None:
        self.thresholds: Mapping[str, float] = {self.name: _THRESHOLD}
        self._predict: Callable[[Sequence[str]], Sequence[float]] | None = None

    def judge(self, texts: Sequence[str], contexts: Contexts = (), lang: str = UNKNOWN_LANGUAGE) -> list[Opinion]:
        assert self._predict is not None, "this is a bug: judging before loading"
        return [Opinion(float(score), float(score) >= _THRESHOLD) for score in self._predict(_clean(texts))]


class ProfanityCheck(_Probable):
    """alt-profanity-check: a linear SVM on English words, trained on Davidson's tweets and Wikipedia comments.

    Raises
    ------
    ConfigError
        When the package is not installed.
    """

    name = "profanity-check"

    def __init__(self) -> None:
        super().__init__()
        try:
            from importlib.metadata import version

            from profanity_check import predict_prob
        except ImportError:
            raise ConfigError("profanity-check is not installed; pip install alt-profanity-check") from None
        self.version = f"alt-profanity-check@{version('alt-profanity-check')}"
        self._predict = predict_prob


class NgramFloor(_Probable):
    """Logistic regression on binary character 1-5-grams (inside words), hashed to 2^18; nothing tuned.

    What any serious classifier has to beat, above all on sources that it was not trained on.

    Parameters
    ----------
    train
        Labelled JSON Lines; label 1 is positive, any other is not. Trained in the constructor: about half a minute per
        100,000 short texts.
    limit
        Train on so many rows, evenly spread over the file; all when None.

    Raises
    ------
    ConfigError
        When scikit-learn is not installed, or the file cannot be read.
    DataError
        When a row has no text or label.
    """

    name = "ngram-floor"
    version = "ngram-floor@1"

    def __init__(self, train: Path, limit: int | None = None) -> None:
        super().__init__()
        try:
            from sklearn.exceptions import ConvergenceWarning
            from sklearn.feature_extraction.text import HashingVectorizer
            from sklearn.linear_model import LogisticRegression
        except ImportError:
            raise ConfigError("ngram-floor needs scikit-learn; pip install scikit-learn") from None
        texts, labels = read_training(train)
        if limit is not None:
            step = max(len(texts) // limit, 1)
            texts, labels = texts[::step], labels[::step]
        vectorizer: Any = HashingVectorizer(analyzer="char_wb", ngram_range=(1, 5), n_features=1 << 18, binary=True)
        model: Any = LogisticRegression(max_iter=100)
        with warnings.catch_warnings():
            # The last digits of the weights do not matter here.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(vectorizer.transform(_clean(texts)), labels)
        self._predict = lambda batch: model.predict_proba(vectorizer.transform(batch))[:, 1].tolist()


def _clean(texts: Sequence[str]) -> list[str]:
    """Without lone surrogates, which neither package takes."""
    return [text.encode("utf-8", "replace").decode() for text in texts]


def load_rival(name: str, task: Task = "toxicity") -> TextJudge:
    """``profanity-check`` or ``ngram-floor:TRAIN.jsonl.gz`` for whole texts, ``presidio[:MODEL]`` for spans of pii.

    Raises
    ------
    ConfigError
        When there is no such judge of the task, or its package is not installed.
    """
    kind, _, argument = name.partition(":")
    if task == "pii":
        if kind != "presidio":
            raise ConfigError("--beside takes presidio, presidio:SPACY_MODEL or presidio:patterns with --task pii")
        from agent.quality.presidio import PresidioJudge

        return PresidioJudge(argument)
    if kind == ProfanityCheck.name and not argument:
        return ProfanityCheck()
    if kind == NgramFloor.name and argument:
        return NgramFloor(Path(argument))
    raise ConfigError("--beside takes profanity-check or ngram-floor:TRAIN.jsonl.gz with this task")
