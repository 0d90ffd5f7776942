"""What is done about a finding: the operator's rules, first match wins. Pure, and asked for findings only.

A rule that masks or blocks *relies* on the scorers whose categories it may concern. Where such a scorer did not look at
a text, nobody knows whether the rule would have acted; `Policy.on_missing` says what is done then. It never says
"let it through": a filter that opens when a scorer fails is no filter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from agent.config import Missing, PolicyConfig, PolicyRule
from agent.errors import ConfigError
from agent.events import DIRECTIONS, Direction
from agent.scores import Action, Dimension

__all__ = ["Judging", "Policy"]

_CHANGES: frozenset[Action] = frozenset(("mask", "block"))


class Judging(Protocol):
    """What a policy has to know of a scorer, or of what else makes findings."""

    @property
    def name(self) -> str: ...

    @property
    def categories(self) -> Mapping[str, Dimension]: ...

    @property
    def directions(self) -> frozenset[Direction]: ...


class Policy:
    """The rules of one configuration.

    Parameters
    ----------
    config
        The default one flags everything: monitoring, no filter.
    """

    def __init__(self, config: PolicyConfig | None = None) -> None:
        self._config = config or PolicyConfig()
        self._rules = self._config.rules

    @property
    def enforces(self) -> bool:
        """Whether anything can be masked or blocked."""
        return self._config.default in _CHANGES or any(rule.action in _CHANGES for rule in self._rules)

    def message(self, text: str) -> str:
        """What replaces a blocked text, in its language."""
        messages = self._config.messages
        return messages.zh if _is_chinese(text) else messages.en

    def action(self, category: str, dimension: Dimension, direction: Direction, model: str, score: float) -> Action:
        """What is done about one finding."""
        for rule in self._rules:
            if score >= rule.min_score and _concerns(rule, category, dimension, direction, model):
                return rule.action
        return self._config.default

    def on_missing(self, categories: Mapping[str, Dimension], direction: Direction, model: str) -> Missing | None:
        """What is done to a text that a scorer of these categories did not look at, or not at all of it.

        Returns
        -------
        str or None
            The stronger, when several rules rely on the scorer; None when none does.
        """
        found: set[Missing] = set()
        for category, dimension in categories.items():
            for rule in self._rules:
                if not _concerns(rule, category, dimension, direction, model):
                    continue
                if rule.action in _CHANGES:
                    found.add(rule.on_missing or self._config.on_missing)
                if rule.min_score <= 0.0:
                    break  # no finding gets past this rule
            else:
                if self._config.default in _CHANGES:
                    found.add(self._config.on_missing)
        return "block" if "block" in found else "mask" if found else None

    def relies_on(self, categories: Mapping[str, Dimension], directions: Iterable[Direction]) -> bool:
        """Whether something may be masked or blocked, of any model, by what a scorer of these categories finds."""
        return any(
            self._may_change(category, dimension, direction)
            for direction in directions
            for category, dimension in categories.items()
        )

    def _may_change(self, category: str, dimension: Dimension, direction: Direction) -> bool:
        for rule in self._rules:
            if not _concerns(rule, category, dimension, direction, model=None):
                continue
            if rule.action in _CHANGES:
                return True
            if rule.min_score <= 0.0 and rule.model == "*":
                return False  # no finding gets past this rule
        return self._config.default in _CHANGES

    def check(self, scorers: Iterable[Judging]) -> None:
        """Make sure that every rule that masks or blocks has a scorer to rely on.

        Raises
        ------
        ConfigError
            For a rule that no running scorer can ever set off: what it is to catch would pass.
        """
        known = [
            (category, dimension, direction)
            for scorer in scorers
            for direction in scorer.directions
            for category, dimension in scorer.categories.items()
        ]
        for place, rule in enumerate(self._rules):
            if rule.action not in _CHANGES:
                continue
            if not any(_concerns(rule, *found, model=None) for found in known):
                directions = rule.direction or " or ".join(DIRECTIONS)
                raise ConfigError(
                    f"policy.rules[{place}]: no scorer that runs finds {rule.category!r}"
                    f"{f' of {rule.dimension}' if rule.dimension else ''} in {directions}; enable one or drop the rule"
                )


def _concerns(rule: PolicyRule, category: str, dimension: Dimension, direction: Direction, model: str | None) -> bool:
    return (
        (rule.dimension is None or rule.dimension == dimension)
        and (rule.direction is None or rule.direction == direction)
        and _fits(rule.category, category)
        and (model is None or _fits(rule.model, model))
    )


def _fits(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


_LOOKED_AT = 2000


def _is_chinese(text: str) -> bool:
    """Whether a message in Chinese suits the text: a Chinese character says about as much as three Latin letters."""
    if text.isascii():
        return False
    head = text[:_LOOKED_AT]
    chinese = sum("\u4e00" <= character <= "\u9fff" for character in head)
    letters = sum("a" <= character <= "z" for character in head.lower())
    return 3 * chinese > letters
