"""Which rows of the measured files are left out, and which are hard negatives whatever their label says.

Data sets disagree about what is positive: one calls every harmful request 1, where the task is to find attacks. A user
says so in words like ``prompt/``, ``prompt/wishes.jsonl``, ``prompt:label=1`` or ``mixed.jsonl:category!=a,b``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.errors import ConfigError

__all__ = ["FileChoice", "RowChoice"]

_FIELD = re.compile(r":(?P<field>[^:=!/\\]+)(?P<sign>!?=)(?P<values>.*)", re.DOTALL)
_STDIN = "-"


@dataclass(frozen=True, slots=True, eq=False)
class _Selector:
    """``PATH`` alone takes every row; with a field those whose value is, or with ``!=`` is not, one of those named."""

    given: str
    path: Path | None
    field: str = ""
    values: frozenset[str] = frozenset()
    unequal: bool = False

    @classmethod
    def of(cls, given: str) -> _Selector:
        forms = [found for place in range(1, len(given)) if (found := _FIELD.fullmatch(given, place))]
        if not forms or Path(given).exists():
            return cls(given, _resolved(given))
        # A path may hold colons, and so may values; values may hold commas.
        found = next((form for form in forms if Path(given[: form.start()]).exists()), forms[0])
        values = frozenset([found["values"], *found["values"].split(",")])
        return cls(given, _resolved(given[: found.start()]), found["field"], values, found["sign"] == "!=")

    def closeness(self, file: Path | None) -> int:
        """How closely the path names a file: the more parts, the closer; 0 when it does not."""
        if file is None or self.path is None:
            return int(file is self.path)
        return len(self.path.parts) if self.path == file or self.path in file.parents else 0

    def takes(self, row: Mapping[str, Any]) -> bool:
        return not self.field or (_said(row.get(self.field)) in self.values) != self.unequal


class FileChoice:
    """What is chosen of one file."""

    def __init__(self, left_out: Sequence[_Selector], hard: Sequence[_Selector], used: set[_Selector]) -> None:
        self._left_out = left_out
        self._hard = hard
        self._used = used

    def leaves_out(self, row: Mapping[str, Any]) -> bool:
        """Whether the row, as its line says it, is left out."""
        return self._any(self._left_out, row)

    def makes_hard(self, row: Mapping[str, Any]) -> bool:
        """Whether the row is a hard negative."""
        return self._any(self._hard, row)

    def _any(self, selectors: Sequence[_Selector], row: Mapping[str, Any]) -> bool:
        fitting = [selector for selector in selectors if selector.takes(row)]
        self._used.update(fitting)
        return bool(fitting)


class RowChoice:
    """What ``--leave-out`` and ``--hard-negatives`` say, over all files.

    Of several selectors that name a file or a folder of it, those count that name it most closely: what is said of a
    file replaces what is said of its folder.

    Parameters
    ----------
    left_out, hard
        Selectors as given: a file, a folder or ``-``, and after it ``:FIELD=VALUE,...`` or ``:FIELD!=VALUE,...``.
        Fields are compared as text, true and false as JSON writes them; a row without the field is unequal to all.
    """

    def __init__(self, left_out: Sequence[str] = (), hard: Sequence[str] = ()) -> None:
        self._options = {
            "--leave-out": [_Selector.of(given) for given in left_out],
            "--hard-negatives": [_Selector.of(given) for given in hard],
        }
        self._named: set[_Selector] = set()
        self._used: set[_Selector] = set()

    def of_file(self, path: Path | None) -> FileChoice:
        """What counts in a file; None is standard input."""
        file = None if path is None else path.resolve()
        left_out, hard = (self._closest(selectors, file) for selectors in self._options.values())
        return FileChoice(left_out, hard, self._used)

    def check_used(self) -> None:
        """After reading: a selector that chose nothing is a mistake, which would change figures in silence.

        Raises
        ------
        ConfigError
            Naming the selector.
        """
        for option, selectors in self._options.items():
            for selector in selectors:
                if selector not in self._named:
                    raise ConfigError(f"{option} {selector.given}: is none of the files, nor a folder of them")
                if selector not in self._used:
                    raise ConfigError(f"{option} {selector.given}: fits no row of the files that nothing names closer")

    def _closest(self, selectors: Sequence[_Selector], file: Path | None) -> list[_Selector]:
        near = {selector: selector.closeness(file) for selector in selectors}
        self._named.update(selector for selector, parts in near.items() if parts)
        most = max(near.values(), default=0)
        return [selector for selector, parts in near.items() if parts == most and parts]


def _resolved(given: str) -> Path | None:
    return None if given == _STDIN else Path(given).resolve()


def _said(value: object) -> str | None:
    """A field's value as a command line can name it."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else None
