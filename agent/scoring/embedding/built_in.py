"""Vectors from the encoder that is shipped for toxicity: no extra, English and Chinese in one space."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from agent.reading import read_plainly
from agent.scoring.compact.artefact import MULTILINGUAL, VERSION, unpack
from agent.scoring.compact.model import simplified_forms
from agent.scoring.compact.network import LAYER, CompactEncoder, with_output

__all__ = ["BuiltInEmbedding"]

#: Of a longer text the first and the last 94 tokens are read.
_WINDOWS = 2


class BuiltInEmbedding:
    """The multilingual encoder of the built-in classifier, and of it the layer before the last: 384 numbers.

    The multilingual one for all texts, since vectors of two encoders cannot be compared. It was trained to tell harmful
    texts from others: its vectors show that most clearly, and what texts are about less so than those of an encoder
    that was made for retrieval.
    """

    version = f"builtin@{VERSION}"

    def __init__(self) -> None:
        self._encoder: CompactEncoder | None = None
        self._simplified: dict[int, str] = {}

    def warm_up(self) -> None:
        """Read the artefact.

        Raises
        ------
        ModelError
            When it is missing or damaged, or ONNX Runtime is.
        """
        if self._encoder is not None:
            return
        about, members = unpack(None)
        settings = next(each for each in about.encoders if each.name == MULTILINGUAL)
        self._simplified = simplified_forms(members)
        graph = with_output(members[f"{MULTILINGUAL}.onnx"], LAYER)
        self._encoder = CompactEncoder(settings, graph, members[f"{MULTILINGUAL}.tokenizer.json"], 1, _WINDOWS)

    def vectors(self, texts: Sequence[str]) -> tuple[list[NDArray[np.float32] | None], list[bool]]:
        """See `agent.scoring.embedding.TextEncoder`; vectors of shape (384,)."""
        if self._encoder is None:
            self.warm_up()
        assert self._encoder is not None, "this is a bug: warm_up left no encoder"
        return self._encoder.vectors([read_plainly(text, self._simplified) for text in texts])
