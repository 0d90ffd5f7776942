"""One experiment: topics with names of its own, a configuration, workers, and a folder for all of it."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from streams.config import WorkerConfig, load_config
from streams.topics import ensure_topics
from tests.brokers.base import BrokerCluster
from tests.brokers.kafka import KafkaCluster
from tests.brokers.ports import free_ports
from tests.brokers.select import start_real_kafka

from .lens import Lens
from .processes import WorkerProcess

__all__ = ["Workbench", "merged", "real_broker"]


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Sections of `over` on top of those of `base`."""
    result = dict(base)
    for key, value in over.items():
        held = result.get(key)
        result[key] = merged(held, value) if isinstance(held, dict) and isinstance(value, Mapping) else value
    return result


OWN_TOPICS = ("labels", "verdicts", "evidence", "panes", "decisions", "dlq", "feedback")


class Workbench:
    """Use as a context manager: its workers end with it.

    Parameters
    ----------
    scorers
        Names of the scorers that run; the configuration's own when not given.
    config
        Sections on top of this bench's.
    """

    def __init__(
        self,
        cluster: BrokerCluster,
        *,
        scorers: Sequence[str] | None = None,
        partitions: int = 4,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        self.cluster = cluster
        self.lens = Lens(cluster.bootstrap)
        self.partitions = partitions
        # Our own brokers take short sessions, so that a killed member is noticed soon; others insist on 6 s.
        self.session_seconds = 3.0 if isinstance(cluster, KafkaCluster) else 6.0
        self.name = f"e2e-{uuid.uuid4().hex[:10]}"
        self.group = self.name
        self.events = f"{self.name}.events"
        self.folder = Path(tempfile.mkdtemp(prefix="harmwatch-e2e-"))
        self._sections = merged(self._own_sections(scorers), config or {})
        self._workers: dict[str, WorkerProcess] = {}

    def _own_sections(self, scorers: Sequence[str] | None) -> dict[str, Any]:
        sections: dict[str, Any] = {
            "kafka": {
                "bootstrap_servers": self.cluster.bootstrap,
                "group_id": self.group,
                "session_timeout_seconds": self.session_seconds,
            },
            "topics": {
                "events": [self.events],
                **{name: f"{self.name}.{name}" for name in OWN_TOPICS},
            },
            "tap": {
                "commit_interval_seconds": 0.5,
                "max_poll_records": 200,
                "max_in_flight_records": 1000,
                "drain_seconds": 15.0,
                "sink_patience_seconds": 90.0,
            },
            "windows": {"pane_seconds": 5.0, "windows_seconds": [60.0, 300.0], "min_count": 5},
            # A frozen or starved worker must not turn scores into missing ones: that is another experiment.
            "executor": {"deadline_seconds": 120.0},
            "evidence": {"hash_key": "only-for-tests-0123456789abcdef"},
        }
        # Faults are the matter here, not scores: the fast kind lets more of them happen in the same time.
        fast = {"toxicity": {"kind": "ngrams"}}
        sections["scorers"] = fast if scorers is None else {name: fast.get(name, {}) for name in scorers}
        return sections

    @property
    def config(self) -> WorkerConfig:
        """The configuration as a worker reads it."""
        return load_config(self.config_file)

    @property
    def config_file(self) -> Path:
        """A file with it, for programs of the tests' own."""
        return self._write("bench", 9464)

    def _write(self, worker_name: str, port: int) -> Path:
        path = self.folder / f"{worker_name}.yaml"
        own = {"kafka": {"worker_name": f"{self.name}-{worker_name}"}, "web": {"port": port}}
        path.write_text(yaml.safe_dump(merged(self._sections, own), allow_unicode=True), encoding="utf-8")
        return path

    def create_topics(self) -> None:
        """The topic of events and all of ours."""
        self.create_events_topic()
        asyncio.run(ensure_topics(self.config))

    def create_events_topic(self, config: Mapping[str, str] | None = None) -> None:
        """The topic of events alone; the worker creates the others."""
        self.cluster.create_topic(self.events, self.partitions, config=config)

    def topic(self, name: str) -> str:
        """One of our topics by its short name: ``verdicts``, ``panes``, ``dlq``, ..."""
        return f"{self.name}.{name}"

    def worker(self, name: str) -> WorkerProcess:
        """The worker of that name, not started; the same one at every call."""
        if name not in self._workers:
            port = free_ports(1)[0]
            self._workers[name] = WorkerProcess(self._write(name, port), port, self.folder / f"{name}.log")
        return self._workers[name]

    def ready_worker(self, name: str) -> WorkerProcess:
        """The worker of that name, started, once it says that it is ready."""
        worker = self.worker(name)
        worker.start()
        worker.wait_ready()
        return worker

    def adopt(self, name: str, make: Callable[[Path, int, Path], WorkerProcess]) -> WorkerProcess:
        """A worker that `make` makes of its configuration, port and log; not started."""
        port = free_ports(1)[0]
        self._workers[name] = make(self._write(name, port), port, self.folder / f"{name}.log")
        return self._workers[name]

    def lag(self) -> int:
        """Records published and not committed."""
        return self.lens.lag(self.group, self.events)

    def wait_for_lag_zero(self, timeout_seconds: float = 180.0) -> float:
        """Return the seconds waited. Raises TimeoutError."""
        return self.lens.wait_for_lag_zero(self.group, self.events, timeout_seconds=timeout_seconds)

    def tracebacks(self) -> int:
        """Tracebacks in the logs of all workers."""
        return sum(worker.log().count("Traceback (most recent") for worker in self._workers.values())

    def last_words(self) -> list[str]:
        """Of each traceback in a worker's log, the lines before it and its last few."""
        found: list[str] = []
        for name, worker in self._workers.items():
            lines = worker.log().splitlines()
            for at, line in enumerate(lines):
                if line.startswith("Traceback (most recent"):
                    end = next((n for n in range(at + 1, len(lines)) if not lines[n].startswith(" ")), len(lines) - 1)
                    found.append(
                        "\n".join([f"worker {name}", *lines[max(0, at - 2) : at], *lines[max(at, end - 6) : end + 1]])
                    )
        return found

    def close(self) -> None:
        """End the workers and delete the folder."""
        for worker in self._workers.values():
            worker.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            for name, worker in self._workers.items():
                tail = "\n".join(worker.log().splitlines()[-12:]) if worker.log_path.exists() else "(no log)"
                error.add_note(f"worker {name}, exit {worker.exit_code}:\n{tail}")
        self.close()


@contextmanager
def real_broker(*, can_break: bool = False) -> Any:
    """Lend a real Kafka of one broker. Raises LayerAbsent when none can be had."""
    cluster = start_real_kafka(1, can_break=can_break)
    try:
        yield cluster
    finally:
        cluster.close()
