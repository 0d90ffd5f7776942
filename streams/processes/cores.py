"""How many cores this process may use: what the scheduler lets it run on, and what its control group pays for."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

__all__ = ["usable_cores", "wanted_processes"]

_ROOT = Path("/")


def wanted_processes(processes: int | Literal["auto"]) -> int:
    """A number as it is; ``auto`` is one process per core."""
    return usable_cores() if processes == "auto" else processes


def usable_cores(root: Path = _ROOT) -> int:
    """Whole cores, at least one: of the affinity mask, and of the CPU quota of this group and those above it.

    A quota of two and a half cores keeps two processes busy; a third would have half a core.

    Parameters
    ----------
    root
        Where the file systems ``/proc`` and ``/sys`` are.
    """
    cores = float(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    return max(1, math.floor(min([cores, *_quotas(root)])))


def _quotas(root: Path) -> Iterator[float]:
    try:
        groups = (root / "proc/self/cgroup").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return  # no Linux
    for line in groups:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not controllers:
            yield from _along(root / "sys/fs/cgroup", path, _quota_v2)
        elif "cpu" in controllers.split(","):
            yield from _along(root / "sys/fs/cgroup/cpu", path, _quota_v1)


def _along(mount: Path, path: str, read: Callable[[Path], float | None]) -> Iterator[float]:
    """Of the group and of each above it. In a container the path may be one of the host's: then its own is the top."""
    group = mount / path.lstrip("/")
    while True:
        quota = read(group)
        if quota is not None:
            yield quota
        if group == mount or mount not in group.parents:
            return
        group = group.parent


def _quota_v2(group: Path) -> float | None:
    try:
        quota, period = (group / "cpu.max").read_text(encoding="ascii").split()
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None


def _quota_v1(group: Path) -> float | None:
    try:
        quota = int((group / "cpu.cfs_quota_us").read_text(encoding="ascii"))
        period = int((group / "cpu.cfs_period_us").read_text(encoding="ascii"))
        return quota / period if quota > 0 else None
    except (OSError, ValueError, ZeroDivisionError):
        return None
