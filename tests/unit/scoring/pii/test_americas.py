"""Recognisers of Latin America and Canada. All values are made up."""

from __future__ import annotations

import pytest

from tests.unit.scoring.pii.cases import Found, found

FOUND: list[Found] = [
    ("655.223.270-57", [("NATIONAL_ID", "655.223.270-57")]),
    ("CPF 65522327057", [("NATIONAL_ID", "65522327057")]),
    ("SIN: 419 684 667", [("NATIONAL_ID", "419 684 667")]),
    ("BOXW310820HNERXN09", [("NATIONAL_ID", "BOXW310820HNERXN09")]),
    ("CUIT 20-37412475-8", [("NATIONAL_ID", "20-37412475-8")]),
    ("(11) 91234-5678", [("PHONE", "(11) 91234-5678")]),
]


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


LEFT = [
    "655.223.270-58",
    "65522327057",
    "SIN 419 684 668",
    "a sin 12",
    "BOXW310820HNERXN08",
    "(11) 1234-5678",
]


@pytest.mark.parametrize("text", LEFT)
def test_left(text: str) -> None:
    assert found(text) == []
