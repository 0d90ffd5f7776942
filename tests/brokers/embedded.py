"""The embedded broker: noida-db, a Kafka-compatible server that comes with pip.

Known differences from Kafka: a group member that dies without leaving is never expired (evict it with the admin
client's `remove_group_members`), it saves its state about once a second, so that SIGKILL loses what it acknowledged
since (an orderly stop loses nothing), there is one broker, no transactions are promised, and aiokafka with
``enable_auto_commit=True`` sticks on a rebalance.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import tempfile
from pathlib import Path

from .base import BrokerCluster, BrokerError, LayerAbsent, NotSupported, answers, wait_for_answer
from .ports import free_ports
from .processes import BrokerProcess

__all__ = ["NoidaBroker", "find_noida"]


def find_noida() -> Path:
    """Return the path of noida-db's program.

    The program itself, not the script that pip installs: the script runs the program as its child, which a signal
    sent to the script does not reach.

    Raises
    ------
    LayerAbsent
        The package is not installed, or holds no program for this machine.
    """
    spec = importlib.util.find_spec("noida_db")
    if spec is None or spec.origin is None:
        raise LayerAbsent("the package noida-db is not installed")
    program = Path(spec.origin).parent / ("noida-db.exe" if os.name == "nt" else "noida-db")
    if not program.is_file():
        raise LayerAbsent("the package noida-db holds no program for this machine")
    if not os.access(program, os.X_OK):
        program.chmod(0o755)  # wheels lose the mode under some installers; noida-db's own script does the same
    return program


class NoidaBroker(BrokerCluster):
    """One noida-db process with only its Kafka service. Survives an orderly restart, not SIGKILL."""

    def __init__(self, brokers: int = 1) -> None:
        if brokers != 1:
            raise NotSupported("noida-db is one broker, never a cluster")
        super().__init__(brokers)
        (self._port,) = free_ports(1)
        self._folder: Path | None = None
        self._process: BrokerProcess | None = None

    @property
    def description(self) -> str:
        return f"noida-db {importlib.metadata.version('noida-db')}"

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self._port}"

    def start(self) -> None:
        if self._process is not None:
            raise BrokerError("the broker has been started already")
        program = find_noida()
        self._folder = folder = Path(tempfile.mkdtemp(prefix="harmwatch-noida-"))
        command = [str(program), "start", "--only", "kafka", "--kafka-port", str(self._port)]
        command += ["--data-dir", str(folder / "data")]
        self._process = BrokerProcess(command, folder / "broker.log")
        self.start_broker(0)

    def start_broker(self, index: int) -> None:
        process = self._only(index)
        if answers(self.bootstrap):
            # noida-db would start all the same, and the other program would answer in its place.
            raise BrokerError(f"another broker listens on {self.bootstrap}")
        process.start()
        wait_for_answer(self.bootstrap, timeout_seconds=20.0, still_starting=process.check)

    def stop_broker(self, index: int) -> None:
        self._only(index).stop()

    def kill_broker(self, index: int) -> None:
        self._only(index).kill()

    def pause_broker(self, index: int) -> None:
        self._only(index).pause()

    def resume_broker(self, index: int) -> None:
        self._only(index).resume()

    def pid(self, index: int = 0) -> int | None:
        """Process id while the broker runs, else None."""
        return self._only(index).pid

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _only(self, index: int) -> BrokerProcess:
        if index != 0:
            raise IndexError(f"noida-db has broker 0 only, not {index}")
        if self._process is None:
            raise BrokerError("the broker has not been started")
        return self._process
