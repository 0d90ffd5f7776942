"""The Detector port: what is fed, what is said."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, NamedTuple, Protocol, TypeAlias

from agent.errors import ConfigError

__all__ = ["Detector", "Feed", "Reading", "expected_observations"]

Feed: TypeAlias = Literal["number", "category", "vector"]


class Reading(NamedTuple):
    """What a detector knows now.

    Attributes
    ----------
    statistic
        Of the last test; None before the first. The larger, the more drift.
    threshold
        From which statistic on drift is reported.
    observations
        Fed since the detector was made, those that were no value left out.
    detections
        Times that drift was reported.
    """

    statistic: float | None
    threshold: float
    observations: int
    detections: int


class Detector(Protocol):
    """Compares a stream with a reference, one observation at a time, for ever.

    Constructors take ``(reference, ert, seed=..., **options)``. ``ert``, the expected run time, is the mean number of
    observations until drift is reported, on a stream that comes from the distribution of the reference and whose
    observations are independent. Correlated observations (one user's messages in a row) make false alarms more
    frequent: that is not corrected.

    After a report the detector starts again, so a drift that lasts is reported again and again. Memory does not grow
    with the number of observations.
    """

    name: ClassVar[str]
    feeds: ClassVar[Feed]

    @classmethod
    def prepare(cls) -> None:
        """What takes long and is the same for all detectors with the default options; those made later are made fast.

        Raises
        ------
        ConfigError
            When a package that it needs is not installed.
        """

    def observe(self, value: Any) -> bool:
        """Feed one observation; True when it makes the detector report drift.

        NaN, and what is no value of the kind that `feeds` names, is left out.
        """

    def reading(self) -> Reading:
        """Statistic, threshold and counts."""


def expected_observations(ert_hours: float, events_per_hour: float, features: int = 1) -> float:
    """The run time of each of several detectors, so that all together have one false alarm per ``ert_hours``.

    Rates of false alarms add up whatever the dependence between features, so each gets ``features`` times the run time:
    what Bonferroni's correction is to tests, for detectors that never end.

    Parameters
    ----------
    events_per_hour
        Of each feature, given or measured. When the traffic grows afterwards, false alarms come sooner in proportion.

    Raises
    ------
    ConfigError
        When a number is not positive.
    """
    if not (ert_hours > 0.0 and events_per_hour > 0.0 and features > 0):
        raise ConfigError("drift: ert_hours, events per hour and the number of features must be greater than 0")
    return ert_hours * events_per_hour * features
