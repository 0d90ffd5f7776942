"""Tables with a bounded number of names whose merge is still associative and commutative.

"First come, first kept" depends on the order of merging. Instead the names of lowest rank stay, and rank depends on
the name alone (a bottom-k sketch): whatever belongs to the lowest k of a union also belongs to the lowest k of each
part, so its count is complete, and everything else meets in one rest, in any order of merging.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

__all__ = ["JOINED", "MAX_NAME_LENGTH", "REST", "joined_name", "short_name", "trim"]

REST = ""
"""Key of the rest. Real names are never empty; "other" is a common real value (of gender, say) and stays usable."""

MAX_NAME_LENGTH = 64

JOINED: Final = "+"
"""Between the names of attributes, and of groups, that are looked at together."""

Value = TypeVar("Value")


def short_name(name: str) -> str:
    """Stripped, case-folded, at most `MAX_NAME_LENGTH` characters; may be empty."""
    # Cut before folding as well: folding a hostile megabyte is work that nobody needs.
    return name[: 2 * MAX_NAME_LENGTH].strip().casefold()[:MAX_NAME_LENGTH]


def joined_name(names: Sequence[str]) -> str:
    """One name of several that are looked at together, a different one for any others of as many.

    Joined by `JOINED`. Where a name has one elsewhere than at its end (as in ``65+``, which leaves no doubt) all names
    have theirs, and backslashes, behind a backslash: ``a+b`` with ``c`` is not ``a`` with ``b+c``.
    """
    if len(names) > 1 and any(JOINED in name.rstrip(JOINED) or name[:1] == JOINED for name in names):
        names = [name.replace("\\", "\\\\").replace(JOINED, "\\" + JOINED) for name in names]
    return JOINED.join(names)


def _rank(name: str) -> tuple[int, str]:
    return zlib.crc32(name.encode("utf-8", "surrogatepass")), name


def trim(
    table: dict[str, Value],
    limit: int,
    absorb: Callable[[Value | None, Value], Value],
    pinned: frozenset[str] = frozenset(),
) -> None:
    """Move the names of highest rank into the rest until at most ``limit`` names stay.

    Parameters
    ----------
    absorb
        Gives the sum of the rest so far (None at first) and a value that joins it; may change the first in place.
    pinned
        Names that rank before all others; an operator who lists the groups expected keeps them under a flood.
    """
    while len(table) - (REST in table) > limit:
        victim = max(
            (name for name in table if name != REST),
            key=lambda name: (name not in pinned, *_rank(name)),
        )
        table[REST] = absorb(table.get(REST), table.pop(victim))
