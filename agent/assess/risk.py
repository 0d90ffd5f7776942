"""The risk that somebody is found in a table, after El Emam: prosecutor, journalist, marketer.

K. El Emam, Guide to the De-Identification of Personal Health Information (2013); F. K. Dankar and
K. El Emam, A Method for Evaluating Marketer Re-identification Risk (2010). The attacker is assumed to know every
quasi-identifier of the target without error, and nothing else; each row to be another person.

- Prosecutor: knows that the target is in the table. Finds the right row in a class of f rows with probability 1/f.
- Journalist: does not know it, and looks for anybody. His chance is one over the size of the class in the population.
- Marketer: wants as many matches as possible; the share of rows that he matches rightly, on average.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.assess.population import estimate_population

__all__ = ["reidentification_risk"]

_THRESHOLDS = (0.05, 0.09, 0.2)


def reidentification_risk(sizes: Mapping[int, int], population: int | None) -> dict[str, Any]:
    """The three risks.

    Parameters
    ----------
    sizes
        Size of a class to how many classes have it; not empty.
    population
        Rows of the population; None, or not more than the table has, when the table is all of it. Then a journalist
        is a prosecutor, and the marketer's risk the prosecutor's average: the largest that they can be.

    Notes
    -----
    The average chance of a row over all simple random samples is (classes in the population) / (rows of it), since each
    class of F rows adds F times 1/F. Classes and uniques of the population are estimated, see
    `agent.assess.population`; null where the sample cannot tell.
    """
    rows = sum(size * count for size, count in sizes.items())
    classes = sum(sizes.values())
    average = classes / rows
    found: dict[str, Any] = {
        "prosecutor": {
            "maximum": 1.0 / min(sizes),
            "average": average,
            "rows_over": {
                str(limit): sum(size * count for size, count in sizes.items() if size * limit < 1.0) / rows
                for limit in _THRESHOLDS
            },
        },
        "sample_uniques": sizes.get(1, 0),
    }
    if population is None or population <= rows:
        return found | {
            "population": {"rows": rows, "given": False, "uniques": sizes.get(1, 0), "fit": None},
            "journalist": {"average": average},
            "marketer": {"average": average},
            "overall": average,
        }
    estimate = estimate_population(sizes, population)
    risk = None if estimate is None else min(average, estimate.classes / population)
    return found | {
        "population": {
            "rows": population,
            "given": True,
            "uniques": None if estimate is None else estimate.uniques,
            "fit": None if estimate is None else estimate.fit,
            "estimator": "Pitman's model, maximum likelihood (Hoshino 2001)",
        },
        "journalist": {"average": risk},
        "marketer": {"average": risk},
        "overall": average if risk is None else risk,
    }
