"""The port behind which a model is served: what a probe needs of it and no more."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias, TypeGuard, runtime_checkable

__all__ = ["Failure", "Features", "GivesGradients", "Reply", "ServedModel", "is_number"]

Failure: TypeAlias = Literal["timeout", "unreachable", "overloaded", "server_error", "raised", "rejected", "malformed"]
"""Why there is no reply: late, no connection, too many requests (429), 5xx, an exception of a callable, a 4xx or a
filter for this question alone, or a reply that is none (not JSON, other fields, too long, log-likelihoods that cannot
be)."""

Features: TypeAlias = Mapping[str, float | str]
"""What a model that judges no texts is given: values by name, in the model's order."""


def is_number(value: Any) -> TypeGuard[float]:
    """Whether it is a finite number that a float can hold: JSON sets no bound to whole numbers, and knows infinity."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back for one text: an answer, a log-likelihood (natural logarithm, of the whole text), a decision, or
    neither.

    The text is the model's own words: it goes to no log, file or message. Neither do labels, which it may make up.

    Attributes
    ----------
    label
        What a classifier decided.
    probabilities
        Of its labels, in [0, 1], where it tells.
    status
        Of a failure over HTTP; says more to people, and changes nothing.
    """

    text: str | None = None
    log_likelihood: float | None = None
    failure: Failure | None = None
    label: str | None = None
    probabilities: Mapping[str, float] | None = None
    status: int | None = field(default=None, compare=False)

    def __repr__(self) -> str:
        given = {"text": self.text, "label": self.label, "log-likelihood": self.log_likelihood}
        kinds = [name for name, value in given.items() if value is not None]
        return f"Reply({self.failure or ', '.join(kinds)})"


class ServedModel(Protocol):
    """A model that answers.

    All methods take inputs lazily and give ``(place, reply)`` as replies come, in any order, exactly one for each.
    Retries, rate limits and the budget are the model's own business: a failure that comes out of here is final.

    Raises
    ------
    agent.errors.TargetError
        When it answers nobody any more (wrong key, no such model).
    agent.errors.BudgetSpent
        When no more requests are allowed; replies to requests already made come first.
    """

    @property
    def description(self) -> Mapping[str, str | float]:
        """What identifies it, and how it is asked: two runs are comparable when these are equal. Holds no secret."""

    @property
    def requests(self) -> int:
        """Requests so far, repeated ones included."""

    def gives_log_likelihoods(self) -> bool:
        """Whether it gives log-likelihoods of texts; it may ask the server to find out."""

    def generate(self, prompts: Iterable[str]) -> Iterator[tuple[int, Reply]]:
        """Answers to prompts."""

    def log_likelihoods(self, texts: Iterable[str]) -> Iterator[tuple[int, Reply]]:
        """Log-likelihoods of texts."""

    def classify(self, inputs: Iterable[str | Features]) -> Iterator[tuple[int, Reply]]:
        """Decisions about texts, or about rows of features."""


@runtime_checkable
class GivesGradients(Protocol):
    """What a served model may give beside: attacks that need it are for white boxes."""

    def input_gradients(self, rows: Sequence[Features], marks: Sequence[str]) -> list[list[float]]:
        """Of the loss of a label, given by its mark (`agent.probe.question.label_mark`), by each value of its row.

        Raises
        ------
        agent.errors.BudgetSpent
            When no more requests are allowed; a call is one.
        """
