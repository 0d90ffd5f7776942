"""What ``make audit`` makes of pip-audit's answer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.audit import read_audit


def _answer(*packages: dict[str, Any]) -> dict[str, Any]:
    return {"dependencies": list(packages), "fixes": []}


def _sound(name: str) -> dict[str, Any]:
    return {"name": name, "version": "1.0", "vulns": []}


def _skipped(name: str) -> dict[str, Any]:
    return {"name": name, "skip_reason": f"Dependency not found on PyPI and could not be audited: {name} (1.0)"}


_HOLE = {"id": "PYSEC-1", "fix_versions": ["1.1"], "aliases": [], "description": ""}


@pytest.mark.parametrize("where_reachable", [False, True])
@pytest.mark.parametrize(
    ("answer", "code", "reachable_code"),
    [
        (_answer(_sound("a"), _skipped("harmwatch")), 0, 0),
        (_answer(_sound("a"), {**_sound("b"), "vulns": [_HOLE]}), 1, 1),
        (_answer(_sound("a"), _skipped("b")), 2, 2),
        (_answer(_skipped("a"), _skipped("b")), 2, 0),
        (_answer({**_sound("a"), "vulns": [_HOLE]}, _skipped("b")), 1, 1),
    ],
)
def test_what_nobody_was_asked_about_is_not_called_sound(
    answer: dict[str, Any], code: int, reachable_code: int, *, where_reachable: bool
) -> None:
    audit = read_audit(answer)
    assert audit.exit_code(where_reachable=where_reachable) == (reachable_code if where_reachable else code)


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
