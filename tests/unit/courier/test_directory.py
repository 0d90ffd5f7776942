"""Which folders may become a spool, and what becomes of those that are there."""

from __future__ import annotations

import fcntl
import os
import stat
from pathlib import Path
from threading import Timer

import pytest

from agent.errors import ConfigError, InUse
from streams.courier.directory import SpoolDirectory
from tests.unit.courier.test_spool import message, opened


def test_a_directory_with_files_of_others_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    directory = tmp_path / "spool"
    directory.mkdir()
    directory.chmod(0o1777)
    for name in ("lock", "queries.active"):  # as other programs have them
        (directory / name).touch()
        (directory / name).chmod(0o644)
    with pytest.raises(ConfigError, match=r"files that are no spool's; name a folder of its own, such as .*/spool/"):
        opened(tmp_path)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o1777
    assert sorted(path.name for path in directory.iterdir()) == ["lock", "queries.active"]


@pytest.mark.parametrize("mode", [0o700, 0o750, 0o2770, 0o1777])
def test_an_empty_directory_is_taken_with_its_mode(tmp_path: Path, mode: int, caplog: pytest.LogCaptureFixture) -> None:
    directory = tmp_path / "spool"
    directory.mkdir()
    directory.chmod(mode)
    (directory / "lost+found").mkdir()  # of a volume that is mounted here
    for number in range(2):
        spool = opened(tmp_path)
        assert spool.state().records == number
        spool.append([message(number)])
        spool.close()
        (directory / "note.txt").touch()  # put there later, it does not keep what was acknowledged from Kafka
    assert stat.S_IMODE(directory.stat().st_mode) == mode
    assert ("spool_directory_open_to_all" in caplog.text) == bool(mode & 0o002)


def test_whoever_only_looks_keeps_nobody_from_starting(tmp_path: Path) -> None:
    SpoolDirectory(tmp_path).release()
    looking = os.open(tmp_path / "lock", os.O_RDONLY)
    fcntl.flock(looking, fcntl.LOCK_SH)
    Timer(0.1, os.close, (looking,)).start()
    SpoolDirectory(tmp_path).release()


def test_a_directory_that_is_in_use_stays_its_owner_s(tmp_path: Path) -> None:
    owner = SpoolDirectory(tmp_path)
    with pytest.raises(InUse, match="another process"):
        SpoolDirectory(tmp_path)
    owner.release()
