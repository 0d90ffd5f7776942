"""The `groundedness` scorer: is an answer supported by what its model had been given?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from agent.errors import ConfigError
from agent.events import Direction
from agent.scores import Dimension, ScoreRow, TextSpan
from agent.scoring.base import Batch, Given, Lane, ScoringItem
from agent.scoring.grounding.claims import KINDS, Claim, Context, find_claims
from agent.scoring.grounding.entailment import Doubt, Entailment, EntailmentModel, read_options

__all__ = ["CATEGORY", "GroundednessScorer"]

CATEGORY = "misleading.ungrounded"

# A context of more characters is not searched: what is missing from its beginning may stand further on.
_MOST_CHARS = 2_000_000
_MOST_SPANS = 50
# One wrong number among five is misleading: what is right beside it makes up for it by half.
_SUPPORTED_WEIGHT = 0.5
_FACTS = "groundedness"


class GroundednessScorer:
    """Judges answers by the passages that came with them. Reads the raw view; English and Chinese.

    The built-in check compares by form: numbers, dates, names, quotations and negations of the answer that do not occur
    in the context (or the question, or anything else the model was given). Its score is the weighted share of such
    claims. It knows nothing of meaning: what it cannot check (paraphrase, inference) it lets pass, and an answer
    without any claim that it can check is not judged. A model of natural language inference adds that.

    Only texts with passages are judged; arguments of tool calls, reasoning and refusals are not.

    Parameters
    ----------
    threshold
        In (0, 1].
    min_claims
        An answer with fewer claims (names count half) is judged as if it had so many, the others supported.
    tool_results
        Whether what tools returned counts as a context that an answer is to be judged by. It is always something that
        supports an answer.
    nli
        Options of the model, see `EntailmentOptions`; None for the built-in check alone. Its lane is the device's then.
    model
        Given by embedders and tests instead of ``nli``.

    Raises
    ------
    ConfigError
        When an option is out of range or unknown.
    """

    name = "groundedness"
    directions: frozenset[Direction] = frozenset({"output"})
    uses_context = True

    def __init__(
        self,
        threshold: float = 0.3,
        min_claims: float = 1.0,
        tool_results: bool = False,
        nli: Mapping[str, Any] | None = None,
        model: EntailmentModel | None = None,
    ) -> None:
        if not 0.0 < threshold <= 1.0:
            raise ConfigError("scorer groundedness: threshold must be more than 0 and at most 1")
        if not min_claims > 0.0:
            raise ConfigError("scorer groundedness: min_claims must be more than 0")
        if isinstance(model, str):
            raise ConfigError("scorer groundedness: a checkpoint's path belongs under nli: model")
        self.categories: Mapping[str, Dimension] = {CATEGORY: "output"}
        self.thresholds: Mapping[str, float] = {CATEGORY: threshold}
        self._min_claims = min_claims
        self._tool_results = tool_results
        self._entailment: Entailment | None = None
        if nli is not None or model is not None:
            self._entailment = Entailment(read_options(nli or {}, given=model is not None), model)
        self.lane: Lane = "host" if self._entailment is None else "device"
        self.version = "builtin@1" if self._entailment is None else "nli@1"

    def warm_up(self) -> None:
        """Compare one pair; load the model, when there is one.

        Raises
        ------
        ModelError
            When the model cannot be loaded.
        """
        find_claims("It opens at 9.", Context(["The clinic opens at 8.", "诊所八点开门。"]))
        if self._entailment is not None:
            self._entailment.warm_up()

    def score(self, batch: Batch) -> Sequence[ScoreRow]:
        """One row for each text; not judged where there is no context, or nothing to check.

        Raises
        ------
        OutOfDeviceMemory
            When the device's memory is full.
        """
        rows = [self._by_form(item) for item in batch.items]
        if self._entailment is None:
            return rows
        asked = [(item.raw, self._passages(item)) for item in batch.items]
        doubts = self._entailment.doubts(asked)
        return [row if doubt is None else self._joined(row, doubt) for row, doubt in zip(rows, doubts, strict=True)]

    def _passages(self, item: ScoringItem) -> tuple[str, ...]:
        """What a text is judged by; nothing when it is not for us to judge."""
        given = item.given
        if given is None or item.part.kind != "text":
            return ()
        passages = given.passages + given.tool_results if self._tool_results else given.passages
        return passages if any(map(str.strip, passages)) else ()

    def _by_form(self, item: ScoringItem) -> ScoreRow:
        given = item.given
        if given is None or not self._passages(item):
            return _NOTHING
        if sum(map(len, given.texts())) > _MOST_CHARS:
            return _TOO_LONG
        claims = find_claims(item.raw, given.shared(_FACTS, _read))
        if not claims:
            return _NOTHING
        missing = [claim for claim in claims if not claim.supported]
        lacking = sum(KINDS[claim.kind][0] for claim in missing)
        held = sum(KINDS[claim.kind][0] for claim in claims) - lacking
        score = min(1.0, lacking / max(lacking + _SUPPORTED_WEIGHT * held, self._min_claims))
        return ScoreRow({CATEGORY: score}, _spans(missing, score), _explanation(claims, missing))

    def _joined(self, row: ScoreRow, doubt: Doubt) -> ScoreRow:
        """What form and meaning say together: the worse of the two."""
        threshold = self.thresholds[CATEGORY]
        spans, bad = list(row.spans), 0
        for start, end, score in doubt.sentences:
            if score < threshold:
                continue
            bad += 1
            if all(end <= span.start or start >= span.end for span in row.spans):
                spans.append(TextSpan(start, end, CATEGORY, "UNSUPPORTED_SENTENCE", score))
        said = f"{bad} of {len(doubt.sentences)} sentences do not follow from the context"
        return ScoreRow(
            {CATEGORY: max(row.scores.get(CATEGORY, 0.0), doubt.score)},
            tuple(sorted(spans, key=lambda span: span.start)[:_MOST_SPANS]),
            f"{row.explanation}; {said}" if row.spans else said,
            row.truncated or doubt.truncated,
        )


_NOTHING = ScoreRow({}, judged=False)
_TOO_LONG = ScoreRow({}, judged=False, truncated=True)


def _read(given: Given) -> Context:
    return Context(given.texts())


def _spans(missing: Sequence[Claim], score: float) -> tuple[TextSpan, ...]:
    """One span for each claim; of those that overlap the shorter, which says more."""
    chosen: list[Claim] = []
    for claim in sorted(missing, key=lambda claim: (claim.end - claim.start, claim.start))[: 4 * _MOST_SPANS]:
        if all(claim.end <= other.start or claim.start >= other.end for other in chosen):
            chosen.append(claim)
    return tuple(
        TextSpan(claim.start, claim.end, CATEGORY, _span_type(claim), min(1.0, score))
        for claim in sorted(chosen)[:_MOST_SPANS]
    )


def _span_type(claim: Claim) -> str:
    return "CONTRADICTED_STATEMENT" if claim.kind == "NEGATION" else f"UNSUPPORTED_{claim.kind}"


def _explanation(claims: Sequence[Claim], missing: Sequence[Claim]) -> str:
    of, lacking = Counter(claim.kind for claim in claims), Counter(claim.kind for claim in missing)
    if not lacking:
        return "every claim that can be checked by form is in the context"
    said = []
    for kind, (_, plural) in KINDS.items():
        if lacking[kind]:
            verb = "contradict" if kind == "NEGATION" else "are not in"
            said.append(f"{lacking[kind]} of {of[kind]} {plural} {verb} the context")
    return "; ".join(said)
