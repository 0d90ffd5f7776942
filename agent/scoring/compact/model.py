"""The built-in harm classifier as a whole: reads texts plainly, sends each to its encoder, gives calibrated scores."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agent.reading import read_plainly
from agent.scoring.compact.artefact import unpack
from agent.scoring.compact.languages import reads_as_english
from agent.scoring.compact.network import CompactEncoder

__all__ = ["HarmClassifier"]

_SIMPLIFIED = "simplified.json"


class HarmClassifier:
    """Scores texts in English and Chinese; in other languages by what the multilingual encoder carries over.

    Parameters
    ----------
    path
        The artefact; the one shipped with harmwatch when None.
    threads
        Threads of one pass through a network.
    max_windows
        Windows of one text that are looked at; a longer text keeps its beginning and its end.

    Attributes
    ----------
    version, threshold
        Of the artefact.

    Raises
    ------
    ModelError
        The artefact is missing or damaged, or ONNX Runtime is.
    """

    def __init__(self, path: Path | None, threads: int, max_windows: int) -> None:
        about, members = unpack(path)
        self.version = about.version
        self.threshold = about.threshold
        table: dict[str, str] = json.loads(members.get(_SIMPLIFIED, b"{}"))
        self._simplified = {ord(old): new for old, new in table.items()}
        self._encoders = {
            settings.name: CompactEncoder(
                settings,
                members[f"{settings.name}.onnx"],
                members[f"{settings.name}.tokenizer.json"],
                threads,
                max_windows,
            )
            for settings in about.encoders
        }

    def scores(self, texts: Sequence[str]) -> tuple[NDArray[np.float64], list[bool]]:
        """Score in [0, 1] of each raw text, float64 [n], and whether part of it was not looked at.

        A text without visible characters scores 0.
        """
        plain = [read_plainly(text, self._simplified) for text in texts]
        english = [reads_as_english(text) for text in plain]
        logits = np.full(len(texts), -np.inf)
        truncated = [False] * len(texts)
        for name, encoder in self._encoders.items():
            places = [place for place, is_english in enumerate(english) if is_english == (name == "english")]
            if places:
                logits[places], cut = encoder.logits([plain[place] for place in places])
                for place, was_cut in zip(places, cut, strict=True):
                    truncated[place] = was_cut
        return 1.0 / (1.0 + np.exp(-np.clip(logits, -40.0, 40.0))) * np.isfinite(logits), truncated
