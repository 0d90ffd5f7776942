"""Recognisers of Hong Kong, Macau and Taiwan. All values are made up."""

from __future__ import annotations

import pytest

from tests.unit.scoring.pii.cases import Found, found

FOUND: list[Found] = [
    ("HKID: A123456(3)", [("NATIONAL_ID", "A123456(3)")]),
    ("持有香港身份证A1234563的", [("NATIONAL_ID", "A1234563")]),
    ("身份證號碼 A123456(3)", [("NATIONAL_ID", "A123456(3)")]),
    ("澳门身份证1234567(8)", [("NATIONAL_ID", "1234567(8)")]),
    ("BIR identity card 5/123456/7", [("NATIONAL_ID", "5/123456/7")]),
    ("身分證字號：A123456789", [("NATIONAL_ID", "A123456789")]),
]


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


LEFT = [
    "A123456(4)",
    "A1234563",
    "part A123456789",
    "身分證字號：A123456788",
    "f(1234567)",
    "on 1/123456/7",
]


@pytest.mark.parametrize("text", LEFT)
def test_left(text: str) -> None:
    assert found(text) == []
