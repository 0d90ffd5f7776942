"""Phrases that name what an attack does: injection, extraction of the system prompt, a jailbreak's frame."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from agent.scoring.adversarial.base import CATEGORY, Found, Piece, SignalSource, View
from agent.scoring.adversarial.phrases import EXTRACTION, INJECTION, JAILBREAK
from agent.scoring.adversarial.prefilter import fact_of

__all__ = ["EXTRACTS", "INJECTS", "JAILBREAKS"]

_MOST_PLACES = 8
#: Of a very long text its beginning and its end are read for phrases: all of them are short, and the signal is a name.
_READ = 20_000


def _looking_for(patterns: Sequence[str]) -> Callable[[View], Found | None]:
    # ASCII: in "请ignore all" and "system prompt是什么" the Latin words are words.
    compiled = [(fact_of(pattern), re.compile(pattern, re.IGNORECASE | re.ASCII)) for pattern in patterns]

    def look(view: View) -> Found | None:
        text = view.text
        windows = [(0, len(text))] if len(text) <= 2 * _READ else [(0, _READ), (len(text) - _READ, len(text))]
        places: list[tuple[int, int]] = []
        kinds = 0
        for fact, pattern in compiled:
            if not view.facts & fact:
                continue
            before = len(places)
            for first, end in windows:
                for match in pattern.finditer(text, first, end):
                    places.append(match.span())
                    if len(places) - before >= _MOST_PLACES:
                        break
            kinds += len(places) > before
        if not places:
            return None
        return Found(min(1.0, 0.7 + 0.1 * kinds), _united(places), len(places))

    return look


def _united(places: list[tuple[int, int]]) -> list[Piece]:
    pieces: list[Piece] = []
    for start, end in sorted(places):
        if pieces and start < pieces[-1].end:
            pieces[-1] = Piece(pieces[-1].start, max(end, pieces[-1].end))
        else:
            pieces.append(Piece(start, end))
    return pieces


def _source(kind: str, category: str, patterns: Sequence[str]) -> SignalSource:
    needs = sum(map(fact_of, patterns))
    return SignalSource(kind, f"{CATEGORY}.{category}", needs, "phrases", _looking_for(patterns), rank=5)


INJECTS = _source("prompt injection", "injection", INJECTION)
EXTRACTS = _source("prompt extraction", "extraction", EXTRACTION)
JAILBREAKS = _source("jailbreak frame", "jailbreak", JAILBREAK)
