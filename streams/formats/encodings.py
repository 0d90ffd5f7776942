"""The text of a body, by the rules of those who read it before us."""

from __future__ import annotations

from json import detect_encoding

__all__ = ["body_characters"]


def body_characters(body: bytes) -> str:
    """What is no character becomes U+FFFD; a byte order mark is dropped.

    Python's servers (vLLM among them) take JSON in UTF-16 and UTF-32 as well, and lone surrogates in UTF-8; Go's take
    any bytes. Whoever writes so must not go unseen by it.
    """
    return body.decode(detect_encoding(body), "replace")
