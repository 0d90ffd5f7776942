"""``harmwatch anonymize``: nothing that was found is in what is written, whatever the format."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.assess.anonymize import Anonymizer, Columns
from agent.assess.policy import ColumnRule, Policy
from agent.assess.protection import Finder
from agent.redaction import fold
from agent.scores import ScoreRow, TextSpan
from agent.scoring.pii import PiiScorer
from tests.unit.assess.protection_builders import VALUES, figures, mixed_texts, read, run, write

KEY_TEXT = "a key of the tests, long enough"
SCORER = PiiScorer()


@pytest.fixture
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HARMWATCH_PRIVACY_KEY", KEY_TEXT)
    path = tmp_path / "the.key"
    path.write_text(KEY_TEXT + "\n", encoding="utf-8")
    return path


def test_a_csv_file_keeps_its_form_and_loses_its_values(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "visits.csv"
    source.write_bytes(
        (
            '\ufeffname;mail;note\r\nAnn;ann.lee@example.org;"rang; from 13912345678"\r\n'
            "张伟;;电话１３９１２３４５６７８。\r\n"
        ).encode()
    )
    found = figures(capsys, source, "--policy", "redact")
    assert (tmp_path / "visits.anonymized.csv").read_bytes().decode() == (
        '\ufeffname;mail;note\r\n[NAME];[EMAIL];"rang; from [PHONE]"\r\n[NAME];;电话[PHONE]。\r\n'
    )
    assert (found["rows"], found["rows_with_any"], found["share_with_any"]) == (2, 2, 1.0)
    assert found["cells"] == 5
    assert found["types"]["PHONE"] == {"found": 2, "done": {"redact": 2}}
    assert found["columns"]["note"]["found"] == {"PHONE": 2}
    assert found["columns"]["mail"]["cells"] == 1
    assert found["out"] == str(tmp_path / "visits.anonymized.csv")


def test_texts_in_nested_json_are_found_and_keys_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write(
        tmp_path / "a.jsonl",
        {
            "id": 1,
            "chat": [{"role": "user", "text": "I am at 203.0.113.77", "n": [13912345678, True, None, 2.5]}],
            "e": {},
        },
        {"id": 2, "ann.lee@example.org": {"x": {"y": ["ann.lee@example.org"]}}},
    )
    found = figures(capsys, source, "--policy", "redact")
    assert read(tmp_path / "a.anonymized.jsonl") == [
        {"id": 1, "chat": [{"role": "user", "text": "I am at [IP]", "n": ["[PHONE]", True, None, 2.5]}], "e": {}},
        {"id": 2, "ann.lee@example.org": {"x": {"y": ["[EMAIL]"]}}},
    ]
    assert found["columns"]["chat"]["found"] == {"IP": 1, "PHONE": 1}


def test_keys_that_hold_values_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write(tmp_path / "a.jsonl", {"mails": {"ann.lee@example.org": 3}})
    assert any("in 1 keys of nested objects" in note for note in figures(capsys, source, "--policy", "redact")["notes"])


NUMBERS = {
    "phone": pa.array([13912345678, None, 13912345679], pa.int64()),
    "card": pa.array([4111111111111111.0, 2.0, None], pa.float64()),
    "exact": pa.array([Decimal("13912345678"), None, Decimal("5")], pa.decimal128(20, 0)),
    "count": pa.array([1, 2, 3], pa.int16()),
    "price": pa.array([1.5, 2.5, 13912345.5], pa.float64()),
}


def test_numbers_do_not_slip_through(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "n.parquet"
    pq.write_table(pa.table(NUMBERS), source)
    figures(capsys, source, "--policy", "redact")
    table = pq.read_table(tmp_path / "n.anonymized.parquet")
    assert table.to_pydict() == {
        "phone": ["[PHONE]", None, "[PHONE]"],
        "card": ["[CARD]", "2.0", None],
        "exact": ["[PHONE]", None, "5"],
        "count": [1, 2, 3],
        "price": [1.5, 2.5, 13912345.5],
    }
    assert table.schema.field("count").type == pa.int16()


@pytest.mark.parametrize("cell", ["13912345678.0", "1.3912345678E+10", " 13912345678 ", "4111111111111111.00"])
def test_numbers_as_spreadsheets_write_them_are_found(tmp_path: Path, cell: str) -> None:
    source = tmp_path / "n.csv"
    source.write_text(f"a,b\n{cell},12.50\n", encoding="utf-8")
    assert run(source, "--policy", "redact") == 0
    assert (tmp_path / "n.anonymized.csv").read_text(encoding="utf-8").strip().split("\n")[1].strip() in (
        "[PHONE],12.50",
        "[CARD],12.50",
        "[PHONE] ,12.50",
    )


def test_a_value_that_comes_late_in_a_column_of_numbers_is_emptied_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "n.parquet"
    numbers = [7] * 1500 + [13912345678]
    pq.write_table(pa.table({"n": pa.array(numbers, pa.int64())}), source)
    found = figures(capsys, source, "--policy", "redact")
    assert pq.read_table(tmp_path / "n.anonymized.parquet").to_pydict() == {"n": [7] * 1500 + [None]}
    assert found["columns"]["n"]["emptied"] == 1
    assert any("1 numbers became null" in note for note in found["notes"])


def test_all_kinds_of_columns_of_parquet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mail = "ann.lee@example.org"
    table = pa.table(
        {
            "dict": pa.array([mail, "x"]).dictionary_encode(),
            "bytes": pa.array([mail.encode(), b"\xff\x00"], pa.binary()),
            "list": pa.array([[mail, None], None], pa.list_(pa.string())),
            "struct": pa.array([{"a": mail, "b": 1}, {"a": None, "b": 2}]),
            "map": pa.array([[("k", mail)], []], pa.map_(pa.string(), pa.string())),
            "uuid": pa.array([b"0123456789abcdef"] * 2, pa.binary(16)),
            "at": pa.array([10**18 + 1, None], pa.timestamp("ns")),
            "ok": pa.array([True, None]),
        }
    )
    source = tmp_path / "k.parquet"
    pq.write_table(table, source)
    found = figures(capsys, source, "--policy", "redact")
    result = pq.read_table(tmp_path / "k.anonymized.parquet")
    assert result.schema.equals(pq.read_schema(source), check_metadata=True)
    for column in ("uuid", "at", "ok"):
        assert result.column(column).equals(table.column(column))
    assert result.select(["dict", "bytes", "list", "struct", "map"]).to_pylist() == [
        {"dict": "[EMAIL]", "bytes": b"[EMAIL]", "list": ["[EMAIL]", None], "struct": {"a": "[EMAIL]", "b": 1},
         "map": [("k", "[EMAIL]")]},
        {"dict": "x", "bytes": b"\xff\x00", "list": None, "struct": {"a": None, "b": 2}, "map": []},
    ]  # fmt: skip
    assert any("uuid (fixed_size_binary[16]), at (timestamp[ns]), ok (bool)" in note for note in found["notes"])


def test_text_under_another_type_of_parquet_is_looked_at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mail = '{"mail":"ann.lee@example.org"}'
    for name, column in {
        "view": pa.array([mail.encode()], pa.binary_view()),
        "json": pa.array([mail], pa.json_()),
    }.items():
        source = tmp_path / f"{name}.parquet"
        pq.write_table(pa.table({"c": column}), source)
        assert figures(capsys, source, "--policy", "redact")["share_with_any"] == 1.0
        (row,) = pq.read_table(tmp_path / f"{name}.anonymized.parquet").to_pylist()
        assert row["c"] in ('{"mail":"[EMAIL]"}', b'{"mail":"[EMAIL]"}')


def test_every_cell_of_a_declared_column_is_replaced_whatever_it_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    declared = ("--policy", "redact", "--column", "ill:redact", "--column", "name=NAME")
    lines = write(tmp_path / "a.jsonl", {"ill": True, "name": "Ann Lee"}, {"ill": [False], "name": None})
    assert figures(capsys, lines, *declared)["columns"]["ill"]["cells_with_any"] == 2
    assert read(tmp_path / "a.anonymized.jsonl") == [
        {"ill": "[VALUE]", "name": "[NAME]"},
        {"ill": ["[VALUE]"], "name": None},
    ]
    # The second name is GBK: what cannot be read as text is somebody's name all the same.
    names = pa.array([b"Ann Lee", "李雷".encode("gbk"), b"[NAME]"])
    source = tmp_path / "b.parquet"
    pq.write_table(pa.table({"ill": [True, False, None], "name": names}), source)
    figures(capsys, source, *declared)
    assert pq.read_table(tmp_path / "b.anonymized.parquet").to_pydict() == {
        "ill": ["[VALUE]", "[VALUE]", None],
        "name": ["[NAME]"] * 3,
    }


def test_what_a_dropped_column_held_goes_from_the_other_cells_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = {"name": "Ann Lee", "client": "Bo Kim", "qq": 123456789, "note": "Ann Lee and Bo Kim, 123456789 and 7"}
    source = write(tmp_path / "a.jsonl", row)
    figures(capsys, source, "--policy", "redact", *(
        word for column in ("name:drop", "client=NAME:drop", "qq:drop") for word in ("--column", column)
    ))  # fmt: skip
    assert read(tmp_path / "a.anonymized.jsonl") == [{"note": "[NAME] and [NAME], [IM_ACCOUNT] and 7"}]


def test_a_blank_inside_a_chinese_name_hides_it_nowhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"who": who, "note": note} for who in ("张伟", "张\u3000伟") for note in ("张伟来电", "张 伟、张　伟。")]
    source = write(tmp_path / "a.jsonl", *rows)
    figures(capsys, source, "--policy", "redact", "--column", "who=NAME")
    assert [row["note"] for row in read(tmp_path / "a.anonymized.jsonl")] == ["[NAME]来电", "[NAME]、[NAME]。"] * 2


POLICY = """
default: redact
types: {EMAIL: pseudonym, IP: generalise}
columns:
  name: {treat_as: NAME, operator: pseudonym}
  age: {treat_as: AGE, operator: generalise, width: 5}
  born: {treat_as: BIRTH_DATE, operator: generalise}
  ssn: drop
  account: {treat_as: BANK_ACCOUNT, operator: fpe}
  city: keep
key: {env: HARMWATCH_PRIVACY_KEY}
"""


def declared(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "p.yaml").write_text(POLICY, encoding="utf-8")
    rows = [
        {"name": "Ann Lee", "age": 34, "born": "1990-05-03", "ssn": "x", "account": "12-345678", "city": "Li",
         "note": "ANN LEE of ann.lee@example.org, ann lee's Li"},
        {"name": "李娜", "age": 97.0, "born": None, "ssn": "y", "account": "12-345678", "city": "ann.lee@example.org",
         "note": "李娜和 ann lee, account 12-345678"},
    ]  # fmt: skip
    return write(tmp_path / "d.jsonl", *rows), tmp_path / "p.yaml"


def test_declared_columns_are_treated_as_said_and_their_values_elsewhere_too(
    tmp_path: Path, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, policy = declared(tmp_path)
    found = figures(capsys, source, "--policy", policy)
    first, second = read(tmp_path / "d.anonymized.jsonl")
    assert "ssn" not in first
    assert first["note"].startswith(f"{first['name']} of [EMAIL~")
    assert first["note"].endswith(f", {first['name']}'s Li")
    assert (first["age"], first["born"], first["city"]) == ("30-34", "1990", "Li")
    assert (second["age"], second["born"], second["city"]) == ("90+", None, "ann.lee@example.org")
    assert first["account"] == second["account"] != "12-345678"
    assert len(first["account"]) == 9
    # Of another row's names nobody knows here: only a scorer that recognises names would find them.
    assert second["note"] == f"{second['name']}和 ann lee, account {second['account']}"
    assert found["columns"]["name"]["treatment"] == "pseudonym as NAME"
    assert found["columns"]["ssn"]["treatment"] == "drop"


def test_pseudonyms_are_revealed_by_the_key_alone(
    tmp_path: Path, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, policy = declared(tmp_path)
    assert run(source, "--policy", policy) == 0
    protected = tmp_path / "d.anonymized.jsonl"
    assert run(protected, "--policy", policy, "--reveal", "--key-file", key) == 0
    revealed = tmp_path / "d.anonymized.revealed.jsonl"
    first, second = read(revealed)
    assert (first["name"], second["name"], first["account"]) == ("ann lee", "李娜", "12-345678")
    assert first["note"] == "ann lee of ann.lee@example.org, ann lee's Li"
    assert revealed.stat().st_mode & 0o077 == 0
    revealed.unlink()
    capsys.readouterr()

    (tmp_path / "wrong.key").write_text("another key of the tests", encoding="utf-8")
    assert run(protected, "--reveal", "--key-file", tmp_path / "wrong.key") == 1
    assert "row 1: a pseudonym cannot be reversed: made with another key, or changed since" in capsys.readouterr().err
    text = protected.read_text(encoding="utf-8")
    at = text.index("[EMAIL~") + 20
    protected.write_text(text[:at] + ("b" if text[at] != "b" else "c") + text[at + 1 :], encoding="utf-8")
    assert run(protected, "--reveal", "--key-file", key) == 1
    assert "cannot be reversed" in capsys.readouterr().err
    assert not revealed.exists()
    assert run(protected, "--reveal") == 2
    assert "needs the key" in capsys.readouterr().err


def test_columns_by_the_command_line(tmp_path: Path, key: Path) -> None:
    row = {"who": "Ann Lee", "ssn": "1", "note": "Ann Lee, 13912345678", "other": "13912345678", "code": "7"}
    source = write(tmp_path / "c.jsonl", row)
    options = ["--column", "who=NAME:hash", "--column", "ssn:drop", "--text", "note", "--column", "code"]
    assert run(source, "--policy", "redact", "--key-file", key, *options) == 0
    (result,) = read(tmp_path / "c.anonymized.jsonl")
    assert result == {
        "who": result["who"],
        "note": f"{result['who']}, [PHONE]",
        "other": "13912345678",
        "code": "[VALUE]",
    }
    assert result["who"].startswith("[NAME#")


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".jsonl.gz", ".parquet"])
@pytest.mark.parametrize("policy", ["redact", "mask", "hash", "pseudonym", "research"])
def test_anonymizing_twice_changes_nothing(tmp_path: Path, key: Path, suffix: str, policy: str) -> None:
    rows = [{"id": str(n), "a": f"{value} and {VALUES[-n]}", "b": value} for n, value in enumerate(VALUES, 1)]
    source = write(tmp_path / "s.jsonl", *rows)
    first, second = tmp_path / f"one{suffix}", tmp_path / f"two{suffix}"
    assert run(source, "--policy", policy, "--out", first) == 0
    assert run(first, "--policy", policy, "--out", second) == 0
    assert first.read_bytes() == second.read_bytes()


class NearWord:
    """Finds what begins with x, and sevens that stand near the word ``code``."""

    def score_text(self, text: str) -> ScoreRow:
        hits = [(m.start(), m.end(), "SECRET") for m in re.finditer("x+", text)]
        hits += [(m.start(1), m.end(1), "CARD") for m in re.finditer(r"code.{0,12}?(7+)", text)]
        return ScoreRow({}, tuple(TextSpan(a, b, f"pii.{kind.lower()}", kind) for a, b, kind in sorted(hits)))


def test_what_comes_near_a_word_only_by_protection_is_protected_too() -> None:
    policy, columns = Policy(), Columns({}, ColumnRule(treat="text"), {})
    anonymizer = Anonymizer(policy, None, columns, Finder(NearWord()))
    assert anonymizer.protect({"a": f"code {'x' * 30} 7777777"}) == {"a": "code [SECRET] [CARD]"}
    assert anonymizer.tally.columns["a"].found == {"SECRET": 1, "CARD": 1}


def test_what_a_found_value_hides_is_found() -> None:
    class Greedy:
        """Finds only the first number of a text."""

        def score_text(self, text: str) -> ScoreRow:
            match = re.search("[0-9]+", text)
            return ScoreRow({}, (TextSpan(*match.span(), "pii.card", "CARD"),) if match else ())

    assert [(hit.start, hit.end) for hit in Finder(Greedy()).spans("12 é34 [CARD] 56")] == [(0, 2), (4, 6), (14, 16)]


TABLES = st.lists(st.dictionaries(st.sampled_from(["a", "b", "c"]), mixed_texts, min_size=1), min_size=1, max_size=5)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=TABLES, policy=st.sampled_from(["redact", "mask", "hash", "pseudonym", "research"]))
def test_no_value_of_a_row_is_in_what_is_written_of_it(
    tmp_path: Path, key: Path, rows: list[dict[str, str]], policy: str
) -> None:
    source = write(tmp_path / "t.jsonl", *rows)
    report = tmp_path / "report.json"
    assert run(source, "--policy", policy, "--report", report, "--quiet") == 0
    reported = fold(report.read_text(encoding="utf-8"))
    for row, result in zip(rows, read(tmp_path / "t.anonymized.jsonl"), strict=True):
        written = fold(json.dumps(result, ensure_ascii=False))
        for text in row.values():
            for span in SCORER.score_text(text).spans:
                value = fold(text[span.start : span.end])
                assert value not in written
                assert value not in reported


def test_reports_hold_figures_and_no_values(tmp_path: Path, key: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"mail": value if n < 19 else "none", "n": n} for n, value in enumerate([VALUES[0]] * 20)]
    source = write(tmp_path / "r.jsonl", *rows)
    page = tmp_path / "report.html"
    found = figures(capsys, source, "--policy", "pseudonym", "--report", page)
    assert found["columns"]["mail"]["looks_like"] == "EMAIL"
    assert "looks_like" not in found["columns"]["n"]
    assert found["share_with_any"] == 19 / 20
    assert found["policy"]["name"] == "pseudonym"
    assert len(found["policy"]["key_check"]) == 8
    html = page.read_text(encoding="utf-8")
    assert "<h2>By type</h2>" in html and found["policy"]["fingerprint"] in html
    for text in (html, json.dumps(found)):
        assert "ann.lee" not in text
        assert KEY_TEXT not in text
    assert any(note.startswith("No name of a person was found") for note in found["notes"])
    assert run(source, "--policy", "pseudonym") == 0
    assert "looks like" in capsys.readouterr().out


def test_the_key_is_in_nothing_that_is_written(tmp_path: Path, key: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, policy = declared(tmp_path)
    assert run(source, "--policy", policy, "--report", tmp_path / "r.html") == 0
    run(source, "--policy", policy, "--column", "nope")
    captured = capsys.readouterr()
    written = captured.out + captured.err
    for path in tmp_path.iterdir():
        if path != key:
            written += path.read_text(encoding="utf-8")
    assert KEY_TEXT not in written
