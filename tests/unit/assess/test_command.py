"""``harmwatch assess`` as a user calls it."""

from __future__ import annotations

import hashlib
import io
import json
import re
import string
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from agent.assess.report.words import TEXTS
from streams.cli import main
from tests.unit.assess.command_builders import assessed

ROWS = [
    ("1000001", "34", "female", "100080", "call 13812345678", "1"),
    ("1000002", "34", "female", "100080", "服务很好", "0"),
    ("1000003", "51", "male", "200030", "mail ann.lee@example.org", "0"),
    ("1000004", "51", "male", "200030", "", "1"),
    ("1000005", "27", "male", "510000", "thanks", ""),
] * 8
HEAD = ("id", "age", "性别", "zip", "note", "approved")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text("\n".join(map(",".join, [HEAD, *ROWS])) + "\n", encoding="utf-8")
    return path


def refused(capsys: pytest.CaptureFixture[str], *words: str, code: int = 2) -> str:
    assert main(["assess", *words]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    return line


def test_everything_is_in_the_json(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = assessed(capsys, str(table), "--protected", "性别", "--label", "approved", "--positive", "1")
    assert (found["file"], found["rows"], found["columns"]) == ("people.csv", 40, list(HEAD))
    assert found["sensitivity"]["p_privacy"]["value"] == pytest.approx(16 / 40)
    assert found["quasi_identifiers"]["used"] == ["age", "性别", "zip"]
    assert (found["anonymity"]["k"], found["anonymity"]["classes"]) == (8, 3)
    assert found["anonymity"]["sensitive"]["approved"]["distinct_l"] == 1
    assert found["anonymity"]["risk"]["overall"] == pytest.approx(3 / 40)
    assert found["groups"]["by_attribute"]["性别"]["by_group"]["female"]["positive_rate"]["value"] == 0.5


def test_formats_give_the_same_figures(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import pyarrow as pa
    import pyarrow.parquet

    rows = [
        {**dict(zip(HEAD, row, strict=True)), "age": int(row[1]), "approved": int(row[5]) if row[5] else None}
        for row in ROWS
    ]
    lines = table.with_suffix(".jsonl")
    lines.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    parquet = table.with_suffix(".parquet")
    pa.parquet.write_table(pa.Table.from_pylist(rows), parquet)
    options = ("--label", "approved", "--positive", "1", "--protected", "性别")
    figures = [assessed(capsys, str(path), *options) for path in (table, lines, parquet)]
    for one in figures:
        del one["file"], one["created"]
    assert figures[0] == figures[1] == figures[2]


@pytest.mark.parametrize(
    ("cells", "named"),
    [("1 0", "1.0"), ("1.0 0.0", "1"), ("1 0", "1"), ("true false", "True"), ("True False", "true")],
)
@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_the_positive_label_is_found_however_it_is_written(
    tmp_path: Path, suffix: str, cells: str, named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    yes, no = cells.split()
    rows = [("f", yes)] * 10 + [("f", no)] * 30 + [("m", yes)] * 20 + [("m", no)] * 20
    path = tmp_path / f"t{suffix}"
    if suffix == ".csv":
        path.write_text("sex,y\n" + "".join(f"{sex},{label}\n" for sex, label in rows), encoding="utf-8")
    else:  # numbers and truth values of JSON
        path.write_text("".join(f'{{"sex": "{sex}", "y": {y.lower()}}}\n' for sex, y in rows), encoding="utf-8")
    found = assessed(capsys, str(path), "--protected", "sex", "--label", "y", "--positive", named)
    assert found["groups"]["positive_rate"]["value"] == 30 / 80
    assert found["labels"]["disparities"]["by_attribute"]["sex"]["spd"]["value"] == 0.25
    assert "has this value" in refused(capsys, str(path), "--label", "y", "--positive", "2")


def test_standard_input(table: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    line = json.dumps({"text": "a@example.org"}).encode() + b"\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(line)))
    assert assessed(capsys, "-")["sensitivity"]["rows_with_personal_data"] == 1


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_page_is_self_contained_and_holds_no_cell(
    table: Path, tmp_path: Path, lang: str, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "deep" / "page.html"
    words = [str(table), "--protected", "性别", "--label", "approved", "--positive", "1", "--population", "1000"]
    assert main(["assess", *words, "--out", str(page), "--lang", lang]) == 0
    shown = capsys.readouterr().out
    text = page.read_text(encoding="utf-8")
    assert f'<html lang="{lang}">' in text
    pictures = re.findall(r"<svg.*?</svg>", text)
    assert [len(ElementTree.fromstring(picture).findall("rect")) for picture in pictures] == [2, 2, 2, 8]
    assert not re.search(r"https?://|<script|src=(?!\"data:)", text)
    for where in (shown, text):
        assert "P_privacy = 40.00 %" in where
        for row in ROWS[:5]:
            assert row[0] not in where
            assert row[3] not in where
            assert not row[4] or row[4] not in where
        assert ("k-匿名" in where) is (lang == "zh")


def test_a_redacted_table_holds_no_personal_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [
        "姓名,home_address,note,password",
        "王小明,5 Elm Street,call 13812345678 or mail ann.lee@example.org,hunter2horse",
        "Ann Lee,未知,my password: Xk29-fjq81LmZ and the next,N/A",
        "无,无,password: [SECRET] phone [PHONE],unknown",
    ]
    table, key = tmp_path / "people.csv", tmp_path / "key"
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    key.write_bytes(bytes(range(32)))
    before = assessed(capsys, str(table))["sensitivity"]
    assert before["rows_with_personal_data"] == 2
    assert {"NAME", "ADDRESS", "PHONE", "EMAIL"} <= {kind for kind, part in before["by_type"].items() if part["rows"]}
    for policy in ("redact", "hash", "pseudonym", "generalise"):
        safe = tmp_path / f"{policy}.csv"
        words = ("--policy", policy, "--key-file", str(key)) if policy != "redact" else ("--policy", policy)
        assert main(["anonymize", str(table), *words, "--out", str(safe), "--quiet"]) == 0
        capsys.readouterr()
        after = assessed(capsys, str(safe))["sensitivity"]
        assert (policy, after["rows_with_personal_data"], after["p_privacy"]["value"]) == (policy, 0, 0.0)


def test_words_of_both_languages_have_the_same_names() -> None:
    def names(text: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}

    for key, (english, chinese) in TEXTS.items():
        assert names(english) == names(chinese), key
        assert english.strip()
        assert chinese.strip()


# ---------------------------------------------------------------- differential privacy

PRIVATE = ("--protected", "性别", "--label", "approved", "--positive", "1", "--dp-groups", "性别", "female", "male")


def numbers(found: Any) -> list[Any]:
    if isinstance(found, dict):
        return [number for value in found.values() for number in numbers(value)]
    if isinstance(found, list):
        return [number for value in found for number in numbers(value)]
    return [found]


def test_a_release_holds_nothing_but_the_release(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = assessed(capsys, str(table), *PRIVATE, "--dp-epsilon", "1.5")
    assert set(found) == {"file", "created", "release"}
    release = found["release"]
    assert set(release) == {
        "rows", "rows_with_personal_data", "p_privacy", "by_type", "groups", "account", "ledger",
    }  # fmt: skip
    assert release["account"]["spent"] <= 1.5
    assert [query["name"] for query in release["account"]["queries"]] == ["rows", "types", "group:性别"]
    assert set(release["groups"]["性别"]["by_group"]) == {"female", "male"}
    # Two releases differ, or they were no releases: the same noise twice has a probability below 1e-9.
    again = assessed(capsys, str(table), *PRIVATE, "--dp-epsilon", "1.5")
    assert numbers(release) != numbers(again["release"])


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("more", [PRIVATE, PRIVATE[2:6], ("--dp-unit", "id", "--dp-rows-per-unit", "3")])
def test_the_page_of_a_release(
    table: Path, tmp_path: Path, lang: str, more: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.html"
    words = (str(table), *more, "--dp-epsilon", "2", "--out", str(page), "--lang", lang)
    assert main(["assess", *words]) == 0
    shown = capsys.readouterr().out
    for where in (shown, page.read_text(encoding="utf-8")):
        assert "epsilon = 2" in where
        assert ("差分隐私" in where) is (lang == "zh")
        assert ("k-" in where) is False


def test_a_large_epsilon_is_nearly_exact(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    release = assessed(capsys, str(table), *PRIVATE, "--dp-epsilon", "20")["release"]
    rows = release["rows"]
    # The sum of two draws of scale 0.15: off by more than 4 with a probability below 1e-9.
    assert abs(rows["value"] - 40) <= 4
    assert abs(release["groups"]["性别"]["by_group"]["female"]["rows"]["value"] - 16) <= 6


def test_the_ledger_refuses_what_is_too_much_and_shows_what_is_left(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = tmp_path / "ledger.jsonl"
    release = (str(table), "--dp-epsilon", "0.6", "--dp-ledger", str(ledger))
    assert "give --dp-budget TOTAL" in refused(capsys, *release)
    first = assessed(capsys, *release, "--dp-budget", "1")["release"]["ledger"]
    assert (first["spent"], first["left"], first["entry"]) == (0.6, 0.4, 2)
    assert "0.4 of 1 after 1 releases; nothing was released" in refused(capsys, *release)
    # Another name is another data set.
    assessed(capsys, *release, "--dp-dataset", "survey", "--dp-budget", "0.6")
    status = assessed(capsys, "--dp-ledger", str(ledger), "--dp-status")
    assert status["datasets"]["survey"] == {"total": 0.6, "spent": 0.6, "left": 0.0, "releases": 1, "torn": 0}
    assert len(status["datasets"]) == 2
    assert main(["assess", "--dp-ledger", str(ledger), "--dp-status"]) == 0
    assert "survey" in capsys.readouterr().out


def test_no_output_tells_the_fingerprint_of_the_data_or_a_nonce(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger, page = tmp_path / "ledger.jsonl", tmp_path / "page.html"
    release = ("assess", str(table), "--dp-epsilon", "0.2", "--dp-ledger", str(ledger), "--out", str(page))
    assert main([*release, "--dp-budget", "1"]) == 0
    assert main([*release, "--json"]) == 0
    assert main(["assess", "--dp-ledger", str(ledger), "--dp-status"]) == 0
    assert main(["assess", "--dp-ledger", str(ledger), "--dp-status", "--json"]) == 0
    shown = capsys.readouterr().out + page.read_text(encoding="utf-8")
    entries = [json.loads(line) for line in ledger.read_text(encoding="utf-8").splitlines()]
    fingerprint = hashlib.sha256(table.read_bytes()).hexdigest()
    assert {entry["dataset"] for entry in entries} == {f"sha256:{fingerprint}"}
    assert entries[-1]["hash"] in shown
    assert "sha256:#1" in shown
    assert fingerprint not in shown
    assert not any(entry["nonce"] in shown for entry in entries)


def test_the_budget_is_not_spent_when_the_table_cannot_be_read(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = tmp_path / "ledger.jsonl"
    table.write_text(table.read_text(encoding="utf-8") + "one,cell too few\n", encoding="utf-8")
    words = (str(table), "--dp-epsilon", "1", "--dp-ledger", str(ledger), "--dp-budget", "1")
    assert "cells" in refused(capsys, *words, code=1)
    assert not ledger.exists()


# ---------------------------------------------------------------- wrong usage


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--quasi", "height"), "has no column 'height'"),
        (("--text", "note", "note"), "--text names column 'note' twice"),
        (("--positive", "1"), "--label"),
        (("--label", "approved", "--positive", "yes"), "no row of column 'approved'"),
        (("--quasi", "age", "--sensitive", "age"), "both sensitive and a quasi-identifier"),
        (("--label", "age", "--protected", "age"), "both the label and a quasi-identifier"),
        (("--population", "0"), "at least 1"),
        (("--population", "39"), "less than the 40 rows"),
        (("--out", "key"), "must end in .html"),
        (("--out", "page.pdf"), "must end in .html"),
        (("--dp-epsilon", "1", "--dp-ledger", "/dev/full", "--dp-budget", "1"), "/dev/full: is no regular file"),
        (("--dp-epsilon", "0"), "--dp-epsilon must be more than 0"),
        (("--dp-epsilon", "-1"), "--dp-epsilon must be more than 0"),
        (("--dp-epsilon", "much"), "must be a number"),
        (("--dp-epsilon", "100"), "promises nothing"),
        (("--dp-epsilon", "1", "--quasi", "age"), "--quasi: class sizes are exact"),
        (("--dp-epsilon", "1", "--protected", "性别"), "--dp-groups 性别 VALUE"),
        (("--dp-epsilon", "1", "--dp-groups", "性别", "female"), "--protected too"),
        (("--dp-epsilon", "1", "--label", "approved"), "needs --positive"),
        (("--dp-epsilon", "1", "--dp-rows-per-unit", "2"), "needs --dp-unit"),
        (("--dp-epsilon", "1", "--dp-unit", "person"), "has no column 'person'"),
        (("--dp-epsilon", "1", "--dp-budget", "1"), "need --dp-ledger"),
        (("--dp-unit", "id"), "--dp-unit needs --dp-epsilon"),
        (("--dp-ledger", "x.jsonl"), "--dp-ledger needs --dp-epsilon"),
        (("--dp-status",), "--dp-status needs --dp-ledger"),
    ],
)  # fmt: skip
def test_wrong_usage_is_one_line(
    table: Path, words: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    line = refused(
        capsys, str(table), *(words if words[0] != "--dp-epsilon" else (f"--dp-epsilon={words[1]}", *words[2:]))
    )
    assert says in line


def test_the_page_replaces_neither_data_nor_ledger(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = table.read_bytes()
    hard, soft = tmp_path / "hard.html", tmp_path / "soft.HTM"
    hard.hardlink_to(table)
    soft.symlink_to(table)
    assert "must end in .html" in refused(capsys, str(table), "--out", str(table))
    for page in (hard, soft):
        assert "is the file that is being read" in refused(capsys, str(table), "--out", str(page))
    assert table.read_bytes() == content
    ledger = tmp_path / "ledger.html"
    words = (str(table), "--dp-epsilon", "1", "--dp-budget", "2", "--dp-ledger", str(ledger), "--out")
    assert "is the ledger" in refused(capsys, *words, str(tmp_path / "." / "ledger.html"))
    assert not ledger.exists()
    assert main(["assess", *words, str(tmp_path / "page.html")]) == 0
    capsys.readouterr()
    (tmp_path / "link.html").symlink_to(ledger)
    before = ledger.read_bytes()
    assert "is the ledger" in refused(capsys, *words, str(tmp_path / "link.html"))
    assert ledger.read_bytes() == before


def test_the_ledger_is_not_the_data_nor_any_other_file(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    link, notes = tmp_path / "link.jsonl", tmp_path / "notes.txt"
    link.symlink_to(table)
    notes.write_text("one\ntwo\n", encoding="utf-8")
    before = table.read_bytes()
    words = (str(table), "--dp-epsilon", "1", "--dp-budget", "2", "--dp-ledger")
    for path in (table, link):
        assert "is the file that is being read" in refused(capsys, *words, str(path))
    assert "is no ledger" in refused(capsys, *words, str(notes))
    assert (table.read_bytes(), notes.read_bytes()) == (before, b"one\ntwo\n")


def test_a_damaged_ledger_releases_nothing(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = tmp_path / "ledger.jsonl"
    words = (str(table), "--dp-epsilon", "1", "--dp-budget", "1", "--dp-ledger", str(ledger))
    assessed(capsys, *words)
    first, rest = ledger.read_bytes().split(b"\n", 1)
    ledger.write_bytes(first[:-9] + b"\n" + rest)
    assert "damaged from line 1;" in refused(capsys, *words, code=1)
    assert "damaged from line 1;" in refused(capsys, "--dp-ledger", str(ledger), "--dp-status", code=1)


@pytest.mark.parametrize(
    ("name", "content", "code", "says"),
    [
        ("empty.csv", "", 1, "has no header"),
        ("no_rows.csv", "a,b\n", 1, "has no rows"),
        ("no_rows.jsonl", "\n", 1, "has no rows"),
        ("twice.csv", "a,a\n1,2\n", 1, "names column 2 twice|names column 1 twice"),
        ("ragged.csv", "a,b\n1,2\n1\n", 1, "line 3"),
        ("wide.jsonl", json.dumps({f"key{n}": n for n in range(4000)}), 1, "has 4,000 columns, .* 3,000 at most"),
        ("many.jsonl", '{"a": 1}\n' * 1000 + json.dumps({f"key{n}": n for n in range(3000)}), 1, "has 3,001 columns"),
        ("wide.csv", ",".join(f"c{n}" for n in range(100_000)) + "\n", 1, "has 100,000 columns, .* 3,000 at most"),
        ("wide_twice.csv", ",".join(["a", *(f"c{n}" for n in range(100_000)), "a"]), 1, "names column 1 twice"),
        ("table.xlsx", "", 2, "unknown kind of file"),
        ("plain.csv", "x,y\nq,1\n", 2, "--quasi COL"),
    ],
)
def test_tables_that_cannot_be_assessed_give_one_line(
    tmp_path: Path, name: str, content: str, code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    more = ("--sensitive", "y") if name == "plain.csv" else ()
    assert re.search(says, refused(capsys, str(path), *more, code=code))


def test_a_wide_parquet_file_is_refused_before_it_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "wide.parquet"
    parquet.write_table(pyarrow.table({f"c{n}": [1] for n in range(3001)}), path)
    assert "has 3,001 columns" in refused(capsys, str(path), code=1)


def test_two_thousand_columns_are_assessed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "wide.csv"
    names = ["sex", "label", *(f"c{n}" for n in range(1998))]
    rows = [",".join(["mf"[n % 2], "01"[n // 2 % 2], *(str(n * k % 97) for k in range(1998))]) for n in range(8)]
    path.write_text("\n".join([",".join(names), *rows]) + "\n", encoding="utf-8")
    found = assessed(capsys, str(path), "--protected", "sex", "--label", "label", "--positive", "1")
    assert (found["rows"], len(found["columns"])) == (8, 2000)


def test_a_huge_cell_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "huge.csv"
    path.write_text("text\n" + "word " * 400_000 + "a@example.org\n", encoding="utf-8")
    assert assessed(capsys, str(path))["sensitivity"]["by_type"]["EMAIL"]["rows"] == 1
