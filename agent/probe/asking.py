"""Putting questions to a model: what was answered before is not asked again, and a model that is down is let alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Literal

from agent.errors import BudgetSpent, TargetError
from agent.probe.journal import Journal
from agent.probe.question import Compliance, Decision, LogLikelihood, Outcome, Question
from agent.probe.served import Failure, Reply, ServedModel

__all__ = ["MOST_FAILURES", "Asked", "Asker", "ask"]

MOST_FAILURES = 20
"""Questions in a row that failed, each after all its retries, before the model counts as down."""

_Kind = Literal["log_likelihood", "decision", "text"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of questions.

    Attributes
    ----------
    outcomes
        By question's key; of questions that nobody came to (the budget was spent) there is none.
    failures
        How many questions failed for what reason.
    remembered
        Questions whose outcomes the journal had.
    complete
        Whether every question was asked.
    """

    outcomes: Mapping[str, Outcome]
    failures: Mapping[Failure, int]
    remembered: int
    complete: bool


class Asker:
    """Puts questions to one model, as often as it is called.

    Attributes
    ----------
    failures
        How many questions failed for what reason, of all calls.
    remembered
        Questions whose outcomes the journal had from an earlier run, of all calls.
    spent
        Whether the budget was spent before all questions were asked; calls ask nothing more then.
    """

    def __init__(self, model: ServedModel, journal: Journal) -> None:
        self._model, self._journal = model, journal
        self._in_a_row: Counter[Failure] = Counter()
        self._statuses: set[int] = set()
        self._replies = 0
        self.failures: Counter[Failure] = Counter()
        self.remembered = 0
        self.spent = False

    def ask(
        self, questions: Sequence[Question], heard: Callable[[str, Outcome], None] | None = None
    ) -> dict[str, Outcome]:
        """Put questions to the model.

        Parameters
        ----------
        questions
            Their keys differ.
        heard
            Called with the key and outcome of each question as it comes to an end, in any order.

        Returns
        -------
        dict
            Outcomes by key; without those of questions for which the budget did not suffice.

        Raises
        ------
        TargetError
            When the model answers nobody, or `MOST_FAILURES` questions in a row failed; what was answered is in the
            journal.
        """
        outcomes: dict[str, Outcome] = {}
        for question in questions:
            known = self._journal.get(question)
            if known is not None:
                outcomes[question.key] = known
        self.remembered += sum(
            question.key in outcomes and not self._journal.is_new(question) for question in questions
        )
        heard = heard or _nothing
        for key, outcome in outcomes.items():
            heard(key, outcome)
        open_ones = [question for question in questions if question.key not in outcomes]
        for kind in ("log_likelihood", "decision", "text"):
            part = [question for question in open_ones if _kind(question) == kind]
            if not part or self.spent:
                continue
            try:
                for place, reply in self._asked(kind, part):
                    question = part[place]
                    outcomes[question.key] = self._taken(question, reply)
                    heard(question.key, outcomes[question.key])
            except BudgetSpent:
                self.spent = True
        return outcomes

    def check_answered(self, count: int) -> None:
        """Raise `TargetError` when none of so many questions got an answer: what is reported then would be nothing."""
        if self.failures and not self._replies and not self.remembered:
            raise TargetError(
                f"none of {count} questions got an answer {_told(self.failures, self._statuses)}; see that the "
                "target is up and speaks what is expected of it"
            )

    def _asked(self, kind: str, questions: Sequence[Question]) -> Iterator[tuple[int, Reply]]:
        prompts: Iterable[str] = (question.prompt for question in questions)
        if kind == "log_likelihood":
            return self._model.log_likelihoods(prompts)
        if kind == "text":
            return self._model.generate(prompts)
        return self._model.classify(
            question.prompt if question.features is None else question.features for question in questions
        )

    def _taken(self, question: Question, reply: Reply) -> Outcome:
        outcome = _outcome(question, reply)
        if reply.failure is None and outcome.status != "failed":
            self._replies += 1
            self._in_a_row.clear()
            self._statuses.clear()
            self._journal.put(question, outcome)
            return outcome
        reason = reply.failure or "malformed"
        self.failures[reason] += 1
        if reply.status is not None:
            self._statuses.add(reply.status)
        # A filter before the model may turn away a whole set; who answered others is not down.
        if reason != "rejected" or not len(self._journal):
            self._in_a_row[reason] += 1
            _still_up(self._in_a_row, self._statuses)
        return outcome


def ask(questions: Sequence[Question], model: ServedModel, journal: Journal, advance: Callable[[int], None]) -> Asked:
    """Put questions to a model once, as `Asker.ask` does; `advance` is called with how many have come to an end.

    Raises
    ------
    TargetError
        Also when questions were asked and none got an answer.
    """
    asker = Asker(model, journal)
    outcomes = asker.ask(questions, lambda key, outcome: advance(1))
    asker.check_answered(len(outcomes))
    return Asked(outcomes, asker.failures, asker.remembered, len(outcomes) == len(questions))


def _nothing(key: str, outcome: Outcome) -> None:
    """Nobody listens."""


def _kind(question: Question) -> _Kind:
    match question.expects:
        case LogLikelihood():
            return "log_likelihood"
        case Decision():
            return "decision"
        case _:
            return "text"


def _outcome(question: Question, reply: Reply) -> Outcome:
    match question.expects:
        case LogLikelihood():
            value = reply.log_likelihood
            # No text has a likelihood above 1.
            good = value is not None and isfinite(value) and value <= 0.0
            return Outcome("answered", value) if good else Outcome("failed")
        case Decision() as expects:
            return Outcome("failed") if reply.label is None else expects.outcome(reply.label, reply.probabilities)
        case Compliance() if reply.failure == "rejected":
            # A filter that turns an attack away is a refusal; left out, what gets past it would be all there is. It is
            # counted as a failure as well and not remembered, since it may be a server that refuses everything.
            return Outcome("refused")
        case expects:
            return Outcome("failed") if reply.text is None else expects.outcome(reply.text)


def _still_up(in_a_row: Mapping[Failure, int], statuses: Collection[int]) -> None:
    if sum(in_a_row.values()) >= MOST_FAILURES:
        raise TargetError(
            f"{MOST_FAILURES} questions in a row got no answer {_told(in_a_row, statuses)}; see that the target is up, "
            "then run the same command again (with --resume FILE what was answered is kept)"
        )


def _told(failures: Mapping[Failure, int], statuses: Collection[int]) -> str:
    """Failures by reason, and what HTTP said: 302 is an address that moved, 400 may be an option that is not known."""
    listed = ", ".join(f"{reason} {count}" for reason, count in sorted(failures.items()))
    return f"({listed})" + (f", HTTP status {', '.join(map(str, sorted(statuses)))}" if statuses else "")
