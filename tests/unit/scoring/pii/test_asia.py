"""Recognisers of Asia beyond China and India. All values are made up."""

from __future__ import annotations

import pytest

from tests.unit.scoring.pii.cases import Found, found

FOUND: list[Found] = [
    ("NRIC S1234567D", [("NATIONAL_ID", "S1234567D")]),
    ("FIN M1234567K", [("NATIONAL_ID", "M1234567K")]),
    ("511025-2328424", [("NATIONAL_ID", "511025-2328424")]),
    ("주민등록번호 511025-2328425", [("NATIONAL_ID", "511025-2328425")]),
    ("マイナンバー: 0514 1388 0614", [("NATIONAL_ID", "0514 1388 0614")]),
    ("Thai ID 1-2866-79874-67-6", [("NATIONAL_ID", "1-2866-79874-67-6")]),
]


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


LEFT = [
    "S1234567D",
    "NRIC S1234567A",
    "511025-2328425",
    "511325-2328424",
    "051413880614",
    "1286679874676",
    "My number is 051413880615",
]


@pytest.mark.parametrize("text", LEFT)
def test_left(text: str) -> None:
    assert found(text) == []
