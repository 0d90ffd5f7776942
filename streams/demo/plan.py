"""When the demo's incidents happen, how many calls they turn bad, and which model is called how often meanwhile.

What tells an incident from a quiet day is a test that needs numbers: a few insults among twenty answers prove little.
In a run of many thousands of calls incidents are as faint as they may be in life. In a shorter one they are pronounced
instead, and the model concerned gets more of the calls meanwhile: detector and agent are the same in both, with the
same thresholds and least counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias, get_args

__all__ = ["CHAT", "FAINT_FROM", "INCIDENT_NAMES", "LEAST_EVENTS", "LOANS", "MODELS", "SUPPORT", "IncidentName",
           "Plan", "Plant", "plan_for"]  # fmt: skip

CHAT: Final = "chat-assistant"
SUPPORT: Final = "support-zh"
LOANS: Final = "loan-scorer"
MODELS: Final[tuple[str, ...]] = (CHAT, SUPPORT, LOANS)

IncidentName: TypeAlias = Literal["toxicity_burst", "pii_leak", "injection_campaign", "disparity"]
INCIDENT_NAMES: Final[tuple[IncidentName, ...]] = get_args(IncidentName)

#: Calls from which incidents are faint. With fewer the faint ones are missed now and then.
FAINT_FROM: Final = 8_000

#: Calls from which all four are found; of a hundred seeds tried at this number none missed one. A share needs thirty
#: answers of the past to be compared with, and enough harm in a tenth of the run; a disparity needs
#: ``windows.min_group`` decisions on either gender in a third of it. With 300 about every third seed misses one.
LEAST_EVENTS: Final = 500


class Plant(NamedTuple):
    """Where an incident lies (shares of the run) and how many of the model's calls it turns bad."""

    model: str
    start: float
    end: float
    share: float
    what: str


class Shares(NamedTuple):
    """Up to a share of the run, the models' shares of the calls, each added to those before it."""

    until: float
    models: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is planted in a run.

    Attributes
    ----------
    plants
        In the order in which a call's lot is cast.
    phases
        Who is called how often, in the order of time; the last one goes to the end.
    penalty
        Added to the log odds of whom the disparity hits.
    """

    plants: Mapping[IncidentName, Plant]
    phases: tuple[Shares, ...]
    penalty: float

    def model(self, position: float, draw: float) -> str:
        """The model that a call at this share of the run goes to, by a number drawn from [0, 1)."""
        phase = next((phase for phase in self.phases if position < phase.until), self.phases[-1])
        return next(name for name, upto in phase.models if draw < upto)


def _shares(until: float, chat: float, support: float) -> Shares:
    return Shares(until, ((CHAT, chat), (SUPPORT, chat + support), (LOANS, 1.0)))


def _plants(toxic: float, leaks: float, attacks: float) -> Mapping[IncidentName, Plant]:
    return {
        "toxicity_burst": Plant(CHAT, 0.30, 0.42, toxic, "answers insult the user"),
        "pii_leak": Plant(SUPPORT, 0.45, 0.57, leaks, "answers hold other customers' personal data"),
        "injection_campaign": Plant(CHAT, 0.60, 0.72, attacks, "one tenant sends prompt injections"),
        "disparity": Plant(LOANS, 0.50, 0.95, 1.0, "a new version declines women with the same merit"),
    }


#: Approvals of women fall from about 63 % to about 26 %.
_FAINT: Final = Plan(_plants(0.40, 0.20, 0.25), (_shares(1.0, 0.45, 0.35),), -2.2)

#: Approvals of women fall to about 4 %.
_PRONOUNCED: Final = Plan(
    _plants(0.90, 0.80, 0.80),
    (
        _shares(0.30, 0.45, 0.35),
        _shares(0.42, 0.65, 0.20),
        _shares(0.45, 0.40, 0.40),
        _shares(0.57, 0.15, 0.55),
        _shares(0.60, 0.20, 0.20),
        _shares(0.72, 0.55, 0.05),
        _shares(1.0, 0.15, 0.10),
    ),
    -5.0,
)


def plan_for(events: int) -> Plan:
    """The plan of a run of so many calls."""
    return _FAINT if events >= FAINT_FROM else _PRONOUNCED
