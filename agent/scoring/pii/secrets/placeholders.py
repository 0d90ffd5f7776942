"""What stands where a secret would stand, and is none."""

from __future__ import annotations

import re

__all__ = ["is_placeholder"]

_WORDS = re.compile(
    r"example|placeholder|changeme|change_me|your[_-]|yours|redacted|xxxx|\*\*\*|\.\.\.|replace|insert|dummy|todo|"
    r"<[a-z]|\$\{|\{\{|%\(|\benv\b|1234567890123456|0123456789abcdef|abcdefghijkl",
    re.IGNORECASE,
)


def is_placeholder(value: str) -> bool:
    """Whether the value is filler: few different characters, or the words of documentation."""
    return len(set(value)) < min(8, 1 + len(value) // 2) or _WORDS.search(value) is not None
