"""The content filter: the texts of a direction as the policy lets them out.

Masked are all spans of a category whose finding the policy masks, in every text of the direction, and wherever else in
these texts one of their values stands. Of a category without spans (a classifier's) the sentences that carry its score
are masked when the scorer could tell them, else the whole text. A blocked text is replaced by the operator's message.

Closed by default: a text that a scorer did not look at, or not at all of it, although the policy relies on it, leaves
as a message or a placeholder; so does one that cannot be masked safely.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

import msgspec

from agent.errors import ScorerError
from agent.evidence import redact, values_of
from agent.pipeline.indirect import IndirectAttacks
from agent.pipeline.pending import Half, ScoredText
from agent.policy import Policy
from agent.scores import Action, FilteredTexts, Finding, ScoreRow, TextSpan, Verdict, strongest
from agent.scoring.base import Scorer, uses_context
from agent.scoring.explain import SENTENCE, WORD
from agent.scoring.results import Answer
from agent.scoring.segments import covering, sentences

__all__ = ["UNCHECKED", "TextFilter"]

UNCHECKED = "[UNCHECKED]"
"""Stands for a text that was not looked at, where the policy wants such texts masked."""

#: Characters compared with values in one direction: about a tenth of a second. Beyond it nobody can promise that no
#: value is left, and a sender of ten thousand addresses must not hold up the others.
_MAX_WORK = 50_000_000


class _Draft:
    """One whole text on its way out."""

    __slots__ = ("action", "index", "spans", "text", "unseen", "values")

    def __init__(self, index: int, text: str) -> None:
        self.index = index
        self.text = text
        self.action: Action = "allow"
        self.unseen = False
        self.spans: list[TextSpan] = []
        #: What the scorers' own spans hold; sentences are masked where they stand and need not be looked for.
        self.values: Mapping[str, str] = {}


class TextFilter:
    """Applies one policy. Asks scorers nothing: their rows say all that it needs."""

    def __init__(self, policy: Policy, scorers: Sequence[Scorer], indirect: IndirectAttacks | None = None) -> None:
        self._policy = policy
        self._scorers = tuple(scorers)
        indirect = indirect or IndirectAttacks(scorers)
        self._categories = {scorer.name: indirect.categories(scorer) for scorer in scorers}
        self._scored = frozenset(category for categories in self._categories.values() for category in categories)

    def apply(self, half: Half, verdict: Verdict) -> FilteredTexts:
        """The texts of one judged half.

        Notes
        -----
        Only texts that are judged leave: of an input neither system prompts nor the assistant's earlier turns.
        """
        changing = {finding.category: finding for finding in verdict.findings if finding.action in ("mask", "block")}
        drafts = self._drafts(half, changing)
        texts = self._rendered(drafts)
        return FilteredTexts(
            id=verdict.id,
            inference_id=verdict.inference_id,
            source=verdict.source,
            model=verdict.model,
            direction=verdict.direction,
            time=verdict.time,
            # What could not be masked safely has been blocked since: after `_rendered`, not before.
            action=strongest((verdict.action, *(draft.action for draft in drafts))),
            texts=texts,
            parts=[draft.index for draft in drafts],
            findings=[finding.category for finding in verdict.findings],
            trace_id=verdict.trace_id,
        )

    def _drafts(self, half: Half, changing: Mapping[str, Finding]) -> list[_Draft]:
        drafts = {index: _Draft(index, text) for index, text in half.whole_texts().items()}
        for piece, answers in zip(half.parts, half.answers, strict=True):
            draft = drafts[piece.text_index]
            unseen = self._unseen(half, answers)
            draft.action = strongest((draft.action, *unseen))
            draft.unseen |= bool(unseen)
            for answer in answers.values():
                if isinstance(answer, ScoreRow):
                    _collect(draft, piece, answer, changing)
        for finding in changing.values():
            if finding.category not in self._scored:
                _collect_outcome(drafts, finding)
        return list(drafts.values())

    def _unseen(self, half: Half, answers: Mapping[str, Answer]) -> set[Action]:
        """What the policy wants done for scorers that did not look at all of a text."""
        wanted: set[Action] = set()
        if not self._policy.enforces:
            return wanted
        for scorer in self._scorers:
            if half.direction not in scorer.directions:
                continue
            answer = answers.get(scorer.name)
            if answer is None and uses_context(scorer):
                continue  # there is no context, so there was nothing to ask
            if not isinstance(answer, ScoreRow) or answer.truncated:
                missing = self._policy.on_missing(self._categories[scorer.name], half.direction, half.call.model)
                if missing is not None:
                    wanted.add(missing)
        return wanted

    def _rendered(self, drafts: Sequence[_Draft]) -> list[str]:
        together: dict[str, str] = {}
        for draft in drafts:
            together.update(draft.values)
        length = sum(len(draft.text) for draft in drafts)
        shared = together if length * len(together) <= _MAX_WORK else None
        left = _MAX_WORK
        texts: list[str] = []
        for draft in drafts:
            work = len(draft.text) * len(draft.values) if shared is None else 0
            shown = None
            if draft.action != "block" and work <= left:
                left -= work
                with suppress(ScorerError):
                    shown = _masked(draft, draft.values if shared is None else shared)
            if shown is None:
                draft.action = "block"
                shown = self._policy.message(draft.text)
            texts.append(shown)
        return texts


def _masked(draft: _Draft, values: Mapping[str, str]) -> str:
    if draft.unseen:
        return UNCHECKED
    if not draft.spans and not values:
        return draft.text
    return redact(draft.text, draft.spans, values)


def _collect(draft: _Draft, piece: ScoredText, row: ScoreRow, changing: Mapping[str, Finding]) -> None:
    """What one scorer's row of one piece asks of the text."""
    for category, finding in changing.items():
        own = [span for span in row.spans if span.category == category]
        reached = row.scores.get(category, 0.0) >= finding.threshold
        if finding.action == "block":
            if reached:
                draft.action = "block"
            continue
        exact = [span for span in own if span.type not in (WORD, SENTENCE)]
        explained = [span for span in own if span.type in (WORD, SENTENCE)]
        kind = category.rpartition(".")[2].upper()
        stretches = [TextSpan(start, end, category, kind) for start, end in _sentences_of(piece.part.text, explained)]
        if reached and not own:
            stretches = [TextSpan(0, len(piece.part.text), category, kind)]
        if exact or stretches:
            draft.action = strongest((draft.action, "mask"))
        if exact:
            draft.values = {**draft.values, **values_of(piece.part.text, exact)}
        draft.spans += (
            msgspec.structs.replace(span, start=span.start + piece.start, end=span.end + piece.start)
            for span in (*exact, *stretches)
        )


def _collect_outcome(drafts: Mapping[int, _Draft], finding: Finding) -> None:
    """What a finding asks that no scorer's row holds: of the texts that its spans lie in, of all when it has none."""
    kind = finding.category.rpartition(".")[2].upper()
    concerned = {span.part for span in finding.spans} or set(drafts)
    for index in concerned & drafts.keys():
        draft = drafts[index]
        own = [span for span in finding.spans if span.part == index]
        stretches = [TextSpan(span.start, span.end, finding.category, kind) for span in own]
        draft.spans += stretches or [TextSpan(0, len(draft.text), finding.category, kind)]
        draft.action = strongest((draft.action, finding.action))


def _sentences_of(text: str, spans: Sequence[TextSpan]) -> list[tuple[int, int]]:
    """The sentences that hold a word of an explanation: a harmful sentence is not mended by a missing word."""
    if not spans:
        return []
    bounds = sentences(text)
    found = {one for span in spans for one in covering(bounds, span.start, span.end)}
    return sorted(found)
