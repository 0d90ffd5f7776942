"""Nothing that a table holds steers the terminal on which it is assessed."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.cli import main
from streams.commands.printable import printable

HOSTILE = "a\x1b]0;title\x07\x1b[2J\x9b31m\u202eb\u2066"


def test_controls_are_shown_as_escapes() -> None:
    assert printable(HOSTILE) == r"a\x1b]0;title\x07\x1b[2J\x9b31m\u202eb\u2066"
    assert printable("姓名 é 👩‍🔬 a-b") == "姓名 é 👩‍🔬 a-b"


@given(st.text(st.characters()))
def test_what_comes_out_has_no_controls(text: str) -> None:
    shown = printable(text)
    shown.encode("utf-8")
    assert not any(
        unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
        or unicodedata.bidirectional(character) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
        for character in shown
    )


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    rows = "\n".join(f"x{HOSTILE},a@example.org" for _ in range(20))
    path.write_text(f"{HOSTILE},mail\n{rows}\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "words",
    [
        ("assess", "--protected", HOSTILE),
        ("assess", "--protected", HOSTILE, "--dp-epsilon", "1", "--dp-groups", HOSTILE, f"x{HOSTILE}"),
        ("assess", "--quasi", f"no{HOSTILE}"),
        ("assess", "--out", f"{HOSTILE}.pdf"),
        ("anonymize", "--policy", "redact", "--dry-run"),
        ("anonymize", "--policy", "redact", "--column", f"no{HOSTILE}=NAME", "--dry-run"),
    ],
)  # fmt: skip
def test_names_of_columns_and_groups_do_not_steer_the_terminal(
    table: Path, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    code = main([words[0], str(table), *words[1:]])
    captured = capsys.readouterr()
    assert (captured.err == "") is (code == 0)
    shown = captured.out + captured.err
    assert r"\x1b" in shown
    assert not any(character in shown for character in "\x1b\x07\x9b\u202e\u2066")


def test_the_names_in_a_ledger_do_not_either(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = ("--dp-ledger", str(tmp_path / "ledger.jsonl"))
    assert main(["assess", str(table), "--dp-epsilon", "1", "--dp-budget", "1", "--dp-dataset", HOSTILE, *ledger]) == 0
    assert main(["assess", *ledger, "--dp-status"]) == 0
    shown = capsys.readouterr().out
    assert r"\x1b" in shown
    assert not any(character in shown for character in "\x1b\x07\x9b\u202e\u2066")
