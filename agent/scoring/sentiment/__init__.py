"""How positively an output speaks of the people whom it mentions. A measure and no harm: nothing judges by it.

It runs beside the scorers in the executor, and stands in none of their tables: a row of `SCORERS` has a dimension of
harm, and its findings enter P. What comes of it goes to `agent.windows.sentiment` alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from agent.errors import ConfigError
from agent.events import Direction
from agent.identity import LOOKED_AT, mentioned
from agent.scores import Dimension, ScoreRow
from agent.scoring import load_scorer
from agent.scoring.base import Batch, Lane
from agent.scoring.sentiment.lexicon import LexiconSentiment

__all__ = ["KINDS", "NAME", "SentimentMeasure", "load_sentiment", "sentiment_of"]

NAME = "sentiment"
KINDS = ("lexicon", "transformers")
_CATEGORIES = ("sentiment.positive", "sentiment.negative")
_NOBODY = ScoreRow({}, explanation="mentions nobody", judged=False)


class Model(Protocol):
    """What gives the two categories of a text: a lexicon, or a classifier."""

    version: str
    lane: Lane

    def warm_up(self) -> None: ...

    def score(self, batch: Batch) -> Sequence[ScoreRow]: ...


class SentimentMeasure:
    """A scorer of outputs for the executor, which asks its model only about texts that mention a group of people.

    Its rows are not judged (`agent.pipeline.judge` does not know it): they make no finding, no score of a verdict and
    no share.
    """

    name = NAME
    directions: frozenset[Direction] = frozenset(("output",))
    #: The protocol wants a dimension; nobody reads this one.
    categories: Mapping[str, Dimension] = dict.fromkeys(_CATEGORIES, "output")
    thresholds: Mapping[str, float] = dict.fromkeys(_CATEGORIES, 1.0)

    def __init__(self, model: Model) -> None:
        self._model = model
        self.version = model.version
        self.lane: Lane = model.lane

    def warm_up(self) -> None:
        """Load the model.

        Raises
        ------
        ConfigError, ModelError
            When it, or a package that it needs, is not there.
        """
        self._model.warm_up()

    def score(self, batch: Batch) -> Sequence[ScoreRow]:
        """A row that is not judged for each text that mentions nobody."""
        places = [place for place, item in enumerate(batch.items) if mentioned(item.normalized[:LOOKED_AT])]
        rows = [_NOBODY] * len(batch)
        if places:
            asked = batch if len(places) == len(batch) else Batch([batch.items[place] for place in places])
            for place, row in zip(places, self._model.score(asked), strict=True):
                rows[place] = row
        return rows


def sentiment_of(row: ScoreRow) -> float | None:
    """In [-1, 1], 1 the most positive; None when the row was not judged."""
    if not row.judged:
        return None
    positive, negative = (row.scores.get(category, 0.0) for category in _CATEGORIES)
    return max(-1.0, min(1.0, positive - negative))


def load_sentiment(kind: str, options: Mapping[str, Any]) -> SentimentMeasure:
    """Make the measure; loads nothing.

    Parameters
    ----------
    kind
        Of `KINDS`.
    options
        Of ``transformers``: those of `TransformersScorer`, with ``labels`` that map the checkpoint's labels to
        ``positive`` and ``negative`` (others, such as neutral, are left out). ``lexicon`` takes none.

    Raises
    ------
    ConfigError
        For an unknown kind or a wrong option.
    """
    if kind == "lexicon":
        if options:
            raise ConfigError("identity.sentiment: the kind lexicon takes no options; remove them")
        return SentimentMeasure(LexiconSentiment())
    if kind != "transformers":
        raise ConfigError(f"identity.sentiment: no kind of that name; there are {', '.join(KINDS)}")
    labels = options.get("labels")
    if not isinstance(labels, Mapping) or set(labels.values()) != {"positive", "negative"}:
        raise ConfigError(
            "identity.sentiment: labels must map labels of the model to positive and negative, as {POS: positive}"
        )
    if "dimension" in options or "directions" in options:
        raise ConfigError("identity.sentiment: dimension and directions are not for a measure; remove them")
    return SentimentMeasure(load_scorer(NAME, {**options, "directions": ["output"]}, "transformers"))
