"""docs/threat-model.md: every threat says what holds it and whether it does, and names tests that exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")

_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
_HEADER = "| threat | what holds it | held | tests |"


def threats() -> list[list[str]]:
    rows, inside = [], False
    for line in PAGE.splitlines():
        if line == _HEADER:
            inside = True
        elif not line.startswith("|"):
            inside = False
        elif inside and not line.startswith("| ---"):
            rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return rows


THREATS = threats()


@cache
def named_in(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds) and node.name.startswith("test_")}


@pytest.mark.parametrize("row", THREATS, ids=[row[0][:60] for row in THREATS])
def test_each_threat_has_what_holds_it_and_tests_that_exist(row: list[str]) -> None:
    assert len(row) == 4 and all(row)
    assert re.fullmatch(r"yes|yes, .+|in part: .+|no: .+", row[2])
    named = _TEST.findall(row[3])
    assert named and not _TEST.sub("", row[3]).strip()
    assert [f"{path}::{name}" for path, name in named if name not in named_in(path)] == []


def test_no_row_stands_outside_a_table() -> None:
    """One there is shown as text, and nothing above would have looked at it."""
    assert sum(bool(_TEST.search(line)) for line in PAGE.splitlines() if line.startswith("|")) == len(THREATS)


def test_the_page_names_the_threats_that_were_asked_for() -> None:
    assert len(THREATS) >= 45
    text = " ".join(cell for row in THREATS for cell in row).lower()
    wanted = (
        "model names", "series", "decoy", "halves", "far ahead", "huge texts", "backtrack", "cache", "hash tables",
        "reference", "groups", "false attributes", "campaign", "dead letters", "evidence", "labels", "marks",
        "pane records", "calibration", "script", "ssrf", "lines forged", "representations",
    )  # fmt: skip
    assert [word for word in wanted if word not in text] == []
