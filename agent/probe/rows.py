"""Rows of probe sets: JSON Lines, plain or gzip. No message quotes a text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from agent.errors import ConfigError, DataError
from agent.quality.rows import numbered_lines

__all__ = ["Row", "by_hash", "read_rows", "read_sets"]


@dataclass(frozen=True, slots=True, repr=False)
class Row:
    """The fields of a line, and where it stood."""

    place: str
    fields: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Its ``id``; where it has none, the digest of the row."""
        given = self.fields.get("id")
        if isinstance(given, str | int):
            return str(given).encode("utf-8", "replace").decode()
        return sha256(json.dumps(self.fields, sort_keys=True).encode()).hexdigest()[:16]

    def wrong(self, what: str) -> DataError:
        """The error that says what is wrong with it."""
        return DataError(f"{self.place}: {what}")

    def text(self, field: str) -> str:
        """A field that is a text and not empty.

        Raises
        ------
        DataError
            When it is none.
        """
        value = self.fields.get(field)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(f"{field!r} is no text")
        return value

    def texts(self, field: str, count: int) -> tuple[str, ...]:
        """A field that is a list of so many texts.

        Raises
        ------
        DataError
            When it is none.
        """
        value = self.fields.get(field)
        if not isinstance(value, list) or len(value) != count or not all(isinstance(part, str) for part in value):
            raise self.wrong(f"{field!r} is no list of {count} texts")
        return tuple(value)

    def category(self, parts: int) -> tuple[str, ...]:
        """The field ``category``, of so many parts between slashes.

        Raises
        ------
        DataError
            When it is not so.
        """
        found = tuple(self.text("category").split("/"))
        if len(found) != parts:
            raise self.wrong(f"'category' is not of {parts} parts between slashes")
        return found


def read_rows(path: Path) -> list[Row]:
    """The rows of a file.

    Raises
    ------
    ConfigError
        When it cannot be read.
    DataError
        When a line is no JSON object; when there is no line; when two rows have one id.
    """
    rows: list[Row] = []
    seen: set[str] = set()
    try:
        with path.open("rb") as stream:
            for number, line in numbered_lines(str(path), stream):
                place = f"{path}: line {number}"
                try:
                    fields = json.loads(line)
                except (ValueError, RecursionError):
                    raise DataError(f"{place}: is no valid JSON") from None
                if not isinstance(fields, dict):
                    raise DataError(f"{place}: is no JSON object")
                row = Row(place, fields)
                if row.id in seen:
                    raise row.wrong("has the id of an earlier row")
                seen.add(row.id)
                rows.append(row)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror or type(error).__name__})") from None
    if not rows:
        raise DataError(f"{path}: holds no rows")
    return rows


def read_sets(paths: Iterable[Path]) -> Iterator[tuple[str, Path, list[Row]]]:
    """The rows of several files, each with what it is called in reports: its name without its endings.

    Raises
    ------
    ConfigError
        When two are called alike.
    ConfigError, DataError
        As `read_rows`.
    """
    seen: set[str] = set()
    for path in paths:
        name = _set_name(path)
        if name in seen:
            raise ConfigError(f"--data: two sets are called {name!r}; rename a file")
        seen.add(name)
        yield name, path, read_rows(path)


def _set_name(path: Path) -> str:
    name = path.name
    for ending in (".gz", ".jsonl", ".json"):
        name = name.removesuffix(ending)
    return name.encode("utf-8", "backslashreplace").decode()  # a name of a file need not be UTF-8, reports are


_ItemT = TypeVar("_ItemT")


def by_hash(items: Iterable[_ItemT], key: Callable[[_ItemT], str]) -> Sequence[_ItemT]:
    """Items in the order of their keys' hashes: what a run that stops early has asked is a random sample."""
    return sorted(items, key=lambda item: sha256(key(item).encode("utf-8", "surrogatepass")).digest())
