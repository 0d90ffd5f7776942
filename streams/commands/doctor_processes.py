"""What ``harmwatch doctor`` says about a worker that is to be several processes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from streams.config import WorkerConfig
from streams.processes.cores import usable_cores, wanted_processes

__all__ = ["look_at_processes"]


def look_at_processes(
    config: WorkerConfig, existing: Mapping[str, int] | None
) -> tuple[Literal["ok", "warning"], str, str]:
    """Outcome, what was found, and how to mend it.

    Parameters
    ----------
    existing
        Partitions by topic; None where no broker has told.
    """
    wanted, cores = wanted_processes(config.worker.processes), usable_cores()
    found = f"{wanted} process{'' if wanted == 1 else 'es'}, {cores} core{'' if cores == 1 else 's'}"
    partitions = None if existing is None else sum(existing.get(topic, 0) for topic in config.topics.events)
    if partitions and wanted > partitions:
        return (
            "warning",
            f"{found}, {partitions} partitions: {wanted - partitions} stand idle",
            "lower worker.processes",
        )
    if wanted > cores:
        return "warning", f"{found}: they share them", "lower worker.processes, or give the worker more cores"
    on_device = [
        name
        for name, section in config.scorers.items()
        if section.enabled and str(section.options.get("device", "")).startswith("cuda")
    ]
    if wanted > 1 and on_device:
        mend = "one process for each device: set worker.processes: 1"
        return "warning", f"{found}: each loads {', '.join(on_device)} onto the device", mend
    return "ok", found, ""
