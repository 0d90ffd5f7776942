"""Two windows of several features compared once, with p-values corrected for the number of features."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from agent.drift.two_sample import fisher, ks
from agent.errors import DataError
from agent.significance import chi_square, holm

__all__ = ["FeatureComparison", "compare"]


class FeatureComparison(NamedTuple):
    """One feature in both windows.

    Attributes
    ----------
    test
        ``ks`` for numbers, ``fisher`` for two categories, ``chi_square`` for more.
    p_value, adjusted
        Of the test alone, and corrected by `agent.significance.holm` over the features compared.
    """

    feature: str
    test: str
    statistic: float
    p_value: float
    adjusted: float


def compare(
    reference: Mapping[str, Sequence[float] | Sequence[str]], window: Mapping[str, Sequence[float] | Sequence[str]]
) -> list[FeatureComparison]:
    """Compare every feature that both have, in the order of the reference.

    For windows that are looked at once. Looking again with every new event would find drift sooner or later in any
    stream: that is what detectors with an expected run time are for.

    Raises
    ------
    DataError
        When they share no feature, or a feature has no value on one side.
    """
    features = [feature for feature in reference if feature in window]
    if not features:
        raise DataError("reference and window have no feature in common")
    results = [_one(feature, reference[feature], window[feature]) for feature in features]
    adjusted = holm([result.p_value for result in results])
    return [result._replace(adjusted=value) for result, value in zip(results, adjusted, strict=True)]


def _one(
    feature: str, first: Sequence[float] | Sequence[str], second: Sequence[float] | Sequence[str]
) -> FeatureComparison:
    if not len(first) or not len(second):
        raise DataError("a feature has no value in one of the two windows")
    if not isinstance(first[0], str) and not isinstance(second[0], str):
        numbers = ks([float(value) for value in first], [float(value) for value in second])
        test, statistic, p_value = "ks", numbers.statistic, numbers.p_value
    else:
        counts = Counter(map(str, first)), Counter(map(str, second))
        names = sorted(counts[0] | counts[1])
        table = [[count[name] for name in names] for count in counts]
        if len(names) == 2:
            exact = fisher(table)
            test, statistic, p_value = "fisher", exact.statistic, exact.p_value
        else:
            pearson = chi_square(table)
            test, statistic, p_value = "chi_square", pearson.statistic, pearson.p_value
    return FeatureComparison(feature, test, statistic, p_value, p_value)
