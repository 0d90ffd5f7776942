"""Recognisers of Australia, New Zealand and South Africa. All values are made up."""

from __future__ import annotations

import pytest

from tests.unit.scoring.pii.cases import Found, found

FOUND: list[Found] = [
    ("TFN 245 740 890", [("NATIONAL_ID", "245 740 890")]),
    ("IRD number 96-144-504", [("NATIONAL_ID", "96-144-504")]),
    ("SA ID 8504036702077", [("NATIONAL_ID", "8504036702077")]),
    ("Medicare no. 2123 45670 1", [("MEDICAL_ID", "2123 45670 1")]),
]


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


LEFT = [
    "245740890",
    "TFN 245 740 891",
    "8504036702077",
    "Medicare 2123 45671 1",
]


@pytest.mark.parametrize("text", LEFT)
def test_left(text: str) -> None:
    assert found(text) == []
