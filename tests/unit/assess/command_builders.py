"""``harmwatch assess --json`` run in this process."""

from __future__ import annotations

import json
from typing import Any

import pytest

from streams.cli import main

__all__ = ["assessed"]


def assessed(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    """The one object that it prints, with nothing on standard error."""
    code = main(["assess", "--json", *words])
    captured = capsys.readouterr()
    assert (code, captured.err) == (0, "")
    (line,) = captured.out.splitlines()
    found: dict[str, Any] = json.loads(line)
    return found
