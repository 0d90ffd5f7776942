"""Which events are worth more than others when not all can be scored; told cheaply, before any scorer has looked."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Final, Literal, TypeAlias, get_args

from agent.events import InferenceEvent
from agent.scoring.adversarial.prefilter import ROT13, load_prefilter

__all__ = ["STRATA", "Strata", "Stratum", "load_strata"]

Stratum: TypeAlias = Literal["ordinary", "attributes", "suspicious"]
STRATA: Final[tuple[Stratum, ...]] = get_args(Stratum)
"""``attributes``: about a person whose protected attributes are known. ``suspicious``: the input has a phrase that
attacks have. What fits both is `suspicious`."""

#: A conversation is sent again with every turn: what is new stands at its end. Passing by must stay cheap.
_MOST_TEXTS: Final = 4
_MOST_CHARS: Final = 8_000


class Strata:
    """Tells an event's stratum by one pass of the phrase scan over its input.

    A phrase is no attack, and an attack may do without: a stratum decides how likely an event is scored, never how it
    is judged, and the weight makes up for the difference.

    Parameters
    ----------
    scan
        From a text to facts, 0 when nothing was found; `agent.scoring.adversarial.prefilter.load_prefilter`. None
        where there is no such scan: then no event is suspicious.
    """

    def __init__(self, scan: Callable[[str], int] | None) -> None:
        self._scan = scan

    def of(self, event: InferenceEvent) -> Stratum:
        """The stratum of a half, or of a whole event, by itself."""
        if self._scan is not None and event.input is not None:
            for part in event.input.texts[-_MOST_TEXTS:]:
                if part.role in ("user", "tool") and part.text and self._is_suspicious(part.text):
                    return "suspicious"
        return "attributes" if event.attributes else "ordinary"

    def _is_suspicious(self, text: str) -> bool:
        if len(text) > _MOST_CHARS:
            half = _MOST_CHARS // 2
            text = text[:half] + "\n" + text[-half:]
        # Words in rot13 are a fact as well; a prefilter reports them in texts of other languages.
        return self._scan is not None and bool(self._scan(text) & ~ROT13)


def load_strata() -> Strata:
    """With the phrase scan where Hyperscan is installed; without it a scan would say of every text that it may be."""
    return Strata(load_prefilter() if find_spec("hyperscan") is not None else None)
