"""Vectors from a checkpoint of Hugging Face's transformers: the extra ``models``."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from agent.errors import ConfigError, ModelError

if TYPE_CHECKING:
    from agent.scoring.encoders.pooled import PooledEncoder

__all__ = ["CheckpointEmbedding"]


class CheckpointEmbedding:
    """Any encoder that transformers knows, in a directory: mean of the last layer over a text's tokens.

    Weights must be safetensors; no code of the directory's own is run, and nothing is downloaded. Of a text that is
    longer than the encoder's input, at most 512 tokens, the first and the last window are read.

    Raises
    ------
    ConfigError
        When there is no such directory, it has no safetensors, or torch or transformers are not installed.
    """

    def __init__(self, directory: str) -> None:
        self._path = Path(directory).expanduser()
        if not (self._path / "config.json").is_file():
            raise ConfigError(
                f"drift.embeddings.encoder: {directory} is no directory of a checkpoint with config.json; "
                "give one, or built_in"
            )
        missing = [package for package in ("torch", "transformers") if find_spec(package) is None]
        if missing:
            raise ConfigError(
                f"drift.embeddings.encoder: {missing[0]} is not installed; pip install 'harmwatch[models]', "
                "or set built_in"
            )
        if not any(self._path.glob("*.safetensors")):
            raise ConfigError(
                f"drift.embeddings.encoder: {directory} has no weights in safetensors; convert them, or set built_in"
            )
        self.version = f"checkpoint@{self._path.name}"
        self._encoder: PooledEncoder | None = None

    def warm_up(self) -> None:
        """Load the network.

        Raises
        ------
        ConfigError
            When files are missing or damaged, or are no safetensors.
        """
        if self._encoder is None:
            from agent.scoring.encoders.pooled import PooledEncoder

            try:
                self._encoder = PooledEncoder.load("embedding", str(self._path))
            except ModelError as error:
                said = str(error).removeprefix("scorer ").removeprefix("embedding: ")
                raise ConfigError(f"drift.embeddings.encoder: {said}") from error

    def vectors(self, texts: Sequence[str]) -> tuple[list[NDArray[np.float32] | None], list[bool]]:
        """See `agent.scoring.embedding.TextEncoder`."""
        if self._encoder is None:
            self.warm_up()
        assert self._encoder is not None, "this is a bug: warm_up left no encoder"
        return self._encoder.vectors(texts)
