"""Own-written labelled rows, mild ones, and what the tests of quality score them with."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from agent.events import TextPart
from agent.normalize import normalize
from agent.quality.measure import Contexts, Judged, Opinion
from agent.quality.rows import UNKNOWN_LANGUAGE, LabelledRow, SpanNote
from agent.scores import TextSpan
from agent.scoring.base import Batch, ScoringItem

__all__ = ["PII_ROWS", "TOXIC_ROWS", "FixedJudge", "judged", "lines", "make_batch", "pii_judged", "write"]

TOXIC_ROWS: list[dict[str, Any]] = [
    {"id": "1", "text": "You are a worthless idiot.", "lang": "en", "label": 1, "category": "insult"},
    {"id": "2", "text": "Shut up, you stupid moron.", "lang": "en", "label": 1, "category": "insult"},
    {"id": "3", "text": "What a lovely day for a walk.", "lang": "en", "label": 0, "category": "plain"},
    {"id": "4", "text": "The meeting starts at nine.", "lang": "en", "label": 0, "category": "plain"},
    {"id": "5", "text": "Could you send me the slides?", "lang": "en", "label": 0, "category": "mixed"},
    {"id": "6", "text": "你这个废物，真是白痴。", "lang": "zh", "label": 1, "category": "mixed"},
    {"id": "7", "text": "今天天气很好，我们去散步吧。", "lang": "zh", "label": 0, "category": "plain"},
    {"id": "8", "text": "nobody judged this one", "lang": "en", "label": None},
]
_MAIL = "Mail anna.lee@example.org today."
PII_ROWS: list[dict[str, Any]] = [
    {"text": _MAIL, "lang": "en", "spans": [{"start": 5, "end": 25, "type": "EMAIL"}]},
    {"text": "Nothing to see here.", "lang": "en", "spans": []},
    {"text": "Card 4111 1111 1111 1111 is not annotated in this file.", "lang": "en", "spans": []},
    {"text": "请联系 li.lei@example.cn 谢谢", "lang": "zh", "spans": [{"start": 4, "end": 21, "type": "EMAIL"}]},
    {"text": _MAIL, "lang": "en", "spans": [], "other_spans": [{"start": 5, "end": 25}]},
    {"text": "Write to Joe Smith.", "lang": "en", "spans": [{"start": 9, "end": 18, "type": "NAME"}]},
]


def lines(rows: Sequence[Mapping[str, Any]]) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def make_batch(texts: Sequence[str]) -> Batch:
    return Batch([ScoringItem(TextPart(text), "input", normalize) for text in texts])


def write(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    path.write_bytes(lines(rows))
    return path


def judged(labels: Sequence[int], scores: Sequence[float], threshold: float = 0.5, lang: str = "en") -> Judged:
    """Texts of given labels and scores."""
    found = np.array(scores, np.float64)
    return Judged(
        rows=[LabelledRow(text="x", lang=lang, label=label) for label in labels],
        labels=np.array(labels, np.int8),
        scores=found,
        flagged=found >= threshold,
        spans=[()] * len(labels),
        seconds={},
    )


def pii_judged(
    texts: Sequence[tuple[Sequence[SpanNote], Sequence[tuple[int, int, str]], Sequence[SpanNote]]],
) -> Judged:
    """Texts of annotated spans, spans found, and other spans."""
    return Judged(
        rows=[
            LabelledRow(text="x" * 100, lang="en", label=int(bool(spans)), spans=tuple(spans), other_spans=tuple(other))
            for spans, _, other in texts
        ],
        labels=np.array([int(bool(spans)) for spans, _, _ in texts], np.int8),
        scores=np.zeros(len(texts)),
        flagged=np.zeros(len(texts), bool),
        spans=[
            tuple(TextSpan(start, end, f"pii.{kind.lower()}", kind) for start, end, kind in found)
            for _, found, _ in texts
        ],
        seconds={},
    )


class FixedJudge:
    """Knows the score of each text."""

    name = "fixed"
    version = "fixed@1"

    def __init__(self, scores: Mapping[str, float], threshold: float = 0.5) -> None:
        self.thresholds: Mapping[str, float] = {"fixed": threshold}
        self._scores = scores
        self.batches: list[list[str]] = []

    def judge(self, texts: Sequence[str], contexts: Contexts = (), lang: str = UNKNOWN_LANGUAGE) -> list[Opinion]:
        self.batches.append(list(texts))
        limit = self.thresholds["fixed"]
        return [Opinion(self._scores[text], self._scores[text] >= limit) for text in texts]
