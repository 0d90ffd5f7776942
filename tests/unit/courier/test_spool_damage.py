"""A spool whose files were damaged: what stands before the damage is delivered, what stands behind it is kept."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from streams.courier.frames import MAGIC, encode
from streams.ports import Message
from tests.unit.courier.test_spool import drained, message, opened, segments


@pytest.mark.parametrize("bit", range(32))
@pytest.mark.parametrize("place", [0, 2, 4])
def test_a_bit_of_a_length_that_has_turned_loses_nothing(tmp_path: Path, place: int, bit: int) -> None:
    """Of the newest file, which after a crash is mostly the only one: a longer length looks like a torn write's."""
    spool = opened(tmp_path)
    spool.append([message(n, 40) for n in range(5)])
    spool.close()
    (path,) = segments(tmp_path)
    data = bytearray(path.read_bytes())
    data[len(MAGIC) + place * len(encode(message(0, 40), 0.0)) + bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)
    again = opened(tmp_path)
    assert again.state().torn_bytes == 0
    assert drained(again) == [message(n, 40) for n in range(place)]
    (kept,) = (tmp_path / "spool").glob("*.damaged")
    assert kept.read_bytes() == bytes(data)


def test_a_torn_write_whose_record_looks_like_frames_is_kept_and_read_in_time(tmp_path: Path) -> None:
    """Thousands of heads in a record, each of a long body: to look at them all would take for ever."""
    spool = opened(tmp_path)
    like_heads = (struct.pack("<IId", 400_000, 0, 0.0) + b"\x94" * 8) * 30_000
    spool.append([message(0), Message("t", None, like_heads)])
    spool.close()
    (path,) = segments(tmp_path)
    os.truncate(path, path.stat().st_size - 1)
    again = opened(tmp_path)
    assert drained(again) == [message(0)]
    assert again.state().damaged_segments == 1
