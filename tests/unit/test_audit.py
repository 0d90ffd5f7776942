"""What ``make audit`` makes of pip-audit's answer."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.audit import main, read_audit


def _answer(*packages: dict[str, Any]) -> dict[str, Any]:
    return {"dependencies": list(packages), "fixes": []}


def _sound(name: str) -> dict[str, Any]:
    return {"name": name, "version": "1.0", "vulns": []}


def _skipped(name: str) -> dict[str, Any]:
    return {"name": name, "skip_reason": f"Dependency not found on PyPI and could not be audited: {name} (1.0)"}


_HOLE = {"id": "PYSEC-1", "fix_versions": ["1.1"], "aliases": [], "description": ""}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (_answer(_sound("a"), _skipped("harmwatch")), 0),
        (_answer(_sound("a"), {**_sound("b"), "vulns": [_HOLE]}), 1),
        (_answer(_sound("a"), _skipped("b")), 2),
        (_answer(_skipped("a"), _skipped("b")), 2),
        (_answer({**_sound("a"), "vulns": [_HOLE]}, _skipped("b")), 1),
    ],
)
def test_what_nobody_was_asked_about_is_not_called_sound(answer: dict[str, Any], code: int) -> None:
    assert read_audit(answer).exit_code == code


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (_answer(_sound("a")), 0),
        (_answer({**_sound("a"), "vulns": [_HOLE]}), 1),
        (_answer(_skipped("a")), 2),
        (None, 2),
    ],
)
def test_ci_is_told_and_not_failed(
    said: dict[str, Any] | None, code: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    auditor = tmp_path / "auditor"
    auditor.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(said) if said else 'Oops'}\nEND\n")
    auditor.chmod(0o755)
    assert main([str(auditor), sys.executable]) == code
    told = capfd.readouterr()
    assert main([str(auditor), sys.executable, "--tell-only"]) == 0
    assert capfd.readouterr() == told
    assert bool(told.out) != bool(told.err)


def test_holes_and_what_was_left_out_are_named() -> None:
    audit = read_audit(_answer({**_sound("a"), "vulns": [_HOLE]}, _skipped("b"), _skipped("c")), frozenset({"c"}))
    assert audit.lines() == [
        "hole: a 1.0: PYSEC-1, not in 1.1",
        "1 packages audited, 1 known holes",
        "NOT AUDITED: b",
    ]


def test_an_audit_of_nothing_says_so() -> None:
    assert read_audit(_answer(_skipped("a"))).lines() == [
        "NOT AUDITED: the advisories of pypi.org do not answer here (1 packages)"
    ]
