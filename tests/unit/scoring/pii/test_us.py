"""Recognisers of the United States. All values are made up."""

from __future__ import annotations

import pytest
from stdnum.us import rtn

from agent.scoring.pii import PiiScorer
from tests.unit.scoring.pii.cases import Found, assert_checked, found

FOUND: list[Found] = [
    ("Check against 516.64.7526 please", [("NATIONAL_ID", "516.64.7526")]),
    ("Ask at (212) 555-0187.", [("PHONE", "(212) 555-0187")]),
    ("my cell is 415-555-0132 x12", [("PHONE", "415-555-0132 x12")]),
    ("My SSN is 536-22-1234", [("NATIONAL_ID", "536-22-1234")]),
    ("social security number: 536221234", [("NATIONAL_ID", "536221234")]),
    ("SSN 5 3 6 - 2 2 - 1 2 3 4", [("NATIONAL_ID", "5 3 6 - 2 2 - 1 2 3 4")]),
    ("my social security number, 5 3 6 2 2 1 2 3 4", [("NATIONAL_ID", "5 3 6 2 2 1 2 3 4")]),
    ("ITIN 912-70-1234", [("NATIONAL_ID", "912-70-1234")]),
    ("filed under 950 88 4321", [("NATIONAL_ID", "950 88 4321")]),
    ("EIN: 12-3456789", [("LICENCE_ID", "12-3456789")]),
    ("federal tax id 541234567", [("LICENCE_ID", "541234567")]),
    ("account number 000123456789", [("BANK_ACCOUNT", "000123456789")]),
    ("Acct #: 4471 220 198", [("BANK_ACCOUNT", "4471 220 198")]),
    ("routing number 162063066", [("BANK_ACCOUNT", "162063066")]),
    ("ABA: 131517501", [("BANK_ACCOUNT", "131517501")]),
    ("NPI 1234567893", [("MEDICAL_ID", "1234567893")]),
    ("National Provider Identifier: 1992999999", [("MEDICAL_ID", "1992999999")]),
    ("claim of 1EG4-TE5-MK73", [("MEDICAL_ID", "1EG4-TE5-MK73")]),
    ("Medicare 1EG4TE5MK73", [("MEDICAL_ID", "1EG4TE5MK73")]),
    ("DEA number AB1234563", [("LICENCE_ID", "AB1234563")]),
    ("dea: F91234563", [("LICENCE_ID", "F91234563")]),
    ("PSC 1234, Box 5678, APO AE 09204", [("ADDRESS", "PSC 1234, Box 5678, APO AE 09204")]),
    ("Unit 45013 Box 2666\nFPO AP 96338", [("ADDRESS", "Unit 45013 Box 2666\nFPO AP 96338")]),
    ("SSN 536/22/1234", [("NATIONAL_ID", "536/22/1234")]),
    ("my social is 536 22 1234", [("NATIONAL_ID", "536 22 1234")]),
    (
        "my social is five three six, two two, one two three four",
        [("NATIONAL_ID", "five three six, two two, one two three four")],
    ),
    ("**Account**: 000123456789", [("BANK_ACCOUNT", "000123456789")]),
]


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


LEFT = [
    "123-45-6789",
    "666-12-3456",
    "000-12-3456",
    "536-00-1234",
    "5 3 6 - 2 2 - 1 2 3 4",
    "SSN 6 6 6 - 2 2 - 1 2 3 4",
    "912-69-1234",
    "order 912-70-1234",
    "12-3456789",
    "EIN: 78-3456789",
    "account 20240101 was closed",
    "162063066",
    "routing number 162063067",
    "1234567893",
    "SKU 1EG4TE5MK73",
    "1EG4-TE5-MB73",
    "AB1234563",
    "box 5678, PSC 1234",
    "APO AE 09204",
    "536/22/1234",
    "ssn one two three",
    "SSN: zero zero zero, one two, three four five six",
    "SSN 0 7 8 - 0 5 - 1 1 2 0",
]


@pytest.mark.parametrize("text", LEFT)
def test_left(text: str) -> None:
    assert found(text) == []


def test_context_raises_the_score() -> None:
    assert PiiScorer().score_text("536-22-1234").scores["pii.national_id"] == 0.6
    assert PiiScorer().score_text("SSN 536-22-1234").scores["pii.national_id"] == 1.0


def test_check_digits_of_routing_numbers() -> None:
    assert_checked("routing number", "BANK_ACCOUNT", "#########", rtn.is_valid)
