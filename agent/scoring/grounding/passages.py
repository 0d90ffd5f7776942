"""Cuts a context into passages of a model's length, and picks those that a sentence may rest on. Lexical, no model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import log

from agent.scoring.grounding.folding import CJK, narrow, stem
from agent.tokens import estimate_tokens

__all__ = ["PassageIndex", "sentences", "terms"]

_SENTENCE_END = re.compile(r"[.!?]+(?=\s)|[。！？；]+|\n+")
_TERM = re.compile(rf"[a-z0-9\u00df-\u024f]+|[{CJK}]+")
_MOST_SENTENCE_CHARS = 1200
_COMMON_POSTINGS = 500


def sentences(text: str) -> list[tuple[int, int]]:
    """Start and end of each sentence that holds a letter; a very long one is cut."""
    found: list[tuple[int, int]] = []
    start = 0
    ends = [match.end() for match in _SENTENCE_END.finditer(text)]
    for end in [*ends, len(text)]:
        for begin in range(start, end, _MOST_SENTENCE_CHARS):
            stop = min(end, begin + _MOST_SENTENCE_CHARS)
            piece = text[begin:stop]
            lead = len(piece) - len(piece.lstrip())
            trail = len(piece) - len(piece.rstrip())
            if lead < len(piece):
                found.append((begin + lead, stop - trail))
        start = end
    return found


def terms(text: str) -> set[str]:
    """Stems of Latin words, numbers, and pairs of Chinese characters."""
    found: set[str] = set()
    for run in _TERM.findall(narrow(text).lower()):
        if run[0] >= "\u3400":
            found.update(run[place : place + 2] for place in range(max(1, len(run) - 1)))
        else:
            found.add(stem(run))
    return found


class PassageIndex:
    """The passages of a context.

    Parameters
    ----------
    tokens
        Estimated length of a passage; neighbours share a sentence.
    most
        Passages that are kept; `cut` says whether there were more.
    """

    def __init__(self, texts: Sequence[str], tokens: int, most: int) -> None:
        self.passages: list[str] = []
        self.cut = False
        self._postings: dict[str, list[int]] = {}
        for text in texts:
            self._add(text, tokens, most)
        for number, passage in enumerate(self.passages):
            for term in terms(passage):
                self._postings.setdefault(term, []).append(number)

    def _add(self, text: str, tokens: int, most: int) -> None:
        open_from: int | None = None
        last = (0, 0)
        size = 0
        for start, end in sentences(text):
            own = estimate_tokens(text[start:end])
            if open_from is not None and size + own > tokens:
                self._keep(text[open_from : last[1]], most)
                before = estimate_tokens(text[last[0] : last[1]])
                # The sentence before stands in both: "It" has to refer to something.
                open_from, size = (last[0], before) if before + own <= tokens else (None, 0)
            if self.cut:
                return
            if open_from is None:
                open_from, size = start, 0
            size += own
            last = (start, end)
        if open_from is not None:
            self._keep(text[open_from : last[1]], most)

    def _keep(self, passage: str, most: int) -> None:
        if len(self.passages) >= most:
            self.cut = True
        else:
            self.passages.append(passage)

    def best(self, sentence: str, count: int) -> list[int]:
        """The passages that share the rarest terms with a sentence, best first; the first ones when none shares any."""
        score: dict[int, float] = {}
        total = len(self.passages)
        for term in sorted(terms(sentence)):
            postings = self._postings.get(term, ())
            if not postings or len(postings) > _COMMON_POSTINGS:
                continue
            weight = log(1 + total / len(postings))
            for number in postings:
                score[number] = score.get(number, 0.0) + weight
        ranked = sorted(score, key=lambda number: (-score[number], number))[:count]
        return ranked or list(range(min(count, total)))
