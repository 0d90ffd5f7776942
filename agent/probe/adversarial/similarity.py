"""How much of a text is left in its perturbed form: the constraint under which an attack counts as one.

Not an embedding: those that are small enough to run here judge Chinese homophones and Base64 by their looks. Recall
of character n-grams, as in chrF (Popović, WMT 2015), over what a knowing reader reads back, says what share of the
request is still there, in any language; what is put around it costs nothing, as it should be for templates. It does not
notice a "not" that a perturbation would add: none of ours does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from agent.normalize import normalize
from agent.probe.perturbations import Perturbation

__all__ = ["similarity", "similarity_after"]

_ORDERS = (1, 2, 3)
_LOOKED_AT = 20_000


def similarity(original: str, other: str) -> float:
    """Share of the original's characters, pairs and triples that the other text has too, as a mean; in [0, 1].

    Both are normalised, and blanks do not count. Of very long texts the beginnings are compared.
    """
    first, second = _plain(original), _plain(other)
    if first == second:
        return 1.0
    found: list[float] = []
    for order in _ORDERS:
        wanted, there = _ngrams(first, order), _ngrams(second, order)
        total = wanted.total()
        if total:
            found.append((wanted & there).total() / total)
    return sum(found) / len(found) if found else 0.0


def similarity_after(original: str, other: str, steps: Sequence[Perturbation]) -> float:
    """The same, of what is read back of both, the last step first."""
    for step in reversed(steps):
        original, other = step.read_back(original), step.read_back(other)
    return similarity(original, other)


def _plain(text: str) -> str:
    return normalize(text[:_LOOKED_AT]).replace(" ", "")


def _ngrams(text: str, order: int) -> Counter[str]:
    return Counter(text[place : place + order] for place in range(len(text) - order + 1))
