"""Attacking the items of a set: many hunts side by side, in rounds, so that many questions are under way at a time.

Items are attacked in groups, in the order of their ids' hashes, and a group counts when all of it is done: what a run
has done when its budget ends is a random sample, where single items would be those that fell soonest. Memory does not
grow with the set. A hunt sees the results of its own tries alone; so the order in
which answers come changes nothing, and a run that goes on from a journal gives the same report.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from agent.errors import BudgetSpent
from agent.probe.adversarial.attack import Attack, Hunt, Limits, Result, Skip, Try
from agent.probe.adversarial.goal import Goal
from agent.probe.adversarial.items import Item
from agent.probe.adversarial.similarity import similarity_after
from agent.probe.asking import Asker
from agent.probe.question import Outcome, Question

__all__ = ["Attacked", "Attempt", "attack_items", "group_for"]

_GROUP = 16


@dataclass(slots=True, repr=False)
class Attempt:
    """What came of one attack on one item.

    Attributes
    ----------
    skip
        Why nothing was tried; None when something was.
    queries
        Tries that were put to the model, those that a journal knew included; of a success up to its first.
    best
        The try that did it and is most like the original.
    failed
        Whether every request of it failed.
    """

    skip: Skip | None = None
    queries: int = 0
    succeeded: bool = False
    failed: bool = False
    best: Try | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Attacked:
    """An item, what came of it as it is, and of each attack by name; attacks that are not for it are not there."""

    item: Item
    original: Outcome
    succeeded: bool
    attempts: dict[str, Attempt]


@dataclass(slots=True, repr=False)
class _Running:
    item: Item
    attempt: Attempt
    hunt: Hunt
    tries: Sequence[Try] = ()
    answered: int = 0
    done: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class _Defence:
    """What is sent in a text's place, and how much of a request it has to leave."""

    send: Callable[[str], str]
    least_left: float

    def judged(self, running: _Running, goal: Goal, results: Sequence[Result]) -> list[Result]:
        """Results of a hunt's tries; of those that were taken out before the model no success."""
        return [
            Result(succeeded=False, score=0.0)
            if result.succeeded and goal.name == "comply" and self._takes_out(running.item, each)
            else result
            for each, result in zip(running.tries, results, strict=True)
        ]

    def _takes_out(self, item: Item, each: Try) -> bool:
        if not isinstance(each.input, str):
            return False
        sent = self.send(each.input)
        return sent != each.input and similarity_after(self.send(item.text), sent, each.undone) < self.least_left


@dataclass(slots=True, repr=False)
class _Group:
    items: Sequence[Item]
    defence: _Defence
    originals: dict[str, Outcome] = field(default_factory=dict)
    attempts: dict[str, dict[str, Attempt]] = field(default_factory=dict)
    running: list[_Running] = field(default_factory=list)


def group_for(budget: int | None, attacks: Sequence[Attack], limits: Limits) -> int:
    """How many items to attack side by side: fewer where a budget might else be spent before any of them are done.

    Depends on what attacks may ask and not on what comes of them, so that what is done remains a random sample.
    """
    if budget is None:
        return _GROUP
    most = 1 + sum(limits.queries if attack.kind in ("search", "features") else 1 for attack in attacks)
    return max(1, min(_GROUP, budget // most))


def attack_items(
    items: Sequence[Item],
    attacks: Sequence[Attack],
    goal: Goal,
    asker: Asker,
    *,
    send: Callable[[str], str],
    advance: Callable[[int], None],
    least_left: float = 0.0,
    group_of: int = _GROUP,
) -> Iterator[Attacked]:
    """Attack items; gives them as they are done. Ends early when the budget is spent (`Asker.spent`).

    Parameters
    ----------
    send
        What is sent in a text's place: the text, or what a defence makes of it.
    least_left
        An answer to a request of which a defence leaves less than this (`similarity_after`, to what it leaves of the
        unchanged one) is no success: nobody answered the attack.
    group_of
        Items that are attacked side by side, and are given when all of them are done (`group_for`).
    advance
        Called with how many attacks on items, and items that are not attacked, have come to an end.

    Raises
    ------
    TargetError
        As `Asker.ask`.
    """
    for start in range(0, len(items), group_of):
        group = _Group(items[start : start + group_of], _Defence(send, least_left))
        yield from _attacked(group, attacks, goal, asker, advance)
        if asker.spent:
            return


def _attacked(
    group: _Group,
    attacks: Sequence[Attack],
    goal: Goal,
    asker: Asker,
    advance: Callable[[int], None],
) -> Iterator[Attacked]:
    asked = [_question(item, _unchanged(item), goal, None, group.defence.send) for item in group.items]
    outcomes = asker.ask(asked)
    for item, question in zip(group.items, asked, strict=True):
        if question.key in outcomes:
            group.originals[item.id] = outcomes[question.key]
    _begin(group, attacks, goal, asker, advance)
    while not asker.spent:
        waiting = [running for running in group.running if not running.done]
        if not waiting:
            break
        _round(group, waiting, goal, asker, advance)
    if not _done(group):
        return  # the budget is spent
    for item in group.items:
        original = group.originals[item.id]
        succeeded = goal.attacks(item) and goal.succeeded(original, original)
        yield Attacked(item, original, succeeded, group.attempts.get(item.id, {}))


def _done(group: _Group) -> bool:
    return len(group.originals) == len(group.items) and all(running.done for running in group.running)


def _begin(group: _Group, attacks: Sequence[Attack], goal: Goal, asker: Asker, advance: Callable[[int], None]) -> None:
    for item in group.items:
        original = group.originals.get(item.id)
        suited = [attack for attack in attacks if attack.suits(item)]
        if not goal.attacks(item):
            advance(1)
            continue
        if original is None or not _can_attack(goal, original):
            advance(len(suited))
            continue
        result = _result(goal, original, original)
        attempts = group.attempts.setdefault(item.id, {})
        for attack in suited:
            attempt = attempts[attack.name] = Attempt()
            if result.succeeded and attack.kind == "search":
                # It need not look for anything: the request as it is does it.
                attempt.succeeded, attempt.best = True, _unchanged(item)
                advance(1)
                continue
            running = _Running(item, attempt, attack.hunt(item, original.decision or "", result))
            group.running.append(running)
            _step(running, None, asker)
            if running.done:
                advance(1)


def _can_attack(goal: Goal, original: Outcome) -> bool:
    """A refusal, or an empty answer, is what an attack on requests begins with; a decision must be there to change."""
    return original.status != "failed" and (goal.name == "comply" or original.decision is not None)


def _round(
    group: _Group,
    waiting: Sequence[_Running],
    goal: Goal,
    asker: Asker,
    advance: Callable[[int], None],
) -> None:
    """Put what all hunts propose to the model, each question once; a hunt goes on when all of its own are answered."""
    questions: dict[str, Question] = {}
    keys: list[list[str]] = []
    listening: dict[str, list[int]] = {}
    for number, running in enumerate(waiting):
        original = group.originals[running.item.id]
        asked = [_question(running.item, each, goal, original, group.defence.send) for each in running.tries]
        keys.append([question.key for question in asked])
        for question in asked:
            questions[question.key] = question
            listening.setdefault(question.key, []).append(number)
    known: dict[str, Outcome] = {}

    def heard(key: str, outcome: Outcome) -> None:
        known[key] = outcome
        for number in dict.fromkeys(listening[key]):
            running, own = waiting[number], keys[number]
            if all(each in known for each in own):
                original = group.originals[running.item.id]
                results = [_result(goal, original, known[each]) for each in own]
                _step(running, group.defence.judged(running, goal, results), asker)
                advance(int(running.done))

    asker.ask(list(questions.values()), heard)


def _step(running: _Running, results: Sequence[Result] | None, asker: Asker) -> None:
    """Account for results, and hear what the hunt wants next."""
    attempt = running.attempt
    for each, result in zip(running.tries, results or (), strict=True):
        if not attempt.succeeded:
            attempt.queries += 1
        running.answered += not result.failed
        if result.succeeded and each.counts:
            attempt.succeeded = True
            if attempt.best is None or each.similarity > attempt.best.similarity:
                attempt.best = each
    try:
        running.tries = next(running.hunt) if results is None else running.hunt.send(results)
    except BudgetSpent:  # gradients are requests too
        asker.spent = True
    except StopIteration as stop:
        running.done = True
        attempt.skip = stop.value if attempt.queries == 0 else None
        attempt.failed = attempt.queries > 0 and running.answered == 0


def _result(goal: Goal, original: Outcome, outcome: Outcome) -> Result:
    failed = outcome.status == "failed"
    return Result(
        not failed and goal.succeeded(original, outcome), 0.0 if failed else goal.score(original, outcome), failed
    )


def _unchanged(item: Item) -> Try:
    return Try(item.input, 1.0)


def _question(item: Item, each: Try, goal: Goal, original: Outcome | None, send: Callable[[str], str]) -> Question:
    """Questions of one item with the same input are one, whichever attack asks them."""
    if isinstance(each.input, str):
        prompt, features = send(each.input), None
    else:
        prompt, features = json.dumps(each.input), each.input
    digest = sha256(prompt.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return Question(f"{item.id}:{digest}", prompt, goal.expects(original), features)
