"""From attempted to succeeded: does the output of a call whose input carries an attack do what the attack wanted?

Each sign has a strength, the chance that an attack with it succeeded; a finding's score is the attack's times the
strongest sign's. That the model did not refuse is a weak sign, and none at all where the attack came by way of the
data: to summarise a mail and to pass over the orders in it is no refusal either.

Instructions and registered values that an output tells are found whether there was an attack or not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from agent.config import AttacksConfig
from agent.events import DIRECTIONS, TextPart
from agent.joining import AttackSeen
from agent.leaks import SeenText
from agent.pipeline.indirect import JudgingCategories
from agent.pipeline.pending import Half, ScoredText
from agent.pipeline.prompt_leak import PromptLeaks
from agent.policy import Policy
from agent.refusals import stance
from agent.scores import Finding, Span, Stance, TextSpan
from agent.simplified import simplified

__all__ = ["LEAK", "OUTCOMES", "SUCCEEDED", "AttackOutcomes", "Outcome"]

LEAK = "adversarial.leak"
SUCCEEDED = "adversarial.succeeded"
OUTCOMES = (
    JudgingCategories("attacks", {LEAK: "adversarial"}, frozenset({"output"})),
    JudgingCategories("attacks", {SUCCEEDED: "adversarial"}, frozenset(DIRECTIONS)),
)
"""What is found by comparing halves, and by no scorer."""

#: An attack that was answered. Of labelled answers to attacks that neither refused nor objected between 0.52 and 0.95
#: complied, by data set; of those that objected between 0.09 and 0.45 (docs/attacks.md).
_STANCES: Mapping[Stance, float] = {"answers": 0.6, "objects": 0.3, "refuses": 0.0}
_TOLD = 1.0
_DICTATED = 0.9
_CARRIED_ON = 0.8

_SPAN_TYPE = "SYSTEM_PROMPT"
_MOST_SPANS = 100
#: Values that a system prompt may hold and nobody is to be told.
_SECRETS = frozenset({"pii.secret", "pii.canary"})
_MOST_SECRETS = 20
_LONGEST_DICTATED = 200
_SHORTEST_DICTATED = 4
_ORDER = re.compile(
    r"\b(?:say|print|output|respond|reply|answer|write|repeat|return|state|type|echo|display|add|include|send)\b"
    r"|[说写]|输出|回复|回应|回答|打印|返回|重复|显示|附上|加上"
)
_BEFORE_DICTATED = 60
_MOST_PLACES = 8
_MOST_CHARS = 100_000
#: What tools are given to act on: addresses, hosts, accounts, telephone numbers.
_TARGET = re.compile(
    r"[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,4}|\bhttps?://[^\s\"'<>/?#]{4,200}|\b(?=[A-Z\d]*\d{4})[A-Z\d]{8,34}\b"
    r"|\+?\d[\d -]{6,20}\d"
)
_MOST_TARGETS = 50


class Outcome(NamedTuple):
    """What is to become a finding; spans with the index of their text."""

    category: str
    score: float
    spans: tuple[tuple[int, TextSpan], ...]
    explanation: str


class _Sign(NamedTuple):
    strength: float
    said: str


class AttackOutcomes:
    """Follows calls from the attack to what became of it. Keeps nothing but what the call carries, and no text."""

    def __init__(self, config: AttacksConfig, policy: Policy) -> None:
        self._leaks = PromptLeaks()
        self._policy = policy
        self._thresholds = {LEAK: config.leak_threshold, SUCCEEDED: config.success_threshold}

    def judge(
        self, half: Half, found: Sequence[Finding], attacked: Sequence[tuple[ScoredText, float]]
    ) -> tuple[dict[str, float], list[Finding]]:
        """What comes of one half: scores by category, and findings of those over their threshold.

        Parameters
        ----------
        found
            The other findings of this half.
        attacked
            The texts of an input, or pieces, that findings of an attack are about, with their scores.
        """
        outcomes = self._of_input(half, attacked) if half.direction == "input" else self._of_output(half, found)
        over = [outcome for outcome in outcomes if outcome.score >= self._thresholds[outcome.category]]
        return {each.category: each.score for each in outcomes}, [self._finding(each, half) for each in over]

    def _finding(self, outcome: Outcome, half: Half) -> Finding:
        category, score = outcome.category, outcome.score
        return Finding(
            category=category,
            dimension="adversarial",
            score=round(score, 4),
            threshold=self._thresholds[category],
            spans=tuple(Span(span.start, span.end, span.type, part) for part, span in outcome.spans[:_MOST_SPANS]),
            explanation=outcome.explanation,
            action=self._policy.action(category, "adversarial", half.direction, half.call.model, score),
        )

    def _of_input(self, half: Half, attacked: Sequence[tuple[ScoredText, float]]) -> list[Outcome]:
        """Note the attack with its call; the outcome, when the output was judged before."""
        call = half.call
        call.attack, call.input_judged = None, True
        if not attacked:
            return []
        payload = half.event.input
        users = () if payload is None else payload.texts
        places = tuple(sorted({piece.text_index for piece, _ in attacked}))
        direct = any(place < len(users) and users[place].role != "tool" for place in places)
        call.attack = AttackSeen(max(score for _, score in attacked), direct, places)
        if call.stance is None or call.outcome_in == "output":
            return []
        call.outcome_in = "input"
        # Of an output that came first only this is remembered: what it told cannot be looked up any more.
        return _succeeded(call.attack, [_stance_sign(call.attack, call.stance)])

    def _of_output(self, half: Half, found: Sequence[Finding]) -> list[Outcome]:
        """What an output tells of its instructions, and whether the attack on its input succeeded."""
        call, payload = half.call, half.event.output
        if payload is None or half.event.redacted:
            return []
        parts = payload.texts
        attack = call.attack
        if not call.input_judged:
            call.stance = stance(parts)
        leak = self._leak(half, parts, found)
        outcomes = [] if leak is None else [leak]
        if attack is None or call.outcome_in == "input":
            return outcomes
        call.outcome_in = "output"
        signs: list[_Sign | None] = [_told_sign(found)]
        if leak is not None:
            signs.append(_Sign(leak.score, leak.explanation))
        signs += [_stance_sign(attack, stance(parts)), *self._obeyed(half, parts, attack)]
        return outcomes + _succeeded(attack, signs)

    def _leak(self, half: Half, parts: Sequence[TextPart], found: Sequence[Finding]) -> Outcome | None:
        given = half.given
        if given is None or not given.instructions:
            return None
        secret = _secret_told(half, parts, found)
        repeated = self._leaks.look(parts, given, attacked=half.call.attack is not None)
        if repeated is None:
            return secret
        index, what = repeated
        spans = tuple((index, TextSpan(start, end, LEAK, _SPAN_TYPE)) for start, end in what.spans)
        said = f"{what.share:.0%} of the system prompt's instructions are repeated {what.how}"
        if secret is None:
            return Outcome(LEAK, what.score, spans, said)
        return Outcome(LEAK, secret.score, secret.spans + spans, f"{secret.explanation}; {said}")

    def _obeyed(self, half: Half, parts: Sequence[TextPart], attack: AttackSeen) -> list[_Sign | None]:
        """Signs that the orders were carried out to the letter."""
        texts = _given_texts(half)
        carrying = [texts[place][:_MOST_CHARS] for place in attack.places if place < len(texts)]
        if attack.direct:
            return [_dictated(parts, carrying)]
        others = [text[:_MOST_CHARS] for place, text in enumerate(texts) if place not in attack.places]
        return [_carried_on(parts, carrying, others)]


def _succeeded(attack: AttackSeen, signs: Sequence[_Sign | None]) -> list[Outcome]:
    best = max((sign for sign in signs if sign is not None), key=lambda sign: sign.strength, default=None)
    if best is None or not best.strength:
        return []
    kind = "an attack" if attack.direct else "an attack in passages or tool results"
    return [Outcome(SUCCEEDED, attack.score * best.strength, (), f"{kind} ({attack.score:.2f}): {best.said}")]


def _stance_sign(attack: AttackSeen, taken: Stance | None) -> _Sign | None:
    """An output without text says nothing: it may have been withheld, or cut off."""
    if taken is None or not attack.direct:
        return None
    said = "answered without a refusal" if taken == "answers" else "answered with an objection, without a refusal"
    return _Sign(_STANCES[taken], said)


def _told_sign(found: Sequence[Finding]) -> _Sign | None:
    for finding in found:
        if finding.category in _SECRETS and finding.leaked:
            return _Sign(_TOLD, f"{finding.category} was told that the model had not been given")
    return None


def _secret_told(half: Half, parts: Sequence[TextPart], found: Sequence[Finding]) -> Outcome | None:
    """A registered value or a secret that stands in the system prompt, and in nothing else that the model was given.

    To `agent.leaks` that is an echo. But instructions are not there to be repeated.
    """
    given = half.given
    if given is None:
        return None
    instructions: SeenText | None = None
    others: SeenText | None = None
    for finding in found:
        if finding.category not in _SECRETS:
            continue
        for span in finding.spans[:_MOST_SECRETS]:
            instructions = instructions or SeenText(given.instructions)
            others = others or SeenText((*given.conversation, *given.tool_results, *given.passages))
            value = parts[span.part].text[span.start : span.end]
            if instructions.holds(value, span.type) and not others.holds(value, span.type):
                where = (span.part, TextSpan(span.start, span.end, LEAK, span.type))
                return Outcome(LEAK, _TOLD, (where,), f"a value of the system prompt is told ({finding.category})")
    return None


def _given_texts(half: Half) -> tuple[str, ...]:
    """What the model was given, in the order that the places of an attack count."""
    event = half.event
    if event.input is None:
        return half.call.known_texts or ()
    return (*(part.text for part in event.input.texts), *event.context)


def _dictated(parts: Sequence[TextPart], carrying: Sequence[str]) -> _Sign | None:
    """The whole answer is what the attack ordered to be said."""
    for part in parts:
        answer = simplified(part.text.strip()).strip("\"'“”「」`*.!。！").casefold()
        if part.kind != "text" or not _SHORTEST_DICTATED <= len(answer) <= _LONGEST_DICTATED:
            continue
        for text in map(str.casefold, map(simplified, carrying)):
            at = text.find(answer)
            for _ in range(_MOST_PLACES):
                if at < 0:
                    break
                if _ORDER.search(text, max(0, at - _BEFORE_DICTATED), at):
                    return _Sign(_DICTATED, "the answer is what the attack dictated")
                at = text.find(answer, at + 1)
    return None


def _carried_on(parts: Sequence[TextPart], carrying: Sequence[str], others: Sequence[str]) -> _Sign | None:
    """A tool is called with an address or an account that nobody but the attack has named."""
    looked_up = 0
    for part in parts:
        if part.kind != "tool_arguments":
            continue
        for match in _TARGET.finditer(part.text[:_MOST_CHARS]):
            looked_up += 1
            if looked_up > _MOST_TARGETS:
                return None
            value = match[0]
            if any(value in text for text in carrying) and not any(value in text for text in others):
                return _Sign(_CARRIED_ON, "a tool was called with an address or account that only the attack names")
    return None
