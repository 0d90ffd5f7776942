"""The noise: OpenDP's discrete Laplace mechanism on vectors of integer counts.

Integers all the way: sampling is exact (Canonne, Kamath and Steinke, NeurIPS 2020, section 5.2, in OpenDP's Rust core),
so that the floating-point attack on the textbook Laplace mechanism (Mironov, CCS 2012) has nothing to work with.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from importlib.metadata import PackageNotFoundError, version
from math import inf, nextafter
from typing import Any

from agent.errors import ConfigError

__all__ = ["CountMechanism", "opendp_version"]

_INSTALL = "pip install 'harmwatch[assess]'"


class CountMechanism:
    """Adds noise to counts that one unit (a person, say) can change by at most `sensitivity` in all.

    Parameters
    ----------
    sensitivity
        L1 sensitivity of the vector of counts, at least 1.
    epsilon
        Privacy loss bound. The scale is the smallest that OpenDP's own privacy map certifies for it.

    Attributes
    ----------
    scale
        Of the noise, in counts; about sensitivity / epsilon.
    epsilon
        What OpenDP's privacy map says is spent by one `draw`; never more than was asked for.

    Raises
    ------
    ConfigError
        When OpenDP is not installed.
    """

    __slots__ = ("_measurement", "epsilon", "scale")

    def __init__(self, sensitivity: int, epsilon: Fraction) -> None:
        scale = float(Fraction(sensitivity) / epsilon)
        while True:
            self._measurement = _laplace(scale)
            # OpenDP rounds upwards: with the quotient as it is the map can lie one unit in the last place too high.
            spent = Fraction(self._measurement.map(sensitivity))
            if spent <= epsilon:
                break
            scale = nextafter(scale, inf)
        self.scale = scale
        self.epsilon = spent

    def draw(self, counts: Sequence[int]) -> list[int]:
        """The counts, each with fresh noise of its own; they may be negative. Every call spends `epsilon`."""
        noisy: list[int] = self._measurement(list(counts))
        return noisy


def opendp_version() -> str:
    """The version of OpenDP that draws the noise.

    Raises
    ------
    ConfigError
        When OpenDP is not installed.
    """
    try:
        return version("opendp")
    except PackageNotFoundError:
        raise _missing() from None


def _missing() -> ConfigError:
    return ConfigError(f"--dp-epsilon needs OpenDP, which is not installed; {_INSTALL}")


def _laplace(scale: float) -> Any:
    try:
        import opendp.prelude as dp
    except ImportError:
        raise _missing() from None
    # OpenDP asks for this consent before it gives mechanisms whose proofs are not all vetted.
    dp.enable_features("contrib")
    return dp.m.make_laplace(dp.vector_domain(dp.atom_domain(T="i64")), dp.l1_distance(T="i64"), scale=scale)
