"""The experiment: a besieged cluster, its topics, three workers, and guests that come and go."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from streams.access.acls import Operation, Right, rights_of
from streams.config import WorkerConfig, parse_config
from tests.brokers.ports import free_ports
from tests.brokers.processes import BrokerProcess
from tests.e2e.processes import WorkerProcess
from tests.e2e.workbench import Workbench, merged

from .siege import BesiegedKafka

__all__ = ["DEADLINE_SECONDS", "GUESTS", "STEADY", "ChaosRig", "ChaosWorker"]

DEADLINE_SECONDS = 15.0
"""Of a scorer's call."""

STEADY = ("a", "b", "c")
#: They join and leave again.
GUESTS = ("d", "e")


class ChaosWorker(WorkerProcess):
    """A worker with a clock and a scorer that take orders."""

    def __init__(self, config: Path, port: int, log_path: Path, orders: Path) -> None:
        super().__init__(config, port, log_path)
        command = [sys.executable, "-m", "tests.e2e.chaos.program", str(config), str(orders)]
        BrokerProcess.__init__(self, command, log_path)
        self.orders = orders

    def order(self, name: str, value: float) -> None:
        """One of `program.ORDERS`; 0 takes it back. Whole at any moment."""
        new = self.orders / f"{name}.new"
        new.write_text(str(value), encoding="ascii")
        new.replace(self.orders / name)


class ChaosRig(Workbench):
    """A workbench of three copies of everything, each worker behind gates of its own.

    Its configuration names a kind that only the program of its workers has, so that `config` takes another one.
    """

    def __init__(self, cluster: BesiegedKafka, *, partitions: int = 6, config: Mapping[str, Any] | None = None) -> None:
        own: dict[str, Any] = {
            # Rows are the same whoever scores them, so that a duplicate has to say what the first verdict said.
            "scorers": {"toxicity": {"kind": "held_up"}},
            "kafka": {"session_timeout_seconds": 4.0},
            # Longer than a worker is ever frozen, so that scores are missing only where a scorer fails.
            "executor": {"deadline_seconds": DEADLINE_SECONDS},
            "topics": {"replication_factor": 3},
            # What waits out an outage is still counted: an hour of lateness.
            "windows": {"pane_seconds": 30.0, "windows_seconds": [60.0, 300.0], "allowed_lateness_seconds": 3600.0},
        }
        super().__init__(
            cluster, scorers=("toxicity", "pii", "adversarial"), partitions=partitions, config=merged(own, config or {})
        )
        self.siege = cluster
        #: Lets more calls flow, at once; whoever runs the experiment says how.
        self.flow: Callable[[], None] = lambda: None
        self.session_seconds = 4.0
        self.steady = [self.chaos_worker(name) for name in STEADY]
        self.guests = [self.chaos_worker(name) for name in GUESTS]

    def chaos_worker(self, name: str) -> ChaosWorker:
        """The worker of that name, not started."""
        if name not in self._workers:
            (port,) = free_ports(1)
            orders = self.folder / f"orders-{name}"
            orders.mkdir()
            self._workers[name] = ChaosWorker(self._write(name, port), port, self.folder / f"{name}.log", orders)
        worker = self._workers[name]
        assert isinstance(worker, ChaosWorker)
        return worker

    def create_topics(self) -> None:
        """Topics, and what workers may do with them: what `harmwatch doctor --acls` prints, and nothing else."""
        super().create_topics()
        self.siege.grant(rights_of(self.config))

    def right(self, topic: str, operation: Operation) -> Right:
        """On one of our topics, by its short name."""
        wanted = (self.topic(topic), operation)
        return next(right for right in rights_of(self.config) if (right.name, right.operation) == wanted)

    def create_events_topic(self, config: Mapping[str, str] | None = None) -> None:
        self.cluster.create_topic(self.events, self.partitions, replication=3, config=config)

    def _write(self, worker_name: str, port: int) -> Path:
        path = super()._write(worker_name, port)
        if worker_name in self.siege_guests:
            sections = yaml.safe_load(path.read_text(encoding="utf-8"))
            sections["kafka"] |= self._siege().section_of(worker_name)
            path.write_text(yaml.safe_dump(sections, allow_unicode=True), encoding="utf-8")
        return path

    @property
    def config(self) -> WorkerConfig:
        return parse_config(self.config_file.read_bytes().replace(b"held_up", b"ngrams"), "the rig's configuration")

    @property
    def siege_guests(self) -> tuple[str, ...]:
        return self._siege().guests

    def _siege(self) -> BesiegedKafka:
        assert isinstance(self.cluster, BesiegedKafka)
        return self.cluster
