"""Which decisions of one model in one partition have got their label after they were counted; bounded.

It stands in the same value as the counts, so that a label changes them once however often it comes, and whoever takes
the partition over. A decision is known by its place: the record's offset, and the event's place in the record.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Final

import numpy as np

from agent.errors import StateError

__all__ = ["PLACES", "LabelledDecisions", "decision_key"]

PLACES: Final = 1 << 16
"""Events of one record that can be told apart."""

_MOST: Final = 100_000
_LARGEST: Final = 1 << 62
#: Pruned in one go and not one by one, since it takes sorting.
_SPARE: Final = 1.1


def decision_key(offset: int, place: int) -> int | None:
    """The number of a decision within its partition, rising with the offset; None beyond what can be numbered."""
    return offset * PLACES + place if place < PLACES and 0 <= offset < _LARGEST // PLACES else None


class LabelledDecisions:
    """A set of decision keys that forgets the lowest ones beyond 100,000.

    Attributes
    ----------
    begins
        Of decisions below this key it is not known any more: they take no label.
    """

    __slots__ = ("_keys", "begins")

    def __init__(self, keys: Iterable[int] = (), begins: int = 0) -> None:
        self._keys = set(keys)
        self.begins = begins

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, key: int) -> bool:
        """Labelled already, or too old to tell."""
        return key < self.begins or key in self._keys

    def add(self, key: int) -> None:
        """Note a decision that has its label."""
        self._keys.add(key)
        if len(self._keys) > _MOST * _SPARE:
            kept = sorted(self._keys)[-_MOST:]
            self._keys, self.begins = set(kept), kept[0]

    def encode(self) -> bytes:
        """About two bytes a decision, less where they follow one another; nothing for none."""
        if not self._keys and not self.begins:
            return b""
        keys = np.sort(np.fromiter(self._keys, np.int64, len(self._keys)))
        return zlib.compress(np.diff(keys, prepend=self.begins).astype("<i8").tobytes(), 1) + b"%d" % self.begins

    @classmethod
    def decode(cls, value: bytes) -> LabelledDecisions:
        """Read what `encode` wrote.

        Raises
        ------
        StateError
            Damaged. However it is, no more memory is taken than the bound needs.
        """
        if not value:
            return cls()
        inflate = zlib.decompressobj()
        most = int(_MOST * _SPARE + 1) * 8
        try:
            steps = np.frombuffer(inflate.decompress(value, most), "<i8")
            begins = int(inflate.unused_data)
        except (zlib.error, ValueError) as error:
            raise StateError("window state is damaged: labelled decisions") from error
        if not inflate.eof or not 0 <= begins < _LARGEST or not _is_rising(steps):
            raise StateError("window state is damaged: labelled decisions")
        return cls((begins + np.cumsum(steps)).tolist(), begins)


def _is_rising(steps: np.ndarray[tuple[int], np.dtype[np.int64]]) -> bool:
    """Steps between keys are positive, the first one apart, and lead nowhere beyond the largest key."""
    return bool(
        np.all(steps >= 0) and np.all(steps[1:] > 0) and float(np.sum(steps, dtype=np.float64)) < float(_LARGEST)
    )
