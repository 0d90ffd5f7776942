"""Workers as subprocesses: the command as operators start it, and the signals that reach it."""

from __future__ import annotations

import http.client
import json
import signal
import sys
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.brokers.processes import BrokerProcess, log_tail

from .lens import wait_until

__all__ = ["Samples", "WorkerProcess"]

Samples = Mapping[str, list[tuple[Mapping[str, str], float]]]
"""By sample name: labels and value."""


class WorkerProcess(BrokerProcess):
    """``harmwatch run --config FILE``; its log is kept over restarts. It dies with the test run, however that ends.

    Parameters
    ----------
    port
        Of its web side, as the configuration has it.
    """

    def __init__(self, config: Path, port: int, log_path: Path) -> None:
        super().__init__([sys.executable, "-m", "streams.cli", "run", "--config", str(config)], log_path)
        self.port = port

    @property
    def running(self) -> bool:
        """Whether the process runs (a frozen one does)."""
        return self.pid is not None

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative for a signal."""
        return None if self._process is None else self._process.poll()

    def wait_for_exit(self, timeout_seconds: float) -> int:
        """Return the exit code. Raises TimeoutError with the end of the log."""
        try:
            wait_until(lambda: not self.running, "the worker's end", timeout_seconds=timeout_seconds, step_seconds=0.1)
        except TimeoutError as error:
            raise TimeoutError(f"{error}\n{log_tail(self.log_path)}") from None
        code = self.exit_code
        return -1 if code is None else code

    def terminate(self, timeout_seconds: float = 40.0) -> int:
        """SIGTERM, and the exit code."""
        self.stop(timeout_seconds)
        return self.wait_for_exit(1.0)

    def ready(self) -> bool:
        """Whether /readyz says so."""
        return self._get("/readyz")[0] == 200

    def wait_ready(self, timeout_seconds: float = 90.0) -> float:
        """Return the seconds until /readyz answers 200. Raises BrokerError when the process dies before."""

        def ready() -> bool:
            self.check()
            return self.ready()

        try:
            return wait_until(ready, "/readyz", timeout_seconds=timeout_seconds, step_seconds=0.1)
        except TimeoutError as error:
            raise TimeoutError(f"{error}\n{log_tail(self.log_path)}") from None

    def health(self) -> int:
        """Status of /healthz; 0 when nobody answers."""
        return self._get("/healthz")[0]

    def live(self) -> int:
        """Status of /livez; 0 when nobody answers."""
        return self._get("/livez")[0]

    def told(self, path: str) -> str:
        """The body of an answer, whatever its status; empty when nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=3.0) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return error.read().decode()
        except (OSError, http.client.HTTPException):
            return ""

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, and wait for nothing."""
        self._signal(number)

    def models(self) -> list[str]:
        """Names of the models on the status page; none while it does not answer."""
        status, body = self._get("/api/v1/status")
        return [model["name"] for model in json.loads(body)["models"]] if status == 200 else []

    def scrape(self) -> int:
        """Ask for /metrics as Prometheus does, and let them be; the status, 0 when nobody answers."""
        return self._get("/metrics")[0]

    def samples(self) -> Samples:
        """Everything on /metrics."""
        status, body = self._get("/metrics")
        if status != 200:
            raise RuntimeError(f"/metrics answered {status}")
        found: dict[str, list[tuple[Mapping[str, str], float]]] = defaultdict(list)
        for family in text_string_to_metric_families(body):
            for sample in family.samples:
                found[sample.name].append((sample.labels, sample.value))
        return found

    def peak_rss_mib(self) -> float:
        """Highest resident memory so far, in MiB; 0 once the process is gone."""
        return self._status_field("VmHWM:")

    def log(self) -> str:
        """The whole log; empty before the first start."""
        return self.log_path.read_text(encoding="utf-8", errors="replace") if self.log_path.exists() else ""

    def _status_field(self, name: str) -> float:
        try:
            lines = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
        except OSError:
            return 0.0
        return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(name)), 0.0)

    def _get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=3.0) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            error.close()
            return error.code, ""
        except (OSError, http.client.HTTPException):
            return 0, ""
