"""``harmwatch anonymize``: where somebody is, also where it is written in numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.assess.protection_builders import figures, read, run, write

POINT: dict[str, Any] = {"type": "Point", "coordinates": [121.473701, 31.230416]}


def test_positions_in_numbers_go_as_those_in_texts_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = {
        "lat": 31.230416, "home_lon": -121.473701, "geo": {"latitude": 31.230416, "经度": 121.473701}, "at": POINT,
        "path": {"coordinates": [[121.4737, 31.2304, 4.5], [121.47, 31.23]]}, "price": 31.230416, "latency": 0.25,
        "size": [121.473701, 31.230416], "town_lat": 31.2,
    }  # fmt: skip
    found = figures(capsys, write(tmp_path / "a.jsonl", row), "--policy", "redact")
    assert read(tmp_path / "a.anonymized.jsonl") == [
        {
            "lat": "[ADDRESS]", "home_lon": "[ADDRESS]", "geo": {"latitude": "[ADDRESS]", "经度": "[ADDRESS]"},
            "at": {"type": "Point", "coordinates": "[ADDRESS]"},
            # A hundredth of a degree is a town.
            "path": {"coordinates": ["[ADDRESS], 4.5", [121.47, 31.23]]}, "price": 31.230416, "latency": 0.25,
            "size": [121.473701, 31.230416], "town_lat": 31.2,
        }
    ]  # fmt: skip
    assert found["columns"]["lat"]["found"] == {"ADDRESS": 1}


def test_columns_of_degrees_in_parquet_become_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "a.parquet"
    pq.write_table(pa.table({"lat": [31.230416, None], "price": [31.230416, 1.5]}), source)
    figures(capsys, source, "--policy", "redact")
    result = pq.read_table(tmp_path / "a.anonymized.parquet").to_pydict()
    assert result == {"lat": ["[ADDRESS]", None], "price": [31.230416, 1.5]}
    # A list of numbers cannot hold a type: nothing is written, rather than where they live.
    pq.write_table(pa.table({"at": pa.array([POINT])}), source)
    assert run(source, "--policy", "redact", "--out", tmp_path / "b.parquet") == 1
    assert "do not fit its type" in capsys.readouterr().err
    assert not (tmp_path / "b.parquet").exists()
