"""Processes of our own run nothing of the current folder."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from agent.child_process import environment_of_child, python_command

DECOY = "import pathlib; pathlib.Path(__file__).with_name('ran').touch()"


@pytest.mark.parametrize("module", ["streams.proxy.tap_process", "streams.processes.child", "agent.drift.vector_child"])
def test_a_module_in_the_current_folder_is_not_run(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("msgspec", "numpy", "asyncio", "agent", "streams"):
        (tmp_path / f"{name}.py").write_text(DECOY)
    monkeypatch.setenv("PYTHONPATH", "")  # an empty entry is the current folder
    command = python_command(module, "no file descriptor")
    done = subprocess.run(command, cwd=tmp_path, env=environment_of_child(), capture_output=True, check=False)
    assert b"ValueError" in done.stderr or b"IndexError" in done.stderr, "it came as far as its arguments"
    assert not (tmp_path / "ran").exists()
