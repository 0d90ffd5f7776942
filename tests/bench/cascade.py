"""What the built-in n-grams cost as a screen of the built-in encoders: texts seen, findings lost, by threshold.

    python -m tests.bench.cascade --open DIR [--most 400]

``DIR`` holds labelled files by task (``tox``), and answers without harm (``out``, names with ``benign``). Findings are
those of the encoders at their own threshold, right or wrong: a cascade estimates what they would have said.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from agent.events import TextPart
from agent.normalize import normalize
from agent.quality.rows import read_files
from agent.scoring import load_scorer
from agent.scoring.base import Batch, Scorer, ScoringItem

THRESHOLDS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
_BATCH = 128


def scores(scorer: Scorer, texts: Sequence[str]) -> NDArray[np.float64]:
    found: list[float] = []
    for begin in range(0, len(texts), _BATCH):
        items = [ScoringItem(TextPart(text), "output", normalize) for text in texts[begin : begin + _BATCH]]
        found += [max(row.scores.values(), default=0.0) for row in scorer.score(Batch(items))]
    return np.array(found)


def figures(screen: Scorer, heavy: Scorer, texts: Sequence[str], labels: NDArray[np.bool_]) -> list[dict[str, float]]:
    """By threshold: texts seen, the encoders' findings that are lost, and their true ones among these."""
    cheap, dear = scores(screen, texts), scores(heavy, texts) >= max(heavy.thresholds.values())
    rows = []
    for threshold in THRESHOLDS:
        seen = cheap >= threshold
        true = dear & labels
        rows.append(
            {
                "threshold": threshold,
                "texts": len(texts),
                "findings": int(dear.sum()),
                "seen": round(float(seen.mean()), 4),
                "lost": round(float((dear & ~seen).sum() / max(1, dear.sum())), 4),
                "lost_true": round(float((true & ~seen).sum() / max(1, true.sum())), 4),
            }
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--open", type=Path, required=True)
    parser.add_argument("--most", type=int, default=400, help="texts of each file, drawn at random")
    args = parser.parse_args()
    screen, heavy = load_scorer("toxicity", {}, "ngrams"), load_scorer("toxicity", {})
    screen.warm_up()
    heavy.warm_up()
    draw = Random(0)
    sets: dict[str, tuple[list[str], list[bool]]] = {}
    for path in sorted([*args.open.glob("tox/*"), *args.open.glob("out/*benign*")]):
        (file,) = read_files([str(path)], "toxicity", None)  # type: ignore[arg-type]
        rows = list(file.rows)
        rows = draw.sample(rows, min(args.most, len(rows)))
        for row in rows:
            kind = f"{row.lang} without harm" if "benign" in path.name else row.lang
            texts, labels = sets.setdefault(kind, ([], []))
            texts.append(row.text)
            labels.append(bool(row.label))
    for kind, (texts, labels) in sorted(sets.items()):
        for line in figures(screen, heavy, texts, np.array(labels, bool)):
            print(json.dumps({"set": kind, **line}))


if __name__ == "__main__":
    main()
