"""What cascades did with a half: which texts they looked at, and what the findings weigh that an audit made.

A text that seems suspicious is looked at for certain, another when its call's lot falls below p. So a finding that
rests on a certain text is seen for certain, and one that rests on drawn texts alone with probability p: it counts 1/p.
What is found of several texts (a category in a half, a dimension in an event) therefore has the least weight among
them: all drawn texts of a call have one lot, so that when one with a small p is looked at, all with a larger one are.
How many events there *are* is known, though, whether looked at or not; so what shares are divided by is counted, and
not estimated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from agent.errors import ConfigError
from agent.pipeline.pending import Half
from agent.policy import Policy
from agent.scores import Dimension, Finding, ScoreRow, Verdict
from agent.scoring.base import Scorer, audit_share_of
from agent.windows.base import Drawn

__all__ = [
    "Draws",
    "HalfDraws",
    "TextCounts",
    "draws_of",
    "join_halves",
    "refuse_enforced",
    "weight_of",
    "weight_of_action",
]


class TextCounts(NamedTuple):
    """Texts of a half by what a cascade did with them: ``certain`` ones were suspicious, or known from before.

    ``missed`` is the number of texts with a finding that, going by the audit, were not looked at.
    """

    certain: int = 0
    audited: int = 0
    passed: int = 0
    found_certain: int = 0
    found_audited: int = 0
    missed: float = 0.0


@dataclass(slots=True)
class HalfDraws:
    """What the judge and the counters need to know of a half.

    Attributes
    ----------
    counts
        By scorer.
    screened
        Scorers that passed a text.
    weights
        By scorer that gave a score, where it is not 1: the inverse of the probability that it gave it. It is that of
        all that it looked at, so the highest among its rows.
    harmful
        By dimension with a finding: the least weight among its findings. `join_halves` may lower it.
    union
        The least weight among all findings; likewise.
    owners
        Which cascade gives a category.
    heaviest
        By dimension: what a finding could have weighed at the most.
    dimensions
        Those in which texts were passed: the half counts as scored in them.
    """

    counts: dict[str, TextCounts]
    screened: list[str]
    weights: dict[str, float]
    harmful: dict[Dimension, float]
    heaviest: dict[Dimension, float]
    dimensions: frozenset[Dimension]
    union: float
    owners: Mapping[str, str]

    def by_weight(self, scores: Mapping[str, float]) -> list[tuple[float, Mapping[str, float]]]:
        """Scores by category, in groups with what they weigh; without those of scorers that passed a text."""
        groups: dict[float, dict[str, float]] = {}
        for category, score in scores.items():
            owner = self.owners.get(category, "")
            if owner not in self.screened:
                groups.setdefault(self.weights.get(owner, 1.0), {})[category] = score
        return list(groups.items())

    def drawn(self, findings: Sequence[Finding], new: frozenset[Dimension]) -> Drawn | None:
        """What the windows are to know; None when nothing was left to chance."""
        if not self.heaviest:
            return None
        return Drawn(
            harmful={name: self.harmful[name] for name in new},
            union=self.union,
            findings=tuple(map(weight_of, findings)),
            heaviest=self.heaviest,
        )


class Draws:
    """Of all cascades that run.

    Parameters
    ----------
    scorers
        All that run; those that see everything are left alone.
    thresholds
        By scorer and category, those in force.
    """

    def __init__(self, scorers: Sequence[Scorer], thresholds: Mapping[str, Mapping[str, float]]) -> None:
        self._cascades = {scorer.name: scorer for scorer in scorers if audit_share_of(scorer) is not None}
        self._thresholds = {name: thresholds[name] for name in self._cascades}
        self._owners = {category: name for name, one in self._cascades.items() for category in one.categories}
        self._dimensions = {name: frozenset(one.categories.values()) for name, one in self._cascades.items()}

    def of(self, half: Half, found: list[Finding]) -> HalfDraws:
        """What was drawn in a half that has been judged. ``found`` gets its weights, in place."""
        counts: dict[str, TextCounts] = {}
        screened: list[str] = []
        weights: dict[str, float] = {}
        least: dict[str, float] = {}
        heaviest: dict[Dimension, float] = {}
        dimensions: frozenset[Dimension] = frozenset()
        for name, scorer in self._cascades.items():
            rows = [row for answers in half.answers if isinstance(row := answers.get(name), ScoreRow)]
            if not rows:
                continue
            counts[name] = self._counted(name, rows, least)
            if counts[name].passed:
                screened.append(name)
                dimensions |= self._dimensions[name]
            of_scores = max((row.weight for row in rows if row.judged), default=1.0)
            if of_scores != 1.0:
                weights[name] = of_scores
            most = max(row.weight for row in rows)
            if most != 1.0:
                for dimension in scorer.categories.values():
                    heaviest[dimension] = max(most, heaviest.get(dimension, 1.0))
        if least:
            for place, finding in enumerate(found):
                weight = least.get(finding.category, 1.0)
                if weight != 1.0:
                    found[place] = msgspec.structs.replace(finding, weight=weight)
        harmful: dict[Dimension, float] = {}
        for finding in found:
            weight = weight_of(finding)
            harmful[finding.dimension] = min(weight, harmful.get(finding.dimension, weight))
        union = min(harmful.values(), default=1.0)
        return HalfDraws(counts, screened, weights, harmful, heaviest, dimensions, union, self._owners)

    def _counted(self, name: str, rows: Sequence[ScoreRow], least: dict[str, float]) -> TextCounts:
        """Notes in ``least`` the least weight of each category that was found."""
        thresholds = self._thresholds[name]
        certain = audited = passed = found_certain = found_audited = 0
        missed = 0.0
        for row in rows:
            if row.passed:
                passed += 1
                continue
            weight, found = row.weight, False
            for category, score in row.scores.items():
                if score >= thresholds[category]:
                    found = True
                    least[category] = min(weight, least.get(category, weight))
            if weight == 1.0:
                certain += 1
                found_certain += found
            else:
                audited += 1
                if found:
                    found_audited += 1
                    missed += weight - 1.0
        return TextCounts(certain, audited, passed, found_certain, found_audited, missed)


def draws_of(scorers: Sequence[Scorer], thresholds: Mapping[str, Mapping[str, float]]) -> Draws | None:
    """`Draws`, or None where no cascade runs: then there is nothing to look for in any half."""
    drawing = any(audit_share_of(scorer) is not None for scorer in scorers)
    return Draws(scorers, thresholds) if drawing else None


def weight_of(finding: Finding) -> float:
    """What a finding weighs beside its verdict."""
    return 1.0 if isinstance(finding.weight, msgspec.UnsetType) else finding.weight


def weight_of_action(verdict: Verdict) -> float:
    """What the action of a verdict weighs: the least weight of the findings that led to it.

    Neither what the call's other half shows nor a finding that leads to less makes it surer that the verdict would
    have been this one. Without such a finding it is the action for a scorer that did not look, which is certain.
    """
    weights = [weight_of(finding) for finding in verdict.findings if finding.action == verdict.action]
    return min(weights, default=1.0)


def join_halves(drawn: Sequence[tuple[Half, HalfDraws | None]]) -> None:
    """Lower the weights of first halves by what is known of second ones of the same call, judged with them.

    An event counts as harmful with the half that shows it first. Had that one not been drawn, its other half might
    have shown it all the same: then it is seen for certain, and counts 1.
    """
    for place, (half, first) in enumerate(drawn):
        if first is None or not first.heaviest or not first.harmful:
            continue
        for other, second in drawn[place + 1 :]:
            if other.call is half.call and second is not None and second.harmful:
                first.union = min(first.union, second.union)
                for dimension, weight in second.harmful.items():
                    if dimension in first.harmful:
                        first.harmful[dimension] = min(weight, first.harmful[dimension])


def refuse_enforced(policy: Policy, scorers: Sequence[Scorer]) -> None:
    """Make sure that nothing is masked or blocked by what a cascade finds: it does not look at every text.

    Raises
    ------
    ConfigError
        When a rule of the policy, or its default, may.
    """
    for scorer in scorers:
        if audit_share_of(scorer) is not None and policy.relies_on(scorer.categories, scorer.directions):
            raise ConfigError(
                f"scorers.{scorer.name}.cascade: the policy masks or blocks by what {scorer.name} finds, so it must "
                "see every text; drop the cascade, or flag its categories by a rule before"
            )
