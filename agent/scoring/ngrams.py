"""Linear models over hashed n-grams: the built-in toxicity and adversarial classifiers.

A model is a table of 16-bit weights: gathering it and adding in integers is exact, hence a text scores the
same alone and in any batch. Featurise a batch once and let every model read it::

    features = NgramFeaturizer(toxicity.spec)(texts)
    scores = toxicity.predict(features), adversarial.predict(features)
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from dataclasses import asdict, dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.errors import ModelError
from agent.scoring.featurizer import SHAPE_NAMES, Features, FeatureSpec, NgramFeaturizer, between

__all__ = ["ARTEFACT_FORMAT", "COUNT_DAMPING", "SHAPE_NAMES", "FeatureSpec", "Features", "LinearNgramModel",
           "NgramFeaturizer"]  # fmt: skip

ARTEFACT_FORMAT = 1
"""Raised whenever hashing, views or shape features change: weights of another format mean nothing here."""

COUNT_DAMPING = 16.0
"""Sums are divided by ``sqrt(n-grams + COUNT_DAMPING)``, so that two letters do not weigh like a sentence."""


@dataclass(frozen=True, slots=True)
class LinearNgramModel:
    """A calibrated logistic model over `Features`.

    Attributes
    ----------
    name, version
        Identity, as it appears in verdicts (``name@version``).
    threshold
        Default threshold on the calibrated score; the model card says at which false-positive rate.
    spec
        What the featuriser must hash; features of another spec are refused.
    weights
        int32 [2**bucket_bits], entry 0 is 0; the weight of a bucket is ``weights * scale``.
    shape_weights
        float32 [len(SHAPE_NAMES)].
    slope, intercept
        Platt scaling (Platt 1999) of the raw sum: ``sigmoid(slope * raw + intercept)``.
    about
        Training facts for people: seed, row counts, figures. Nothing is computed from it.
    """

    name: str
    version: str
    threshold: float
    spec: FeatureSpec
    weights: NDArray[np.int32]
    scale: float
    shape_weights: NDArray[np.float32]
    slope: float = 1.0
    intercept: float = 0.0
    about: dict[str, Any] = field(default_factory=dict)

    def predict(self, features: Features) -> NDArray[np.float32]:
        """Probability-like score in [0, 1] of each text, float32 [n]; the maximum over a long text's windows.

        A text without visible characters scores 0.

        Raises
        ------
        ModelError
            When the features were made with another spec.
        """
        if not len(features):
            return np.zeros(0, np.float32)
        windows = self.raw(features)
        logits = np.clip(self.slope * windows + self.intercept, -40.0, 40.0)
        visible = np.concatenate([chunk.counts for chunk in features.chunks]) > 0
        scores = np.where(visible, 1.0 / (1.0 + np.exp(-logits)), 0.0)
        return np.maximum.reduceat(scores, features.text_starts).astype(np.float32)

    def raw(self, features: Features) -> NDArray[np.float64]:
        """Uncalibrated sum of each *window*, float64 [windows]."""
        if features.spec != self.spec:
            raise ModelError(f"model {self.name}: features were made with another specification")
        parts: list[NDArray[np.float64]] = []
        for chunk in features.chunks:
            total = np.zeros(len(chunk.counts), np.int64)
            for block in chunk.blocks:
                if block.indices.size:
                    gathered = self.weights.take(block.indices, mode="clip")
                    total += between(gathered.sum(axis=0, dtype=np.int32), block.bounds)
            # Row by row instead of a matrix product, whose rounding depends on the number of rows.
            shape = (chunk.shape * self.shape_weights).sum(axis=1, dtype=np.float64)
            parts.append(total * self.scale / np.sqrt(chunk.counts + COUNT_DAMPING) + shape)
        return np.concatenate(parts)

    def save(self, path: Path) -> None:
        """Write the artefact: a compressed .npz whose meta data carries a digest of everything else."""
        weights = self.weights.astype(np.int16)
        if not np.array_equal(weights, self.weights):
            raise ModelError(f"model {self.name}: a weight does not fit into 16 bits")
        meta = {
            "format": ARTEFACT_FORMAT, "name": self.name, "version": self.version,
            "threshold": self.threshold, "spec": asdict(self.spec), "scale": self.scale, "slope": self.slope,
            "intercept": self.intercept, "about": self.about,
        }  # fmt: skip
        meta["sha256"] = _digest(meta, weights, self.shape_weights)
        encoded = np.frombuffer(json.dumps(meta, sort_keys=True).encode(), np.uint8)
        with path.open("wb") as stream:
            np.savez_compressed(stream, meta=encoded, weights=weights, shape=self.shape_weights)

    @classmethod
    def load(cls, path_or_name: Path | str) -> LinearNgramModel:
        """Read an artefact: a path, or the name of one shipped in `agent.models` (``"toxicity"``).

        Raises
        ------
        ModelError
            Missing, damaged, of another format version, or altered after training.
        """
        named = isinstance(path_or_name, str) and not path_or_name.endswith(".npz")
        try:
            if named:
                content = resources.files("agent.models").joinpath(f"{path_or_name}.npz").read_bytes()
            else:
                content = Path(path_or_name).read_bytes()
        except OSError as error:
            raise ModelError(
                f"model {path_or_name}: cannot be read; reinstall harmwatch or run python -m agent.models.train"
            ) from error
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as archive:
                encoded, weights, shape = archive["meta"], archive["weights"], archive["shape"]
            meta: dict[str, Any] = json.loads(encoded.tobytes())
            found = meta["format"]
            if found != ARTEFACT_FORMAT:
                raise ModelError(f"model {path_or_name}: format {found}, we read {ARTEFACT_FORMAT}")
            if meta.pop("sha256") != _digest(meta, weights, shape):
                raise ModelError(f"model {path_or_name}: the checksum does not match; the file was altered")
            fields: dict[str, Any] = {
                key: tuple(value) if isinstance(value, list) else value for key, value in meta["spec"].items()
            }
            spec = FeatureSpec(**fields)
            if weights.shape != (1 << spec.bucket_bits,) or shape.shape != (len(SHAPE_NAMES),):
                raise ModelError(f"model {path_or_name}: the weights do not fit the specification")
            return cls(
                name=meta["name"], version=meta["version"], threshold=meta["threshold"], spec=spec,
                weights=weights.astype(np.int32), scale=meta["scale"], shape_weights=shape,
                slope=meta["slope"], intercept=meta["intercept"], about=meta["about"],
            )  # fmt: skip
        except ModelError:
            raise
        except _DAMAGE as error:
            raise ModelError(f"model {path_or_name}: the file is damaged ({type(error).__name__})") from error


_DAMAGE = (ValueError, KeyError, TypeError, AttributeError, OSError, EOFError, zipfile.BadZipFile, zlib.error)


def _digest(meta: dict[str, Any], *arrays: NDArray[Any]) -> str:
    digest = hashlib.sha256(json.dumps(meta, sort_keys=True).encode())
    for array in arrays:
        digest.update(array.tobytes())
    return digest.hexdigest()
