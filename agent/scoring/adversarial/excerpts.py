"""Orders inside of long texts: sentences with a phrase of an attack, to be judged by themselves.

A classifier rates a window of a thousand characters as a whole, so that one order among pages of ordinary prose is
lost in it: of forty Chinese pages with an order to ignore all instructions none reached the threshold, and all do by
that sentence. Phrases alone say little, since people quote them; but where one stands, its sentence is what matters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.scoring.adversarial.base import Signal

__all__ = ["EXCERPT", "excerpts"]

EXCERPT = "excerpt"
"""Its name in the path to a layer."""

#: Shorter texts are judged as they are; a longer one unless the sentence is half of it.
_LONG = 300
_LEAST_RATIO = 2
#: Characters of a sentence before and behind a phrase, at most.
_MOST_AROUND = 160
#: Phrases of a kind from either end of the text whose sentences are taken.
_MOST_FROM_AN_END = 4
_END = re.compile(r"[.!?](?=\s|$)|[。！？\n]")


def excerpts(text: str, signals: Sequence[Signal], categories: frozenset[str]) -> list[str]:
    """The sentences of a long text around phrases, without repeats, in the order of the signals.

    Parameters
    ----------
    text
        Of at least 300 characters, or there are none.
    signals
        What was seen in it.
    categories
        Those of the signals that are phrases.

    Returns
    -------
    list of str
        At most eight for each signal, of at most half the text.
    """
    if len(text) < _LONG:
        return []
    found: dict[str, None] = {}
    for signal in signals:
        if signal.source.category in categories:
            pieces = signal.found.pieces
            for piece in (*pieces[:_MOST_FROM_AN_END], *pieces[-_MOST_FROM_AN_END:]):
                sentence = _sentence(text, piece.start, piece.end)
                if len(sentence) * _LEAST_RATIO <= len(text):
                    found[sentence] = None
    return list(found)


def _sentence(text: str, start: int, end: int) -> str:
    first, last = max(0, start - _MOST_AROUND), min(len(text), end + _MOST_AROUND)
    for before in _END.finditer(text, first, start):
        first = before.end()
    behind = _END.search(text, end, last)
    return text[first : behind.end() if behind else last].strip()
