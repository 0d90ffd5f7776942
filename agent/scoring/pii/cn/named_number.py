"""Numbers that a Chinese text names: ``住院号：ZY20240101``, ``学号是 2021001``."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer

__all__ = ["named_number"]


def named_number(
    name: str, kind: str, source: str, words: str, *, letters: int, rest: tuple[int, int], score: float, priority: int
) -> Recognizer:
    """A recogniser of what stands after one of the words: some letters, a digit, more of both.

    Parameters
    ----------
    name, source, priority
        As of `Recognizer`.
    kind
        The type of the span.
    words
        Alternatives of a pattern.
    letters
        Before the first digit, at the most.
    rest
        Fewest and most letters, digits and hyphens after the first digit.
    score
        Of every hit: the name alone decides.
    """
    fewest, most = rest
    sign = r"[ \t*`|]{0,4}"
    begins = rf"[A-Za-z]{{0,{letters}}}[-_]?[0-9]"
    return Recognizer(
        name=name,
        type=kind,
        source=source,
        pattern=re.compile(
            rf"(?:{words})[码碼]?{sign}(?:[:=：]|是|为|為)?{sign}"
            rf"(?P<value>{begins}[0-9A-Za-z-]{{{fewest},{most}}})(?![\w-])",
            re.ASCII,
        ),
        trigger=rf"(?:{words})(?:码|碼)?{sign}(?:[:=]|：|是|为|為)?{sign}{begins}[0-9A-Za-z-]{{{fewest}}}",
        judge=lambda match, in_context: score,
        priority=priority,
    )
