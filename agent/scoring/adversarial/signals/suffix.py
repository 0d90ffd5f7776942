"""Optimised suffixes (GCG, Zou et al. 2023, arXiv:2307.15043): strings that no person writes, found by search.

Windows whose characters surprise (Alon and Kamfonas 2023, arXiv:2308.14132, take a language model's perplexity) are
rated by what tells such strings from code, tables and names: many kinds of signs among whole words, brackets and
quotation marks that are not closed, signs in heaps, no lines. The weights are those of a logistic regression on
windows of attacks, ordinary texts and code. On rows held aside it found three in four of the suffixes of
JailbreakBench, one in 8,000 ordinary texts, and one in 150 pieces of code. Suffixes of readable words (AutoDAN and its
kin) are not found.
"""

from __future__ import annotations

import math
import re

import numpy as np

from agent.scoring.adversarial.base import SUFFIX, Found, Piece, SignalSource, View
from agent.scoring.adversarial.brackets import LEAST_WINDOW, WINDOW, unmatched, untidy_windows
from agent.scoring.adversarial.facts import UNTIDY
from agent.scoring.adversarial.surprise import classes_of, surprises

__all__ = ["CERTAIN", "SIGNAL"]

CERTAIN = 0.73
"""From this strength on a stretch may be cut off: on the rows held aside no ordinary text reached it."""

_SIGN = re.compile(r"[][{}()<>\\/`|@#$%^&*=_~\"+;:,.!?'-]")
_HEAP = re.compile(r"[][{}()\\`\"<>$%_|]{3,}")
_WORD = re.compile(r"[A-Za-z]{2,}")
_FIGURE = re.compile("[0-9]")
#: Names of fields in JSON and its kin.
_FIELD = re.compile("[A-Za-z_]\\\\?[\"'] ?:")
_BIAS = -3.3
#: Mean surprise from which a window is rated, in parts of a bit: 3.7 bits. Half of ordinary English texts have none.
_LEAST_SURPRISE = 59
#: The end of a very long text is read: a suffix stands there.
_MOST = 100_000
_MOST_WINDOWS = 16
_LEAST_STRENGTH = 0.4
_LEAST_RATING = 1.0 + math.log(_LEAST_STRENGTH / (1.0 - _LEAST_STRENGTH))
_MOST_BY_WORDS = 1.4


def _look(view: View) -> Found | None:
    # What was opened long before is closed at the end of data.
    text = view.text[-_MOST:].rstrip("]})\"' \n")
    offset = max(len(view.text) - _MOST, 0)
    size = min(WINDOW, len(text))
    if size < LEAST_WINDOW:
        return None
    # What is cheap comes first: most windows are not worth the rest.
    untidy = untidy_windows(text)
    by_signs = {at: _by_signs(text[at : at + size]) for at in untidy if len(_FIELD.findall(text, at, at + size)) < 2}
    worthy = [at for at, rating in by_signs.items() if rating + _MOST_BY_WORDS >= _LEAST_RATING]
    if not worthy:
        return None
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    total = np.concatenate(([0], np.cumsum(surprises(classes_of(codes), view.ordinary.surprise), dtype=np.int64)))
    sums = {at: int(total[min(at + size, len(text))] - total[at]) for at in worthy}
    loudest = sorted(
        (at for at in worthy if sums[at] >= (min(at + size, len(text)) - at) * _LEAST_SURPRISE),
        key=lambda at: -sums[at],
    )
    ratings = sorted(
        (at, _strength(by_signs[at] + _by_words(text[at : at + size], view))) for at in loudest[:_MOST_WINDOWS]
    )
    best = max((rating for _, rating in ratings), default=0.0)
    if best < _LEAST_STRENGTH:
        return None
    inside = [at for at, rating in ratings if rating >= min(best, 0.5)]
    # Windows reach into the request before the suffix; what it begins with is its first sign or unknown word.
    first, end = _first(text, inside[0], size, view), min(inside[-1] + size, len(text))
    return Found(best, [Piece(offset + first, offset + end)], 1)


def _by_signs(window: str) -> float:
    return (
        _BIAS
        + 1.2 * len(set(_SIGN.findall(window))) / 10
        + 0.7 * len(_HEAP.findall(window)) / 3
        + 3.3 * unmatched(window) / 4
        + 1.9 * (window.count('"') % 2 + window.count("`") % 2) / 2
        - 2.8 * window.count("\n") / 3
        - 0.9 * len(_FIGURE.findall(window)) / 20
        - 1.0 * window.count("  ") / 3
        - 1.0 * window.count(",") / 5
        - 1.6 * window.count("_") / 4
        + 0.8 * window.count("<") / 3
    )


def _by_words(window: str, view: View) -> float:
    words = _WORD.findall(window)
    unknown = sum(word.lower() not in view.ordinary.words for word in words)
    return 0.6 * (unknown / len(words) if words else 0.0) + 0.8 * sum(map(len, words)) / WINDOW


def _strength(rating: float) -> float:
    return 1.0 / (1.0 + math.exp(1.0 - rating))


def _first(text: str, at: int, size: int, view: View) -> int:
    for match in re.finditer(r"\S+", text[at : at + size]):
        word = match[0].strip(".,!?'’")
        if not word.isalpha() or word.lower() not in view.ordinary.words:
            return at + match.start()
    return at


SIGNAL = SignalSource("optimised suffix", SUFFIX, UNTIDY, "stretches/stretch", _look, "cut", rank=3)
