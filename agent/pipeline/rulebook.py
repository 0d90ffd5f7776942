"""What is made of scores: all that can be revised while a pipeline runs, replaced as one.

Which texts are scored, how, and what windows count is settled when the pipeline is put together. What a score leads to
is not: nothing that was scored or counted depends on it. Whoever needs a part of it asks the rulebook each time and
keeps none, so that one assignment is the whole revision.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import NamedTuple

from agent.config import CoreConfig
from agent.evidence import EvidenceBuilder
from agent.pipeline.judge import Judge
from agent.pipeline.mentions import MentionFinder
from agent.policy import Policy
from agent.scoring.base import Scorer, signals_of

__all__ = ["Rulebook", "Rules", "make_rules"]


class Rules(NamedTuple):
    """What one configuration makes of scores.

    Attributes
    ----------
    mentions
        Looks for identity groups in outputs; None when they are not wanted.
    thresholds
        By scorer and category, those that replace the scorer's own.
    suspicious
        By scorer that looks for nothing but attacks in inputs: the score from which an input is shown to the detectors
        of campaigns although it is under its threshold.
    publishes
        Whether evidence is wanted.
    """

    judge: Judge
    mentions: MentionFinder | None = None
    thresholds: Mapping[str, Mapping[str, float]] = {}
    suspicious: Mapping[str, float] = {}
    publishes: bool = True


class Rulebook:
    """The rules in force.

    `current` may be read from any thread; `revise` belongs to the thread that polls the pipeline, so that all that one
    `Pipeline.poll` hands back is judged alike.

    Parameters
    ----------
    make
        Gives the rules of a configuration; raises ConfigError where it has none.
    revised
        Called after each revision.
    """

    __slots__ = ("_make", "_revised", "current")

    def __init__(
        self, make: Callable[[CoreConfig], Rules], config: CoreConfig, revised: Callable[[], None] | None = None
    ) -> None:
        self._make = make
        self._revised = revised
        self.current = make(config)

    def revise(self, config: CoreConfig) -> None:
        """Judge by this configuration from here on.

        Raises
        ------
        ConfigError
            As `agent.pipeline.judge.Judge` does. The rules in force stay.
        """
        self.current = self._make(config)
        if self._revised is not None:
            self._revised()


def make_rules(
    config: CoreConfig,
    scorers: Sequence[Scorer],
    *,
    evidence_key: bytes,
    filtering: bool,
    missing: Callable[[str, str], None],
) -> Rules:
    """The rules of a configuration for scorers that run.

    Parameters
    ----------
    evidence_key
        Key of the content hashes. It is not taken from the configuration: without one there the pipeline has drawn its
        own, and hashes from before a revision must compare with those after it.
    filtering, missing
        See `Judge` and `MentionFinder`.

    Raises
    ------
    ConfigError
        As `Judge` and `EvidenceBuilder` do.
    """
    thresholds = {name: section.thresholds for name, section in config.scorers.items()}
    evidence = config.evidence
    builder = EvidenceBuilder(evidence_key, max_chars=evidence.max_chars, keep_texts=evidence.keep_texts)
    return Rules(
        judge=Judge(
            scorers,
            thresholds,
            builder if evidence.enabled else None,
            Policy(config.policy),
            attacks=config.attacks,
            filtering=filtering,
        ),
        mentions=_mention_finder(config, scorers, thresholds, missing),
        thresholds=thresholds,
        suspicious=_suspicious(config, scorers, thresholds),
        publishes=evidence.enabled,
    )


def _mention_finder(
    config: CoreConfig,
    scorers: Sequence[Scorer],
    thresholds: Mapping[str, Mapping[str, float]],
    missing: Callable[[str, str], None],
) -> MentionFinder | None:
    wanted = config.identity.scorer if config.identity.enabled else ""
    found = next((scorer for scorer in scorers if scorer.name == wanted), None)
    return None if found is None else MentionFinder(found, thresholds.get(wanted, {}), missing)


def _suspicious(
    config: CoreConfig, scorers: Sequence[Scorer], thresholds: Mapping[str, Mapping[str, float]]
) -> Mapping[str, float]:
    """A share of the least threshold of what makes a scorer's score.

    Thresholds of signals, which are strengths, say nothing about a score.
    """
    least: dict[str, float] = {}
    for scorer in scorers:
        if "input" not in scorer.directions or set(scorer.categories.values()) != {"adversarial"}:
            continue
        known = {**scorer.thresholds, **thresholds.get(scorer.name, {})}
        judged = scorer.categories.keys() - signals_of(scorer)
        least[scorer.name] = config.campaigns.suspicious * min((known[name] for name in judged), default=inf)
    return least
