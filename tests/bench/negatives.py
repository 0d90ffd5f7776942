"""False alarms of the `pii` scorer on ordinary texts that are full of numbers and codes and nobody's data.

    python -m tests.bench.negatives [--texts 50000] [--seed 20260101]

Prints one JSON line for each type of span: in how many texts it was found, the rate, its one-sided 95 % upper limit
(Clopper & Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial", 1934), the
bound, and whether the limit lies within it: null where so few texts could not show it even without a hit (a bound of 1
in 10,000 takes 30,000). Exit code 0, or 1 where a limit does not lie within its bound.

The rates are those of these made texts, each kind of which is as frequent as any other: not those of anybody's traffic.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator

from scipy.stats import beta

from agent.scoring.pii import PiiScorer
from agent.scoring.pii.base import CATEGORIES
from tests.bench.negative_texts import negative_texts

__all__ = ["BOUNDS", "count_hits", "upper_limit"]

CHECKSUMMED = ("CARD", "BANK_ACCOUNT", "NATIONAL_ID")
BOUNDS: dict[str, float] = {kind: 1e-4 if kind in CHECKSUMMED else 5e-4 for kind in CATEGORIES}
"""Of the texts, how many may have a span of a type: fewer where numbers have check digits or need their labels."""

CONFIDENCE = 0.95


def count_hits(texts: Iterable[str]) -> Counter[str]:
    """In how many texts each type of span is found."""
    scorer = PiiScorer()
    return Counter(kind for text in texts for kind in {span.type for span in scorer.score_text(text).spans})


def upper_limit(hits: int, texts: int) -> float:
    """One-sided upper limit of a rate at `CONFIDENCE`."""
    return 1.0 if hits >= texts else float(beta.ppf(CONFIDENCE, hits + 1, texts - hits))


def _lines(texts: int, seed: int) -> Iterator[dict[str, str | int | float | bool | None]]:
    hits = count_hits(negative_texts(texts, seed))
    for kind, bound in BOUNDS.items():
        limit = upper_limit(hits[kind], texts)
        yield {
            "type": kind,
            "texts": texts,
            "hits": hits[kind],
            "rate": hits[kind] / texts,
            "upper_95": round(limit, 7),
            "bound": bound,
            "within": limit <= bound if upper_limit(0, texts) <= bound else None,
        }


def main() -> int:
    """Print the lines."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--texts", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=20_260_101)
    options = parser.parse_args()
    if options.texts < 1:
        parser.error("--texts must be at least 1")
    lines = list(_lines(options.texts, options.seed))
    for line in lines:
        print(json.dumps(line))
    return 1 if any(line["within"] is False for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
