"""One fitted encoder as a file: what `agent.models.encoder.fit` writes and `agent.models.encoder.build` reads."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.errors import ModelError
from agent.models.encoder.export import EncoderShape

__all__ = ["Fitted"]

_WEIGHT = "w:"


@dataclass(frozen=True, slots=True)
class Fitted:
    """Weights and tokeniser of one encoder.

    Attributes
    ----------
    weights
        float32, named as `agent.models.encoder.export.encoder_to_onnx` wants them.
    about
        Recipe, shape and ids of the special tokens; plain data.
    tokenizer
        JSON of the tokeniser.
    """

    weights: dict[str, NDArray[np.float32]]
    about: dict[str, Any]
    tokenizer: bytes

    @property
    def shape(self) -> EncoderShape:
        return EncoderShape(**self.about["shape"])

    def write(self, path: Path) -> None:
        """Write the file (``.npz``), whole or not at all."""
        partial = path.with_suffix(".partial.npz")
        contents: dict[str, Any] = {f"{_WEIGHT}{name}": value for name, value in self.weights.items()}
        contents["about"] = np.frombuffer(json.dumps(self.about).encode(), np.uint8)
        contents["tokenizer"] = np.frombuffer(self.tokenizer, np.uint8)
        np.savez(partial, **contents)
        partial.replace(path)

    @classmethod
    def read(cls, path: Path) -> Fitted:
        """Read the file.

        Raises
        ------
        ModelError
            When it is missing, or no such file.
        """
        try:
            with np.load(path, allow_pickle=False) as archive:
                names = [name for name in archive.files if name.startswith(_WEIGHT)]
                weights = {name.removeprefix(_WEIGHT): archive[name] for name in names}
                return cls(weights, json.loads(archive["about"].tobytes()), archive["tokenizer"].tobytes())
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(
                f"{path.name}: no fitted encoder there; run python -m agent.models.encoder.fit first"
            ) from error
