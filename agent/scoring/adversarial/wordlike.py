"""Whether a string of letters could be a word of a language in Latin letters, by how much its letters surprise."""

from __future__ import annotations

import numpy as np

from agent.scoring.adversarial.ordinary import SCALE, Ordinary
from agent.scoring.adversarial.surprise import classes_of, surprises

__all__ = ["mean_surprise", "wordlike"]

#: Of words that are no common ones nine in ten lie below, of random strings of letters one in fifty.
_MOST_BITS = 5.5


def mean_surprise(text: str, ordinary: Ordinary) -> float:
    """Bits per character, a blank before and behind the text; 0 for one without characters."""
    codes = np.frombuffer(f"  {text} ".encode("utf-32-le", "surrogatepass"), np.uint32)
    values = surprises(classes_of(codes), ordinary.surprise)
    return float(values[2:].mean()) / SCALE if len(text) else 0.0


def wordlike(word: str, ordinary: Ordinary) -> bool:
    """Whether a word in lower case is pronounceable in English, roughly."""
    return mean_surprise(word, ordinary) <= _MOST_BITS
