"""Changes of what bytes say instead of the bytes: a value of a JSON or msgpack document becomes another.

Changed bytes seldom leave a document that can be read, and so seldom get past the reader. Here a document is read,
changed in some places (another type, a value out of range, a part of another document in its place), and written again.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import msgspec

__all__ = ["restructured"]

#: A list or object, and the index or key in it.
_Place: TypeAlias = "tuple[Any, Any]"

_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, -(2**63), 10**400, 0.5, -0.0, 1e308, float("inf"), float("nan"),
    "", " ", "0", "null", "1e999", "\x00", "\ud800", "\u202e", "\u0301" * 200, "\U0001f468\u200d\U0001f469", "a" * 5000,
    "data:text/plain;base64,aGk=", "2026-02-30T25:61:61Z", "9999-12-31T23:59:59.999999999+23:59", "{}", "{\"role\":0}",
    [], {}, [[]], [None], {"": ""}, [{}], {"text": None}, [["a", 1]], {"type": "text", "text": "hi"},
)  # fmt: skip
_MOST_PLACES = 5000


def restructured(draw: random.Random, data: bytes, others: Sequence[bytes], most: int) -> bytes | None:
    """A document, or one that stands in a line, changed in one to four places; None where there is none."""
    found = _document(draw, data)
    if found is None:
        return None
    before, tree, after, write = found
    donor = _document(draw, draw.choice(others)) if others else None
    root = [tree]
    for number in range(draw.choice((1, 1, 2, 4))):
        _change(draw, root, donor[1] if donor else None, may_repeat=number == 0)
    try:
        written = before + write(root[0]) + after
        return written if len(written) <= most else None
    except (ValueError, TypeError, OverflowError, RecursionError, msgspec.MsgspecError):
        return None  # what this language cannot say: 10**400 in msgpack


def _document(draw: random.Random, data: bytes) -> tuple[bytes, Any, bytes, Callable[[Any], bytes]] | None:
    """What stands before it, the document, what stands behind, and how it is written."""
    if data[:1] >= b"\x80":
        try:
            return b"", msgspec.msgpack.decode(data), b"", msgspec.msgpack.encode
        except (ValueError, TypeError, RecursionError):
            return None
    lines = data.splitlines(keepends=True)
    number = draw.randrange(len(lines)) if len(lines) > 1 else 0
    for first, behind in ((0, len(lines)), (number, number + 1)):
        before, text, after = b"".join(lines[:first]), b"".join(lines[first:behind]), b"".join(lines[behind:])
        starts = [at for at in (text.find(b"{"), text.find(b"[")) if at >= 0]
        if not starts:
            continue
        start = min(starts)
        try:
            tree, end = json.JSONDecoder().raw_decode(text[start:].decode("utf-8", "surrogatepass"))
        except (ValueError, RecursionError):
            continue
        length = len(text[start:].decode("utf-8", "surrogatepass")[:end].encode("utf-8", "surrogatepass"))
        return before + text[:start], tree, text[start + length :] + after, _as_json_or_raw(draw)
    return None


def _as_json_or_raw(draw: random.Random) -> Callable[[Any], bytes]:
    escaped = draw.random() < 0.5
    return lambda tree: json.dumps(tree, ensure_ascii=escaped).encode("utf-8", "surrogatepass")


def _change(draw: random.Random, root: list[Any], donor: Any, *, may_repeat: bool) -> None:
    holder, key = draw.choice(_places(root))
    value = holder[key]
    match draw.randrange(9):
        case 0 | 1:
            holder[key] = draw.choice(_VALUES)
        case 2 if holder is not root:
            del holder[key]
        case 3:
            holder[key] = [value] if draw.random() < 0.5 else {draw.choice(("text", "content", "value", "")): value}
        case 4 if may_repeat:
            # As many as make a difference to what is bounded by a number; once, since repeated repetitions multiply.
            holder[key] = [value] * draw.choice((2, 17, 300))
        case 5 if donor is not None:
            other_holder, other_key = draw.choice(_places([donor]))
            holder[key] = other_holder[other_key]
        case 6:
            other_holder, other_key = draw.choice(_places(root))
            holder[key] = other_holder[other_key] if other_holder is not root else None
        case 7 if isinstance(holder, dict):
            names = [name for place, name in _places(root) if isinstance(place, dict)]
            del holder[key]
            holder[draw.choice([*names, "", "__proto__", "\ud800", "text", "content", "type"])] = value
        case _ if isinstance(value, list | dict) and value:
            holder[key] = next(iter(value.values() if isinstance(value, dict) else value))
        case _:
            holder[key] = json.dumps(value, default=str) if draw.random() < 0.5 else str(value)[:5000]


def _places(root: list[Any]) -> list[_Place]:
    """Every value's place, `_MOST_PLACES` at most; a copy of a part may hold itself, so that depth is bounded by it."""
    found: list[_Place] = []
    waiting: list[Any] = [root]
    while waiting and len(found) < _MOST_PLACES:
        holder = waiting.pop()
        for key, value in _members(holder):
            found.append((holder, key))
            if isinstance(value, list | dict):
                waiting.append(value)
    return found


def _members(holder: Any) -> Iterator[tuple[Any, Any]]:
    return iter(list(holder.items()) if isinstance(holder, dict) else list(enumerate(holder)))
