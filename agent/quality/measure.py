"""Scoring labelled rows with a scorer, or with whatever else judges texts, and taking the time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from agent.clock import Clock
from agent.errors import ConfigError, DataError, OutOfDeviceMemory
from agent.events import Direction, TextPart
from agent.normalize import normalize
from agent.quality.rows import UNKNOWN_LANGUAGE, LabelledFile, LabelledRow
from agent.scores import ScoreRow, TextSpan
from agent.scoring.base import (
    Batch,
    Given,
    Scorer,
    ScoringItem,
    audit_share_of,
    finds_attacks,
    indirect_category,
    limits_of,
    signals_of,
)

__all__ = ["Contexts", "Judged", "Looks", "Opinion", "ScorerJudge", "TextJudge", "judge_file"]

_Flags: TypeAlias = NDArray[np.bool_]
Contexts: TypeAlias = Sequence[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a judge says of one text: its highest score, whether any category reaches its threshold, its spans.

    Categories that are signals (`agent.scoring.base.signals_of`) are none of its judgements.
    """

    score: float
    flagged: bool
    spans: tuple[TextSpan, ...] = ()


class TextJudge(Protocol):
    """Anything that scores texts, ready to work."""

    name: str
    version: str
    thresholds: Mapping[str, float]

    def judge(self, texts: Sequence[str], contexts: Contexts = (), lang: str = UNKNOWN_LANGUAGE) -> list[Opinion]:
        """One opinion for each text, in order; never called without texts. `contexts`: what a model had been given for
        each; empty when nobody knows. `lang`: the language of all of them, for judges that need to be told."""


class Looks(NamedTuple):
    """At how many of some texts a cascade has looked; at the others its screen alone has."""

    seen: int
    texts: int


class ScorerJudge:
    """A scorer of the pipeline, called as the pipeline calls it. Warms it up.

    A cascade is called as it is without its audit, which changes what is known of what it finds, and not what it finds.
    A text that it passes has the score 0.

    Attributes
    ----------
    looks
        By language, of a cascade; None of other scorers.

    Parameters
    ----------
    thresholds
        Overrides by category, as configured.

    Raises
    ------
    ConfigError
        For a threshold of no category, or a direction that the scorer does not judge.
    ModelError
        When the scorer cannot load.
    """

    def __init__(self, scorer: Scorer, thresholds: Mapping[str, float], direction: Direction = "input") -> None:
        if direction not in scorer.directions:
            raise ConfigError(f"scorer {scorer.name} does not judge the direction {direction}; leave --direction out")
        if finds_attacks(scorer):
            # Of passages and tool results, in traffic; labelled texts are neither.
            indirect = indirect_category(scorer.name)
            thresholds = {category: value for category, value in thresholds.items() if category != indirect}
        unknown = sorted(set(thresholds) - set(scorer.categories))
        if unknown:
            known = ", ".join(sorted(scorer.categories))
            raise ConfigError(f"scorers.{scorer.name}.thresholds: no category {unknown[0]}; there are {known}")
        scorer.warm_up()
        self.name = scorer.name
        self.version = scorer.version
        signals = signals_of(scorer)
        judged = {**scorer.thresholds, **thresholds}
        self.thresholds: Mapping[str, float] = {name: limit for name, limit in judged.items() if name not in signals}
        self.limits = limits_of(scorer)
        self.looks: dict[str, Looks] | None = None if audit_share_of(scorer) is None else {}
        self._scorer = scorer
        self._direction: Direction = direction

    def judge(self, texts: Sequence[str], contexts: Contexts = (), lang: str = UNKNOWN_LANGUAGE) -> list[Opinion]:
        """Score texts as one batch, in halves where the device's memory is too small for it. Nobody tells a scorer the
        language, as in traffic."""
        given = [Given(context) if context else None for context in contexts] or [None] * len(texts)
        batch = Batch(
            [
                ScoringItem(TextPart(text), self._direction, normalize, own)
                for text, own in zip(texts, given, strict=True)
            ]
        )
        rows = self._rows(batch)
        if self.looks is not None:
            before = self.looks.get(lang, Looks(0, 0))
            seen = sum(not row.passed for row in rows)
            self.looks[lang] = Looks(before.seen + seen, before.texts + len(rows))
        return [self._opinion(row) for row in rows]

    def _rows(self, batch: Batch) -> Sequence[ScoreRow]:
        try:
            return self._scorer.score(batch)
        except OutOfDeviceMemory:
            if len(batch) < 2:
                raise
        first, second = batch.split()
        return [*self._rows(first), *self._rows(second)]

    def _opinion(self, row: ScoreRow) -> Opinion:
        limits = self.thresholds
        return Opinion(
            score=max((score for category, score in row.scores.items() if category in limits), default=0.0),
            flagged=any(category in limits and score >= limits[category] for category, score in row.scores.items()),
            spans=tuple(span for span in row.spans if span.category in limits and span.score >= limits[span.category]),
        )


@dataclass(frozen=True, slots=True)
class Judged:
    """Rows and what was said of them. `labels` int8, `scores` float64, `flagged` bool, all [n].

    `seconds` that scoring took, by language: a batch holds rows of one language.
    """

    rows: Sequence[LabelledRow]
    labels: NDArray[np.int8]
    scores: NDArray[np.float64]
    flagged: _Flags
    spans: Sequence[tuple[TextSpan, ...]]
    seconds: Mapping[str, float]

    def take(self, chosen: _Flags) -> Judged:
        """Some of the rows. Their time is not known."""
        places = np.flatnonzero(chosen).tolist()
        return Judged(
            rows=[self.rows[place] for place in places],
            labels=self.labels[chosen],
            scores=self.scores[chosen],
            flagged=self.flagged[chosen],
            spans=[self.spans[place] for place in places],
            seconds={},
        )

    @property
    def langs(self) -> list[str]:
        return sorted({row.lang for row in self.rows})

    def of_lang(self, lang: str) -> Judged:
        """The rows of one language, with their time."""
        part = self.take(np.array([row.lang == lang for row in self.rows], bool))
        seconds = {lang: self.seconds[lang]} if lang in self.seconds else {}
        return Judged(part.rows, part.labels, part.scores, part.flagged, part.spans, seconds)

    @property
    def per_second(self) -> float | None:
        """Texts per second; None when no time was taken."""
        total = sum(self.seconds.values())
        return len(self.rows) / total if total > 0.0 and self.rows else None

    @classmethod
    def pooled(cls, parts: Sequence[Judged]) -> Judged:
        """All rows of several files."""
        seconds: dict[str, float] = {}
        for part in parts:
            for lang, spent in part.seconds.items():
                seconds[lang] = seconds.get(lang, 0.0) + spent
        return cls(
            rows=[row for part in parts for row in part.rows],
            labels=np.concatenate([part.labels for part in parts]),
            scores=np.concatenate([part.scores for part in parts]),
            flagged=np.concatenate([part.flagged for part in parts]),
            spans=[spans for part in parts for spans in part.spans],
            seconds=seconds,
        )


def judge_file(
    file: LabelledFile, judge: TextJudge, clock: Clock, batch: int, advance: Callable[[int], None]
) -> Judged:
    """Judge all rows of a file.

    Parameters
    ----------
    batch
        Texts at a time.
    advance
        Told how many more texts are done.

    Raises
    ------
    DataError
        When the judge gives a score that is no number: figures would be nonsense.
    ScorerError
        When a batch cannot be scored. Nothing is left out in silence.
    """
    opinions: list[Opinion | None] = [None] * len(file.rows)
    seconds: dict[str, float] = {}
    places_of: dict[str, list[int]] = {}
    for place, row in enumerate(file.rows):
        places_of.setdefault(row.lang, []).append(place)
    for lang, places in places_of.items():
        for begin in range(0, len(places), batch):
            part = places[begin : begin + batch]
            started = clock.monotonic()
            rows = [file.rows[place] for place in part]
            found = judge.judge([row.text for row in rows], [row.context for row in rows], lang)
            seconds[lang] = seconds.get(lang, 0.0) + clock.monotonic() - started
            for place, opinion in zip(part, found, strict=True):
                opinions[place] = opinion
            advance(len(part))
    complete = [opinion for opinion in opinions if opinion is not None]
    scores = np.array([opinion.score for opinion in complete], np.float64)
    if not np.isfinite(scores).all():
        raise DataError(f"{file.name}: {judge.name} gives scores that are no numbers")
    return Judged(
        rows=file.rows,
        labels=np.array([row.label for row in file.rows], np.int8),
        scores=scores,
        flagged=np.array([opinion.flagged for opinion in complete], bool),
        spans=[opinion.spans for opinion in complete],
        seconds=seconds,
    )
