"""What a cell is called counts, whatever its type and length, and whatever else stands in it."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agent.assess.protection import Finder
from agent.assess.scanning import RowScanner
from agent.scoring.pii import PiiScorer
from tests.unit.assess.protection_builders import figures, read, run, write

SCORER = PiiScorer()
FINDER = Finder(SCORER)


def test_short_numbers_go_where_their_key_says_what_they_are(tmp_path: Path) -> None:
    source = write(tmp_path / "a.jsonl", {"qq": 123456, "password": 839571, "pw2": {"password": 395718}, "age": 35})
    assert run(source, "--policy", "redact", "--quiet") == 0
    assert read(tmp_path / "a.anonymized.jsonl") == [
        {"qq": "[IM_ACCOUNT]", "password": "[SECRET]", "pw2": {"password": "[SECRET]"}, "age": 35}
    ]


def test_short_numbers_of_parquet_too(tmp_path: Path) -> None:
    table = pa.table(
        {"qq": pa.array([123456, None]), "password": pa.array([839571.0, 395718.0]), "n": pa.array([1, 2])}
    )
    pq.write_table(table, tmp_path / "a.parquet")
    assert run(tmp_path / "a.parquet", "--policy", "redact", "--quiet") == 0
    found = pq.read_table(tmp_path / "a.anonymized.parquet").to_pydict()
    assert found == {"qq": ["[IM_ACCOUNT]", None], "password": ["[SECRET]"] * 2, "n": [1, 2]}


@pytest.mark.parametrize(
    ("label", "text", "values"),
    [
        ("phone", "4158672309" + " " * 105 + "ext.", ["4158672309"]),
        ("phone", " " * 3000 + "4158672309", ["4158672309"]),
        ("phone", "4158672309 " + "and so on " * 1000, ["4158672309"]),
        ("phone", "4158672309 or ann.lee@example.org", ["4158672309", "ann.lee@example.org"]),
        ("password", "hunter2x", ["hunter2x"]),
        ("note", "4158672309" + " " * 105, []),
        # Half a value at the cut is none.
        ("phone", "x " * 995 + "4158672309" + "1" * 40, []),
    ],
)
def test_a_label_counts_whatever_the_length_and_what_else_is_found(label: str, text: str, values: list[str]) -> None:
    spans = FINDER.spans(text, label)
    assert [text[span.start : span.end] for span in spans] == values
    assert {span.type for span in spans} >= RowScanner().types_by_column({label: text}).get(label, frozenset())


def test_metadata_of_parquet_are_left_out_and_the_report_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = {"owner": "ann.lee@example.org"}
    nested = pa.struct([pa.field("x", pa.list_(pa.field("item", pa.int64(), metadata=told)), metadata=told)])
    schema = pa.schema([pa.field("n", pa.int64(), metadata=told), pa.field("s", nested)], metadata=told)
    pq.write_table(pa.table({"n": [1, 2], "s": [{"x": [1]}, None]}, schema=schema), tmp_path / "a.parquet")
    found = figures(capsys, tmp_path / "a.parquet", "--policy", "redact")
    out = tmp_path / "a.anonymized.parquet"
    assert b"ann.lee" not in out.read_bytes()
    assert b"ann.lee" in (tmp_path / "a.parquet").read_bytes()
    assert pq.read_table(out).to_pydict() == {"n": [1, 2], "s": [{"x": [1]}, None]}
    assert any("Metadata of the Parquet file" in note for note in found["notes"])
    again = figures(capsys, out, "--policy", "redact")
    assert not any("Metadata" in note for note in again["notes"])


@pytest.mark.parametrize("options", [[], ["--column", "name=NAME"]])
def test_a_name_with_more_in_its_cell_goes_from_other_cells(tmp_path: Path, options: list[str]) -> None:
    row = {"name": "Emily Carter <john@example.com>", "note": "Emily Carter called, not John@example.com"}
    source = write(tmp_path / "a.jsonl", row)
    assert run(source, "--policy", "redact", "--quiet", *options) == 0
    assert read(tmp_path / "a.anonymized.jsonl") == [{"name": "[NAME]", "note": "[NAME] called, not [EMAIL]"}]


HASH_LIKE = "[SECRET#hunter2hunter2password2345]"
PSEUDONYM_LIKE = f"[SECRET~{'abcdefghijklmnopqrstuvwxyz234567' * 2}]"


def test_text_in_the_form_of_a_pseudonym_is_told_by_the_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "k").write_text("a key of the tests, long enough", encoding="utf-8")
    policy = tmp_path / "p.yaml"
    policy.write_text("default: pseudonym\n", encoding="utf-8")
    source = write(tmp_path / "a.jsonl", {"a": f"so {PSEUDONYM_LIKE} or {HASH_LIKE}", "b": PSEUDONYM_LIKE})
    options = ("--policy", policy, "--key-file", tmp_path / "k", "--column", "b=SECRET")
    once, twice, back = tmp_path / "b.jsonl", tmp_path / "c.jsonl", tmp_path / "d.jsonl"
    found = figures(capsys, source, *options, "--out", once)
    assert PSEUDONYM_LIKE not in once.read_text(encoding="utf-8")
    assert found["types"]["SECRET"] == {"found": 2, "done": {"pseudonym": 2}}
    assert found["columns"]["a"]["unverified"] == 1
    assert run(once, *options, "--out", twice, "--quiet") == 0
    assert read(twice) == read(once)
    assert run(once, "--reveal", "--key-file", tmp_path / "k", "--out", back) == 0
    assert read(back) == read(source)


def test_without_a_key_it_stays_and_is_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write(tmp_path / "a.jsonl", {"a": f"so {PSEUDONYM_LIKE} or {HASH_LIKE} [EMAIL]"})
    found = figures(capsys, source, "--policy", "redact")
    assert read(tmp_path / "a.anonymized.jsonl") == read(source)
    assert found["columns"]["a"]["unverified"] == 2
    assert any(note.startswith("2 texts in the form of a hash") for note in found["notes"])
