"""What goes into the windows (observations) and who counts it (aggregators)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

import msgspec

from agent.campaigns.book import CampaignShare
from agent.events import Direction
from agent.scores import Dimension

__all__ = [
    "CONFIDENCE",
    "Aggregator",
    "Component",
    "Counting",
    "Divisible",
    "Drawn",
    "FinishContext",
    "Mention",
    "Observation",
    "PartitionKey",
    "Relabelling",
    "State",
]

PartitionKey: TypeAlias = tuple[str, int]
"""Topic and partition that a record came from."""

State: TypeAlias = Any
"""An aggregator's state: dicts, lists, strings and finite numbers only, so that MessagePack carries it unchanged."""

CONFIDENCE = 0.95
"""Level of every interval exported."""


class Mention(NamedTuple):
    """One output text names a group of people.

    ``score`` is the text's, in [0, 1]; ``harmful`` when it reached its threshold; ``alone`` when the text names no
    other group of the axis. ``sentiment`` in [-1, 1], 1 the most positive; None when nobody measured it. A score of -1
    says that the text was in no fair sample of those that are scored.
    """

    axis: str
    group: str
    score: float
    harmful: bool
    alone: bool
    sentiment: float | None = None


class Drawn(NamedTuple):
    """What was left to chance in an observation though its event was scored: a cascade looks at a share of the texts.

    All weights are beside the observation's own; what is not named weighs 1.

    Attributes
    ----------
    harmful
        By dimension in which the event has become harmful with this observation: inverse of the probability that this
        was seen.
    union
        The same of "harmful in any dimension".
    findings
        The same of each of `Observation.categories`, in order.
    heaviest
        By dimension: what harm could have weighed here at the most, whether there is any or not.
    """

    harmful: Mapping[Dimension, float]
    union: float
    findings: tuple[float, ...]
    heaviest: Mapping[Dimension, float]


class Observation(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One scored event, or the second half of one whose halves travelled apart.

    The pipeline, which joins the halves, guarantees that over all observations of one event each direction, each
    dimension in `dimensions` and each in `scored_dimensions` occurs at most once. A half that lands in another pane
    than its sibling counts in its own pane, so a ratio over a short window may be off by the halves that straddle its
    edge; `finish` never lets a share pass 1.

    Attributes
    ----------
    model
        The model's name.
    time
        Event time, seconds since the Unix epoch.
    weight
        Inverse of the sampling probability, finite and > 0. 1 unless honest sampling is on.
    new_event
        False for the second half of an event that has been counted already.
    dimensions
        Dimensions in which the event has become harmful with this observation.
    categories
        ``(direction, category)`` of the findings of this observation, each once.
    directions
        Directions that got at least one score.
    scored_dimensions
        Dimensions in which the event has been scored for the first time with this observation: what each share is
        divided by. None stands for "output, privacy and adversarial when this is a new event with a scored
        direction, else nothing", which is right as long as no scorer failed.
    harmful_before
        An earlier observation of the same event was harmful already: the union does not count the event again.
    leaked
        Personal data in the output that the input did not hold.
    decision, decision_score
        What a deciding model decided; counted with the observation that carries it.
    attributes
        Protected attributes of the person concerned, e.g. ``{"gender": "female"}``.
    label
        Ground truth, when known.
    missing
        How many scores are missing.
    unread
        Nothing was scored, and there was a text all the same, or may have been one.
    mentions
        Identity groups that its output texts name; a text and a group once.
    features
        Scores, decisions and features whose distribution is watched, by name: a number, or the name of a category.
    campaigns
        Events, this one or earlier ones, that have just been found to belong to campaigns.
    drawn
        None unless a cascade left something to chance.
    """

    model: str
    time: float
    weight: float = 1.0
    new_event: bool = True
    dimensions: tuple[Dimension, ...] | frozenset[Dimension] = ()
    categories: tuple[tuple[Direction, str], ...] = ()
    directions: tuple[Direction, ...] = ()
    scored_dimensions: tuple[Dimension, ...] | None = None
    harmful_before: bool = False
    leaked: bool = False
    decision: str | None = None
    decision_score: float | None = None
    attributes: Mapping[str, str] = {}
    label: str | None = None
    missing: int = 0
    unread: bool = False
    mentions: tuple[Mention, ...] = ()
    features: Sequence[tuple[str, float | str]] = ()
    campaigns: tuple[CampaignShare, ...] = ()
    drawn: Drawn | None = None


class Component(msgspec.Struct, frozen=True, gc=False):
    """One component of the harm index over one window, with its interval at `CONFIDENCE`.

    Attributes
    ----------
    name
        ``bias``, ``output``, ``privacy`` or ``adversarial``; ``any`` for the union that was counted.
    value
        In [0, 1]. None when there was nothing to measure: nothing scored, or no decision about a person. That is not
        the same as 0.
    lower, upper
        Interval; [0, 1] when nothing is known.
    count
        Effective number of events behind the value; the plain number without sampling. See
        `agent.windows.intervals.design_count`.
    sufficient
        Enough events for the value to be read alone.
    """

    name: str
    value: float | None
    lower: float
    upper: float
    count: float
    sufficient: bool


class FinishContext(msgspec.Struct, frozen=True, gc=False):
    """What `Aggregator.finish` is told about the state it is given.

    ``window_seconds`` is None for the totals since the beginning. Not `in_full`, what only the longest window is asked
    for may be left out.
    """

    model: str
    window_seconds: float | None = None
    in_full: bool = True


class Aggregator(Protocol):
    """Counts observations into a mergeable state.

    Merging is associative and commutative with `empty()` as identity (exactly, up to the rounding of float sums), and
    adding is merging a state of one observation; so panes, partitions and workers may be combined in any order. A
    state's size is bounded whatever observations come.

    A class attribute ``on_demand = True`` says that windows are not to be summed up for it with every reading (once a
    second): measurements leave it out, and whoever wants it asks for `WindowEngine.window`.
    """

    @property
    def name(self) -> str:
        """The row of ``agent.windows.AGGREGATORS``."""

    @property
    def version(self) -> int:
        """Version of the state's layout; raised with every change that older code could not read.

        A class attribute ``earlier_versions`` names those that `merge` reads as well."""

    def empty(self) -> State:
        """A new state of nothing."""

    def add(self, state: State, observation: Observation) -> None:
        """Count one observation into ``state``, in place. Never raises for what came from outside."""

    def merge(self, into: State, other: State) -> None:
        """Add ``other`` to ``into`` in place; ``other`` is neither changed nor referred to afterwards.

        Raises
        ------
        StateError, TypeError, ValueError, KeyError, IndexError, AttributeError
            When ``other`` is no state of this aggregator (the engine turns them into StateError on restore).
        """

    def finish(self, state: State, context: FinishContext) -> Any:
        """The aggregator's own measurement struct; ``state`` is left as it is."""


@runtime_checkable
class Relabelling(Protocol):
    """An aggregator to which labels matter."""

    def relabel(self, state: State, observation: Observation, label: str) -> None:
        """The label of an observation that was added without one.

        After it, the state is the one that adding the observation with its label makes.
        """


@runtime_checkable
class Counting(Protocol):
    """An aggregator that counts events: models with many of them come first where there is no place for all."""

    def events_of(self, state: State) -> float:
        """Events that were added to a state."""


@runtime_checkable
class Divisible(Protocol):
    """An aggregator of whose state a part can be left out, where there is no room for it."""

    def without(self, state: State, parts: Collection[str]) -> State:
        """A state without those of ``parts`` that are its own, of `agent.windows.fitting.EXPENDABLE`.

        ``state`` is left as it is, and the result may refer to it.
        """
