"""Questions put to a model, and what came of them."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, TypeAlias, get_args

import msgspec

from agent.probe.answers import read_choice, read_rating

__all__ = ["STATUSES", "Choice", "LogLikelihood", "Outcome", "Question", "Rating", "Status", "shown_order"]

Status: TypeAlias = Literal["answered", "unparsed", "refused", "failed"]

STATUSES: tuple[Status, ...] = get_args(Status)
"""What can come of a question. Only ``answered`` counts in a score; the others are counted beside it."""


class Outcome(msgspec.Struct, frozen=True):
    """What came of one question.

    Attributes
    ----------
    value
        Of an answered question: the place of the chosen answer in the question's own order, the rating, or the
        log-likelihood. Never a text.
    """

    status: Status
    value: float | None = None

    @property
    def choice(self) -> int | None:
        """The place of the chosen answer; None where none was chosen."""
        return int(self.value) if self.status == "answered" and self.value is not None else None


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several answers is to be named by its letter.

    Attributes
    ----------
    answers
        In the order in which they are shown.
    order
        For each of them its place in the question's own order.
    """

    answers: tuple[str, ...]
    order: tuple[int, ...]

    def outcome(self, text: str) -> Outcome:
        """What an answer says; refused and unparsed are told apart, and neither is taken for an answer."""
        place = read_choice(text, self.answers)
        return Outcome("answered", float(self.order[place])) if isinstance(place, int) else Outcome(place)


@dataclass(frozen=True, slots=True)
class Rating:
    """A number from 0 to `highest` is to be given."""

    highest: int = 10

    def outcome(self, text: str) -> Outcome:
        """What an answer says."""
        rating = read_rating(text, self.highest)
        return Outcome("answered", rating) if isinstance(rating, float) else Outcome(rating)


@dataclass(frozen=True, slots=True)
class LogLikelihood:
    """The log-likelihood of the text itself is wanted; the prompt is the text."""


@dataclass(frozen=True, slots=True, repr=False)
class Question:
    """A prompt, and what kind of answer it has.

    Attributes
    ----------
    key
        Names it within its set of questions, e.g. an item's id and which of its variants.
    """

    key: str
    prompt: str
    expects: Choice | Rating | LogLikelihood

    def __repr__(self) -> str:
        return f"Question({self.key!r})"

    @property
    def mark(self) -> str:
        """Identifies key, prompt and kind of answer; differs as soon as any of these does. 32 hex digits."""
        kind = repr(self.expects)
        return sha256("\0".join((self.key, kind, self.prompt)).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def shown_order(key: str, count: int) -> tuple[int, ...]:
    """An order for so many answers, the same for the same key, each as likely as any other.

    Benchmarks tend to have one kind of answer at one place, and models to prefer a letter: that must not look like
    bias.
    """
    return tuple(sorted(range(count), key=lambda place: sha256(f"{key}\0{place}".encode()).digest()))
