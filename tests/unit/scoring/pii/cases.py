"""How the tables of the recognisers' tests are read: what must be found, with its bounds, and what must be left."""

from __future__ import annotations

import random
from collections.abc import Callable

from agent.scoring.pii import PiiScorer

__all__ = ["Found", "assert_checked", "found", "random_values"]

Found = tuple[str, list[tuple[str, str]]]
"""A text, and the type and value of each span in it."""

_SCORER = PiiScorer()
_DRAWN = {"#": "0123456789", "@": "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def found(text: str) -> list[tuple[str, str]]:
    """Type and value of each span that all recognisers together find."""
    return [(span.type, text[span.start : span.end]) for span in _SCORER.score_text(text).spans]


def random_values(form: str, count: int, accept: Callable[[str], bool], seed: int = 5) -> list[str]:
    """So many random values that are accepted: in the form, ``#`` is a digit and ``@`` a capital."""
    rng = random.Random(seed)
    values: list[str] = []
    for _ in range(20_000 + 400 * count):
        value = "".join(rng.choice(_DRAWN[c]) if c in _DRAWN else c for c in form)
        if accept(value):
            values.append(value)
            if len(values) == count:
                return values
    raise AssertionError(f"only {len(values)} of {count} values of {form} are accepted")


def assert_checked(carrier: str, kind: str, form: str, valid: Callable[[str], bool], stray: int = 0) -> None:
    """Of a form with a check, 200 valid values are found after the label; of 2,000 others without one at most `stray`.

    Parameters
    ----------
    carrier
        What stands before the value, such as ``UTR``.
    kind
        The type of the span.
    form
        As of `random_values`.
    valid
        Whether the check is right.
    stray
        How many may pass by chance for a number of another country, or with its check left out.
    """
    for value in random_values(form, 200, valid):
        text = f"{carrier} {value}"
        assert (kind, value) in found(text), text
    hits = [value for value in random_values(form, 2000, lambda value: not valid(value)) if kind in dict(found(value))]
    assert len(hits) <= stray, hits[:10]
