"""Adversarial input: the built-in classifier, signals of the text, and both again on what is hidden in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import ClassVar

from agent.events import Direction
from agent.scores import Dimension, ScoreRow, TextSpan
from agent.scoring.adversarial.base import CALLED, CATEGORY, OBFUSCATION, SUFFIX, Signal
from agent.scoring.adversarial.excerpts import EXCERPT, excerpts
from agent.scoring.adversarial.inspector import Inspected, Inspector
from agent.scoring.base import Batch
from agent.scoring.linear import LinearScorer

__all__ = ["AdversarialScorer"]

#: What a harmless text may have too: their scores are strengths.
_STRENGTHS = (OBFUSCATION, SUFFIX, f"{CATEGORY}.flooding")
#: Kinds of attack that a phrase names and the classifier confirms.
_NAMED = (f"{CATEGORY}.injection", f"{CATEGORY}.jailbreak", f"{CATEGORY}.extraction")
_PHRASES = frozenset(_NAMED)
_MOST_SPANS = 32
_MOST_TOLD = 4


class AdversarialScorer(LinearScorer):
    """Finds attacks in input.

    ``adversarial`` is the classifier's score: of the text, of what the text hides, or of a sentence with a phrase of an
    attack in a long text, whichever is highest. A disguise does not raise it; an optimised suffix does, over the
    threshold, since nobody writes one but to attack. ``adversarial.injection``, ``.jailbreak`` and ``.extraction`` have
    the same score where a phrase of that kind stands in the text or in what it hides. ``adversarial.obfuscation``,
    ``.suffix`` and ``.flooding`` are strengths of signals, of a harmless text too.

    Options and errors: see `LinearScorer`; `threshold` is that of the classifier's scores, signals have 0.5.
    """

    name = "adversarial"
    category = CATEGORY
    artefact: ClassVar[str] = "adversarial"
    dimension: ClassVar[Dimension] = "adversarial"
    directions: frozenset[Direction] = frozenset({"input"})
    signals: frozenset[str] = frozenset((*_NAMED, *_STRENGTHS))
    # Orders within mails and tool results score between 0.7 and 0.9: a tenth would find none (docs/attacks.md).
    passage_factor = 0.8

    def __init__(self, model: str | Path | None = None, threshold: float | None = None) -> None:
        super().__init__(model, threshold)
        self.categories: Mapping[str, Dimension] = dict.fromkeys((CATEGORY, *_NAMED, *_STRENGTHS), self.dimension)
        if model is None:
            self.version = "builtin@3"
        self._inspector: Inspector | None = None

    @property
    def thresholds(self) -> Mapping[str, float]:
        """By category: see `LinearScorer.thresholds`."""
        (own,) = super().thresholds.values()
        return dict.fromkeys((CATEGORY, *_NAMED), own) | dict.fromkeys(_STRENGTHS, CALLED)

    def warm_up(self) -> None:
        """Load the model and the tables of ordinary text, and score a first batch.

        Raises
        ------
        ModelError
            When an artefact is missing or damaged.
        """
        super().warm_up()
        if self._inspector is None:
            self._inspector = Inspector()

    def score(self, batch: Batch) -> Sequence[ScoreRow]:
        """Score each text and its layers; long ones in windows, the highest counts."""
        if self._inspector is None:
            self.warm_up()
        assert self._inspector is not None, "this is a bug: scoring before warm_up"
        assert self._featurizer is not None, "this is a bug: scoring before warm_up"
        model = self._model()
        own = model.predict(batch.shared(self._features_key, self._featurize)).tolist()
        texts = batch.texts("raw")
        inspected = self._inspector.inspect(texts)
        inside = [_inside(text, each) if each.signals else [] for text, each in zip(texts, inspected, strict=True)]
        hidden = [text for parts in inside for text, _ in parts]
        scores = iter(model.predict(self._featurizer(hidden)).tolist() if hidden else ())
        threshold = model.threshold if self._threshold is None else self._threshold
        rows: list[ScoreRow] = []
        for score, each, parts in zip(own, inspected, inside, strict=True):
            if each.signals:
                inner = [(next(scores), path) for _, path in parts]
                rows.append(self._row(score, inner, each, threshold))
            else:
                rows.append(ScoreRow({CATEGORY: score}, explanation=self._explanation))
        return rows

    def _row(
        self, score: float, inner: Sequence[tuple[float, Sequence[str]]], each: Inspected, threshold: float
    ) -> ScoreRow:
        best, path = max(inner, key=itemgetter(0), default=(0.0, ()))
        total = max(score, best)
        seen = [*each.signals, *(signal for layer in each.layers for signal in layer.signals)]
        suffix = max((signal.strength for signal in seen if signal.source.category == SUFFIX), default=0.0)
        if suffix >= CALLED:
            total = max(total, threshold + (1.0 - threshold) * (2.0 * suffix - 1.0))
        scores = {CATEGORY: total}
        for signal in seen:
            category = signal.source.category
            value = total if category in _NAMED else signal.strength
            scores[category] = max(value, scores.get(category, 0.0))
        notes = [self._explanation]
        if best > score and best >= threshold:
            notes.append(f"found in {'an ' if path == (EXCERPT,) else 'a hidden layer: '}{' > '.join(path)}")
        told = _strongest(each.signals)
        if told:
            notes.append("signals: " + ", ".join(signal.explanation for signal in told[:_MOST_TOLD]))
        inside = {signal.kind for layer in each.layers for signal in layer.signals} - {one.kind for one in told}
        if inside:
            notes.append("in layers: " + ", ".join(sorted(inside)[:_MOST_TOLD]))
        return ScoreRow(scores, _spans(told, scores), "; ".join(notes), each.truncated)


def _inside(text: str, each: Inspected) -> list[tuple[str, Sequence[str]]]:
    """What is scored beside a text: its layers, and excerpts of it and of them, with the path to each."""
    parts: list[tuple[str, Sequence[str]]] = [(layer.text, layer.path) for layer in each.layers]
    for whole, path, signals in ((text, (), each.signals), *each.layers):
        parts += ((excerpt, (*path, EXCERPT)) for excerpt in excerpts(whole, signals, _PHRASES))
    return parts


def _strongest(signals: Sequence[Signal]) -> list[Signal]:
    """The strongest first: of obfuscations the first names the text."""
    return sorted(signals, key=lambda signal: (-signal.strength, -signal.source.rank))


def _spans(told: Sequence[Signal], scores: Mapping[str, float]) -> tuple[TextSpan, ...]:
    """Where the signals are, the strongest of a category first to have its place."""
    chosen: list[TextSpan] = []
    for signal in told:
        category = signal.source.category
        kind = signal.kind.upper().replace(" ", "_").replace("-", "_")
        score = scores[category] if category in _NAMED else signal.strength
        for piece in signal.found.pieces[: _MOST_SPANS - len(chosen)]:
            taken = any(
                span.category == category and piece.start < span.end and span.start < piece.end for span in chosen
            )
            if not taken and piece.end > piece.start:
                chosen.append(TextSpan(piece.start, piece.end, category, kind, score, signal.explanation))
    return tuple(sorted(chosen, key=lambda span: span.start))
