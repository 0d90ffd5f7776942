"""How much a worker holds: what the system and the interpreter say of the process, and the size of every container."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

__all__ = ["containers", "process"]

_MIB: Final = 1024 * 1024
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
#: Containers of more than so many are counted and not looked into: of partitions, models, aggregators there are less.
_MOST_COUNTED: Final = 2_000
_MOST_LOOKED_INTO: Final = 200
_DEEPEST: Final = 9
_SIZED: Final = (dict, list, set, frozenset, deque)


def process() -> dict[str, float]:
    """Of this one: resident memory in MiB, blocks of Python's allocator, descriptors, threads, tasks of this loop."""
    resident = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE / _MIB
    return {
        "rss": round(resident, 2),
        "python_blocks": float(sys.getallocatedblocks()),
        "file_descriptors": _count(Path("/proc/self/fd")),
        "threads": _count(Path("/proc/self/task")),
        "tasks": float(len(asyncio.all_tasks())),
    }


def _count(folder: Path) -> float:
    return float(sum(1 for _ in folder.iterdir()))


def containers(root: object) -> dict[str, int]:
    """Entries of all containers that hang on an object of ours, added up by class and attribute."""
    sizes: Counter[str] = Counter()
    seen: set[int] = set()
    level = [root]
    for _ in range(_DEEPEST):
        following: list[object] = []
        for held in level:
            if id(held) in seen:
                continue
            seen.add(id(held))
            for name, value in _attributes(held):
                following += _counted(f"{type(held).__name__}.{name}", value, sizes)
        level = following
    return dict(sizes)


def _counted(path: str, value: object, sizes: Counter[str]) -> list[object]:
    """Count a container and those in it; the objects of ours among what it holds."""
    if not isinstance(value, (*_SIZED, tuple)):
        return [value] if _is_ours(value) else []
    if not isinstance(value, tuple):
        sizes[path] += len(value)
    held = list(value.values() if isinstance(value, Mapping) else value)
    found = []
    for each in held[:_MOST_LOOKED_INTO] if len(held) <= _MOST_COUNTED else ():
        found += _counted(f"{path}[]", each, sizes)
    return found


def _attributes(held: object) -> Iterator[tuple[str, Any]]:
    yield from list(getattr(held, "__dict__", {}).items())
    for kind in type(held).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            try:
                yield name, object.__getattribute__(held, name)
            except AttributeError:
                continue


def _is_ours(value: object) -> bool:
    return type(value).__module__.partition(".")[0] in ("agent", "streams")
