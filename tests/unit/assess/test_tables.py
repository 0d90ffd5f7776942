"""agent.assess.tables: what is read is what stands there, what is written is what was read."""

from __future__ import annotations

import datetime
import gzip
import io
import json
import resource
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.assess.tables import Batch, Row, advancing, open_reader, open_writer, stem_and_suffix
from agent.errors import ConfigError, DataError, HarmwatchError


def rows_of(path: Path, batch_rows: int = 2) -> list[Row]:
    with closing(open_reader(path, batch_rows=batch_rows)) as reader:
        return [row for batch in reader.batches() for row in batch.rows]


def copy(source: Path, target: Path, **options: Any) -> None:
    with closing(open_reader(source, batch_rows=2)) as reader:
        writer = open_writer(target, reader, **options)
        try:
            for batch in reader.batches():
                writer.write(batch)
            writer.commit()
        finally:
            writer.discard()


def refused(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(DataError) as raised:
        rows_of(path)
    return str(raised.value)


@pytest.mark.parametrize("head", ["a,b\r\n", "a;b\r\n", "a\tb\r\n", "a|b\r\n", "\ufeffa,b\r\n"])
def test_csv_is_written_as_it_was_read(tmp_path: Path, head: str) -> None:
    delimiter = head.strip()[-2]
    text = head + f'1{delimiter}"x{delimiter}""y""\nz"\r\n你好{delimiter}\r\n'
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes(text.encode())
    assert rows_of(source) == [{"a": "1", "b": f'x{delimiter}"y"\nz'}, {"a": "你好", "b": ""}]
    copy(source, target)
    assert target.read_bytes() == source.read_bytes()


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_title_with_a_carriage_return_can_be_read_again(tmp_path: Path, newline: str) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes(f'sex,"age\r(years)"{newline}f,"3\r5"{newline}'.encode())
    copy(source, target)
    assert rows_of(target) == rows_of(source) == [{"sex": "f", "age\r(years)": "3\r5"}]


def test_a_csv_cell_may_hold_line_breaks_and_errors_know_their_line(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    assert "line 4: has 3 cells, the header has 2" in refused(path, b'a,b\n"1\n2",3\n4,5,6\n')
    assert "line 2: is no valid CSV" in refused(path, b'a,b\n"secret"x,3\n')
    assert "line 3: is no valid CSV (unexpected end of data)" in refused(path, b'a,b\n"1\n2,3\n')


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("in.csv", b"a,b\n1,2\nsecret \xff,4\n", "line 3: byte 8 is not UTF-8"),
        ("in.jsonl", b'{"a": "secret \xff"}\n', "line 1: byte 15 is not UTF-8"),
        ("in.csv", "a,b\n".encode("utf-16"), "is UTF-16; save it as UTF-8"),
        ("in.csv", b"", "has no header"),
        ("in.csv", b"a,a\n", "column 1 twice"),
        ("in.jsonl", b'{"a": 1}\n\nsecret\n', "line 3: is no JSON"),
        ("in.jsonl", b'["secret"]\n', "line 1: is no JSON object"),
        ("in.jsonl", b"[" * 100_000, "line 1: is no JSON"),
        ("in.jsonl.gz", gzip.compress(b'{"a": "secret"}\n' * 9, mtime=0)[:-9], "the compressed file is damaged"),
        ("in.jsonl.gz", b"secret", "the compressed file is damaged"),
        ("in.parquet", b"secret", "is no Parquet file"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place_and_without_its_content(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    said = refused(tmp_path / name, content)
    assert message in said
    assert "secret" not in said


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60)
@given(st.lists(st.dictionaries(st.text(), JSON_VALUES, max_size=4), max_size=7), st.sampled_from(["", ".gz"]))
def test_json_lines_keep_every_value(tmp_path_factory: pytest.TempPathFactory, rows: list[Row], zipped: str) -> None:
    folder = tmp_path_factory.mktemp("jsonl")
    source, target = folder / f"in.jsonl{zipped}", folder / f"out.jsonl{zipped}"
    content = "".join(json.dumps(row) + "\n" for row in rows).encode()
    source.write_bytes(gzip.compress(content) if zipped else content)
    copy(source, target)
    assert rows_of(source) == rows_of(target) == rows


CELLS = st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=12)


@settings(max_examples=60)
@given(st.lists(st.tuples(CELLS, CELLS), max_size=6), st.sampled_from([",", ";", "\t", "|"]))
def test_csv_keeps_every_cell(
    tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[str, str]], delimiter: str
) -> None:
    folder = tmp_path_factory.mktemp("csv")
    source, target = folder / "in.csv", folder / "out.csv"
    first = folder / "first.jsonl"
    first.write_text("".join(json.dumps({"k": a, "v": b}) + "\n" for a, b in cells) or "\n", encoding="utf-8")
    source.write_text(f"k{delimiter}v\n", encoding="utf-8")
    if cells:
        copy(first, source)
    copy(source, target)
    assert [(row["k"], row["v"]) for row in rows_of(target)] == cells
    assert source.read_bytes() == target.read_bytes()


def parquet(path: Path, rows: int = 5) -> None:
    table = pa.table(
        {
            "id": pa.array(range(rows), pa.int32()),
            "at": pa.array([10**18 + n for n in range(rows)], pa.timestamp("ns", tz="UTC")),
            "kind": pa.array(["x", "y"] * rows, pa.string()).slice(0, rows).dictionary_encode(),
            "tags": pa.array([["a", "b"], None, [], ["c"], ["d"]][:rows], pa.list_(pa.string())),
            "price": pa.array([None] * rows, pa.decimal128(10, 2)),
            "note": pa.array([f"text {n}" for n in range(rows)], pa.large_string()),
        },
    ).replace_schema_metadata({"made": "by a test", "pandas": "{}"})
    pq.write_table(table, path, row_group_size=2)


def test_parquet_keeps_schema_and_values(tmp_path: Path) -> None:
    parquet(tmp_path / "in.parquet")
    table = pq.read_table(tmp_path / "in.parquet")
    copy(tmp_path / "in.parquet", tmp_path / "out.parquet", changed=["note", "kind", "tags"])
    again = pq.read_table(tmp_path / "out.parquet")
    assert again.schema.equals(table.schema.remove_metadata(), check_metadata=True)
    assert again.equals(table)


def test_parquet_columns_are_dropped_and_turned_to_text(tmp_path: Path) -> None:
    parquet(tmp_path / "in.parquet")
    reader = open_reader(tmp_path / "in.parquet")
    writer = open_writer(tmp_path / "out.parquet", reader, dropped=["tags"], texts=["id"])
    for batch in reader.batches():
        rows = [{**row, "id": f"<{row['id']}>"} for row in batch.rows]
        writer.write(Batch(batch.columns, rows, batch.first, batch.done, batch.arrow))
    writer.commit()
    again = pq.read_table(tmp_path / "out.parquet")
    assert again.schema.names == ["id", "at", "kind", "price", "note"]
    assert again.column("id").to_pylist() == ["<0>", "<1>", "<2>", "<3>", "<4>"]
    assert again.schema.metadata is None


def test_formats_turn_into_each_other(tmp_path: Path) -> None:
    lines = tmp_path / "a.jsonl"
    lines.write_text('{"n": 1, "t": "x, y", "l": ["é"], "b": true, "e": null}\n', encoding="utf-8")
    copy(lines, tmp_path / "b.parquet")
    assert rows_of(tmp_path / "b.parquet") == [{"n": 1, "t": "x, y", "l": ["é"], "b": True, "e": None}]
    copy(tmp_path / "b.parquet", tmp_path / "c.csv")
    assert (tmp_path / "c.csv").read_text(encoding="utf-8") == 'n,t,l,b,e\n1,"x, y","[""é""]",true,\n'
    copy(tmp_path / "c.csv", tmp_path / "d.tsv.gz")
    assert gzip.decompress((tmp_path / "d.tsv.gz").read_bytes()).decode().splitlines()[0] == "n\tt\tl\tb\te"
    copy(tmp_path / "d.tsv.gz", tmp_path / "e.parquet")
    assert rows_of(tmp_path / "e.parquet")[0]["n"] == "1"
    day = pa.table({"d": [datetime.date(2020, 1, 2)], "x": [b"\x00\xff"]})
    pq.write_table(day, tmp_path / "f.parquet")
    copy(tmp_path / "f.parquet", tmp_path / "g.jsonl")
    assert rows_of(tmp_path / "g.jsonl") == [{"d": "2020-01-02", "x": "AP8="}]


@pytest.mark.parametrize(
    ("lines", "target"),
    [
        (['{"a": 1}', '{"a": 1}', '{"b": 1}'], "out.csv"),
        (['{"a": 1}', '{"a": 1}', '{"b": 1}'], "out.parquet"),
        (['{"a": 1}', '{"a": 1}', '{"a": "secret"}'], "out.parquet"),
        (['{"a": 1}', '{"a": "secret"}'], "out.parquet"),
    ],
)
def test_rows_that_do_not_fit_the_format_are_refused(tmp_path: Path, lines: Sequence[str], target: str) -> None:
    (tmp_path / "in.jsonl").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(DataError, match="write JSON Lines") as raised:
        copy(tmp_path / "in.jsonl", tmp_path / target)
    assert "secret" not in str(raised.value)
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_empty_data_sets_stay_data_sets(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"x,y\n")
    (tmp_path / "a.jsonl").write_bytes(b"")
    pq.write_table(pa.table({"x": pa.array([], pa.int8())}), tmp_path / "a.parquet")
    for name in ("a.csv", "a.jsonl", "a.parquet"):
        copy(tmp_path / name, tmp_path / f"out.{name}")
        assert rows_of(tmp_path / f"out.{name}") == []
    assert (tmp_path / "out.a.csv").read_bytes() == b"x,y\n"
    assert pq.read_schema(tmp_path / "out.a.parquet").field("x").type == pa.int8()


def test_the_file_that_is_read_is_never_written(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_bytes(b"a\n1\n")
    (tmp_path / "link.csv").symlink_to(source)
    (tmp_path / "hard.csv").hardlink_to(source)
    reader = open_reader(source)
    for name in ("in.csv", "link.csv", "hard.csv", "../" + tmp_path.name + "/in.csv"):
        with pytest.raises(ConfigError, match="being read"):
            open_writer(tmp_path / name, reader)
    reader.close()


def test_a_writer_that_does_not_finish_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(b"a\n1\n")
    (tmp_path / "out.csv").write_bytes(b"before")
    reader = open_reader(tmp_path / "in.csv")
    writer = open_writer(tmp_path / "out.csv", reader)
    writer.write(next(iter(reader.batches())))
    reader.close()
    assert (tmp_path / "out.csv").read_bytes() == b"before"
    writer.discard()
    assert {path.name for path in tmp_path.iterdir()} == {"in.csv", "out.csv"}


def test_a_private_file_is_the_owners_alone(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(b"a\n1\n")
    copy(tmp_path / "in.csv", tmp_path / "out.csv", private=True)
    assert (tmp_path / "out.csv").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl", "out.jsonl.gz", "out.parquet"])
def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    # A limit on file sizes fails like a full disk, and needs no disk.
    (tmp_path / "in.jsonl").write_text("".join(f'{{"a": "{n**40}"}}\n' for n in range(3000)), encoding="utf-8")
    program = (
        "import resource, sys; from pathlib import Path\n"
        "from agent.assess.tables import open_reader, open_writer\n"
        "from agent.errors import DataError\n"
        "reader = open_reader(Path(sys.argv[1])); writer = open_writer(Path(sys.argv[2]), reader)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20000, resource.RLIM_INFINITY))\n"
        "try:\n"
        "    for batch in reader.batches(): writer.write(batch)\n"
        "    writer.commit()\n"
        "except DataError as error: print(error)\n"
        "finally: writer.discard()\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "in.jsonl"), str(tmp_path / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"{tmp_path / name}: cannot be written (File too large)"]
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_batches_are_counted_and_memory_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for number in range(20_000):
            file.write(json.dumps({"n": number, "t": "x" * 1000}) + "\n")
    reader = open_reader(path, batch_rows=500)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seen, last = 0, 0
    for batch in reader.batches():
        assert batch.first == seen + 1
        seen += len(batch.rows)
        assert last <= batch.done <= (reader.total or 0)
        last = batch.done
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert (seen, last) == (20_000, path.stat().st_size)
    assert grown_kib < 10_000
    reader.close()


@pytest.mark.parametrize("name", ["in.csv", "in.jsonl", "in.parquet"])
def test_long_rows_make_small_batches(tmp_path: Path, name: str) -> None:
    # Of different letters, since Parquet would store equal ones once.
    rows = [{"t": chr(65 + number) * 10_000_000} for number in range(8)]
    (tmp_path / "first.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    copy(tmp_path / "first.jsonl", tmp_path / name)
    with closing(open_reader(tmp_path / name)) as reader:
        sizes = [len(batch.rows) for batch in reader.batches()]
    assert sum(sizes) == 8
    assert max(sizes) <= 4


def test_standard_input_is_json_lines() -> None:
    reader = open_reader(Path("-"), stdin=io.BytesIO(b'{"a": 1}\n'))
    assert [row for batch in reader.batches() for row in batch.rows] == [{"a": 1}]
    assert reader.total is None


@pytest.mark.parametrize("name", ["data.txt", "data", "missing.csv", "missing.parquet", "-"])
def test_files_that_cannot_be_opened_are_wrong_usage(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError):
        open_reader(Path(name) if name == "-" else tmp_path / name)


def test_a_place_that_cannot_be_written_to_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(b"a\n1\n")
    (tmp_path / "folder.csv").mkdir()
    reader = open_reader(tmp_path / "in.csv")
    for name in ("in.csv/out.csv", "folder.csv", "out.xlsx"):
        with pytest.raises(ConfigError):
            open_writer(tmp_path / name, reader)
    reader.close()


@settings(max_examples=150)
@given(st.binary(max_size=60), st.sampled_from(["in.csv", "in.jsonl", "in.jsonl.gz", "in.parquet"]))
def test_arbitrary_bytes_raise_only_our_errors(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, name: str
) -> None:
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(content)
    try:
        rows_of(path)
    except HarmwatchError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("a.b.CSV.gz", ("a.b", ".CSV.gz")),
        ("a.parquet", ("a", ".parquet")),
        ("a.txt", ("a.txt", "")),
        (".csv", ("", ".csv")),
    ],
)
def test_names_fall_into_stem_and_suffix(name: str, parts: tuple[str, str]) -> None:
    assert stem_and_suffix(Path(name)) == parts


@given(st.lists(st.integers(0, 1000), max_size=20))
def test_progress_adds_up_and_comes_after_the_batch(steps: list[int]) -> None:
    told: list[int] = []
    batches = [Batch((), [], 1, sum(steps[: number + 1])) for number in range(len(steps))]
    for place, batch in enumerate(advancing(batches, told.append)):
        assert len(told) == place
        assert batch.done == sum(steps[: place + 1])
    assert told == steps
