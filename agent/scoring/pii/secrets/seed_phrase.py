"""Phrases of twelve to twenty-four words from which a wallet's keys are made."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer

__all__ = ["RECOGNIZER"]

# The commonest words of English that are not among the list's 2048: prose has some of them in any twelve words.
_PROSE_WORDS = "the and for are was were with from not his her they been have had has but our its who which"
_PROSE = frozenset(_PROSE_WORDS.split())
_LENGTHS = (12, 15, 18, 21, 24)


def _judge(match: re.Match[str], in_context: bool) -> float:
    words = match["value"].lower().split()
    return 0.9 if len(words) in _LENGTHS and _PROSE.isdisjoint(words) else 0.0


RECOGNIZER = Recognizer(
    name="seed phrase",
    type="SECRET",
    source="BIP 39 (12, 15, 18, 21 or 24 words of three to eight letters)",
    pattern=re.compile(
        r"(?:mnemonic|(?:seed|recovery|backup|secret)[ _-]?(?:phrase|words)|助记词)"
        r"(?: is|是|为)?[^A-Za-z\n]{0,6}\n?[^A-Za-z\n]{0,6}"
        r"(?P<value>[a-z]{3,8}(?:[ \t]{1,3}[a-z]{3,8}){11,23}+)(?![a-z])",
        re.IGNORECASE | re.ASCII,
    ),
    trigger=r"(?:mnemonic|(?:seed|recovery|backup|secret)[ _-]?(?:phrase|words)|助记词)",
    judge=_judge,
    priority=8,
    lead=17,
)
