"""The built-in harm classifier as a whole: reads texts plainly, sends each to its encoder, gives calibrated scores."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agent.reading import read_plainly
from agent.scoring.compact.artefact import ENGLISH, MULTILINGUAL, unpack
from agent.scoring.compact.languages import other_part, reads_as_english
from agent.scoring.compact.network import CompactEncoder

__all__ = ["HarmClassifier", "simplified_forms"]

# A fragment in another language has lost its context: what it says counts for less.
_FRAGMENT = 1.0

_SIMPLIFIED = "simplified.json"


def simplified_forms(members: Mapping[str, bytes]) -> dict[int, str]:
    """For `str.translate`: the artefact's traditional characters with their simplified forms."""
    table: dict[str, str] = json.loads(members.get(_SIMPLIFIED, b"{}"))
    return {ord(old): new for old, new in table.items()}


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
        self._simplified = simplified_forms(members)
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

        A text without visible characters scores 0. Of one that both encoders read the higher score counts.
        """
        plain = [read_plainly(text, self._simplified) for text in texts]
        readings: dict[str, list[tuple[int, str, float]]] = {ENGLISH: [], MULTILINGUAL: []}
        for place, text in enumerate(plain):
            english = reads_as_english(text)
            own, other = (ENGLISH, MULTILINGUAL) if english else (MULTILINGUAL, ENGLISH)
            readings[own].append((place, text, 0.0))
            if part := other_part(text, english):
                readings[other].append((place, part, _FRAGMENT))
        logits = np.full(len(texts), -np.inf)
        truncated = [False] * len(texts)
        for name, chosen in readings.items():
            if chosen:
                found, cut = self._encoders[name].logits([text for _, text, _ in chosen])
                for (place, _, less), logit, was_cut in zip(chosen, found, cut, strict=True):
                    logits[place] = max(logits[place], logit - less)
                    truncated[place] = truncated[place] or was_cut
        return 1.0 / (1.0 + np.exp(-np.clip(logits, -40.0, 40.0))) * np.isfinite(logits), truncated
