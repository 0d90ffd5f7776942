"""Operators' marks on findings (the console's feedback), held against a threshold.

They are no labelled data: only what reached the threshold of its day was ever marked, and only what somebody looked at.
So they say nothing of false-positive rate or recall. What they can say is precision, from the lowest threshold that was
in force upwards: selecting by score alone does not change how often a finding of that score is right. Selecting by
looks does, which no computation mends.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from agent.errors import ConfigError, DataError
from agent.windows.base import CONFIDENCE
from agent.windows.intervals import wilson, z_value

__all__ = ["LEAST_MARKS", "MarkedPrecision", "Marks", "read_marks"]

_F64: TypeAlias = NDArray[np.float64]

LEAST_MARKS: Final = 10
"""As many marks support a precision at the least: in calibration, on the console, on dashboards and in the rules."""

_MOST_BYTES: Final = 256 * 1024 * 1024
_CANDIDATES: Final = 20
_MOST_VERSIONS: Final = 8
_LONGEST_NAME: Final = 80


class _Line(msgspec.Struct):
    """What is read of a mark; see `streams.console.feedback.Feedback`."""

    id: str
    category: str
    correct: bool
    score: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
    scorers: dict[str, str]


class MarkedPrecision(msgspec.Struct, frozen=True):
    """Precision of findings at a threshold, by marks; ``value`` and ``interval`` (95 %, Wilson) None without any."""

    marked: int
    correct: int
    value: float | None
    interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of one scorer in its own scores.

    Attributes
    ----------
    scores, correct
        float64 [n] in [0, 1]; bool [n].
    other_category, other_version
        Marks that were passed over: of other categories; of another version of the scorer, or of calibrated scores,
        which are on another scale.
    passed_over
        Of the latter, how many of which name and version, the most first; ``?`` where the mark does not say.
    """

    scores: _F64
    correct: NDArray[np.bool_]
    other_category: int
    other_version: int
    passed_over: Mapping[str, int]

    def precision(self, threshold: float) -> MarkedPrecision:
        """Of the marked findings that reach a raw threshold."""
        return self._precision(threshold, 1)

    def threshold_for(self, least_precision: float) -> float:
        """The lowest raw threshold at which precision is at least this, by the lower bound of its interval.

        At most twenty thresholds are tried, at quantiles of the marked scores; intervals hold together (Bonferroni).

        Raises
        ------
        DataError
            When no threshold is supported by the marks.
        """
        if len(self.scores) >= LEAST_MARKS:
            steps = np.quantile(self.scores, np.linspace(0.0, 1.0, _CANDIDATES), method="lower")
            for threshold in np.unique(steps).tolist():
                found = self._precision(threshold, _CANDIDATES)
                if found.marked >= LEAST_MARKS and found.interval is not None and found.interval[0] >= least_precision:
                    return float(threshold)
        others = ", ".join(f"{number} of {version}" for version, number in self.passed_over.items())
        hint = f"; passed over: {others} (give --config with the scorer that was marked)" if others else ""
        raise DataError(
            f"no threshold is shown to have a precision of {least_precision:g} by {len(self.scores)} marks of this "
            f"scorer and version{hint or '; mark more findings, or ask for less'}"
        )

    def _precision(self, threshold: float, comparisons: int) -> MarkedPrecision:
        reached = self.scores >= threshold
        marked, correct = int(reached.sum()), int(self.correct[reached].sum())
        if not marked:
            return MarkedPrecision(0, 0, None, None)
        bounds = wilson(correct / marked, marked, z_value(CONFIDENCE, comparisons))
        return MarkedPrecision(marked, correct, correct / marked, (bounds.lower, bounds.upper))


def read_marks(path: Path, scorer: str, version: str) -> Marks:
    """Read JSON Lines of marks; of each finding the last one counts.

    Raises
    ------
    ConfigError
        When the file cannot be read, or is too large.
    DataError
        For a line that is no mark.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"--feedback {path}: cannot be read ({error.strerror})") from None
    if len(content) > _MOST_BYTES:
        raise ConfigError(f"--feedback {path}: is larger than {_MOST_BYTES >> 20} MiB; give the latest marks only")
    decoder = msgspec.json.Decoder(_Line)
    held: dict[tuple[str, str], _Line] = {}
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        try:
            mark = decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise DataError(f"--feedback {path}: line {number} is no mark") from None
        held[mark.id, mark.category] = mark
    of_scorer = [mark for mark in held.values() if mark.category == scorer]
    used = [mark for mark in of_scorer if mark.scorers.get(scorer) == version]
    others = Counter(
        f"{scorer} {mark.scorers.get(scorer, '?')}"[:_LONGEST_NAME]
        for mark in of_scorer
        if mark.scorers.get(scorer) != version
    )
    return Marks(
        *_arrays(used), len(held) - len(of_scorer), len(of_scorer) - len(used), dict(others.most_common(_MOST_VERSIONS))
    )


def _arrays(marks: Sequence[_Line]) -> tuple[_F64, Any]:
    return np.array([mark.score for mark in marks], np.float64), np.array([mark.correct for mark in marks], np.bool_)
