"""``harmwatch assess --json`` run in this process."""

from __future__ import annotations

import json
from typing import Any

import pytest

from streams.cli import main

__all__ = ["assessed", "refused"]


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Exit code and the one line of a command that prints nothing else."""
    code = main(["assess", *words])
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    return code, line


def assessed(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    """The one object that it prints, with nothing on standard error."""
    code = main(["assess", "--json", *words])
    captured = capsys.readouterr()
    assert (code, captured.err) == (0, "")
    (line,) = captured.out.splitlines()
    found: dict[str, Any] = json.loads(line)
    return found
