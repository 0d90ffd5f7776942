"""Cells that a format can hold, and Python or another format cannot."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agent.assess.tables import open_reader
from agent.errors import DataError
from tests.unit.assess.protection_builders import read, run, write


def cells_of(path: Path, column: Any) -> list[Any]:
    pq.write_table(pa.table({"when": column}), path)
    with closing(open_reader(path)) as reader:
        return [row["when"] for batch in reader.batches() for row in batch.rows]


@pytest.mark.parametrize(
    "kind", [pa.timestamp("us"), pa.timestamp("us", tz="UTC"), pa.timestamp("ms"), pa.date32(), pa.duration("s")]
)
def test_times_beyond_pythons_are_read_as_texts(tmp_path: Path, kind: Any) -> None:
    most = 2**30 if kind == pa.date32() else 2**60
    column = pa.array([most, 5], pa.int32() if kind == pa.date32() else pa.int64()).cast(kind)
    cells = cells_of(tmp_path / "a.parquet", column)
    assert len(cells) == 2
    assert all(isinstance(cell, str) for cell in cells)


@pytest.mark.parametrize(
    "column",
    [
        pa.array([[2**62]], pa.list_(pa.timestamp("us"))),
        pa.array([1], pa.timestamp("us", tz="Mars/Phobos")),
        pa.StructArray.from_arrays([pa.array([1]), pa.array([2])], names=["m", "m"]),
        pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0"), pa.py_buffer(b"\xff")]),
    ],
)
def test_what_has_no_form_here_is_said_with_its_column(tmp_path: Path, column: Any) -> None:
    with pytest.raises(DataError, match=r"column 'when': row 1 or later: cannot be read here; give a copy"):
        cells_of(tmp_path / "a.parquet", column)


def test_a_number_longer_than_a_float_stays(tmp_path: Path) -> None:
    rows = [{"n": 10**400, "mail": "a@example.org"}]
    assert run(write(tmp_path / "in.jsonl", *rows), "--policy", "redact", "--out", tmp_path / "out.jsonl") == 0
    assert read(tmp_path / "out.jsonl") == [{"n": 10**400, "mail": "[EMAIL]"}]


@pytest.mark.parametrize("row", [{"a": "\ud800"}, {"\ud800": "a"}])
def test_half_a_pair_of_surrogates_does_not_fit_parquet(
    tmp_path: Path, row: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in.jsonl").write_text(json.dumps(row), encoding="ascii")
    assert run(tmp_path / "in.jsonl", "--policy", "redact", "--out", tmp_path / "out.parquet") == 1
    assert "is no Unicode; write JSON Lines instead" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]
