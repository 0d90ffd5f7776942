"""The port of all scorers, and the batch that they read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol, TypeAlias, TypeVar, runtime_checkable

from agent.events import Direction, TextPart
from agent.scores import Dimension, ScoreRow

__all__ = [
    "Batch",
    "Given",
    "Lane",
    "Scorer",
    "ScoringItem",
    "View",
    "audit_share_of",
    "finds_attacks",
    "indirect_category",
    "limits_of",
    "only_sampled",
    "passage_factor_of",
    "signals_of",
    "uses_context",
]

View: TypeAlias = Literal["raw", "normalized"]
Lane: TypeAlias = Literal["host", "device"]

T = TypeVar("T")


class Given:
    """What the model had been given when it answered: an output's other half. Holds references, copies nothing.

    Attributes
    ----------
    passages
        The event's context: retrieved passages, in order.
    tool_results
        What tools returned to the model.
    conversation
        What users and the assistant had said; the question comes last.
    instructions
        System prompts.
    """

    __slots__ = ("_memo", "conversation", "instructions", "passages", "tool_results")

    def __init__(
        self,
        passages: tuple[str, ...] = (),
        tool_results: tuple[str, ...] = (),
        conversation: tuple[str, ...] = (),
        instructions: tuple[str, ...] = (),
    ) -> None:
        self.passages = passages
        self.tool_results = tool_results
        self.conversation = conversation
        self.instructions = instructions
        self._memo: dict[str, Any] = {}

    def texts(self) -> tuple[str, ...]:
        """All texts, the passages first."""
        return self.passages + self.tool_results + self.conversation + self.instructions

    def shared(self, key: str, build: Callable[[Given], T]) -> T:
        """The result of ``build(self)``, computed once per key: an answer may come in several texts. Not locked."""
        if key not in self._memo:
            self._memo[key] = build(self)
        value: T = self._memo[key]
        return value


class ScoringItem:
    """One text to score. Its normalised view is made once, on first use, whoever asks first.

    Attributes
    ----------
    given
        Of an output what its model had been given; None for an input, and when nobody wants to know.
    sampled
        Whether scorers that only look at a sample look at it.
    passage
        A retrieved passage: its direction is ``input``, and only scorers that find attacks see it (`finds_attacks`).
    lot
        In [0, 1), the same for all texts of a call: a cascade audits it when it falls low. 1 when nobody draws.
    """

    __slots__ = ("_normalize", "_normalized", "direction", "given", "lot", "part", "passage", "sampled")

    def __init__(
        self,
        part: TextPart,
        direction: Direction,
        normalize: Callable[[str], str],
        given: Given | None = None,
        *,
        sampled: bool = False,
        passage: bool = False,
        lot: float = 1.0,
    ) -> None:
        self.part = part
        self.direction: Direction = direction
        self.given = given
        self.sampled = sampled
        self.passage = passage
        self.lot = lot
        self._normalize = normalize
        self._normalized: str | None = None

    @property
    def raw(self) -> str:
        return self.part.text

    @property
    def normalized(self) -> str:
        if self._normalized is None:
            self._normalized = self._normalize(self.part.text)
        return self._normalized


class Batch:
    """Texts that are scored together, with a memo for work that several scorers share (hashing, tokenising).

    Parameters
    ----------
    items
        In order of arrival; never empty.
    """

    __slots__ = ("_memo", "items")

    def __init__(self, items: Sequence[ScoringItem]) -> None:
        self.items = items
        self._memo: dict[str, Any] = {}

    def __len__(self) -> int:
        return len(self.items)

    def texts(self, view: View) -> list[str]:
        """All texts in one view, in order."""
        if view == "raw":
            return [item.raw for item in self.items]
        return [item.normalized for item in self.items]

    def shared(self, key: str, build: Callable[[Batch], T]) -> T:
        """The result of ``build(self)``, computed once per batch and key.

        Not locked: two lanes that ask at the same moment may both build. Harmless, since builders are pure.
        """
        if key not in self._memo:
            self._memo[key] = build(self)
        value: T = self._memo[key]
        return value

    def split(self) -> tuple[Batch, Batch]:
        """Two halves, in order; for a device that ran out of memory. The batch must hold at least two items."""
        middle = len(self.items) // 2
        return Batch(self.items[:middle]), Batch(self.items[middle:])


@runtime_checkable
class Scorer(Protocol):
    """Judges texts. One file plus one line in ``agent.scoring.SCORERS`` adds one.

    Constructors take the scorer's options as keyword arguments, check them, and load nothing. Weights load in
    `warm_up`. A scorer keeps no state between batches that could change a score.

    Attributes
    ----------
    name
        Its row in SCORERS; becomes a metric label.
    version
        Goes into each verdict as ``<implementation>@<version>``, e.g. ``builtin@1``.
    categories
        Every category that it can give, with the dimension of harm.
    thresholds
        Default threshold by category; a score at or above it is a finding.
    lane
        ``device`` when it computes with a model (one thread owns the device), ``host`` otherwise.
    directions
        Which directions it judges.
    uses_context
        Optional, False when absent: whether a text's row depends on what the model was given (`ScoringItem.given`).
        Such a scorer judges outputs only, is given only texts with passages or tool results, and its rows are
        remembered by text and context together.
    only_sampled
        Optional, False when absent: it is given items of the sample alone (`ScoringItem.sampled`).
    passage_factor
        Optional, 0.1 when absent: what is missing to 1 at the threshold of attacks, times this, is missing at the
        threshold of attacks in passages and tool results (`passage_factor_of`).
    signals
        Optional, empty when absent: those of its categories that say more about what it saw and are no judgements of
        their own (`signals_of`). ``evaluate`` and ``calibrate`` leave them aside; calibrating changes none of them.
    audit_share
        Optional, None when absent: it looks at items with a lot below this, and at those that it finds suspicious; the
        rows of others say that they are passed (`audit_share_of`).
    limits
        Optional, empty when absent: what people might expect of it and it does not do as configured, a line each
        (`limits_of`). Shown by ``doctor`` and ``evaluate``.
    """

    name: str
    version: str
    categories: Mapping[str, Dimension]
    thresholds: Mapping[str, float]
    lane: Lane
    directions: frozenset[Direction]

    def warm_up(self) -> None:
        """Load weights and score a first batch, so that live traffic never waits for it.

        Raises
        ------
        ModelError
            When files are missing or damaged; the message names the file and how to get it.
        """

    def score(self, batch: Batch) -> Sequence[ScoreRow]:
        """Score each text.

        Returns
        -------
        Sequence of ScoreRow
            Exactly ``len(batch)`` rows in the order of the batch. A text's row does not depend on its neighbours.

        Raises
        ------
        ScorerError
            When the batch cannot be scored. `OutOfDeviceMemory` makes the executor try with half of it.
        """


def uses_context(scorer: Scorer) -> bool:
    """Whether a scorer's rows depend on `ScoringItem.given`; most scorers do not say, and read the text alone."""
    return bool(getattr(scorer, "uses_context", False))


def only_sampled(scorer: Scorer) -> bool:
    """Whether a scorer is given a sample of the items alone; most scorers do not say, and are given all."""
    return bool(getattr(scorer, "only_sampled", False))


def audit_share_of(scorer: object) -> float | None:
    """With which probability a cascade looks at what it does not find suspicious; None of scorers that see all."""
    share = getattr(scorer, "audit_share", None)
    return None if share is None else float(share)


def finds_attacks(scorer: Scorer) -> bool:
    """Whether a scorer looks for attacks in inputs: it is given passages too, where attackers write as well."""
    return "input" in scorer.directions and "adversarial" in scorer.categories.values() and not uses_context(scorer)


def indirect_category(scorer: str) -> str:
    """What the attacks that a scorer finds are called in passages and tool results: ``adversarial.indirect``.

    No scorer gives it, since none knows where a text came from (`agent.pipeline.indirect`).
    """
    return f"{scorer}.indirect"


def passage_factor_of(scorer: object) -> float:
    """How much of what is missing to 1 is missing in passages; a tenth where a scorer does not say.

    A request has about ten passages. Where scores crowd below the threshold, so that nothing would be left, a scorer
    says what it can do instead.
    """
    return float(getattr(scorer, "passage_factor", 0.1))


def signals_of(scorer: object) -> frozenset[str]:
    """The categories of a scorer that are no judgements of their own; most scorers have none."""
    return frozenset(getattr(scorer, "signals", ()))


def limits_of(scorer: object) -> tuple[str, ...]:
    """What a scorer says that it does not do as configured; most have nothing to say."""
    return tuple(getattr(scorer, "limits", ()))
