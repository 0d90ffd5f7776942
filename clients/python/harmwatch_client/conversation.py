"""What a call holds several of, looked at one by one, so that work ends where the room for an event does.

Who makes a list of everything first, and cuts it afterwards, does work without bound for a body of a million empty
messages. Here each is made into a message when it is its turn, and spends room even where it holds nothing.
"""

from __future__ import annotations

from collections.abc import (
    Callable,
    Iterable,
    Iterator,
    Mapping,
    MappingView,
    Sequence,
    Set,
    Sized,
)
from itertools import islice
from typing import Any, Final

__all__ = [
    "LEFT_OUT",
    "MAX_ENTRIES",
    "MOST_MESSAGES",
    "NOTHING",
    "Conversation",
    "Made",
    "Room",
    "listed",
    "messages_of",
]

#: Most entries of attributes, features or context, and most parts of one message.
MAX_ENTRIES = 1000
#: Most messages of one event.
MOST_MESSAGES = 10 * MAX_ENTRIES


class _Sign:
    """Stands among messages or parts for something that is none."""

    __slots__ = ()


#: Here something was asked or said that is not told: the event is a truncated one.
LEFT_OUT: Final = _Sign()
#: Here is nothing of which anything could be told: token ids, an item that holds no text.
NOTHING: Final = _Sign()


class Room:
    """Characters that may still be spent, by texts and by all that is looked at.

    Attributes
    ----------
    room
        What is left; never below 0.
    cut
        Something was left out.
    """

    __slots__ = ("cut", "room")

    def __init__(self, room: int) -> None:
        self.room = max(room, 0)
        self.cut = False

    def spend(self, characters: int) -> bool:
        """Before anything is looked at. False, and noted, when there is no room for it."""
        if self.room <= 0:
            self.cut = True
            return False
        self.room = self.room - characters if self.room > characters else 0
        return True


#: Makes a message of an item; None where it holds nothing. What it looks at besides spends the room.
Made = Callable[[object, Room], object]


class Conversation:
    """Messages of several origins in order, each made when it is looked at, the latest first."""

    __slots__ = ("_parts",)

    def __init__(self) -> None:
        self._parts: list[tuple[Sequence[object], Made | None]] = []

    def add(self, items: Sequence[object], made: Made | None = None) -> None:
        """Items behind those that are there; without ``made`` they are messages."""
        if items:
            self._parts.append((items, made))

    def latest_first(self, room: Room) -> Iterator[object]:
        """Messages, `LEFT_OUT` and `NOTHING`. Who asks for the next spends room for this one."""
        for items, made in reversed(self._parts):
            for item in reversed(items):
                yield item if made is None or item is LEFT_OUT else _made(made, item, room)

    def __bool__(self) -> bool:
        """Whether there is a message, as far as a look at the latest says."""
        room = Room(16 * MAX_ENTRIES)
        return any(message is not NOTHING or not room.spend(16) for message in self.latest_first(room))


def _made(made: Made, item: object, room: Room) -> object:
    try:
        message = made(item, room)
    except Exception:
        # It raises when it is looked at; the other messages are told all the same.
        return LEFT_OUT
    return NOTHING if message is None else message


def messages_of(value: object) -> Sequence[object] | Conversation | None:
    """The messages of a half of a call, None where it has none. Arrays of numbers are no messages."""
    if isinstance(value, (list, tuple, Conversation)):
        return value
    return listed(value, MOST_MESSAGES) if isinstance(value, (Sequence, MappingView, Set)) else None


def listed(value: object, most: int) -> Sequence[object] | None:
    """What holds several things as a sequence; None where it is no such thing, or would be used up by a look at it.

    Lists and tuples are given back as they are. Of others (deques, views of dictionaries) the latest ``most`` are, and
    a `LEFT_OUT` stands for the others. Only what is known to be read again by who comes next is read here: a length
    alone says nothing of that, since an iterator may have one.
    """
    if isinstance(value, (list, tuple)):
        return value
    if isinstance(value, (str, bytes, bytearray, memoryview, Mapping, Iterator)):
        return None
    if not isinstance(value, (Sequence, Set, MappingView)) and not _is_indexed(value):
        return None
    several: Any = value
    if len(several) <= most:
        return list(islice(several, most))
    try:
        latest = list(islice(reversed(several), most))
    except TypeError:  # a set, or another that has no end to begin at
        return [*islice(several, most), LEFT_OUT]
    return [*latest, LEFT_OUT][::-1]


def _is_indexed(value: object) -> bool:
    return isinstance(value, Iterable) and isinstance(value, Sized) and hasattr(type(value), "__getitem__")
