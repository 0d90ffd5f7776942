"""The queue on the disk: what it took comes out again, in order, whatever ended the process."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.clock import ManualClock
from agent.errors import ConfigError, SpoolFull
from streams.courier.frames import MAGIC, encode, read_frames
from streams.courier.spool import Spool
from streams.ports import Message

LIMIT = 1 << 20


def message(number: int, size: int = 10) -> Message:
    return Message("t", b"model", b"%06d" % number + b"x" * size, (("content-type", b"application/json"),))


def opened(directory: Path, **over: object) -> Spool:
    return Spool(directory / "spool", over.pop("max_bytes", LIMIT), ManualClock(), **over)  # type: ignore[arg-type]


def drained(spool: Spool, most: int = 7) -> list[Message]:
    out: list[Message] = []
    while (batch := spool.peek(most, 4096)) is not None:
        out += batch.messages
        spool.advance(batch)
    return out


def segments(directory: Path) -> list[Path]:
    return sorted((directory / "spool").glob("*.segment"))


def test_what_went_in_comes_out_in_order_and_its_files_go(tmp_path: Path) -> None:
    spool = opened(tmp_path, max_bytes=64 * 1024)
    sent = [message(n, 500) for n in range(80)]
    for start in range(0, 80, 3):
        spool.append(sent[start : start + 3])
    assert len(segments(tmp_path)) > 2
    assert spool.state().records == 80
    assert drained(spool) == sent
    assert spool.empty
    assert spool.state().bytes == 0
    assert segments(tmp_path) == []


@given(
    st.lists(
        st.tuples(
            st.binary(max_size=300) | st.none(),
            st.binary(max_size=300) | st.none(),
            st.lists(st.tuples(st.text(max_size=20), st.binary(max_size=20)), max_size=3),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_any_key_value_and_headers_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, records: list[tuple[bytes, bytes, list[tuple[str, bytes]]]]
) -> None:
    directory = tmp_path_factory.mktemp("spool")
    spool = opened(directory)
    sent = [Message("topic", key, value, tuple(headers)) for key, value, headers in records]
    spool.append(sent)
    spool.close()
    again = opened(directory)
    assert drained(again) == sent
    again.close()


def test_a_new_process_goes_on_where_the_last_one_stopped(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.append([message(n) for n in range(10)])
    batch = spool.peek(4, LIMIT)
    assert batch is not None
    spool.advance(batch)
    spool.close()
    again = opened(tmp_path)
    again.append([message(10)])
    assert again.state().records == 7
    assert drained(again) == [message(n) for n in range(4, 11)]


def test_a_record_that_waits_says_since_when(tmp_path: Path) -> None:
    clock = ManualClock()
    spool = Spool(tmp_path / "spool", LIMIT, clock)
    assert spool.state().oldest is None
    first = clock.now()
    spool.append([message(0)])
    clock.advance(5.0)
    spool.append([message(1)])
    assert spool.state().oldest == first
    batch = spool.peek(1, LIMIT)
    assert batch is not None
    spool.advance(batch)
    assert spool.state().oldest == first + 5.0


@pytest.mark.parametrize("lost", [1, 5, 30])
def test_a_torn_tail_is_cut_and_counted_and_costs_no_whole_record(tmp_path: Path, lost: int) -> None:
    spool = opened(tmp_path)
    spool.append([message(n) for n in range(5)])
    spool.close()
    (path,) = segments(tmp_path)
    os.truncate(path, path.stat().st_size - lost)
    again = opened(tmp_path)
    assert again.state().torn_bytes == len(encode(message(4), 0.0)) - lost
    assert drained(again) == [message(n) for n in range(4)]
    assert again.state().damaged_segments == 0


def test_zeros_after_a_power_cut_are_a_torn_tail(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.append([message(0)])
    spool.close()
    (path,) = segments(tmp_path)
    with path.open("ab") as stream:
        stream.write(bytes(5000))
    again = opened(tmp_path)
    assert again.state().torn_bytes == 5000
    assert drained(again) == [message(0)]
    assert list((tmp_path / "spool").glob("*.damaged")) == []


@pytest.mark.parametrize("before_opening", [True, False])
def test_damage_in_the_middle_keeps_the_file_for_people_and_goes_on_with_the_next(
    tmp_path: Path, before_opening: bool
) -> None:
    spool = opened(tmp_path)
    spool.append([message(n) for n in range(5)])
    spool.close()
    spool = opened(tmp_path)
    spool.append([message(5)])
    if before_opening:
        spool.close()
    first = segments(tmp_path)[0]
    content = bytearray(first.read_bytes())
    content[len(MAGIC) + 2 * len(encode(message(0), 0.0)) + 40] ^= 0xFF
    first.write_bytes(content)
    if before_opening:
        spool = opened(tmp_path)
    assert drained(spool) == [message(0), message(1), message(5)]
    assert spool.state().damaged_segments == 1
    (kept,) = (tmp_path / "spool").glob("*.damaged")
    assert kept.read_bytes() == bytes(content)
    assert spool.state().bytes == len(content)


def test_a_file_of_something_else_is_kept_and_not_delivered(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.close()
    (tmp_path / "spool" / f"{7:020d}.segment").write_bytes(b"not ours at all, and long enough to be a frame")
    again = opened(tmp_path)
    assert again.peek(10, LIMIT) is None
    assert again.state().damaged_segments == 1
    again.append([message(1)])
    assert drained(again) == [message(1)]


@given(st.binary(max_size=400), st.integers(0, 400))
def test_no_bytes_in_a_segment_stop_the_next_start(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, keep: int
) -> None:
    directory = tmp_path_factory.mktemp("spool")
    spool = opened(directory)
    spool.append([message(n) for n in range(3)])
    spool.close()
    (path,) = segments(directory)
    path.write_bytes(path.read_bytes()[:keep] + noise)
    again = opened(directory)
    out = drained(again)
    again.append([message(9)])
    assert [*out, *drained(again)][-1] == message(9)
    again.close()


def test_the_limit_refuses_and_takes_again_when_there_is_room(tmp_path: Path) -> None:
    spool = opened(tmp_path, max_bytes=64 * 1024)
    taken = 0
    with pytest.raises(SpoolFull, match="spool_max_bytes"):
        for _ in range(1000):
            spool.append([message(taken, 1000)])
            taken += 1
    assert taken > 50
    assert sum(path.stat().st_size for path in segments(tmp_path)) <= 64 * 1024
    assert len(drained(spool)) == taken
    spool.append([message(taken, 1000)])
    assert drained(spool) == [message(taken, 1000)]


class FullDisk:
    """Takes so many bytes, the last of them in half a write, then none."""

    def __init__(self, room: int) -> None:
        self.room = room

    def write(self, descriptor: int, data: memoryview) -> int:
        if self.room <= 0:
            raise OSError(errno.ENOSPC, "no space")
        written = os.write(descriptor, data[: self.room])
        self.room -= written
        return written


def test_a_full_disk_refuses_whole_batches_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    disk = FullDisk(1000)
    spool = opened(tmp_path, write=disk.write)
    taken: list[Message] = []
    for number in range(50):
        batch = [message(number, 20), message(number + 1000, 20)]
        try:
            spool.append(batch)
        except SpoolFull as error:
            assert "ENOSPC" in str(error)
        else:
            taken += batch
    assert 0 < len(taken) < 50
    disk.room = 10_000
    spool.append([message(77)])
    spool.close()
    again = opened(tmp_path)
    assert again.state().torn_bytes == 0
    assert drained(again) == [*taken, message(77)]


def test_a_sync_that_fails_acknowledges_nothing(tmp_path: Path) -> None:
    failing = False

    def sync(descriptor: int) -> None:
        if failing:
            raise OSError(errno.EIO, "input/output error")
        os.fdatasync(descriptor)

    spool = opened(tmp_path, sync=sync)
    spool.append([message(0)])
    failing = True
    with pytest.raises(SpoolFull, match="EIO"):
        spool.append([message(1)])
    failing = False
    spool.append([message(2)])
    assert drained(spool) == [message(0), message(2)]


def test_a_directory_has_one_owner_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.append([message(0)])
    spool.set_aside([message(1)])
    with pytest.raises(ConfigError, match="another process"):
        opened(tmp_path)
    assert stat.S_IMODE((tmp_path / "spool").stat().st_mode) == 0o700
    files = [path for path in (tmp_path / "spool").iterdir() if path.is_file()]
    assert len(files) >= 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    spool.close()
    opened(tmp_path).close()


def test_a_directory_that_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file")
    with pytest.raises(ConfigError, match=r"spool_directory: .* cannot be used: it is a file; name a folder"):
        opened(tmp_path)


def test_a_position_that_cannot_be_read_now_is_not_taken_for_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = opened(tmp_path, max_bytes=64 * 1024)
    for number in range(80):
        spool.append([message(number, 500)])
    assert len(drained(spool)) == 80
    spool.close()  # nothing waits, and the saved position names a segment of a high number

    def failing(path: Path) -> bytes:
        raise OSError(errno.EIO, "input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", failing)
        with pytest.raises(ConfigError, match=r"spool_directory: .* cannot be read \(EIO\)"):
            opened(tmp_path)
    again = opened(tmp_path)
    again.append([message(7)])
    again.close()
    assert drained(opened(tmp_path)) == [message(7)]


def test_what_is_set_aside_is_kept_and_counts_as_used(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.set_aside([message(1, 5000)])
    assert spool.state().bytes > 5000
    assert spool.state().set_aside_records == 1
    spool.close()
    assert opened(tmp_path).state().bytes > 5000


def set_aside(directory: Path, name: str = "refused") -> list[Message]:
    with (directory / "spool" / name).open("rb") as stream:
        return [frame.message for frame in read_frames(stream, 0)]


def test_what_is_set_aside_after_a_full_disk_is_found_behind_what_was_before(tmp_path: Path) -> None:
    disk = FullDisk(10_000)
    spool = opened(tmp_path, write=disk.write)
    spool.set_aside([message(1)])
    for _ in range(3):
        disk.room = 30
        with pytest.raises(SpoolFull, match="ENOSPC"):
            spool.set_aside([message(2)])
    disk.room = 10_000
    spool.set_aside([message(3)])
    assert set_aside(tmp_path) == [message(1), message(3)]


def test_what_is_set_aside_after_a_crash_is_found_behind_what_was_before(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.set_aside([message(1)])
    spool.close()
    kept = tmp_path / "spool" / "refused"
    kept.write_bytes(kept.read_bytes() + encode(message(2), 0.0)[:-3])
    spool = opened(tmp_path)
    spool.set_aside([message(3)])
    spool.close()
    assert set_aside(tmp_path) == [message(1), message(3)]
    damaged = bytearray(kept.read_bytes())
    damaged[len(MAGIC) + 20] ^= 1
    kept.write_bytes(damaged)
    spool = opened(tmp_path)
    spool.set_aside([message(4)])
    assert set_aside(tmp_path) == [message(4)]
    assert (tmp_path / "spool" / "refused-1.damaged").read_bytes() == damaged
    assert spool.state().damaged_segments == 1


WRITER = """
import sys
from pathlib import Path
from agent.clock import SystemClock
from streams.courier.spool import Spool
from streams.ports import Message
spool = Spool(Path(sys.argv[1]), 1 << 24, SystemClock())
for number in range(10**9):
    spool.append([Message("t", b"k", b"%09d" % number + b"x" * 2000)])
    print(number, flush=True)
"""


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path / "spool")], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    acknowledged = -1
    for line in writer.stdout:
        acknowledged = int(line)
        if acknowledged >= 60:
            break
    writer.kill()
    rest = writer.stdout.read().split()
    writer.stdout.close()
    writer.wait()
    acknowledged = int(rest[-1]) if rest else acknowledged
    numbers = [int((each.value or b"")[:9]) for each in drained(opened(tmp_path, max_bytes=1 << 24))]
    assert numbers[: acknowledged + 1] == list(range(acknowledged + 1))
    assert len(numbers) <= acknowledged + 2  # one may be there whose word did not get out
