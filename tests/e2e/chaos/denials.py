"""Rights that are taken away from running workers, and given back."""

from __future__ import annotations

from random import Random

from streams.access.acls import rights_of
from tests.e2e.lens import wait_until

from .fault import Fault
from .rig import ChaosRig, ChaosWorker
from .siege import PRINCIPAL

__all__ = ["dead_letters_denied", "evidence_denied"]

_NOTICED_SECONDS = 120.0


def evidence_denied(rig: ChaosRig, rng: Random) -> Fault:
    """No worker may write evidence any more."""
    return _denied(rig, rng, "evidence")


def dead_letters_denied(rig: ChaosRig, rng: Random) -> Fault:
    """No worker may write dead letters any more."""
    return _denied(rig, rng, "dlq")


def _denied(rig: ChaosRig, rng: Random, topic: str) -> Fault:
    """A worker ends, and one that is started again does not run; both say which right is missing, and no other."""
    right = rig.right(topic, "WRITE")
    said_before: dict[ChaosWorker, int] = {}
    problems: list[str] = []

    def ended() -> list[ChaosWorker]:
        return [worker for worker in rig.steady if not worker.running]

    def begin() -> None:
        said_before.update({worker: len(worker.log()) for worker in rig.steady})
        rig.siege.take_away([right])
        rig.flow()
        try:
            wait_until(lambda: bool(ended()), f"a worker to end without {right}", timeout_seconds=_NOTICED_SECONDS)
        except TimeoutError as error:
            problems.append(str(error))
        for worker in ended()[:1]:
            worker.start()
            code = worker.wait_for_exit(_NOTICED_SECONDS)
            if code != 2:
                problems.append(f"started without {right}, a worker ended with {code} instead of 2")

    def end() -> None:
        rig.siege.grant([right])
        for worker in ended():
            worker.start()

    def look() -> list[str]:
        others = [str(each) for each in rights_of(rig.config) if each != right]
        lines = [
            line
            for worker, before in said_before.items()
            for line in worker.log()[before:].splitlines()
            if line.startswith("harmwatch run: ")
        ]
        exact = [line for line in lines if f"Kafka does not let {PRINCIPAL}: {right} (" in line]
        # Refused a moment before the right came back, and asked a moment after.
        late = [line for line in lines if f"may not write to topic {right.name}; grant WRITE on it" in line]
        if len(exact) < 2:
            problems.append(f"{len(exact)} lines instead of two and more name {right}: {lines}")
        if strange := [line for line in lines if line not in exact and line not in late]:
            problems.append(f"a worker ended for something else than {right}: {strange}")
        if wrong := [line for line in exact if any(f"{other} (" in line for other in others)]:
            problems.append(f"a worker named rights that it has: {wrong}")
        return problems

    return Fault(topic, rng.uniform(0.0, 3.0), begin, end, look)
