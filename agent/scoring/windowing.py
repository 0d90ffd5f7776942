"""Token windows over long texts: overlapping, bounded, and what is left out is said. Pure; knows no model library."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from agent.errors import ConfigError

__all__ = ["TokenIds", "WindowedTexts", "Windowing", "highest", "means"]

TokenIds: TypeAlias = Sequence[int] | NDArray[np.int32]

#: More characters than a token has on average in any language: only texts that cannot fit are cut before tokenising.
_CHARS_PER_TOKEN = 8


class WindowedTexts(NamedTuple):
    """The windows of several texts.

    Attributes
    ----------
    windows
        Token ids, without special tokens; a text's windows stand together, in order. None is empty.
    owners
        For each window the index of its text, rising.
    truncated
        For each text whether part of it is in no window.
    """

    windows: list[TokenIds]
    owners: NDArray[np.intp]
    truncated: list[bool]


@dataclass(frozen=True, slots=True)
class Windowing:
    """How texts become windows.

    A text of more than `max_windows` windows keeps its beginning and its end, and is truncated in between.

    Parameters
    ----------
    length
        Tokens of a window, special tokens not counted; at least 1.
    overlap
        Tokens that a window has in common with the next one, less than `length`. What is harmful only as a whole and
        not longer than this is seen whole.
    max_windows
        Bound on the windows of one text, at least 2.

    Raises
    ------
    ConfigError
        When a value is out of range.
    """

    length: int
    overlap: int
    max_windows: int

    def __post_init__(self) -> None:
        if self.length < 1 or not 0 <= self.overlap < self.length:
            raise ConfigError("windows: the overlap must be 0 or more, and less than the window's length")
        if self.max_windows < 2:
            raise ConfigError("windows: max_windows must be 2 or more")

    def pieces(self, text: str) -> list[str]:
        """What of a text to tokenise: all of it, or its two ends when it cannot fit. Lone surrogates become ``?``."""
        half = self.max_windows // 2 * self.length * _CHARS_PER_TOKEN
        pieces = [text] if len(text) <= 2 * half else [text[:half], text[-half:]]
        # Fast tokenisers refuse lone surrogates.
        return [piece.encode("utf-8", "replace").decode() for piece in pieces]

    def cut(self, pieces: Sequence[TokenIds]) -> tuple[list[TokenIds], bool]:
        """The windows of one text, given the tokens of its `pieces`; whether something was left out."""
        step = self.length - self.overlap
        windows: list[TokenIds] = []
        for ids in pieces:
            last = max(len(ids) - self.overlap, 1)
            windows += [ids[begin : begin + self.length] for begin in range(0, last, step)] if len(ids) else []
        if len(windows) > self.max_windows:
            head = self.max_windows // 2
            return windows[:head] + windows[head - self.max_windows :], True
        return windows, len(pieces) > 1

    def cut_all(self, texts: Iterable[Sequence[TokenIds]]) -> WindowedTexts:
        """The windows of several texts, each given as the tokens of its `pieces`. A text without tokens has none."""
        windows: list[TokenIds] = []
        owners: list[int] = []
        truncated: list[bool] = []
        for owner, pieces in enumerate(texts):
            own, left_out = self.cut(pieces)
            windows += own
            owners += [owner] * len(own)
            truncated.append(left_out)
        return WindowedTexts(windows, np.asarray(owners, dtype=np.intp), truncated)


def highest(scores: NDArray[np.float32], owners: NDArray[np.intp], texts: int) -> NDArray[np.float32]:
    """The highest score of each text's windows, column by column; 0 for a text without windows.

    Parameters
    ----------
    scores
        Shape (windows, columns), 0 or more each.
    owners
        Shape (windows,), the index of each window's text, below `texts`.

    Returns
    -------
    ndarray
        Shape (texts, columns).
    """
    best = np.zeros((texts, scores.shape[1]), dtype=np.float32)
    np.maximum.at(best, owners, scores)
    return best


def means(vectors: NDArray[np.float32], owners: NDArray[np.intp], texts: int) -> list[NDArray[np.float32] | None]:
    """The mean of each text's windows, of shape (columns,); None for a text without windows.

    Parameters
    ----------
    vectors
        Shape (windows, columns).
    owners
        Shape (windows,), the index of each window's text, below `texts`.
    """
    found: list[NDArray[np.float32] | None] = [None] * texts
    for text in np.unique(owners):
        found[text] = vectors[owners == text].mean(axis=0)
    return found
