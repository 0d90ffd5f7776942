"""Applications to the demo's loan model: fair at first, unfair to women while the planted disparity lasts."""

from __future__ import annotations

import math
import random
from typing import Final, NamedTuple

__all__ = ["APPROVED", "DECLINED", "Application", "application"]

APPROVED: Final = "approved"
DECLINED: Final = "declined"

_REGIONS: Final = ("north", "south", "east", "west")
_PURPOSES: Final = ("car", "home", "education", "business", "travel")

_LABEL_SHARE: Final = 0.7


class Application(NamedTuple):
    """One application and what the model made of it. ``label`` is what a careful human would have decided."""

    features: dict[str, object]
    decision: str
    score: float
    attributes: dict[str, str]
    label: str | None


def application(rng: random.Random, *, penalty: float = 0.0) -> Application:
    """Draw one application.

    Merit, features and label never depend on gender or region. About 63 % are approved; ``penalty`` is added to the
    log odds of women.
    """
    gender = rng.choice(("female", "male"))
    region = rng.choice(_REGIONS)
    merit = rng.gauss(0.0, 1.0)
    odds = 0.7 + 1.5 * merit + rng.gauss(0.0, 1.0)
    if gender == "female":
        odds += penalty
    score = 1.0 / (1.0 + math.exp(-odds))
    label = APPROVED if 0.7 + 1.5 * merit + rng.gauss(0.0, 0.7) > 0 else DECLINED
    return Application(
        features={
            "income": round(42_000 * math.exp(0.3 * merit + rng.gauss(0.0, 0.2))),
            "debt_ratio": round(min(0.95, max(0.02, 0.35 - 0.08 * merit + rng.gauss(0.0, 0.08))), 3),
            "years_employed": max(0, round(6 + 2 * merit + rng.gauss(0.0, 3.0))),
            "amount": rng.randrange(20, 600) * 100,
            "purpose": rng.choice(_PURPOSES),
        },
        decision=APPROVED if score >= 0.5 else DECLINED,
        score=round(score, 4),
        attributes={"gender": gender, "region": region},
        label=label if rng.random() < _LABEL_SHARE else None,
    )
