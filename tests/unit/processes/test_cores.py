"""How many processes `auto` is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from streams.processes.cores import usable_cores, wanted_processes

HERE = len(os.sched_getaffinity(0))


def machine(root: Path, groups: str, **files: str) -> Path:
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(groups)
    for name, content in files.items():
        path = root / "sys/fs/cgroup" / name.replace("__", "/").replace("cpu_", "cpu.")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


def test_a_number_is_itself_and_auto_is_what_there_is() -> None:
    assert wanted_processes(7) == 7
    assert wanted_processes("auto") == usable_cores()
    assert 1 <= usable_cores() <= HERE


@pytest.mark.parametrize(("quota", "cores"), [("150000 100000", 1), ("50000 100000", 1), ("max 100000", HERE)])
def test_a_quota_is_rounded_down_and_at_least_one(tmp_path: Path, quota: str, cores: int) -> None:
    assert usable_cores(machine(tmp_path, "0::/\n", cpu_max=quota)) == cores


def test_the_quota_of_a_group_above_holds_too(tmp_path: Path) -> None:
    root = machine(
        tmp_path, "0::/pod/worker\n", pod__worker__cpu_max="max 100000\n", pod__cpu_max="100000 100000\n"
    )  # fmt: skip
    assert usable_cores(root) == 1


def test_a_path_of_the_host_is_none_of_ours(tmp_path: Path) -> None:
    assert usable_cores(machine(tmp_path, "0::/../../elsewhere\n", cpu_max="100000 100000\n")) in (1, HERE)


def test_the_older_groups_say_it_in_two_files(tmp_path: Path) -> None:
    root = machine(
        tmp_path, "4:cpu,cpuacct:/box\n3:memory:/box\n",
        cpu__box__cpu_cfs_quota_us="100000\n", cpu__box__cpu_cfs_period_us="100000\n",
    )  # fmt: skip
    assert usable_cores(root) == 1


@pytest.mark.parametrize("content", ["", "nonsense", "100000 0\n"])
def test_what_cannot_be_read_is_no_quota(tmp_path: Path, content: str) -> None:
    assert usable_cores(machine(tmp_path, "0::/\n", cpu_max=content)) == HERE
    assert usable_cores(tmp_path / "nowhere") == HERE
