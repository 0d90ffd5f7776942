"""What disguising texts costs a judge: its AUROC on clean parents against that on their variants.

A file of variants has, beside the usual fields, ``original`` (the parent's text; null for a parent itself),
``category`` (the form: leet, zero-width, ...) and ``task_label``. Only rows that were labelled for toxicity count.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from agent.quality.measure import TextJudge
from agent.quality.ranking import auc

__all__ = ["perturbation_figures"]

TOXICITY_LABELS = ("toxicity", "harm")


class Pair(NamedTuple):
    """A variant and its parent."""

    form: str
    lang: str
    label: int
    parent: str
    variant: str


def perturbation_figures(path: Path, judges: Sequence[TextJudge], limit: int | None = None) -> list[dict[str, Any]]:
    """One row per language and form, and one for all forms: AUROC of parents, of variants, and the fall.

    The parents are those of the variants in the row, each as often as it has variants there: both figures are about the
    same texts, the same labels and the same weights.
    """
    pairs = list(_pairs(path))[:limit]
    texts = sorted({text for pair in pairs for text in (pair.parent, pair.variant)})
    scores = {judge.name: dict(zip(texts, _scores(judge, texts), strict=True)) for judge in judges}
    rows: list[dict[str, Any]] = []
    for lang in sorted({pair.lang for pair in pairs}):
        here = [pair for pair in pairs if pair.lang == lang]
        rows += [
            _row(lang, form, [pair for pair in here if pair.form == form], scores)
            for form in sorted({pair.form for pair in here})
        ]
        rows.append(_row(lang, "all forms", here, scores))
    return [*rows, _row("all", "all forms", pairs, scores)] if pairs else rows


def _row(lang: str, form: str, pairs: Sequence[Pair], scores: dict[str, dict[str, float]]) -> dict[str, Any]:
    labels = np.array([pair.label for pair in pairs])
    found: dict[str, dict[str, float | None]] = {}
    for name, known in scores.items():
        clean = auc(labels, np.array([known[pair.parent] for pair in pairs]))
        variant = auc(labels, np.array([known[pair.variant] for pair in pairs]))
        fall = None if clean is None or variant is None else clean - variant
        found[name] = {"clean": clean, "perturbed": variant, "fall": fall}
    return {"form": form, "lang": lang, "n": len(pairs), "positives": int(labels.sum()), "judges": found}


def _scores(judge: TextJudge, texts: Sequence[str]) -> Iterator[float]:
    for begin in range(0, len(texts), 256):
        yield from (opinion.score for opinion in judge.judge(texts[begin : begin + 256]))


def _pairs(path: Path) -> Iterator[Pair]:
    content = path.read_bytes()
    for line in (gzip.decompress(content) if path.suffix == ".gz" else content).splitlines():
        row = json.loads(line)
        if row["task_label"] in TOXICITY_LABELS and row["original"] and row["label"] in (0, 1):
            yield Pair(row["category"], row["lang"], row["label"], row["original"], row["text"])
