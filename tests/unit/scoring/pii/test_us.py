"""Recognisers of the United States. All values are made up."""

from __future__ import annotations

import pytest

from agent.scoring.pii import PiiScorer
from tests.unit.scoring.pii.cases import Found, found

FOUND: list[Found] = [
    ("Check against 516.64.7526 please", [("NATIONAL_ID", "516.64.7526")]),
    ("Ask at (212) 555-0187.", [("PHONE", "(212) 555-0187")]),
    ("my cell is 415-555-0132 x12", [("PHONE", "415-555-0132 x12")]),
    ("My SSN is 536-22-1234", [("NATIONAL_ID", "536-22-1234")]),
    ("social security number: 536221234", [("NATIONAL_ID", "536221234")]),
    ("SSN: 5 3 6 - 2 2 - 1 2 3 4", [("NATIONAL_ID", "5 3 6 - 2 2 - 1 2 3 4")]),
    ("he uses 912-70-1234 now", [("NATIONAL_ID", "912-70-1234")]),
    ("EIN 12-3456789", [("LICENCE_ID", "12-3456789")]),
    ("Account number: 000123456789", [("BANK_ACCOUNT", "000123456789")]),
    ("routing number 022843928", [("BANK_ACCOUNT", "022843928")]),
    ("NPI: 1234567893", [("MEDICAL_ID", "1234567893")]),
    ("provider NPI 8499261898", [("MEDICAL_ID", "8499261898")]),
    ("1EG4-TE5-MK73", [("MEDICAL_ID", "1EG4-TE5-MK73")]),
    ("Medicare 1EG4TE5MK73", [("MEDICAL_ID", "1EG4TE5MK73")]),
    ("DEA: AB1234563", [("LICENCE_ID", "AB1234563")]),
]


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


LEFT = [
    "123-45-6789",
    "666-12-3456",
    "000-12-3456",
    "536-00-1234",
    "912-20-1234",
    "account 20240101 was closed",
    "routing number 022843927",
    "1SG4-TE5-MK73",
    "1 2 3 4 5 6 7 8 9",
    "EIN 99",
]


@pytest.mark.parametrize("text", LEFT)
def test_left(text: str) -> None:
    assert found(text) == []


def test_context_raises_the_score() -> None:
    assert PiiScorer().score_text("536-22-1234").scores["pii.national_id"] == 0.6
    assert PiiScorer().score_text("SSN 536-22-1234").scores["pii.national_id"] == 1.0


def test_check_digits_raise_the_score() -> None:
    assert PiiScorer().score_text("NPI: 1234567893").scores["pii.medical_id"] == 1.0
    assert PiiScorer().score_text("NPI: 1234567890").scores["pii.medical_id"] == 0.8
