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
#: Put in order in one go and not one by one.
_MOST_RECENT: Final = 1_024
#: Pruned in one go and not one by one, since it takes sorting.
_SPARE: Final = 1.1
_NONE: Final = np.empty(0, np.int64)


def decision_key(offset: int, place: int) -> int | None:
    """The number of a decision within its partition, rising with the offset; None beyond what can be numbered."""
    return offset * PLACES + place if place < PLACES and 0 <= offset < _LARGEST // PLACES else None


class LabelledDecisions:
    """A set of decision keys that forgets the lowest ones beyond 100,000; a megabyte, where a set of Python takes ten.

    Attributes
    ----------
    begins
        Of decisions below this key it is not known any more: they take no label.
    """

    __slots__ = ("_keys", "_recent", "begins")

    def __init__(self, keys: Iterable[int] | None = None, begins: int = 0) -> None:
        #: In order; those that came since the last time they were put in order are apart. Shared while there are none:
        #: most models of most partitions have none, and there are many of these.
        self._keys = np.unique(np.fromiter(keys, np.int64)) if keys is not None else _NONE
        self._recent: set[int] = set()
        self.begins = begins

    def __len__(self) -> int:
        return len(self._keys) + len(self._recent)

    def __contains__(self, key: int) -> bool:
        """Labelled already, or too old to tell."""
        if key < self.begins or key in self._recent:
            return True
        if not len(self._keys) or key > self._keys[-1]:
            return False  # mostly: what is asked for is new
        return bool(self._keys[np.searchsorted(self._keys, key)] == key)

    def add(self, key: int) -> None:
        """Note a decision that has its label."""
        if key in self:
            return
        self._recent.add(key)
        is_full = len(self) > _MOST * _SPARE
        if is_full or len(self._recent) > _MOST_RECENT:
            self._keys, self._recent = self._in_order(), set()
        if is_full:
            self._keys = self._keys[-_MOST:].copy()
            self.begins = int(self._keys[0])

    def _in_order(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        recent = np.fromiter(self._recent, np.int64, len(self._recent))
        recent.sort()
        # Two runs in order, which the stable sort merges.
        return np.sort(np.concatenate((self._keys, recent)), kind="stable")

    def encode(self) -> bytes:
        """About two bytes a decision, less where they follow one another; nothing for none."""
        if not len(self) and not self.begins:
            return b""
        steps = np.diff(self._in_order(), prepend=self.begins).astype("<i8")
        return zlib.compress(steps.tobytes(), 1) + b"%d" % self.begins

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
        return cls(begins + np.cumsum(steps), begins)


def _is_rising(steps: np.ndarray[tuple[int], np.dtype[np.int64]]) -> bool:
    """Steps between keys are positive, the first one apart, and lead nowhere beyond the largest key."""
    return bool(
        np.all(steps >= 0) and np.all(steps[1:] > 0) and float(np.sum(steps, dtype=np.float64)) < float(_LARGEST)
    )
