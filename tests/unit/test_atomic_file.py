"""Files that appear when they are whole; and what is no file stays what it is."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from agent.atomic_file import AtomicFile
from agent.drift.reference_file import References, save_references
from agent.errors import ConfigError, DataError


def write(path: Path, content: bytes = b"new") -> None:
    file = AtomicFile(path)
    try:
        with file.clear_errors():
            file.stream.write(content)
            file.commit()
    finally:
        file.discard()


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b"old")
    file = AtomicFile(path)
    file.stream.write(b"half of the n")
    file.stream.flush()
    assert path.read_bytes() == b"old"
    file.discard()
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]
    write(path)
    assert path.read_bytes() == b"new" and list(tmp_path.iterdir()) == [path]


def test_what_a_link_leads_to_is_replaced(tmp_path: Path) -> None:
    real, link = tmp_path / "there" / "real.csv", tmp_path / "link.csv"
    real.parent.mkdir()
    real.write_bytes(b"old")
    link.symlink_to(real)
    write(link)
    assert link.is_symlink() and real.read_bytes() == b"new"
    assert list(real.parent.iterdir()) == [real]


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe, seen = tmp_path / "pipe.csv", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: seen.append(pipe.read_bytes()))
    reader.start()
    write(pipe)
    reader.join(10.0)
    assert seen == [b"new"] and pipe.is_fifo()


@pytest.mark.parametrize("name", ["null", "full"])
def test_a_device_stays_one(name: str, tmp_path: Path) -> None:
    # In a folder of its own: if this were wrong for root, the machine's own devices would be gone.
    device = tmp_path / name
    try:
        os.mknod(device, 0o20666, Path(f"/dev/{name}").stat().st_rdev)
    except PermissionError:
        pytest.skip("only root makes devices, and only root could lose one")
    try:
        device.open("r+b").close()
    except PermissionError:
        pytest.skip("this file system has no devices")
    if name == "null":
        save_references(device, References({}))
    else:
        with pytest.raises(DataError, match="No space left on device"):
            save_references(device, References({}))
    assert device.is_char_device() and list(tmp_path.iterdir()) == [device]


def test_a_folder_and_a_place_under_a_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ConfigError, match="Is a directory"):
        AtomicFile(tmp_path)
    with pytest.raises(ConfigError, match="cannot be written"):
        AtomicFile(tmp_path / "file" / "below.csv")
