"""The JSON of arguments that a model gives as an object, written from both ends, and no further than there is room."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from harmwatch_client.conversation import listed
from harmwatch_client.plain import compact_json, scalar

__all__ = ["JsonText", "json_text"]


class _Token(str):
    """A piece of JSON that is written already."""

    __slots__ = ()


_END = _Token()
_COMMA = _Token(",")


#: What each member of a dictionary or list costs, beside its characters: to look at an empty one is work as well.
_MEMBER = 32


@dataclass(frozen=True)
class JsonText:
    """What was written of a value.

    Attributes
    ----------
    beginning, end
        Its JSON; where it was too large the first characters of it, as many as there was room for or fewer, and the
        last. ``end`` is None where ``beginning`` is all of it.
    cost
        Characters to spend beside those of the text.
    is_mended
        Something in it is no JSON, and stands as null.
    is_lost
        What stands as null is more than a number: something may have been said there.
    """

    beginning: str
    end: str | None
    cost: int
    is_mended: bool
    is_lost: bool


def json_text(value: object, room: int) -> JsonText:
    """The JSON of a value, of which no more is looked at than there is room for, however large it is."""
    writer = _Writer(room)
    beginning, whole = writer.text(value, room, backward=False)
    end = None if whole else writer.text(value, room // 3, backward=True)[0]
    return JsonText(beginning, end, writer.cost, writer.is_mended, writer.is_lost)


class _Writer:
    def __init__(self, room: int) -> None:
        self.is_mended = False
        self.is_lost = False
        self.cost = 0
        self._room = room

    def text(self, value: object, room: int, *, backward: bool) -> tuple[str, bool]:
        """The whole of it, or its beginning or end where there is no room for the whole."""
        written: list[str] = []
        length = 0
        most = self.cost + room
        # No recursion: neither depth nor cycles matter, since every member costs something.
        stack: list[Iterator[object]] = [iter((value,))]
        while stack and length <= room and self.cost <= most:
            item = next(stack[-1], _END)
            if item is _END:
                stack.pop()
            elif isinstance(item, (dict, list, tuple)):
                stack.append(self._members(item, backward))
            elif (copied := self._copied(item)) is not None:
                stack.append(self._members(copied, backward))
            else:
                token = item if type(item) is _Token else self._scalar(item, backward)
                written.append(token)
                length += len(token)
        if backward:
            written.reverse()
        return "".join(written), not stack

    def _members(
        self, holder: dict[object, object] | list[object] | tuple[object, ...], backward: bool
    ) -> Iterator[object]:
        ends = (_Token("{"), _Token("}")) if isinstance(holder, dict) else (_Token("["), _Token("]"))
        yield ends[backward]
        comma = ""
        for item in reversed(holder) if backward else holder:
            self.cost += _MEMBER
            if not isinstance(holder, dict):
                if comma:
                    yield _COMMA
                yield item
            elif backward:
                if comma:
                    yield _COMMA
                yield holder[item]
                yield _Token(self._key(item, backward) + ":")
            else:
                yield _Token(f"{comma}{self._key(item, backward)}:")
                yield holder[item]
            comma = ","
        yield ends[not backward]

    def _copied(self, item: object) -> dict[object, object] | list[object] | tuple[object, ...] | None:
        """Other mappings than dictionaries, sets and the like as those, as many members as there could be room for."""
        if item is None or isinstance(item, (str, int, float)):
            return None
        most = self._room // _MEMBER + 1
        if isinstance(item, Mapping):
            copied: dict[object, object] | list[object] = dict(islice(item.items(), most))
        else:
            several = None if scalar(item) is not None else listed(item, most)
            if several is None:
                return None
            copied = list(several)
        self.cost += _MEMBER * len(copied)  # for the copy: that of a cycle is made anew at each turn
        return copied

    def _key(self, key: object, backward: bool) -> str:
        text = self._scalar(key, backward)
        return text if text.startswith('"') else f'"{text}"'

    def _scalar(self, value: object, backward: bool) -> str:
        plain = scalar(value)
        if plain is None and value is not None:
            self.is_mended = True
            self.is_lost = self.is_lost or not isinstance(value, float)
        if isinstance(plain, str) and len(plain) > self._room:
            # Its own middle is further than anybody looks; quotes make it longer than there is room for.
            plain = plain[len(plain) - self._room :] if backward else plain[: self._room]
        return compact_json(plain)
