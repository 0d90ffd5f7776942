"""A Kafka-compatible broker for the demo and the tests: noida-db, a small binary that comes with pip.

It speaks Kafka's protocol well enough for groups, commits, rebalances and admin calls, with three known gaps (tried
with version 0.2.3): a group member killed with -9 is never expired (a fresh broker has none; tests evict it with the
admin client), aiokafka's ``enable_auto_commit=True`` sticks on a rebalance, and topics have to be created first
(`EmbeddedBroker.create_topics`). It is no replacement for Kafka where data matters.

The broker never outlives its owner: it is stopped on leaving the context (a Ctrl-C unwinds it too), at the
interpreter's exit, and, where Linux's ``prctl`` exists, by the kernel when the owner is killed with -9. A data
directory that such a death leaves behind is removed by the next start.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import fcntl
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

from agent.clock import Clock, SystemClock
from agent.errors import ConfigError, TransportError

__all__ = ["EmbeddedBroker", "find_broker"]

_HOST: Final = "127.0.0.1"
_DIRECTORY_PREFIX: Final = "harmwatch-demo-"
_OWNER_LOCK: Final = "owner.lock"
_ATTEMPTS: Final = 3

#: Asks the kernel to kill this process when its parent dies, then becomes the broker: PR_SET_PDEATHSIG (1) survives
#: exec. The parent may have died before the call, hence the look at its id. Without prctl (macOS) it only execs.
_WRAPPER: Final = """
import os, sys
try:
    import ctypes
    ctypes.CDLL(None, use_errno=True).prctl(1, 9, 0, 0, 0)
except (ImportError, OSError, AttributeError):
    pass
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""

#: ApiVersions request, version 0, correlation id 7, client id "hw" (KIP-35): the cheapest question a broker answers.
_API_VERSIONS: Final = struct.pack(">ihhih2s", 12, 18, 0, 7, 2, b"hw")


def find_broker() -> Path:
    """The broker's binary.

    The package's own binary is preferred over the script beside ``sys.executable``: the script would run the binary
    as a child of its own, which a kill of the script leaves running.

    Raises
    ------
    ConfigError
        When noida-db is not installed.
    """
    spec = find_spec("noida_db")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        binary = Path(folder) / "noida-db"
        if binary.is_file():
            if not os.access(binary, os.X_OK):  # a wheel does not always keep the bit
                with contextlib.suppress(OSError):
                    binary.chmod(0o755)
            if os.access(binary, os.X_OK):
                return binary
    beside = Path(sys.executable).parent / "noida-db"
    if beside.is_file():
        return beside
    raise ConfigError("the embedded broker is not installed: pip install 'harmwatch[demo]'")


class EmbeddedBroker:
    """An asynchronous context manager around one broker on a free loopback port.

    Parameters
    ----------
    keep
        Leave the data directory behind (`data_dir`); the broker stops all the same.
    patience_seconds
        How long the broker may take to answer.
    binary
        Another binary with noida-db's command line; found by `find_broker` when None.
    """

    def __init__(
        self,
        *,
        keep: bool = False,
        patience_seconds: float = 10.0,
        binary: Path | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._keep = keep
        self._patience_seconds = patience_seconds
        self._binary = binary
        self._clock = clock or SystemClock()
        self._process: subprocess.Popen[bytes] | None = None
        self._directory: Path | None = None
        self._lock: IO[bytes] | None = None
        self._port = 0

    @property
    def bootstrap_servers(self) -> str:
        """``host:port`` for a Kafka client."""
        return f"{_HOST}:{self._port}"

    @property
    def data_dir(self) -> Path:
        """Where the broker keeps its data; removed at the end unless ``keep``."""
        if self._directory is None:
            raise RuntimeError("the broker has not been started: this is a bug")
        return self._directory

    @property
    def pid(self) -> int | None:
        """Process id of the broker while it runs, else None."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    async def __aenter__(self) -> Self:
        """Start and wait until the broker answers.

        Raises
        ------
        ConfigError
            When noida-db is not installed or does not run on this machine.
        TransportError
            When it does not answer in time.
        """
        binary = self._binary or find_broker()
        _remove_abandoned()
        atexit.register(self.close)
        try:
            self._make_directory()
            for attempt in range(_ATTEMPTS):
                self._spawn(binary)
                if await self._answers():
                    return self
                # Another process may have taken the port between our look and the broker's: try another one.
                if self.pid is not None or attempt == _ATTEMPTS - 1:
                    raise self._failure()
                self._kill()
        except BaseException:  # also a cancellation: nothing may stay behind
            self.close()
            raise
        raise AssertionError("the loop returns or raises: this is a bug")

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the broker and remove its data. Safe to call twice, and from any state."""
        atexit.unregister(self.close)
        self._kill()
        if self._lock is not None:
            self._lock.close()
            self._lock = None
        if self._directory is not None:
            if self._keep:
                (self._directory / _OWNER_LOCK).unlink(missing_ok=True)
            else:
                shutil.rmtree(self._directory, ignore_errors=True)

    async def create_topics(self, partitions: Mapping[str, int]) -> None:
        """Create topics, by name with their number of partitions; those that exist already stay as they are.

        Raises
        ------
        TransportError
            When the broker refuses.
        """
        # Imported here: `harmwatch --help` reads this module's neighbours and must not pay for the client.
        from aiokafka.admin import AIOKafkaAdminClient, NewTopic
        from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap_servers)
        try:
            await admin.start()
            topics = [NewTopic(name, count, 1) for name, count in partitions.items()]
            response = await admin.create_topics(topics)
        except KafkaError as error:
            raise TransportError(f"the embedded broker does not create topics: {type(error).__name__}") from error
        finally:
            await admin.close()
        for name, code, *_ in response.topic_errors:
            failure = for_code(code)
            if code and failure is not TopicAlreadyExistsError:
                raise TransportError(f"the embedded broker does not create {name}: {failure.__name__}")

    def _make_directory(self) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix=_DIRECTORY_PREFIX))
        self._lock = (self._directory / _OWNER_LOCK).open("wb")
        # Held until this process ends, however it ends; close-on-exec, so the broker does not inherit it.
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _spawn(self, binary: Path) -> None:
        with socket.socket() as probe:
            probe.bind((_HOST, 0))
            self._port = probe.getsockname()[1]
        command = [str(binary), "start", "--only", "kafka", "--kafka-port", str(self._port)]
        command += ["--host", _HOST, "--data-dir", str(self.data_dir / "data")]
        with (self.data_dir / "broker.log").open("ab") as log:
            # A session of its own: a Ctrl-C in the terminal must reach the broker last, after the worker has drained.
            self._process = subprocess.Popen(  # noqa: S603 - our own arguments, no shell
                [sys.executable, "-I", "-S", "-c", _WRAPPER, str(os.getpid()), *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.data_dir,
                start_new_session=True,
            )

    async def _answers(self) -> bool:
        """Wait until the broker answers; False when it has died or time is up."""
        deadline = self._clock.monotonic() + self._patience_seconds
        while self.pid is not None and self._clock.monotonic() < deadline:
            with contextlib.suppress(OSError, EOFError):  # TimeoutError is an OSError, IncompleteReadError an EOFError
                async with asyncio.timeout(1.0):
                    if await self._ask():
                        return True
            await asyncio.sleep(0.02)
        return False

    async def _ask(self) -> bool:
        reader, writer = await asyncio.open_connection(_HOST, self._port)
        try:
            writer.write(_API_VERSIONS)
            await writer.drain()
            _, correlation_id, error = struct.unpack(">iih", await reader.readexactly(10))
            return bool(correlation_id == 7 and error == 0)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def _failure(self) -> TransportError | ConfigError:
        if self.pid is not None:
            return TransportError(f"the embedded broker does not answer within {self._patience_seconds:g} s")
        # The log holds the broker's own words only; no payload has reached it yet.
        lines = (self.data_dir / "broker.log").read_text(errors="replace").strip().splitlines()
        said = next((line for line in reversed(lines) if "error" in line), lines[-1] if lines else "nothing")
        return ConfigError(f"the embedded broker does not run here; it said: {said[:200]}")

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        # The data is not wanted afterwards, so there is nothing to shut down in order; with `keep` the broker is
        # asked first, and its files survive a kill in any case.
        steps = ((signal.SIGTERM, 2.0), (signal.SIGKILL, 5.0)) if self._keep else ((signal.SIGKILL, 5.0),)
        for kind, patience_seconds in steps:
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, kind)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(patience_seconds)
                break


def _remove_abandoned() -> None:
    """Remove data directories whose owner was killed: nobody holds their lock any more."""
    for directory in Path(tempfile.gettempdir()).glob(f"{_DIRECTORY_PREFIX}*"):
        lock_file = directory / _OWNER_LOCK
        with contextlib.suppress(OSError):
            # Not ours, or kept on purpose (no lock file): leave it.
            if directory.is_symlink() or directory.stat().st_uid != os.getuid() or not lock_file.is_file():
                continue
            with lock_file.open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(directory, ignore_errors=True)
