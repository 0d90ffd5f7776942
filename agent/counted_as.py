"""What one half of a call has been counted as, so that an event counts once per dimension whichever half shows it."""

from __future__ import annotations

from typing import Final, NamedTuple

from agent.scores import Dimension

__all__ = ["NOTHING", "CountedAs"]


class CountedAs(NamedTuple):
    """Dimensions in which a half was counted where the call's other half had not been.

    Attributes
    ----------
    harmful, scored
        As harmful; as scored.
    in_any
        As harmful in any dimension at all.
    """

    harmful: frozenset[Dimension] = frozenset()
    scored: frozenset[Dimension] = frozenset()
    in_any: bool = False

    def union(self, other: CountedAs) -> CountedAs:
        """What both halves have been counted as."""
        if other is NOTHING:  # most halves are counted while the other has not been: no new sets for them
            return self
        return CountedAs(self.harmful | other.harmful, self.scored | other.scored, self.in_any or other.in_any)

    def plus(self, harmful: frozenset[Dimension], scored: frozenset[Dimension], before: CountedAs) -> CountedAs:
        """With what is counted now, as far as ``before`` it had not been. One object for all that are equal."""
        new, newly_scored = harmful - before.harmful, scored - before.scored
        if not (new or newly_scored):
            return self
        in_any = self.in_any or (bool(new) and not before.in_any)
        counted = CountedAs(self.harmful | new, self.scored | newly_scored, in_any)
        return _KNOWN.setdefault(counted, counted)


NOTHING: Final = CountedAs()
#: A hundred thousand calls are held; there are 512 of these at most.
_KNOWN: Final[dict[CountedAs, CountedAs]] = {}
