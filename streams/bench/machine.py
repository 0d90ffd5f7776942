"""What a measurement ran on. No host names: figures travel."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from agent import __version__

__all__ = ["cpu_seconds", "cpu_seconds_of_all", "load_average", "machine"]

_PACKAGES: Final = ("aiokafka", "confluent-kafka", "faust-streaming", "kafka-python", "msgspec", "noida-db", "numpy")


def machine() -> dict[str, Any]:
    """Interpreter, processor, platform and the versions that matter to the figures."""
    return {
        "harmwatch": __version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "cpu": _cpu_model(),
        "cpu_count": os.cpu_count(),
        "cpus_usable": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": _memory_gib(),
        "platform": f"{platform.system()} {platform.machine()}",
        "versions": _versions(),
    }


def load_average() -> float | None:
    """Processes that wanted a CPU over the last minute; None where the system does not say."""
    try:
        return round(os.getloadavg()[0], 2)
    except (OSError, AttributeError):
        return None


def cpu_seconds(pid: int) -> float | None:
    """CPU time of another process so far, all its threads together; None where ``/proc`` does not say."""
    try:
        # The name, in parentheses, may itself hold blanks and parentheses.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return None


def cpu_seconds_of_all(pid: int) -> float | None:
    """As `cpu_seconds`, of a process and its children: a worker of several processes."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        children = []
    known = [cpu_seconds(each) for each in (pid, *map(int, children))]
    return None if known[0] is None else sum(seconds for seconds in known if seconds is not None)


def _cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _memory_gib() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (OSError, ValueError, AttributeError):
        return None


def _versions() -> Mapping[str, str | None]:
    found: dict[str, str | None] = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found
