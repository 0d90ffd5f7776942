"""Files that appear when they are whole; and what is no file stays what it is."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from agent.atomic_file import AtomicFile, write_whole
from agent.drift.reference_file import References, save_references
from agent.errors import ConfigError, DataError


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b"old")
    file = AtomicFile(path)
    file.stream.write(b"half of the n")
    file.stream.flush()
    assert path.read_bytes() == b"old"
    file.discard()
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]
    write_whole(path, b"new")
    assert path.read_bytes() == b"new" and list(tmp_path.iterdir()) == [path]


def test_what_a_link_leads_to_is_replaced(tmp_path: Path) -> None:
    real, link = tmp_path / "there" / "real.csv", tmp_path / "link.csv"
    real.parent.mkdir()
    real.write_bytes(b"old")
    link.symlink_to(real)
    write_whole(link, b"new")
    assert link.is_symlink() and real.read_bytes() == b"new"
    assert list(real.parent.iterdir()) == [real]


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe, seen = tmp_path / "pipe.csv", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: seen.append(pipe.read_bytes()))
    reader.start()
    write_whole(pipe, b"new")
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


def test_what_is_open_already_is_written_to_behind_what_is_there(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    log.write_text("earlier\n")
    script = "from pathlib import Path; from agent.atomic_file import AtomicFile; file = AtomicFile(Path('{}')); "
    script += "file.stream.write(b'new\\n'); file.commit(); file.discard()"
    for name in ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"):
        with log.open("ab") as out:
            subprocess.run([sys.executable, "-c", script.format(name)], stdout=out, check=True)
    assert log.read_text() == "earlier\n" + "new\n" * 3
    assert list(tmp_path.iterdir()) == [log]


def test_long_names_and_permissions_stay(tmp_path: Path) -> None:
    for name in ("n" * 255, "\N{GRINNING FACE}" * 63):
        path = tmp_path / name
        write_whole(path, b"old")
        path.chmod(0o640)
        write_whole(path, b"new")
        assert path.read_bytes() == b"new" and stat.S_IMODE(path.stat().st_mode) == 0o640
    private = AtomicFile(path, private=True)
    private.commit()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_links_in_a_loop_and_names_of_nothing_are_refused(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to(tmp_path / "two")
    (tmp_path / "two").symlink_to(tmp_path / "one")
    with pytest.raises(ConfigError, match="Too many levels of symbolic links"):
        AtomicFile(tmp_path / "one")
    assert (tmp_path / "one").is_symlink()
    with pytest.raises(ConfigError, match="no name of a file"):
        AtomicFile(tmp_path / "a\0b")
