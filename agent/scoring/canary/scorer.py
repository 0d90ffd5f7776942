"""The `canary` scorer: registered values that a model must never tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agent.errors import ConfigError
from agent.events import DIRECTIONS, Direction
from agent.scores import Dimension, ScoreRow, TextSpan
from agent.scoring.base import Batch, Lane
from agent.scoring.canary.finder import CanaryFinder, Hit
from agent.scoring.canary.keys import DEFAULT_KEY_VARIABLE, CanaryKeys, read_key
from agent.scoring.canary.registry import CanaryFile

__all__ = ["CATEGORY", "SPAN_TYPE", "CanaryScorer"]

CATEGORY = "pii.canary"
SPAN_TYPE = "CANARY"
_CLEAN = ScoreRow({})


class CanaryScorer:
    """Finds values of which only keyed hashes are known (Carlini et al., The Secret Sharer, USENIX Security 2019).

    The score is 1.0 for a text that holds one. Spacing, punctuation, case, width, accents and characters that draw
    nothing make no difference (`agent.canonical`); a value that is split over several texts, encoded or put in other
    words is not found. The explanation names the operator's label, never the value.

    Inputs are searched too: what is found there is to be redacted, and tells an echo from a leak.

    Linear in the length of the text, whatever it holds, and independent of the number of values.

    Parameters
    ----------
    file
        Written by ``harmwatch canaries``.
    key
        Where its key is: ``{"env": NAME}`` or ``{"file": PATH}``; the variable HARMWATCH_CANARY_KEY when None.

    Raises
    ------
    ConfigError
        Without a file. `warm_up` raises it when the file or the key cannot be read or do not fit together.
    """

    name = "canary"
    version = "hmac@1"
    lane: Lane = "host"
    directions: frozenset[Direction] = frozenset(DIRECTIONS)
    categories: Mapping[str, Dimension] = {CATEGORY: "privacy"}
    thresholds: Mapping[str, float] = {CATEGORY: 0.5}

    def __init__(self, file: str | Path | None = None, key: Mapping[str, Any] | None = None) -> None:
        if not isinstance(file, str | Path) or not str(file):
            raise ConfigError("scorer canary: set file to a file that harmwatch canaries wrote")
        self._path = Path(file)
        self._key = {"env": DEFAULT_KEY_VARIABLE} if key is None else key
        self._finder: CanaryFinder | None = None

    def warm_up(self) -> None:
        """Read the key and the file.

        Raises
        ------
        ConfigError
            When one cannot be read, or the file was written under another key.
        """
        self._load()

    def score(self, batch: Batch) -> Sequence[ScoreRow]:
        """A span for each value, raw view; values that overlap share one."""
        finder = self._finder or self._load()
        return [_row(hits) if hits else _CLEAN for hits in finder.find(batch.texts("raw")).hits]

    def _load(self) -> CanaryFinder:
        keys = CanaryKeys(read_key(self._key))
        self._finder = finder = CanaryFinder(CanaryFile.load(self._path, keys).canaries, keys)
        finder.find(["warm-up 1234, 预热。"])
        return finder


def _row(hits: Sequence[Hit]) -> ScoreRow:
    merged: list[tuple[int, int, set[str]]] = []
    for start, end, label in hits:
        if merged and start < merged[-1][1]:
            low, high, labels = merged[-1]
            merged[-1] = (low, max(high, end), labels | {label})
        else:
            merged.append((start, end, {label}))
    spans = tuple(TextSpan(start, end, CATEGORY, SPAN_TYPE, 1.0, _explanation(labels)) for start, end, labels in merged)
    return ScoreRow({CATEGORY: 1.0}, spans, _explanation({hit.label for hit in hits}))


def _explanation(labels: set[str]) -> str:
    return f"registered canary: {', '.join(sorted(labels))}"
