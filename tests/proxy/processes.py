"""The proxy and the model server as processes, for tests and benchmarks."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

__all__ = ["ProxyProcess", "model_server"]

_SECONDS = 120.0


@contextlib.contextmanager
def model_server() -> Iterator[int]:
    """The model server's port."""
    process = subprocess.Popen([sys.executable, "-m", "tests.proxy.model_server"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


class ProxyProcess:
    """``harmwatch proxy`` with a configuration of its own."""

    def __init__(self, upstream_port: int, config: Mapping[str, Any]) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="harmwatch-proxy-"))
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        document: dict[str, Any] = {
            "web": {"port": 0},
            "log_level": "WARNING",
            **config,
            "proxy": {"port": 0, "upstream": f"http://127.0.0.1:{upstream_port}", **config.get("proxy", {})},
        }
        (self.folder / "harmwatch.yaml").write_text(json.dumps(document))
        self._log = (self.folder / "log").open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "streams.cli", "proxy", "--config", str(self.folder / "harmwatch.yaml")],
            stderr=self._log,
        )
        deadline = time.monotonic() + _SECONDS
        while (
            found := re.search(r"https?://127\.0\.0\.1:(\d+) -> .*; metrics (?:on port (\d+)|once)", self.log)
        ) is None:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the proxy did not start: {self.log}")
            time.sleep(0.05)
        self.port, self.web_port = int(found.group(1)), int(found.group(2) or 0)

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def tap_pid(self) -> int:
        """Of the tap's process."""
        return int(Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()[0])

    def cpu_seconds(self, pid: int) -> float:
        """Spent by a process so far."""
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def metrics(self) -> dict[str, float]:
        """Samples of ``/metrics`` by name with labels."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.web_port}/metrics", timeout=30) as answer:
            lines = answer.read().decode().splitlines()
        return {name: float(value) for name, _, value in (x.rpartition(" ") for x in lines if x[:1] not in ("#", ""))}

    def kill(self) -> None:
        """kill -9 the data plane."""
        self._process.kill()
        self._process.wait()
        self._log.close()

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(_SECONDS)
        finally:
            self._process.kill()
            self._log.close()
