"""Calibrations: what a scorer's score means on labelled data, and the threshold that goes with it.

A versioned JSON file, written by ``harmwatch calibrate`` and named by ``scorers.<name>.calibration``. It holds no text.
"""

from __future__ import annotations

import hashlib
import json
from itertools import pairwise
from math import ceil
from pathlib import Path
from typing import Annotated, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from agent.errors import ConfigError

__all__ = [
    "SCHEMA_VERSION",
    "Calibration",
    "CalibrationError",
    "DataNote",
    "IsotonicMap",
    "Map",
    "PlattMap",
    "ThresholdNote",
    "advised_negatives",
    "log_odds",
]

SCHEMA_VERSION = 1

_MAX_BYTES = 16_000_000
# Beyond this a score is as good as certain; its log odds would be infinite.
_EDGE = 1e-9

_F64: TypeAlias = NDArray[np.float64]
_Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
_Bounds: TypeAlias = tuple[_Share, _Share]


def advised_negatives(target_fpr: float) -> int:
    """Negatives from which a threshold is steady: three false positives' worth, or it rests on one text or two."""
    return ceil(3.0 / target_fpr - 1e-9)


def log_odds(scores: _F64) -> _F64:
    """``log(s / (1 - s))``, finite for 0 and 1 too."""
    clipped = np.clip(scores, _EDGE, 1.0 - _EDGE)
    result: _F64 = np.log(clipped) - np.log1p(-clipped)
    return result


class IsotonicMap(msgspec.Struct, frozen=True, tag="isotonic", tag_field="method"):
    """Straight lines between knots; `scores` rise strictly from 0 to 1, `values` rise with them."""

    scores: tuple[_Share, ...]
    values: tuple[_Share, ...]

    def check(self) -> None:
        """Raise ValueError when the knots are none."""
        if len(self.scores) != len(self.values) or len(self.scores) < 2:
            raise ValueError("number of knots")
        if (self.scores[0], self.scores[-1]) != (0.0, 1.0) or any(low >= high for low, high in pairwise(self.scores)):
            raise ValueError("scores of the knots")
        if any(low > high for low, high in pairwise(self.values)):
            raise ValueError("values of the knots")

    def apply(self, scores: _F64) -> _F64:
        result: _F64 = np.interp(scores, self.scores, self.values)
        return result


class PlattMap(msgspec.Struct, frozen=True, tag="platt", tag_field="method"):
    """``1 / (1 + exp(-(slope * log_odds(score) + intercept)))`` (Platt 1999)."""

    slope: Annotated[float, msgspec.Meta(gt=0.0)]
    intercept: float

    def check(self) -> None:
        """Raise ValueError when a coefficient is no number."""
        if not (np.isfinite(self.slope) and np.isfinite(self.intercept)):
            raise ValueError("coefficients")

    def apply(self, scores: _F64) -> _F64:
        margin = self.slope * log_odds(scores) + self.intercept
        result: _F64 = 1.0 / (1.0 + np.exp(-np.clip(margin, -500.0, 500.0)))
        return result


Map: TypeAlias = IsotonicMap | PlattMap


class DataNote(msgspec.Struct, frozen=True):
    """What a calibration was made from. `sha256` is over scores, labels and languages in order, not over texts."""

    files: tuple[str, ...]
    sha256: str
    n: int
    positives: int
    negatives: int
    unlabelled: int = 0


class ThresholdNote(msgspec.Struct, frozen=True):
    """A threshold and how far it can be trusted. Intervals hold 95 %.

    Attributes
    ----------
    value, interval
        In calibrated scores: what findings are judged by.
    raw, raw_interval
        The same in the scorer's own scores.
    negatives, false_positives
        How many texts of the negative class support it, and how many of them reach it.
    fpr_interval
        Wilson's, of the share of `false_positives`.
    recall, recall_interval
        Share of the positives that reach it, None without positives.
    """

    value: Annotated[float, msgspec.Meta(gt=0.0, le=1.0)]
    interval: _Bounds
    raw: _Share
    raw_interval: _Bounds
    negatives: int
    false_positives: int
    fpr: _Share
    fpr_interval: _Bounds
    positives: int
    recall: _Share | None = None
    recall_interval: _Bounds | None = None


class CalibrationError(msgspec.Struct, frozen=True):
    """Expected calibration error and Brier score before and after, by cross-fitting: no text judges its own fit."""

    ece_before: float
    ece_after: float
    brier_before: float
    brier_after: float
    folds: int
    bins: int


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """One file. ``apply`` gives calibrated scores, ``threshold.value`` the threshold for them."""

    schema_version: int
    created: str
    task: str
    scorer: str
    scorer_version: str
    data: DataNote
    target_fpr: _Share
    map: Map
    threshold: ThresholdNote
    by_lang: dict[str, ThresholdNote] = {}
    skipped_langs: dict[str, int] = {}
    calibration_error: CalibrationError | None = None

    @classmethod
    def load(cls, path: Path) -> Calibration:
        """Read and check a file.

        Raises
        ------
        ConfigError
            When it cannot be read, is no calibration, or is one of another schema version.
        """
        try:
            with path.open("rb") as stream:
                content = stream.read(_MAX_BYTES + 1)
        except OSError as error:
            raise ConfigError(f"calibration {path}: cannot be read ({error.strerror})") from None
        try:
            plain = msgspec.json.decode(content)
            version = plain["schema_version"]
        except (msgspec.DecodeError, UnicodeDecodeError, TypeError, KeyError, RecursionError):
            raise ConfigError(f"calibration {path}: is no calibration; make one with harmwatch calibrate") from None
        if version != SCHEMA_VERSION:
            raise ConfigError(
                f"calibration {path}: is of another schema version, this harmwatch reads {SCHEMA_VERSION}; recalibrate"
            )
        try:
            found = msgspec.convert(plain, cls)
            found.map.check()
        except (msgspec.ValidationError, ValueError):
            raise ConfigError(f"calibration {path}: is damaged; make it again with harmwatch calibrate") from None
        return found

    def encode(self) -> bytes:
        """The file's content: indented JSON, so that a change shows in a diff."""
        return json.dumps(msgspec.to_builtins(self), ensure_ascii=False, indent=1).encode() + b"\n"

    @property
    def mark(self) -> str:
        """Eight hexadecimal digits that tell this calibration from others, whatever file it stands in."""
        return hashlib.sha256(self.encode()).hexdigest()[:8]

    @property
    def caution(self) -> str:
        """What to know before its threshold is used, one line; "" when it rests on enough texts of label 0.

        The target holds in either case as the expected rate on new texts; with few texts the rate of this very
        threshold may lie further from it.
        """
        found = self.threshold
        if found.negatives * self.target_fpr > 3.0 - 1e-9 or not self.target_fpr:
            return ""
        return (
            f"its threshold rests on {found.negatives} texts of label 0, for a target of {self.target_fpr:g} "
            f"{advised_negatives(self.target_fpr)} are advised; the true rate may be up to {found.fpr_interval[1]:.3f}"
        )

    def apply(self, scores: _F64) -> _F64:
        """Calibrated scores, in [0, 1]; never fall where the raw scores rise.

        Parameters
        ----------
        scores
            Raw scores in [0, 1], of any shape.
        """
        return np.clip(self.map.apply(scores), 0.0, 1.0)
