"""From scores to a verdict: thresholds, findings, missing scores, leak or echo, evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from agent.clock import iso_time
from agent.config import AttacksConfig
from agent.errors import ConfigError
from agent.events import Direction
from agent.evidence import EvidenceBuilder
from agent.leaks import LeakCheck, SeenText
from agent.pipeline.attacks import OUTCOMES, AttackOutcomes
from agent.pipeline.draws import HalfDraws, draws_of, join_halves, refuse_enforced
from agent.pipeline.filtering import TextFilter
from agent.pipeline.indirect import IndirectAttacks
from agent.pipeline.pending import Half, ScoredText
from agent.policy import Judging, Policy
from agent.scores import (
    Action,
    Dimension,
    Evidence,
    FilteredTexts,
    Finding,
    MissingScore,
    ScoreRow,
    Severity,
    Span,
    TextSpan,
    Verdict,
    strongest,
    verdict_id,
)
from agent.scoring.base import Scorer, signals_of
from agent.scoring.explain import SENTENCE, WORD
from agent.scoring.results import Answer
from agent.taxonomy import CRITICAL

__all__ = ["Judge", "Judgement"]

#: The scorers whose spans are what must not be shown. Without a row of `pii`, and of the others when they run, no text
#: is published.
_REDACTORS = ("pii", "canary")
_MAX_SPANS = 100
_MAX_EXPLANATION = 300


class Judgement(NamedTuple):
    """A verdict and what the counters need of it. ``categories``: the highest score of each category that has one.

    ``filtered`` is None unless filtered texts are wanted, ``draws`` unless a cascade runs.
    """

    verdict: Verdict
    evidence: Evidence | None
    dimensions: frozenset[Dimension]
    scored: frozenset[Dimension]
    leaked: bool
    categories: dict[str, float]
    filtered: FilteredTexts | None = None
    draws: HalfDraws | None = None


class _Rule(NamedTuple):
    threshold: float
    dimension: Dimension
    judged: bool


class Judge:
    """Turns the answers of all scorers into verdicts.

    Pure but for the evidence's keyed hash, and for what is noted with the call: halves of a call are judged apart, and
    whether an attack succeeded takes both.

    Parameters
    ----------
    thresholds
        Overrides by scorer and category.
    evidence
        None when no evidence is wanted.
    policy
        What findings lead to; everything is flagged when None.
    attacks
        How outcomes of attacks are judged; the defaults when None.
    filtering
        Whether the texts are wanted as the policy lets them out.

    Raises
    ------
    ConfigError
        When a threshold names a category that the scorer does not have, or a rule of the policy that masks or blocks
        has no scorer to rely on.
    """

    def __init__(
        self,
        scorers: Sequence[Scorer],
        thresholds: Mapping[str, Mapping[str, float]],
        evidence: EvidenceBuilder | None,
        policy: Policy | None = None,
        *,
        attacks: AttacksConfig | None = None,
        filtering: bool = False,
    ) -> None:
        self._evidence = evidence
        self._policy = policy or Policy()
        self._indirect = IndirectAttacks(scorers, thresholds)
        attacks = attacks or AttacksConfig()
        self._outcomes = None
        if attacks.outcomes and self._indirect.scorers:
            self._outcomes = AttackOutcomes(attacks, self._policy)
        derived: list[Judging] = [*self._indirect.judging, *(OUTCOMES if self._outcomes else ())]
        self._policy.check([*scorers, *derived])
        refuse_enforced(self._policy, scorers)
        self._filter = TextFilter(self._policy, scorers, self._indirect) if filtering else None
        self._categories = {scorer.name: self._indirect.categories(scorer) for scorer in scorers}
        self._rules: dict[str, dict[str, _Rule]] = {}
        self._dimensions: dict[str, frozenset[Dimension]] = {}
        for scorer in scorers:
            overrides = thresholds.get(scorer.name, {})
            categories = self._categories[scorer.name]
            unknown = sorted(set(overrides) - set(categories))
            if unknown:
                known = ", ".join(sorted(categories))
                raise ConfigError(f"scorers.{scorer.name}.thresholds: no category {unknown[0]}; there are {known}")
            thresholds_of = self._indirect.thresholds(scorer)
            signals = signals_of(scorer)
            self._rules[scorer.name] = {
                category: _Rule(thresholds_of[category], dimension, category not in signals)
                for category, dimension in categories.items()
            }
            self._dimensions[scorer.name] = frozenset(scorer.categories.values())
        self._draws = draws_of(
            scorers,
            {name: {each: rule.threshold for each, rule in rules.items()} for name, rules in self._rules.items()},
        )
        self._versions = {scorer.name: scorer.version for scorer in scorers}
        self._redactors = [name for name in _REDACTORS if name == "pii" or name in self._versions]
        self._by_direction: dict[Direction, tuple[str, ...]] = {
            "input": tuple(scorer.name for scorer in scorers if "input" in scorer.directions),
            "output": tuple(scorer.name for scorer in scorers if "output" in scorer.directions),
        }

    def judge_all(self, halves: Sequence[Half], scored_at: str) -> list[tuple[Half, Judgement]]:
        """`judge` each of the halves of one record, in order."""
        judged = [(half, self.judge(half, scored_at)) for half in halves]
        if self._draws is not None:
            join_halves([(half, judgement.draws) for half, judgement in judged])
        return judged

    def judge(self, half: Half, scored_at: str) -> Judgement:
        """The verdict on one half whose answers are all in.

        Parameters
        ----------
        scored_at
            As `agent.clock.iso_time` writes it; the same for all halves that are judged together.
        """
        event, direction = half.event, half.direction
        self._indirect.apply(half)
        all_answers = half.answers + half.passage_answers if half.passages else half.answers
        scores: dict[str, float] = {}
        by_category: dict[str, float] = {}
        missing: list[MissingScore] = []
        found: list[Finding] = []
        scored: frozenset[Dimension] = frozenset()
        truncated = event.truncated
        leaked = False
        unseen: list[str] = []
        check: LeakCheck | None = None
        # The hot path: most texts are harmless, so rows are gathered again only for a scorer that found something.
        for name in self._asked(half):
            if event.redacted:
                missing.append(MissingScore(name, "redacted"))
                unseen.append(name)
                continue
            rules = self._rules[name]
            absent: MissingScore | None = None
            best, over, rows, whole = 0.0, False, 0, True
            for answers in all_answers:
                answer = answers.get(name)
                if isinstance(answer, ScoreRow):
                    rows += answer.judged
                    whole &= not answer.truncated
                    for category, score in answer.scores.items():
                        rule = rules[category]
                        if rule.judged and score > best:
                            best = score
                        by_category[category] = max(by_category.get(category, 0.0), score)
                        over |= score >= rule.threshold
                elif answer is not None:
                    absent = answer
            truncated |= not whole
            if absent is not None:
                missing.append(absent)
            if absent is not None or not whole:
                unseen.append(name)
            if rows:
                scores[name] = round(best, 4)
                scored |= self._dimensions[name]
            if over:
                check = check or _leak_check(half)
                found += self._findings(name, half, check)
        if self._outcomes is not None:
            outcome_scores, outcomes = self._outcomes.judge(half, found, self._attacked(half, found))
            by_category.update(outcome_scores)
            if outcomes:
                found += outcomes
                # Whatever was scored before: no event is harmful in a dimension in which it does not count.
                scored |= {"adversarial"}
        draws = None if self._draws is None else self._draws.of(half, found)
        if draws is not None:
            scored |= draws.dimensions
        if found:
            leaked = any(finding.leaked is not False for finding in found if finding.dimension == "privacy")
            leaked = leaked and direction == "output"
        verdict = Verdict(
            id=verdict_id(event.source, event.inference_id, direction),
            inference_id=event.inference_id,
            source=event.source,
            model=half.call.model,
            direction=direction,
            time=iso_time(half.time),
            scored_at=scored_at,
            scores=scores,
            findings=found,
            missing=missing,
            weight=half.weight,
            scorers=self._versions,
            truncated=truncated,
            # A server that answers under a longer name than it was asked for: that name is a version.
            model_version=event.model_version or (event.model if event.model != half.call.model else ""),
            tenant=event.tenant,
            trace_id=event.trace_id,
            action=self._action(found, unseen, direction, half.call.model) if found or unseen else "allow",
            screened=draws.screened if draws and draws.screened else msgspec.UNSET,
            weights=draws.weights if draws and draws.weights else msgspec.UNSET,
        )
        dimensions = frozenset(finding.dimension for finding in found)
        filtered = None if self._filter is None else self._filter.apply(half, verdict)
        evidence = self._evidence_of(verdict, half)
        return Judgement(verdict, evidence, dimensions, scored, leaked, by_category, filtered, draws)

    def _action(self, found: Sequence[Finding], unseen: Sequence[str], direction: Direction, model: str) -> Action:
        """The strongest of what is done about findings, and about scorers that did not look at everything."""
        missing = [self._policy.on_missing(self._categories[name], direction, model) for name in unseen]
        return strongest((*(finding.action for finding in found), *(action for action in missing if action)))

    def _asked(self, half: Half) -> tuple[str, ...]:
        """The scorers that judge a half, those among them that see its passages alone."""
        names = self._by_direction[half.direction]
        if not half.passages:
            return names
        return (*names, *(name for name in self._indirect.scorers if name not in names))

    def _attacked(self, half: Half, found: Sequence[Finding]) -> list[tuple[ScoredText, float]]:
        """The texts of an input that findings of an attack are about, with their scores."""
        if half.direction != "input" or all(finding.dimension != "adversarial" for finding in found):
            return []
        pieces = zip(half.parts + half.passages, half.answers + half.passage_answers, strict=True)
        return [(piece, score) for piece, answers in pieces if (score := self._attack_score(answers))]

    def _attack_score(self, answers: Mapping[str, Answer]) -> float:
        """The highest score of one text that is a finding of an attack; 0 when none is."""
        return max(
            (
                score
                for name in self._indirect.scorers
                if isinstance(row := answers.get(name), ScoreRow)
                for category in self._indirect.telling(name) & row.scores.keys()
                if (score := row.scores[category]) >= self._rules[name][category].threshold
            ),
            default=0.0,
        )

    def _findings(self, name: str, half: Half, check: LeakCheck) -> list[Finding]:
        """One finding for each category over its threshold in any of the texts, with the spans of all of them."""
        rules = self._rules[name]
        rows = [
            (piece, row)
            for piece, answers in zip(half.parts + half.passages, half.answers + half.passage_answers, strict=True)
            if isinstance(row := answers.get(name), ScoreRow)
        ]
        best: dict[str, float] = {}
        explanations: dict[str, str] = {}
        for _, row in rows:
            for category, score in row.scores.items():
                if score >= rules[category].threshold and score > best.get(category, -1.0):
                    best[category] = score
                    explanations[category] = row.explanation
        findings: list[Finding] = []
        for category, score in best.items():
            rule = rules[category]
            spans = _spans(rows, category)
            leaked = _leaked(half, spans, check) if rule.dimension == "privacy" else None
            of_spans = next((span.explanation for _, span in spans if span.explanation), "")
            findings.append(
                Finding(
                    category=category,
                    dimension=rule.dimension,
                    score=round(score, 4),
                    threshold=rule.threshold,
                    leaked=leaked,
                    spans=tuple(_told(span, part) for part, span in spans[:_MAX_SPANS]),
                    explanation=(of_spans or explanations[category])[:_MAX_EXPLANATION],
                    action=self._policy.action(category, rule.dimension, half.direction, half.call.model, score),
                    severity=_severity(category, half.direction, leaked),
                )
            )
        return findings

    def _evidence_of(self, verdict: Verdict, half: Half) -> Evidence | None:
        if self._evidence is None or not verdict.findings:
            return None
        spans: list[tuple[TextSpan, ...]] = []
        for answers in half.answers:
            rows = [row for name in self._redactors if isinstance(row := answers.get(name), ScoreRow)]
            if len(rows) == len(self._redactors):
                spans.append(tuple(span for row in rows for span in row.spans))
        # Where nobody looked for personal data, no text leaves.
        complete = len(spans) == len(half.parts)
        return self._evidence.build(
            verdict,
            [piece.part.text for piece in half.parts],
            spans if complete else None,
            [piece.text_index for piece in half.parts],
            {place for place, answers in enumerate(half.answers) if self._over(answers)},
            self._flagged_passages(half),
        )

    def _flagged_passages(self, half: Half) -> list[str]:
        """Passages with an attack. Of these only hashes are told: nobody looks for personal data there."""
        if not half.passages:
            return []
        payload = half.event.payload(half.direction)
        before = 0 if payload is None else len(payload.texts)
        flagged = {
            piece.text_index - before
            for piece, answers in zip(half.passages, half.passage_answers, strict=True)
            if self._over(answers)
        }
        return [half.event.context[place] for place in sorted(flagged)]

    def _over(self, answers: Mapping[str, Answer]) -> bool:
        """Whether a score of one text reached its threshold: not every finding has spans that say where it lies."""
        return any(
            score >= self._rules[name][category].threshold
            for name, row in answers.items()
            if isinstance(row, ScoreRow)
            for category, score in row.scores.items()
        )


def _spans(rows: Sequence[tuple[ScoredText, ScoreRow]], category: str) -> list[tuple[int, TextSpan]]:
    """A category's spans, with the index of their text; those of a piece count from the start of the whole text."""
    spans: list[tuple[int, TextSpan]] = []
    for piece, row in rows:
        for span in row.spans:
            if span.category != category:
                continue
            if piece.start:
                moved = msgspec.structs.replace(span, start=span.start + piece.start, end=span.end + piece.start)
                if (piece.text_index, moved) not in spans[-_MAX_SPANS:]:  # seen already where pieces overlap
                    spans.append((piece.text_index, moved))
            else:
                spans.append((piece.text_index, span))
    return spans


def _told(span: TextSpan, part: int) -> Span:
    # An explanation ranks its words; the score of a found value is that of its finding, or of no interest.
    return Span(span.start, span.end, span.type, part, span.score if span.type in (WORD, SENTENCE) else None)


def _severity(category: str, direction: Direction, leaked: bool | None) -> Severity | msgspec.UnsetType:
    """A leak that is not known to be none is taken for one."""
    told = direction == "output" and leaked is not False
    return "critical" if told and category in CRITICAL else msgspec.UNSET


def _leak_check(half: Half) -> LeakCheck:
    """What the values of all findings of a half are looked up in."""
    event = half.event
    if event.input is None and half.call.known_texts is None:
        return LeakCheck(None)
    own = [part.text for part in event.input.texts] if event.input is not None else []
    return LeakCheck(SeenText([*own, *(half.call.known_texts or ()), *event.context]))


def _leaked(half: Half, spans: Sequence[tuple[int, TextSpan]], check: LeakCheck) -> bool | None:
    """True when an output holds a value that neither input nor context held; None when that is not known."""
    payload = half.event.output
    if half.direction == "input" or payload is None:
        return False
    return check.leaked((payload.texts[part].text[span.start : span.end], span.type) for part, span in spans)
