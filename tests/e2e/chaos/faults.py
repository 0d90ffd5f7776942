"""What can happen, one function a kind. A fault begins, lasts, and ends: after its end all that it broke is mended.

``FAULTS`` lists them. Each draws its victim and its numbers from the given source of chance, so that a seed makes the
same faults again (their moments within the traffic are the machine's).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from tests.e2e.lens import wait_until

from .denials import dead_letters_denied, evidence_denied
from .fault import Fault, Side
from .rig import ChaosRig, ChaosWorker
from .scorer_faults import scorer_hangs, scorer_kills, scorer_out_of_memory, scorer_raises

__all__ = ["FAULTS"]


def _worker(rig: ChaosRig, rng: Random) -> tuple[str, ChaosWorker]:
    name = rng.choice([worker.orders.name.removeprefix("orders-") for worker in rig.steady])
    return name, rig.chaos_worker(name)


def worker_killed(rig: ChaosRig, rng: Random) -> Fault:
    """kill -9, and started again."""
    name, worker = _worker(rig, rng)
    return Fault(name, rng.uniform(0.0, 6.0), worker.kill, worker.start)


def worker_killed_while_starting(rig: ChaosRig, rng: Random) -> Fault:
    """kill -9 twice: the second falls into the start, where state is restored."""
    name, worker = _worker(rig, rng)

    def end() -> None:
        worker.kill()
        worker.start()

    def begin() -> None:
        worker.kill()
        worker.start()

    return Fault(name, rng.uniform(0.5, 5.0), begin, end)


def worker_stopped(rig: ChaosRig, rng: Random) -> Fault:
    """SIGTERM, as a rollout does."""
    name, worker = _worker(rig, rng)

    def begin() -> None:
        worker.terminate(90.0)

    return Fault(name, rng.uniform(0.0, 4.0), begin, worker.start)


def worker_frozen(rig: ChaosRig, rng: Random) -> Fault:
    """SIGSTOP, for less or for more than its session lasts."""
    name, worker = _worker(rig, rng)
    return Fault(name, rng.uniform(0.3, 2.5) * rig.session_seconds, worker.pause, worker.resume)


def worker_cut_off(rig: ChaosRig, rng: Random) -> Fault:
    """A partition of the network: what it sends to any broker arrives late, when the network is back."""
    name, _ = _worker(rig, rng)
    return Fault(
        name,
        rng.uniform(0.5, 3.0) * rig.session_seconds,
        lambda: rig.siege.set_gates(name, "dark"),
        lambda: rig.siege.set_gates(name, "open"),
    )


def worker_cut_off_from_one(rig: ChaosRig, rng: Random) -> Fault:
    """A partition between one worker and one broker."""
    name, _ = _worker(rig, rng)
    broker = rng.randrange(rig.siege.brokers)
    return Fault(
        f"{name} from {broker}",
        rng.uniform(0.5, 3.0) * rig.session_seconds,
        lambda: rig.siege.set_gates(name, "dark", [broker]),
        lambda: rig.siege.set_gates(name, "open", [broker]),
    )


def connections_reset(rig: ChaosRig, rng: Random) -> Fault:
    """All connections of one worker are reset, and refused for a while."""
    name, _ = _worker(rig, rng)
    return Fault(
        name, rng.uniform(0.1, 6.0), lambda: rig.siege.set_gates(name, "cut"), lambda: rig.siege.set_gates(name, "open")
    )


def clock_jumped(rig: ChaosRig, rng: Random) -> Fault:
    """A worker's wall clock is wrong by up to half an hour, forwards or back, and right again."""
    name, worker = _worker(rig, rng)
    wrong = rng.choice((-1, 1)) * rng.uniform(60.0, 1800.0)
    return Fault(
        f"{name} {wrong:+.0f} s",
        rng.uniform(2.0, 6.0),
        lambda: worker.order("clock", wrong),
        lambda: worker.order("clock", 0.0),
    )


def scorer_slow(rig: ChaosRig, rng: Random) -> Fault:
    """A worker's scorer takes half a second and more for a batch."""
    name, worker = _worker(rig, rng)
    return Fault(
        name,
        rng.uniform(2.0, 6.0),
        lambda: worker.order("slow", rng.uniform(0.5, 2.0)),
        lambda: worker.order("slow", 0.0),
    )


def rebalance_storm(rig: ChaosRig, rng: Random) -> Fault:
    """Two more workers join and leave, one of them by kill -9."""
    first, second = rng.sample(rig.guests, 2)

    def begin() -> None:
        first.start()
        second.start()
        wait_until(lambda: first.ready() or second.ready(), "a guest", timeout_seconds=180.0)

    def end() -> None:
        first.kill()
        second.terminate(90.0)

    return Fault("d and e", rng.uniform(0.0, 3.0), begin, end)


def _broker(rig: ChaosRig, rng: Random) -> int:
    return rng.randrange(rig.siege.brokers)


def broker_killed(rig: ChaosRig, rng: Random) -> Fault:
    """kill -9 of one broker of three."""
    index = _broker(rig, rng)
    return Fault(
        str(index),
        rng.uniform(0.0, 8.0),
        lambda: rig.siege.kill_broker(index),
        lambda: rig.siege.start_broker(index),
    )


def broker_stopped(rig: ChaosRig, rng: Random) -> Fault:
    """SIGTERM of one broker: a rolling upgrade."""
    index = _broker(rig, rng)
    return Fault(
        str(index),
        rng.uniform(0.0, 5.0),
        lambda: rig.siege.stop_broker(index),
        lambda: rig.siege.start_broker(index),
    )


def broker_frozen(rig: ChaosRig, rng: Random) -> Fault:
    """SIGSTOP of one broker: its port is open and says nothing."""
    index = _broker(rig, rng)

    def end() -> None:
        rig.siege.resume_broker(index)
        rig.siege.wait_for_broker(index)

    return Fault(str(index), rng.uniform(1.0, 10.0), lambda: rig.siege.pause_broker(index), end)


def broker_disk_full(rig: ChaosRig, rng: Random) -> Fault:
    """The disk under one broker is full: it gives up its only log directory, and stops."""
    index = _broker(rig, rng)

    def end() -> None:
        rig.siege.kill_broker(index)
        rig.siege.start_broker(index)

    return Fault(str(index), rng.uniform(3.0, 8.0), lambda: rig.siege.fill_disk(index), end)


FAULTS: Mapping[str, tuple[Side, Callable[[ChaosRig, Random], Fault]]] = {
    "worker_killed": ("worker", worker_killed),
    "worker_killed_while_starting": ("worker", worker_killed_while_starting),
    "worker_stopped": ("worker", worker_stopped),
    "worker_frozen": ("worker", worker_frozen),
    "worker_cut_off": ("worker", worker_cut_off),
    "worker_cut_off_from_one": ("worker", worker_cut_off_from_one),
    "connections_reset": ("worker", connections_reset),
    "clock_jumped": ("worker", clock_jumped),
    "scorer_slow": ("worker", scorer_slow),
    "scorer_kills": ("worker", scorer_kills),
    "scorer_hangs": ("alone", scorer_hangs),
    "scorer_raises": ("alone", scorer_raises),
    "scorer_out_of_memory": ("alone", scorer_out_of_memory),
    "evidence_denied": ("alone", evidence_denied),
    "dead_letters_denied": ("alone", dead_letters_denied),
    "rebalance_storm": ("worker", rebalance_storm),
    "broker_killed": ("broker", broker_killed),
    "broker_stopped": ("broker", broker_stopped),
    "broker_frozen": ("broker", broker_frozen),
    "broker_disk_full": ("broker", broker_disk_full),
}
"""By kind: whom it befalls, and how it is made."""
