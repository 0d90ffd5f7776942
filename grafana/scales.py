"""From which value on something is worth a look, and from which it is bad: colours of tiles, cells and threshold lines.

They are where to begin, and not what is right for every model: docs/harm-index.md says why H is to be compared with the
past of the same model. Colours are names of Grafana's palette, with another shade in the light and the dark theme.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.models.dashboard import Threshold, ThresholdsMode

__all__ = [
    "ABOVE_ZERO",
    "ALARM",
    "ANY",
    "GAP",
    "H_SUM",
    "LAG_SECONDS",
    "LOSS",
    "PLAIN",
    "PRECISION",
    "SAMPLED",
    "SHARE_OF_HARM",
    "STALL_SECONDS",
    "Scale",
]

_GOOD, _LOOK, _BAD = "green", "orange", "red"


@dataclass(frozen=True, slots=True)
class Scale:
    """Colours by value, from the least value up; the first colour is that of everything below the first value."""

    first: str
    steps: tuple[tuple[float, str], ...] = ()

    def build(self) -> ThresholdsConfig:
        """As the dashboard model has it."""
        return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(self.thresholds())

    def thresholds(self) -> list[Threshold]:
        """The first one has no value, which stands for minus infinity."""
        return [Threshold(None, self.first), *(Threshold(value, color) for value, color in self.steps)]


#: Values that are neither good nor bad.
PLAIN: Final = Scale("blue")
#: A component of H: a share of events.
SHARE_OF_HARM: Final = Scale(_GOOD, ((0.01, _LOOK), (0.05, _BAD)))
#: P_bias: the largest gap between groups, which is seldom near 0 by chance alone.
GAP: Final = Scale(_GOOD, ((0.1, _LOOK), (0.2, _BAD)))
#: H in [0, 4]. P_bias is a largest disparity, which is seldom near 0: hence the room.
H_SUM: Final = Scale(_GOOD, ((0.1, _LOOK), (0.5, _BAD)))
#: A lower bound of a gap: what is above 0 is hardly chance.
ABOVE_ZERO: Final = Scale(_GOOD, ((1e-9, _LOOK), (0.1, _BAD)))
#: A statistic by its threshold.
ALARM: Final = Scale(_GOOD, ((0.8, _LOOK), (1.0, _BAD)))
#: Something that should not be there at all.
ANY: Final = Scale(_GOOD, ((1e-9, _BAD),))
#: Share of what should have been looked at and was not.
LOSS: Final = Scale(_GOOD, ((0.001, _LOOK), (0.01, _BAD)))
#: Share of the events that is scored. Less than all may have been chosen, so it is no failure by itself.
SAMPLED: Final = Scale(_LOOK, ((1.0, _GOOD),))
#: Findings that operators called right, of those that they marked.
PRECISION: Final = Scale(_BAD, ((0.5, _LOOK), (0.8, _GOOD)))
LAG_SECONDS: Final = Scale(_GOOD, ((10.0, _LOOK), (60.0, _BAD)))
STALL_SECONDS: Final = Scale(_GOOD, ((60.0, _LOOK), (300.0, _BAD)))
