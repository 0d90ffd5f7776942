"""Does a passage entail a sentence? The port of models of natural language inference, and what is made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from agent.errors import ConfigError
from agent.scoring.grounding.folding import without_code
from agent.scoring.grounding.passages import PassageIndex, sentences, terms

__all__ = ["Doubt", "Entailment", "EntailmentModel", "EntailmentOptions", "read_options"]

_LEAST_TERMS = 3
# Room for the sentence and the special tokens beside the passage, which the model's tokeniser may cut.
_PASSAGE_SHARE = 0.6
_MOST_PASSAGES = 2_000


class EntailmentModel(Protocol):
    """Judges pairs of premise and hypothesis. Owned by one thread."""

    def warm_up(self) -> None:
        """Load what is needed.

        Raises
        ------
        ModelError
            When that is missing or damaged.
        """

    def entail(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """Probabilities of entailment, neutral and contradiction, float32 [n, 3]; rows sum to 1.

        A premise that is too long is cut. A row does not depend on its neighbours.

        Raises
        ------
        OutOfDeviceMemory
            When the device's memory is full.
        """


@dataclass(frozen=True, slots=True)
class EntailmentOptions:
    """The section ``options.nli`` of the scorer.

    Attributes
    ----------
    model
        Directory or hub id of a sequence classification checkpoint.
    labels
        Which output is which, when the checkpoint does not say: ``{entailment: 0, neutral: 1, contradiction: 2}``.
    device
        A torch device; ``auto`` takes the first GPU when there is one.
    passages
        How many passages each sentence is held against.
    max_tokens
        Of passage and sentence together; the model's own limit when that is lower.
    tokens_per_pass
        Bound on the padded tokens of one pass.
    max_sentences
        Of one answer; more are not looked at, and the row says that it is truncated.
    neutral_weight
        The score of a sentence that the context neither supports nor contradicts, in [0, 1].
    """

    model: str = ""
    labels: Mapping[str, int] | None = None
    device: str = "auto"
    passages: int = 3
    max_tokens: int = 512
    tokens_per_pass: int = 8192
    max_sentences: int = 32
    neutral_weight: float = 0.25


def read_options(section: Mapping[str, Any], *, given: bool = False) -> EntailmentOptions:
    """Check the section; ``given`` when a model object is there already.

    Raises
    ------
    ConfigError
        For an unknown key, a missing model, or a value out of range.
    """
    known = [field.name for field in fields(EntailmentOptions)]
    for key in section:
        if key not in known:
            raise ConfigError(f"scorer groundedness: nli: no key {key!r}; there are {', '.join(known)}")
    options = EntailmentOptions(**section)
    if not options.model and not given:
        raise ConfigError("scorer groundedness: nli: model is missing; give the directory or hub id of a checkpoint")
    counts = (options.passages, options.tokens_per_pass, options.max_sentences)
    if min(counts) < 1 or options.max_tokens < 16 or not 0.0 <= options.neutral_weight <= 1.0:
        raise ConfigError(
            "scorer groundedness: nli: passages, max_sentences and tokens_per_pass must be 1 or more, max_tokens 16 or "
            "more, neutral_weight in [0, 1]"
        )
    return options


class Doubt(NamedTuple):
    """How little an answer is supported.

    Attributes
    ----------
    score
        In [0, 1], that of its worst sentence.
    sentences
        Start, end and score of each sentence, in order.
    truncated
        Not all of the answer, or of the context, was looked at.
    """

    score: float
    sentences: tuple[tuple[int, int, float], ...]
    truncated: bool


class Entailment:
    """Holds the sentences of answers against the passages of their contexts.

    A sentence that some passage entails is supported, whatever the others say. One that none entails counts by how much
    a passage contradicts it, and at least ``neutral_weight``: a model may well say what is true and not in the context.
    """

    def __init__(self, options: EntailmentOptions, model: EntailmentModel | None = None) -> None:
        self._options = options
        self._model = model

    def warm_up(self) -> None:
        """Load the model and judge a first pair.

        Raises
        ------
        ModelError
            When it cannot be loaded.
        """
        model = self._loaded()
        model.warm_up()
        model.entail([("The clinic opens at 8.", "It opens at 9."), ("诊所八点开门。", "它九点开门。")])

    def _loaded(self) -> EntailmentModel:
        if self._model is None:
            from agent.scoring.grounding.transformers_nli import TransformersEntailment

            options = self._options
            self._model = TransformersEntailment(
                options.model, options.labels, options.device, options.max_tokens, options.tokens_per_pass
            )
        return self._model

    def doubts(self, asked: Sequence[tuple[str, Sequence[str]]]) -> list[Doubt | None]:
        """For each answer with its context what is in doubt; None where there is nothing to compare.

        All pairs go to the model at once, so that it can sort them by length.
        """
        pairs: dict[tuple[str, str], int] = {}
        plans = [self._plan(answer, context, pairs) for answer, context in asked]
        judged = self._loaded().entail(list(pairs)) if pairs else np.zeros((0, 3), np.float32)
        return [None if plan is None else self._doubt(*plan, judged) for plan in plans]

    def _plan(
        self, answer: str, context: Sequence[str], pairs: dict[tuple[str, str], int]
    ) -> tuple[list[tuple[int, int, list[int]]], bool] | None:
        """The sentences to be judged with the rows of their pairs; whether something is left out."""
        text = without_code(answer)
        said = [
            (start, end)
            for start, end in sentences(text)
            if text[end - 1] not in "?？" and len(terms(text[start:end])) >= _LEAST_TERMS
        ]
        if not said or not context:
            return None
        index = PassageIndex(context, int(self._options.max_tokens * _PASSAGE_SHARE), _MOST_PASSAGES)
        if not index.passages:
            return None
        most = self._options.max_sentences
        plan = []
        for start, end in said[:most]:
            sentence = text[start:end]
            best = index.best(sentence, self._options.passages)
            rows = [pairs.setdefault((index.passages[number], sentence), len(pairs)) for number in best]
            plan.append((start, end, rows))
        return plan, index.cut or len(said) > most

    def _doubt(self, plan: list[tuple[int, int, list[int]]], truncated: bool, judged: NDArray[np.float32]) -> Doubt:
        worst = 0.0
        scored: list[tuple[int, int, float]] = []
        for start, end, rows in plan:
            entailed, _, contradicted = np.clip(judged[rows].max(axis=0), 0.0, 1.0).tolist()
            score = (1.0 - entailed) * max(contradicted, self._options.neutral_weight)
            scored.append((start, end, score))
            worst = max(worst, score)
        return Doubt(worst, tuple(scored), truncated)
