"""What stands where a secret would stand, and is none."""

from __future__ import annotations

import re

__all__ = ["is_placeholder"]

# Looked for one by one: faster than a pattern of as many alternatives.
_WORDS = (
    "example",
    "placeholder",
    "changeme",
    "change_me",
    "change-me",
    "your_",
    "your-",
    "yours",
    "redacted",
    "removed",
    "masked",
    "hidden",
    "replace",
    "insert",
    "dummy",
    "todo",
    "sample",
    "goeshere",
    "goes_here",
    "goes-here",
    "xxxx",
    "***",
    "...",
    "…",
    "${",
    "$(",
    "{{",
    "%(",
    "1234567890123456",
    "0123456789abcdef",
    "abcdefghijkl",
)
_TAG = re.compile(r"<[a-z][\w -]*>|\benv\b")


def is_placeholder(value: str) -> bool:
    """Whether the value is filler: few different characters, or the words of documentation."""
    if len(set(value)) < min(8, 1 + len(value) // 2):
        return True
    lowered = value.lower()
    for word in _WORDS:
        if word in lowered:
            return True
    return _TAG.search(lowered) is not None
