"""Values that are known, to be protected wherever they stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agent.assess.protection.base import Operator
from agent.redaction import ValueSearch

__all__ = ["NONE", "Known", "KnownValues"]


@dataclass(frozen=True, slots=True)
class Known:
    """A value that is to be protected wherever it stands: its type, and by what."""

    kind: str
    operator: Operator


class KnownValues(Mapping[str, Known]):
    """Values, folded (`agent.redaction.fold`), ready to be searched for in any number of texts.

    Names count only as whole words, numbers in any notation.
    """

    def __init__(self, values: Mapping[str, Known]) -> None:
        self._values = dict(values)
        self.search = ValueSearch({value: known.kind for value, known in self._values.items()}, whole_words=True)

    def __getitem__(self, value: str) -> Known:
        return self._values[value]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


NONE = KnownValues({})
