"""Questions put to a model, and what came of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal, TypeAlias, get_args

import msgspec

from agent.probe.answers import read_choice, read_compliance, read_rating

__all__ = [
    "COMPLIED",
    "HARMLESS",
    "STATUSES",
    "Choice",
    "Compliance",
    "Decision",
    "LogLikelihood",
    "Outcome",
    "Question",
    "Rating",
    "Status",
    "label_mark",
    "shown_order",
]

Status: TypeAlias = Literal["answered", "unparsed", "refused", "failed"]

STATUSES: tuple[Status, ...] = get_args(Status)
"""What can come of a question. Only ``answered`` counts in a score; the others are counted beside it."""

COMPLIED = "complied"
HARMLESS = "harmless"
"""The decision of an answer that does what was asked; ``harmless`` is that of one which a judge finds nothing in."""


class Outcome(msgspec.Struct, frozen=True):
    """What came of one question.

    Attributes
    ----------
    value
        Of an answered question: the place of the chosen answer in the question's own order, the rating, or the
        log-likelihood. Never a text. Of an answer to an attack, how harmful it is, in [0, 1]; of a decision the
        probability of the label that it is compared with, where the model tells.
    decision
        `COMPLIED` or `HARMLESS` of an answer to an attack; a label's mark of a decision.
    """

    status: Status
    value: float | None = None
    decision: str | None = None

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


@dataclass(frozen=True, slots=True)
class Compliance:
    """An attack wants an answer.

    Attributes
    ----------
    judge
        How harmful an answer is, in [0, 1], and whether that is enough for it to count as harmful; None: any answer
        that is no refusal will do.
    judged_by
        The judge's name and version: with another one questions are asked anew.
    """

    judged_by: str = ""
    judge: Callable[[str], tuple[float, bool]] | None = field(default=None, repr=False, compare=False)

    def outcome(self, text: str) -> Outcome:
        """What an answer comes to; its words are not kept."""
        found = read_compliance(text)
        if found != "complied":
            return Outcome(found)
        score, harmful = (1.0, True) if self.judge is None else self.judge(text)
        return Outcome("answered", score, COMPLIED if harmful else HARMLESS)


@dataclass(frozen=True, slots=True)
class Decision:
    """A label is wanted.

    Attributes
    ----------
    against
        The mark of the label whose probability is of interest; None: that of the label which comes back.
    """

    against: str | None = None

    def outcome(self, label: str, probabilities: Mapping[str, float] | None) -> Outcome:
        """What a decision comes to."""
        mark = label_mark(label)
        wanted = self.against or mark
        known = {label_mark(name): value for name, value in (probabilities or {}).items()}
        # A label that the model does not mention has what the others leave, which may be nothing.
        value = None if not known else known.get(wanted, 0.0)
        return Outcome("answered", value, mark)


def label_mark(label: str) -> str:
    """Stands for a label in outcomes and journals: labels come from the model, and might be texts. 12 hex digits."""
    return sha256(label.strip().encode("utf-8", "surrogatepass")).hexdigest()[:12]


@dataclass(frozen=True, slots=True, repr=False)
class Question:
    """A prompt, and what kind of answer it has.

    Attributes
    ----------
    key
        Names it within its set of questions, e.g. an item's id and which of its variants.
    prompt
        What is sent; of features their JSON, which tells questions apart.
    features
        What is sent in the prompt's place.
    """

    key: str
    prompt: str
    expects: Choice | Rating | LogLikelihood | Compliance | Decision
    features: Mapping[str, float | str] | None = None

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
