"""Online detectors of alibi-detect behind our port: the extra ``drift``.

alibi-detect is under the Business Source Licence 1.1: production use needs Seldon's licence. Nothing of harmwatch needs
it, and it is imported when one of these detectors is made.

Its online detectors append every statistic, every decision and, for CVM, every observation to arrays of their own,
copied each time. Here these histories are cut to what the next step reads, so that memory is flat and a step costs the
same after a million. Their thresholds are fixed at the start by bootstrap from the reference, which takes seconds to
minutes and grows with ``ert``: they suit short expected run times, and streams of low rate.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from importlib import import_module
from importlib.util import find_spec
from typing import Any, ClassVar

import numpy as np

from agent.drift.base import Feed, Reading
from agent.drift.reference import VectorReference
from agent.errors import ConfigError

__all__ = ["AlibiDetector", "CvmDetector", "LsddDetector", "MmdDetector"]

#: A few more than none: cutting costs a copy, and so does every step of a long history.
_KEPT_STEPS = 256


class AlibiDetector(ABC):
    """What the adapters share. Run times are alibi-detect's promise, not ours; tests/bench/drift.py measures them.

    Parameters
    ----------
    reference
        At least ten windows. Kept as it is: n vectors, and for MMD their n * n kernel.
    ert
        See `agent.drift.base.Detector`; at least two windows.
    window
        Observations in the window of tests.
    bootstraps
        Streams that are simulated for the thresholds; should be well over ``ert``.
    seed
        Sets the global generators of NumPy and, for MMD and LSDD, of torch, which alibi-detect draws from; they are
        set back afterwards.

    Raises
    ------
    ConfigError
        When alibi-detect is not installed; for a reference or a run time that is too small.
    """

    name: ClassVar[str]
    feeds: ClassVar[Feed] = "vector"
    default_window: ClassVar[int] = 20
    #: The bootstrap cannot tell longer run times: alibi-detect wants ten times as many draws as the run is long.
    longest: ClassVar[float] = 500.0

    def __init__(
        self,
        reference: VectorReference,
        ert: float,
        *,
        window: int = default_window,
        bootstraps: int = 5_000,
        seed: int = 0,
    ) -> None:
        if window < 2 or reference.total < 10 * window or not 2.0 * window <= ert < 1e7:
            raise ConfigError(
                f"drift: {self.name} needs a reference of at least ten windows and an expected run time of at least two"
            )
        self._size = window
        self._width = reference.vectors.shape[1]
        self._made = self._make(self._package(), reference.vectors, ert, bootstraps, seed)
        self._observations = self._detections = 0
        self._statistic: float | None = None
        self._threshold = float("inf")

    @classmethod
    def prepare(cls) -> None:
        """See `agent.drift.base.Detector.prepare`."""
        cls._package()

    @classmethod
    def check_installed(cls) -> None:
        """Whether alibi-detect is there, without the seconds that its import takes.

        Raises
        ------
        ConfigError
            When it is not.
        """
        if find_spec("alibi_detect") is None:
            raise cls._absent()

    @classmethod
    def _absent(cls) -> ConfigError:
        return ConfigError(
            f"drift: {cls.name} needs alibi-detect (Business Source Licence 1.1): pip install 'harmwatch[drift]'"
        )

    @classmethod
    def _package(cls) -> Any:
        try:
            return import_module("alibi_detect.cd")
        except ImportError:
            raise cls._absent() from None

    @abstractmethod
    def _make(self, package: Any, vectors: Any, ert: float, bootstraps: int, seed: int) -> Any:
        """alibi-detect's own detector."""

    @abstractmethod
    def _inner(self) -> Any:
        """The object that holds the histories."""

    def observe(self, value: Any) -> bool:
        """See `agent.drift.base.Detector.observe`; ``value`` is a vector of shape (d,)."""
        vector = np.asarray(value, dtype=np.float32)
        if vector.shape != (self._width,) or not np.isfinite(vector).all():
            return False
        self._observations += 1
        answer = self._made.predict(self._shaped(vector))["data"]
        self._statistic = _number(answer["test_stat"])
        self._threshold = _number(answer["threshold"])
        if not answer["is_drift"]:
            if len(self._inner().test_stats) > _KEPT_STEPS:
                self._cut(self._inner())
            return False
        self._detections += 1
        self._made.reset_state()
        return True

    def _shaped(self, vector: Any) -> Any:
        return vector

    def _cut(self, inner: Any) -> None:
        inner.test_stats = inner.test_stats[-1:].copy()
        inner.drift_preds = inner.drift_preds[-1:].copy()

    def reading(self) -> Reading:
        """See `agent.drift.base.Detector.reading`; the threshold is infinite before the first test."""
        return Reading(self._statistic, self._threshold, self._observations, self._detections)


class _KernelDetector(AlibiDetector):
    kind: ClassVar[str]

    def _make(self, package: Any, vectors: Any, ert: float, bootstraps: int, seed: int) -> Any:
        torch = import_module("torch")
        with torch.random.fork_rng(devices=[]), _numpy_seed(seed), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.manual_seed(seed)
            return getattr(package, self.kind)(
                vectors,
                ert=ert,
                window_size=self._size,
                backend="pytorch",
                n_bootstraps=bootstraps,
                device="cpu",
                verbose=False,
            )

    def _inner(self) -> Any:
        return self._made._detector


class MmdDetector(_KernelDetector):
    """Maximum mean discrepancy with a Gaussian kernel of median width: any change of vectors."""

    name: ClassVar[str] = "alibi_mmd"
    kind: ClassVar[str] = "MMDDriftOnline"


class LsddDetector(_KernelDetector):
    """Least-squares density difference over kernel centres: cheaper than MMD where the reference is large."""

    name: ClassVar[str] = "alibi_lsdd"
    kind: ClassVar[str] = "LSDDDriftOnline"


class CvmDetector(AlibiDetector):
    """Cramer and von Mises's statistic of numbers, given as vectors of one: beside our ``ks`` and ``cusum``."""

    name: ClassVar[str] = "alibi_cvm"

    def _make(self, package: Any, vectors: Any, ert: float, bootstraps: int, seed: int) -> Any:
        if self._width != 1:
            raise ConfigError("drift: alibi_cvm takes vectors of one number")
        with _numpy_seed(seed), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return package.CVMDriftOnline(
                vectors, ert=ert, window_sizes=[self._size], n_bootstraps=bootstraps, verbose=False
            )

    def _inner(self) -> Any:
        return self._made

    def _shaped(self, vector: Any) -> Any:
        return vector[None, :]

    def _cut(self, inner: Any) -> None:
        super()._cut(inner)
        inner.xs = inner.xs[-self._size :].copy()


class _numpy_seed:  # noqa: N801 - reads as a verb
    """The global generator of NumPy, seeded for a while."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def __enter__(self) -> None:
        self._before = np.random.get_state()
        np.random.seed(self._seed)

    def __exit__(self, *_: object) -> None:
        np.random.set_state(self._before)


def _number(value: Any) -> float:
    """A figure that comes as a float, or as an array of one; infinite while there is no threshold yet."""
    number = float(np.asarray(value, dtype=float).reshape(-1)[0])
    return number if number == number else float("inf")
