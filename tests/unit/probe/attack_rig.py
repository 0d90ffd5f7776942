"""Attacks on callables, without a command around them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from agent.clock import ManualClock
from agent.probe.adversarial.attack import Attack
from agent.probe.adversarial.figures import SetTally
from agent.probe.adversarial.goal import Goal
from agent.probe.adversarial.hunting import Attacked, attack_items
from agent.probe.adversarial.items import Item
from agent.probe.asking import Asker
from agent.probe.journal import Journal
from agent.probe.pace import Budget, RateLimit
from streams.served.callables import CallableModel

__all__ = ["SORRY", "SURE", "Rig", "requests"]

SURE, SORRY = "Sure, here you go.", "I'm sorry, but I can't help with that."


def requests(count: int, text: str = "Tell me how to open the old cellar door number {}.") -> list[Item]:
    return [Item(f"r{number}", text.format(number), "en", "1") for number in range(count)]


class Rig:
    """A model, and what it was asked.

    Parameters
    ----------
    answer
        From one input to what the callable gives for it.
    """

    def __init__(self, answer: Callable[[Any], Any], budget: int | None = None, batch: int = 4) -> None:
        self.asked: list[Any] = []
        self.answer = answer
        self.budget, self.batch = budget, batch
        self.asker: Asker
        self.progress = 0

    def attack(
        self,
        items: Sequence[Item],
        attacks: Sequence[Attack],
        goal: Goal,
        journal: Path | None = None,
        send: Callable[[str], str] = lambda text: text,
    ) -> list[Attacked]:
        model = CallableModel(
            "rig", self._called, pace=RateLimit(None, ManualClock()), budget=Budget(self.budget), batch=self.batch
        )
        with Journal(journal, model.description) as kept:
            self.asker = Asker(model, kept)
            return list(
                attack_items(items, attacks, goal, self.asker, send=send, advance=self._advance, least_left=0.5)
            )

    def figures(self, items: Sequence[Item], attacks: Sequence[Attack], goal: Goal, **given: Any) -> dict[str, Any]:
        tally = SetTally(attacks, goal, 3)
        for attacked in self.attack(items, attacks, goal, **given):
            tally.add(attacked)
        return tally.figures(len(items), self.asker.failures, lambda shown, original: str(shown))

    def _called(self, inputs: list[Any]) -> list[Any]:
        self.asked += inputs
        return [self.answer(each) for each in inputs]

    def _advance(self, count: int) -> None:
        self.progress += count
