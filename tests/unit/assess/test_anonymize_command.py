"""``harmwatch anonymize`` as a command: exit codes, one-line errors, and no half-written file."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from streams.cli import main
from tests.unit.assess.protection_builders import VALUES, figures, read, run, write


def test_a_dry_run_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write(tmp_path / "a.jsonl", {"a": VALUES[0]})
    found = figures(capsys, source, "--policy", "redact", "--dry-run")
    assert (found["rows_with_any"], found["out"]) == (1, None)
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]


@pytest.mark.parametrize("name", ["generalise", "generalize"])
@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_generalising_needs_no_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, suffix: str
) -> None:
    monkeypatch.delenv("HARMWATCH_PRIVACY_KEY", raising=False)
    row = {"年龄": "34", "备注": "请发邮件到 ann.lee@example.org", "出生日期": "1987-05-02", "ip": "203.0.113.9"}
    row |= {"phone": "13912345678"}
    source, out = tmp_path / f"s{suffix}", tmp_path / f"o{suffix}"
    if suffix == ".csv":
        source.write_text(f"{','.join(row)}\n{','.join(row.values())}\n", encoding="utf-8")
    else:
        write(source, row)
    assert run(source, "--policy", name, "--column", "年龄=AGE", "--out", out, "--quiet") == 0
    made = {"年龄": "30-39", "备注": "请发邮件到 [EMAIL:*@example.org]", "出生日期": "[DATE_OF_BIRTH:1987]"}
    made |= {"ip": "[IP:203.0.113.*]", "phone": "[PHONE]"}
    if suffix == ".csv":
        assert out.read_text(encoding="utf-8").splitlines() == [",".join(made), ",".join(made.values())]
    else:
        assert read(out) == [made]
    # Once more changes nothing.
    again = tmp_path / f"again{suffix}"
    assert run(out, "--policy", name, "--column", "年龄=AGE", "--out", again, "--quiet") == 0
    assert again.read_bytes() == out.read_bytes()


@pytest.mark.parametrize("name", ["pseudonymise", "pseudonymize"])
def test_pseudonymising_gives_pseudonyms(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    key, source = tmp_path / "the.key", write(tmp_path / "a.jsonl", {"a": VALUES[0]})
    key.write_text("a key of the tests, long enough", encoding="utf-8")
    made = []
    for policy in ("pseudonym", name):
        out = tmp_path / f"{policy}.jsonl"
        assert run(source, "--policy", policy, "--key-file", key, "--out", out, "--quiet") == 0
        made.append(read(out))
    assert made[0] == made[1]


def test_the_help_lists_policies_and_their_spellings(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["anonymize", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    names = "redact, mask, hash, pseudonym, generalise, research"
    assert f"one of {names} (or generalize, pseudonymise, pseudonymize)" in shown


def test_standard_input_is_read_as_json_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(json.dumps({"a": VALUES[0]}).encode()))
    monkeypatch.setattr(sys, "stdin", stream)
    assert run("-", "--policy", "redact", "--out", tmp_path / "o.jsonl") == 0
    assert read(tmp_path / "o.jsonl") == [{"a": "[EMAIL]"}]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--policy", "nope"], "neither a file nor one of"),
        ([], "--policy is missing"),
        (["--policy", "hash"], "HARMWATCH_PRIVACY_KEY is not set"),
        (["--policy", "redact", "--column", "x=NAME"], "has no column 'x'; it has a, b"),
        (["--policy", "redact", "--column", "a=NAMES"], "no type is called 'NAMES'"),
        (["--policy", "redact", "--column", "a:hash"], "needs a key"),
        (["--policy", "redact", "--column", ":hash"], "has no column"),
        (["--policy", "redact", "--out", "SOURCE"], "is the file that is being read"),
        (["--policy", "redact", "--out", "o.xlsx"], "unknown kind of file"),
        (["--policy", "redact", "--report", "r.pdf"], "must end in .json or .html"),
        (["--policy", "redact", "--key-file", "missing"], "cannot be read"),
        (["--reveal"], "needs the key"),
    ],
)
@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_wrong_usage_is_one_line_and_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, options: Sequence[str],
    said: str, suffix: str,
) -> None:  # fmt: skip
    monkeypatch.delenv("HARMWATCH_PRIVACY_KEY", raising=False)
    source = write(tmp_path / "s.jsonl", {"a": "1", "b": "2"})
    if suffix == ".csv":
        source = tmp_path / "s.csv"
        source.write_text("a,b\n1,2\n", encoding="utf-8")
    words = [str(source) if word == "SOURCE" else word for word in options]
    assert run(source, *words) == 2
    captured = capsys.readouterr()
    expected = said.removesuffix("; it has a, b") if suffix == ".jsonl" else said
    assert expected in captured.err and captured.err.count("\n") == 1
    assert not list(tmp_path.glob("*anonymized*"))
    assert not list(tmp_path.glob(".*"))


def test_data_that_cannot_be_read_is_code_1_and_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "b.csv"
    source.write_bytes(b"a,b\n1,2\n13912345678,\xff\n")
    assert run(source, "--policy", "redact") == 1
    error = capsys.readouterr().err
    assert "line 3" in error and "13912345678" not in error
    assert [path.name for path in tmp_path.iterdir()] == ["b.csv"]


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_run_leaves_no_output_under_its_name(tmp_path: Path, ending: signal.Signals) -> None:
    out = tmp_path / "o.jsonl"
    out.write_text("before", encoding="utf-8")
    command = [sys.executable, "-m", "streams.cli", "anonymize", "-", "--policy", "redact", "--out", str(out)]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A job in the background of a script is told to ignore it, and hands that down.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        assert process.stdin is not None
        for number in range(3000):
            process.stdin.write(json.dumps({"a": f"{VALUES[0]} {number}"}).encode() + b"\n")
        process.stdin.flush()
        # It has begun to write once the unfinished file has something in it.
        while not any(path.stat().st_size for path in tmp_path.glob(".o.jsonl.*")):
            assert process.poll() is None
        process.send_signal(ending)
        process.communicate()
    assert process.returncode == (-ending if ending is signal.SIGKILL else 1)
    assert out.read_text(encoding="utf-8") == "before"
    if ending is not signal.SIGKILL:
        assert [path.name for path in tmp_path.iterdir()] == ["o.jsonl"]


def test_a_report_that_cannot_be_written_is_noticed_before_data_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write(tmp_path / "a.jsonl", {"a": VALUES[0]})
    (tmp_path / "file").touch()
    (tmp_path / "folder.json").mkdir()
    for report in (tmp_path / "file" / "r.json", tmp_path / "folder.json"):
        assert run(source, "--policy", "redact", "--report", report) == 2
        assert "cannot be written" in capsys.readouterr().err
        assert not list(tmp_path.glob("*anonymized*"))
    assert run(source, "--policy", "redact", "--quiet", "--report", tmp_path / "new" / "r.json") == 0
    assert (tmp_path / "new" / "r.json").exists()


def test_the_folder_of_the_output_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write(tmp_path / "a.jsonl", {"a": VALUES[0]})
    (tmp_path / "file").touch()
    assert run(source, "--policy", "redact", "--quiet", "--out", tmp_path / "new" / "er" / "o.jsonl") == 0
    assert (tmp_path / "new" / "er" / "o.jsonl").exists()
    assert run(source, "--policy", "redact", "--quiet", "--out", tmp_path / "file" / "o.jsonl") == 2
    assert "cannot be written" in capsys.readouterr().err


def test_revealing_what_cannot_be_reversed_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = tmp_path / "the.key"
    key.write_text("a key of the tests, long enough", encoding="utf-8")
    source = write(tmp_path / "a.jsonl", {"a": VALUES[0]})
    hashed = tmp_path / "hashed.jsonl"
    assert run(source, "--policy", "hash", "--key-file", key, "--out", hashed, "--quiet") == 0
    found = figures(capsys, hashed, "--reveal", "--key-file", key)
    assert [note.split(":")[0] for note in found["notes"]] == ["Nothing was reversed"]
    assert run(hashed, "--reveal", "--policy", "redact", "--key-file", key, "--dry-run") == 0
    assert "Policy redact makes nothing that can be reversed" in capsys.readouterr().out
    pseudonyms = tmp_path / "p.jsonl"
    assert run(source, "--policy", "pseudonym", "--key-file", key, "--out", pseudonyms, "--quiet") == 0
    assert figures(capsys, pseudonyms, "--reveal", "--key-file", key)["notes"] == []


def test_a_column_that_kept_its_form_is_revealed_by_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "the.key"
    key.write_text("a key of the tests, long enough", encoding="utf-8")
    source = write(tmp_path / "a.jsonl", {"id": "12345678"})
    out, back = tmp_path / "o.jsonl", tmp_path / "back.jsonl"
    named = ["--column", "id=NUMBER:fpe", "--key-file", key]
    assert run(source, "--policy", "redact", *named, "--out", out, "--quiet") == 0
    assert read(out) != read(source)
    assert figures(capsys, out, "--reveal", *named, "--out", back)["restored"] == 1
    assert read(back) == read(source)
    misspelt = figures(capsys, out, "--reveal", "--column", "idd=NUMBER:fpe", "--key-file", key, "--out", back)
    assert misspelt["notes"][0] == "Column idd of fpe is not in the data."


@pytest.mark.parametrize("role", ["key", "policy", "key of the policy"])
def test_the_report_replaces_neither_key_nor_policy(
    role: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write(tmp_path / "a.jsonl", {"a": VALUES[0]})
    key, policy = tmp_path / "key.json", tmp_path / "policy.json"
    key.write_text("a key of the tests, long enough", encoding="utf-8")
    policy.write_text(json.dumps({"default": "pseudonym", "key": {"file": str(key)}}), encoding="utf-8")
    words = ["--policy", "pseudonym", "--key-file", key] if role == "key" else ["--policy", policy]
    report = policy if role == "policy" else key
    before = report.read_bytes()
    assert run(source, *words, "--report", report) == 2
    assert "is what is read" in capsys.readouterr().err
    assert report.read_bytes() == before
