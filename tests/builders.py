"""Builders of test objects: say only what matters to the test, the rest is plausible."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from agent.events import Direction, InferenceEvent, Payload, TextPart
from agent.metrics.frozen import FrozenMetrics
from agent.scores import Dimension, ScoreRow, TextSpan
from agent.scoring.base import Batch, Lane

__all__ = ["WordScorer", "make_event", "native", "nothing_measured"]


def make_event(*, text: str | None = "hello", answer: str | None = "hi", **over: Any) -> InferenceEvent:
    """A whole native call; ``text`` or ``answer`` None leaves that direction out."""
    fields: dict[str, Any] = {
        "inference_id": "r-1",
        "model": "chat",
        "source": "test",
        "time": 1_700_000_000.0,
        "input": None if text is None else Payload(texts=(TextPart(text, "user"),)),
        "output": None if answer is None else Payload(texts=(TextPart(answer, "assistant"),)),
    }
    return InferenceEvent(**(fields | over))


def native(inference_id: str, *, text: str | None = "hello", answer: str | None = "hi", **over: Any) -> bytes:
    """The JSON bytes of a native event."""
    event: dict[str, Any] = {"id": inference_id, "source": "test", "model": "chat", "time": "2023-11-14T22:13:20Z"}
    if text is not None:
        event["input"] = {"text": text}
    if answer is not None:
        event["output"] = {"text": answer}
    return json.dumps(event | over, ensure_ascii=False).encode()


def nothing_measured() -> FrozenMetrics:
    """What a web server without metrics is made with."""
    return FrozenMetrics({}, {})


class WordScorer:
    """A real, tiny scorer: 1.0 for texts that hold a word, with its span. What the tests score with.

    Parameters
    ----------
    words
        Word to category.
    """

    def __init__(
        self,
        name: str = "words",
        words: Mapping[str, str] | None = None,
        dimension: Dimension = "output",
        lane: Lane = "host",
        directions: Sequence[Direction] = ("input", "output"),
    ) -> None:
        self.name = name
        self.version = "test@1"
        self._words = dict(words or {"awful": "toxicity"})
        self.categories: dict[str, Dimension] = dict.fromkeys(self._words.values(), dimension)
        self.thresholds = dict.fromkeys(self.categories, 0.5)
        self.lane: Lane = lane
        self.directions: frozenset[Direction] = frozenset(directions)
        self.warm = False
        self.texts_scored = 0

    def warm_up(self) -> None:
        self.warm = True

    def score(self, batch: Batch) -> list[ScoreRow]:
        self.texts_scored += len(batch)
        return [self._row(text) for text in batch.texts("raw")]

    def _row(self, text: str) -> ScoreRow:
        spans = []
        for word, category in self._words.items():
            at = text.find(word)
            if at >= 0:
                spans.append(TextSpan(at, at + len(word), category, category.upper()))
        return ScoreRow({span.category: 1.0 for span in spans}, tuple(sorted(spans, key=lambda span: span.start)))
