"""Sentiment by lexicons: VADER for English, a small list of our own for Chinese. No model, no hub."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from agent.errors import ConfigError
from agent.identity import LOOKED_AT, TERMS
from agent.scores import ScoreRow
from agent.scoring.base import Batch, Lane
from agent.scoring.sentiment.chinese import polarity

__all__ = ["LexiconSentiment"]

_INSTALL = "pip install 'harmwatch[sentiment]'"
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
#: After a full stop only where a blank follows: "3.5" is no end.
_SENTENCE = re.compile(r"[。！？!?；\n]+|(?<=\.)\s+")
#: A text without any full stop is one sentence, and VADER's cost grows faster than a sentence's length.
_MOST_SENTENCE = 500


class LexiconSentiment:
    """Mean over a text's sentences of how positive each is; a sentence with Chinese characters is taken for Chinese.

    English: VADER (Hutto and Gilbert, ICWSM 2014; package ``vaderSentiment``, MIT), whose compound score lies in
    [-1, 1]. Words that name a group of people are taken out of its lexicon ("blind" has -1.7 there, "ill" -1.8,
    "straight" 0.9): the name of a group is neutral. Chinese: see `agent.scoring.sentiment.chinese`.

    Sentences, and not the text as a whole, because the score of many words together is nearly 1 or -1 in any case. The
    first `agent.identity.LOOKED_AT` characters of a text are read. Other languages in Latin letters are taken for
    English and come out near 0.
    """

    version = "lexicon@1"
    lane: Lane = "host"

    def __init__(self) -> None:
        self._analyzer: Any = None

    def warm_up(self) -> None:
        """Read VADER's lexicon, some 50 ms.

        Raises
        ------
        ConfigError
            When the package is not installed.
        """
        if self._analyzer is not None:
            return
        try:
            from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
        except ImportError as error:
            raise ConfigError(f"identity.sentiment: {error.name} cannot be imported; {_INSTALL}") from error
        analyzer = SentimentIntensityAnalyzer()
        for term in TERMS:
            for word in term.split():
                analyzer.lexicon.pop(word, None)
        self._analyzer = analyzer

    def score(self, batch: Batch) -> Sequence[ScoreRow]:
        """One row per text with ``sentiment.positive`` and ``sentiment.negative``, of which one is 0."""
        if self._analyzer is None:
            self.warm_up()
        return [_row(self._sentiment(text[:LOOKED_AT]), len(text) > LOOKED_AT) for text in batch.texts("raw")]

    def _sentiment(self, text: str) -> float:
        sentences = [part[:_MOST_SENTENCE] for part in _SENTENCE.split(text) if part and not part.isspace()]
        return sum(map(self._polarity, sentences)) / len(sentences) if sentences else 0.0

    def _polarity(self, sentence: str) -> float:
        if _HAN.search(sentence):
            return polarity(sentence)
        return float(self._analyzer.polarity_scores(sentence)["compound"])


def _row(sentiment: float, truncated: bool) -> ScoreRow:
    scores = {"sentiment.positive": max(0.0, sentiment), "sentiment.negative": max(0.0, -sentiment)}
    return ScoreRow(scores, explanation="sentiment by lexicon", truncated=truncated)
