"""Registered canaries for tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agent.scoring.canary.finder import CanaryFinder
from agent.scoring.canary.keys import CanaryKeys
from agent.scoring.canary.registry import CanaryFile, Submitted, register

__all__ = ["KEYS", "SECRET", "file_of", "finder_of", "write_canaries"]

SECRET = b"a key of the tests, long enough"
KEYS = CanaryKeys(SECRET)


def file_of(values: Sequence[str], label: str = "canary") -> CanaryFile:
    """All of them registered, or the test is wrong."""
    found = register([Submitted(line, value, label) for line, value in enumerate(values, start=1)], KEYS)
    assert found.refused == []
    return found.file


def finder_of(*values: str) -> CanaryFinder:
    return CanaryFinder(file_of(values).canaries, KEYS)


def write_canaries(folder: Path, values: Sequence[str], label: str = "canary") -> dict[str, Any]:
    """Options of a canary scorer that knows these values."""
    (folder / "canaries.json").write_bytes(file_of(values, label).encode())
    (folder / "canary.key").write_bytes(SECRET + b"\n")
    return {"file": str(folder / "canaries.json"), "key": {"file": str(folder / "canary.key")}}
