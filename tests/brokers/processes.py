"""Child processes that cannot outlive the test run, however it ends.

Three nets, because no single one catches every end: fixtures close what they opened (also on Ctrl-C); an atexit hook
kills the process groups that are left; and where `setpriv` exists (util-linux) the kernel kills the child when its
parent dies, which also covers kill -9 of pytest.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .base import BrokerError

__all__ = ["BrokerProcess", "log_tail"]

# The kernel's parent-death signal fires when the *thread* that forked ends, not only the process. A fixture may run
# in a pool thread that ends early, so every child is forked by this one thread, which lives as long as the run.
_SPAWNER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="broker-spawner")
# Strong references: a process that a test forgot must not be lost with the object.
_LIVE: set[BrokerProcess] = set()


def log_tail(path: Path, lines: int = 15) -> str:
    """Return the last lines of a log, for an error message."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return "(no log)"
    return "\n".join(text.splitlines()[-lines:])


class BrokerProcess:
    """One child process in a process group of its own, with its output in a log file.

    Parameters
    ----------
    command
        Program and arguments. The program must not fork children that leave its process group.
    log_path
        Standard output and error are appended here.
    """

    def __init__(self, command: Sequence[str], log_path: Path) -> None:
        self.log_path = log_path
        guard = shutil.which("setpriv")
        self._command = [guard, "--pdeathsig", "KILL", "--", *command] if guard else list(command)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Process id while the process runs, else None."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> None:
        """Start the process; does not wait until it answers."""
        if self.pid is not None:
            raise BrokerError(f"process {self.pid} runs already")
        self._process = _SPAWNER.submit(self._spawn).result()
        _LIVE.add(self)

    def _spawn(self) -> subprocess.Popen[bytes]:
        with self.log_path.open("ab") as log:
            return subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def check(self) -> None:
        """Raise BrokerError, with the end of the log, when the process has died."""
        if self.pid is None:
            code = None if self._process is None else self._process.returncode
            raise BrokerError(f"the broker's process ended with {code}:\n{log_tail(self.log_path)}")

    def stop(self, timeout_seconds: float = 30.0) -> None:
        """End the process with SIGTERM. Raises BrokerError when it does not end in time."""
        if (process := self._process) is None or self.pid is None:
            return
        self._signal(signal.SIGCONT)
        self._signal(signal.SIGTERM)
        try:
            process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            tail = log_tail(self.log_path)
            raise BrokerError(f"process {process.pid} ignored SIGTERM for {timeout_seconds:.0f} s:\n{tail}") from None
        _LIVE.discard(self)

    def kill(self) -> None:
        """End the process and its whole group with SIGKILL."""
        if (process := self._process) is None:
            return
        if self.pid is not None:
            self._signal(signal.SIGKILL)
        process.wait(10)
        _LIVE.discard(self)

    def pause(self) -> None:
        """Freeze the process (SIGSTOP); returns when all of its threads stand."""
        self.check()
        self._signal(signal.SIGSTOP)
        if (pid := self.pid) is not None:
            # A busy machine lets some of them answer for a while. The state is left for whoever waits for its end.
            os.waitid(os.P_PID, pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def resume(self) -> None:
        """Let a frozen process go on (SIGCONT)."""
        self.check()
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if (pid := self.pid) is not None:
            try:
                os.killpg(pid, number)
            except ProcessLookupError:  # it ended between the two lines
                return


@atexit.register
def _kill_what_is_left() -> None:
    for process in list(_LIVE):
        process.kill()
