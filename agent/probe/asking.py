"""Putting questions to a model: what was answered before is not asked again, and a model that is down is let alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from agent.errors import BudgetSpent, TargetError
from agent.probe.journal import Journal
from agent.probe.question import LogLikelihood, Outcome, Question
from agent.probe.served import Failure, Reply, ServedModel

__all__ = ["MOST_FAILURES", "Asked", "ask"]

MOST_FAILURES = 20
"""Questions in a row that failed, each after all its retries, before the model counts as down."""


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


def ask(questions: Sequence[Question], model: ServedModel, journal: Journal, advance: Callable[[int], None]) -> Asked:
    """Put questions to a model.

    Parameters
    ----------
    questions
        Their keys differ.
    advance
        Called with how many questions have come to an end.

    Raises
    ------
    TargetError
        When the model answers nobody, or `MOST_FAILURES` questions in a row failed; what was answered is in the
        journal.
    """
    outcomes: dict[str, Outcome] = {}
    for question in questions:
        known = journal.get(question)
        if known is not None:
            outcomes[question.key] = known
    remembered = len(outcomes)
    advance(remembered)
    failures: Counter[Failure] = Counter()
    complete = True
    for wants_likelihood in (True, False):
        open_ones = [
            question
            for question in questions
            if question.key not in outcomes and isinstance(question.expects, LogLikelihood) == wants_likelihood
        ]
        if not open_ones:
            continue
        method = model.log_likelihoods if wants_likelihood else model.generate
        in_a_row: Counter[Failure] = Counter()
        try:
            for place, reply in method(question.prompt for question in open_ones):
                question = open_ones[place]
                outcome = _outcome(question, reply)
                outcomes[question.key] = outcome
                advance(1)
                if outcome.status == "failed":
                    reason = reply.failure or "malformed"
                    failures[reason] += 1
                    # A filter before the model may turn away a whole set; who answered others is not down.
                    if reason != "rejected" or not len(journal):
                        in_a_row[reason] += 1
                        _still_up(in_a_row)
                else:
                    in_a_row.clear()
                    journal.put(question, outcome)
        except BudgetSpent:
            complete = False
    if failures and all(outcome.status == "failed" for outcome in outcomes.values()):
        raise TargetError(
            f"none of {len(outcomes)} questions got an answer ({_told(failures)}); see that the target is up and "
            "speaks what is expected of it"
        )
    return Asked(outcomes, failures, remembered, complete and len(outcomes) == len(questions))


def _outcome(question: Question, reply: Reply) -> Outcome:
    expects = question.expects
    if isinstance(expects, LogLikelihood):
        value = reply.log_likelihood
        # No text has a likelihood above 1.
        good = value is not None and isfinite(value) and value <= 0.0
        return Outcome("answered", value) if good else Outcome("failed")
    return Outcome("failed") if reply.text is None else expects.outcome(reply.text)


def _still_up(in_a_row: Mapping[Failure, int]) -> None:
    if sum(in_a_row.values()) >= MOST_FAILURES:
        raise TargetError(
            f"{MOST_FAILURES} questions in a row got no answer ({_told(in_a_row)}); see that the target is up, then "
            "run the same command again (with --resume FILE what was answered is kept)"
        )


def _told(failures: Mapping[Failure, int]) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in sorted(failures.items()))
