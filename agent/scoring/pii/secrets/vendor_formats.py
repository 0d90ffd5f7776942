"""How a table of vendors' formats becomes a recogniser: one pattern, one trigger."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.scoring.pii.base import Recognizer, bounded, longest_match
from agent.scoring.pii.secrets.placeholders import is_placeholder
from agent.scoring.pii.secrets.randomness import randomness

__all__ = ["BEFORE", "vendor_recognizer"]

# A key may follow an escaped line end or a colour of the terminal, as in logs, or an escape of a URL.
BEFORE = r"(?:(?<![\w-])|(?<=\\[nrt])|(?<=\[[0-9]m)|(?<=\[[0-9][0-9]m)|(?<=%[0-9A-F][0-9A-F]))"
"""What stands before a key: no character of a word."""
# The first long repetition that stands in no group: enough has been read where it begins.
_LONG_REPEAT = re.compile(r"\{([0-9]{2,4})(?:,[0-9]+)?\}")
_ENOUGH = 10


def vendor_recognizer(name: str, source: str, formats: Sequence[str | tuple[str, str]]) -> Recognizer:
    """A recogniser of keys that begin with what their vendor chose for scanners to find them.

    Parameters
    ----------
    name, source
        As in `Recognizer`.
    formats
        Patterns, ASCII. Each begins with a literal; one that does not comes with its trigger.
    """
    bodies = [body if isinstance(body, str) else body[0] for body in formats]
    triggers = [_beginning(body) if isinstance(body, str) else body[1] for body in formats]
    return Recognizer(
        name=name,
        type="SECRET",
        source=source,
        pattern=bounded(f"{BEFORE}(?:{'|'.join(bodies)})(?!\\w)"),
        trigger="|".join(triggers),
        judge=_judge,
        priority=10,
        lead=max(
            longest_match(body[0]) if isinstance(body, tuple) else longest_match(_beginning(body)) for body in formats
        ),
    )


def _beginning(body: str) -> str:
    """The beginning of a format that tells it from all else. A short one compiles fast, and is reported once."""
    for repeat in _LONG_REPEAT.finditer(body):
        if body.count("(", 0, repeat.start()) == body.count(")", 0, repeat.start()) and int(repeat[1]) >= _ENOUGH:
            return f"{body[: repeat.start()]}{{{_ENOUGH}}}"
    return body


def _judge(match: re.Match[str], in_context: bool) -> float:
    """Names made of words ("sk-this-is-a-page-of-ours") have the prefix of a key, and nothing random after it."""
    key = match[0]
    return 0.0 if (key[2] == "-" and randomness(key) < 0) or is_placeholder(key) else 1.0
