"""JSON that is nested deeper than a parser follows, made flat.

Model servers' parsers follow to other depths than ours (llama.cpp's to any), and pass over fields that they do not
know: who writes five thousand brackets into one of these must not go unseen by it.
"""

from __future__ import annotations

import re

__all__ = ["shallow"]

#: Strings, perhaps without an end, so that brackets are not found in them; runs of brackets, opening or closing.
_RUN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[{]++|[\]}]++', re.DOTALL)


def shallow(json: bytes, most: int) -> bytes:
    """The same with ``null`` in place of whatever lies deeper than ``most`` arrays and objects; in linear time.

    What is cut in the middle may end with such a ``null``.
    """
    kept: list[bytes] = []
    begin = depth = 0
    for match in _RUN.finditer(json):
        start, end = match.span()
        first = json[start]
        if first == 0x22:  # a string
            continue
        if first in b"[{":
            if depth <= most < depth + end - start:
                kept += (json[begin : start + most - depth], b"null")
            depth += end - start
        else:
            if depth > most >= depth - (end - start):
                begin = start + depth - most
            depth -= end - start
    if depth <= most:
        kept.append(json[begin:])
    return b"".join(kept)
