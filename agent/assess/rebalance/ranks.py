"""How near every row of a table is to a border, on the disk; and where the nearest of a stratum begin."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from agent.assess.rebalance.strata import Stratum
from agent.assess.temporary import needing_room, write_all

__all__ = ["Ranks", "Threshold"]

_WORK: Final = "ranking rows"
_CHUNK: Final = 1 << 18
_RECORD: Final = np.dtype([("stratum", "<u4"), ("key", "<u4")])
_SIGN: Final = np.uint32(1 << 31)


class Threshold(NamedTuple):
    """All rows over ``key`` are chosen, and ``ties`` of the ``tied`` that have it."""

    key: float
    ties: int
    tied: int


class Ranks:
    """One number for each row (single precision), in the order of the table; 8 bytes a row in a temporary file.

    Close it: the file goes with it.

    Raises
    ------
    DataError
        From any method, when there is no room in the temporary folder.
    """

    def __init__(self) -> None:
        with needing_room(_WORK):
            self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115

    def add(self, places: Sequence[Stratum], closeness: Any) -> None:
        """The next rows. `closeness` is an array of as many finite numbers."""
        records = np.empty(len(places), dtype=_RECORD)
        records["stratum"] = [_number(place) for place in places]
        records["key"] = _ordered(np.asarray(closeness, dtype=np.float32))
        with needing_room(_WORK):
            write_all(self._file, records.tobytes())

    def __iter__(self) -> Iterator[float]:
        for records in self._chunks():
            yield from _numbers(records["key"]).tolist()

    def thresholds(self, wanted: Mapping[Stratum, int], flipped: Mapping[Stratum, bool]) -> dict[Stratum, Threshold]:
        """Where the `wanted` largest of each stratum begin, exactly (radix selection, four readings of the file).

        Parameters
        ----------
        flipped
            Of which strata the smallest are chosen instead; the key is then that of the numbers times -1.
        """
        length = 2 + max(map(_number, wanted))
        ties, known, tied = (np.zeros(length, dtype=np.int64) for _ in range(3))
        inverted = np.zeros(length, dtype=np.uint32)
        for place, count in wanted.items():
            ties[_number(place)] = count
            inverted[_number(place)] = 0xFFFFFFFF if flipped[place] else 0
        strata = np.arange(length)
        for shift in (24, 16, 8, 0):
            counts = np.zeros((length, 256), dtype=np.int64)
            for records in self._chunks():
                numbers = records["stratum"]
                keys = (records["key"] ^ inverted[numbers]).astype(np.int64)
                same = (keys >> (shift + 8)) == (known[numbers] >> (shift + 8))
                places = numbers[same].astype(np.int64) * 256 + ((keys[same] >> shift) & 0xFF)
                counts += np.bincount(places, minlength=counts.size).reshape(counts.shape)
            down_to = np.cumsum(counts[:, ::-1], axis=1)[:, ::-1]
            # The largest digit down to which there are enough; the topmost that occurs when none is wanted.
            digit = np.maximum(0, np.sum(down_to >= np.maximum(ties, 1)[:, None], axis=1) - 1)
            tied = counts[strata, digit]
            ties -= np.where(ties > 0, down_to[strata, digit] - tied, 0)
            known |= digit << shift
        keys = _numbers((known.astype(np.uint32)) ^ inverted)
        return {
            place: Threshold(
                float(-keys[number] if flipped[place] else keys[number]), int(ties[number]), int(tied[number])
            )
            for place, number in ((place, _number(place)) for place in wanted)
        }

    def close(self) -> None:
        self._file.close()

    def _chunks(self) -> Iterator[Any]:
        at = 0
        while True:
            with needing_room(_WORK):
                self._file.seek(at)
                read = self._file.read(_CHUNK * _RECORD.itemsize)
            if not read:
                return
            at += len(read)
            yield np.frombuffer(read, dtype=_RECORD)


def _number(place: Stratum) -> int:
    return 2 * place.group + place.positive


def _ordered(numbers: Any) -> Any:
    """Single-precision numbers as integers of the same order (the sign bit turned, negatives inverted)."""
    bits = (numbers + np.float32(0.0)).view(np.uint32)  # -0.0 becomes 0.0
    return np.where(bits & _SIGN, ~bits, bits | _SIGN)


def _numbers(keys: Any) -> Any:
    bits = np.where(keys & _SIGN, keys & ~_SIGN, ~keys).astype(np.uint32)
    return bits.view(np.float32)
