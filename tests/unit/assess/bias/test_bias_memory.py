"""Memory stays bounded: a scaled-down run of ``tests.bench.assess_memory``."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_a_table_is_assessed_in_less_memory_than_its_rows_take() -> None:
    # In a process of its own: the figure is that of the largest child. As Python objects these 260,000 rows are 300 MB.
    words = ("--megabytes", "30", "--text", "part", "--limit-gib", "0.25")
    command = [sys.executable, "-m", "tests.bench.assess_memory", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    line = json.loads(done.stdout)
    assert done.returncode == 0, line
    assert line["planted_found"]
    assert line["rows"] >= 240_000
