"""``python -m tests.upgrade.make COMMIT``: has a commit of the past write its state into ``tests/upgrade/state/``.

The code is that commit's own, checked out beside this tree for as long as it takes; only the traffic and the order to
write are `tests.upgrade.writer`'s (what a worker, a receiver and a probe leave) and `tests.upgrade.files_writer`'s
(what commands write). What is there already is never written anew: that would be another state.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

__all__ = ["STATES", "checked_out", "environment", "is_there"]

ROOT = Path(__file__).parents[2]
STATES = Path(__file__).parent / "state"


def is_there(commit: str) -> bool:
    """Whether the history here goes back so far."""
    command = ["git", "cat-file", "-e", f"{commit}^{{commit}}"]
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


@contextlib.contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """A folder with the files of a commit, and no repository: an archive touches nothing that others share."""
    with tempfile.TemporaryDirectory(prefix="harmwatch-upgrade-") as folder:
        packed = subprocess.run(["git", "archive", "--format=tar", commit], cwd=ROOT, capture_output=True, check=True)
        subprocess.run(["tar", "-x", "-C", folder], input=packed.stdout, check=True)
        yield Path(folder)


def environment(tree: Path) -> dict[str, str]:
    """In which Python finds the code of that tree, and no other."""
    return {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}


def main(commit: str) -> int:
    out = STATES / commit
    wanted = {"state.json": ("writer.py", out), "files": ("files_writer.py", out / "files")}
    missing = [job for name, job in wanted.items() if not (out / name).exists()]
    if not missing:
        sys.stderr.write(f"{out} is there already; state that was written once stays as it is\n")
        return 2
    with checked_out(commit) as tree:
        for name, folder in missing:
            command = [sys.executable, str(ROOT / "tests" / "upgrade" / name), str(folder)]
            subprocess.run(command, cwd=tree, env=environment(tree), check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
