"""Recognisers of the United Kingdom. All values are made up."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from stdnum.gb import nhs, utr

from tests.unit.scoring.pii.cases import Found, assert_checked, found

FOUND: list[Found] = [
    ("NI number AB 12 34 56 C", [("NATIONAL_ID", "AB 12 34 56 C")]),
    ("nino: JG103759A", [("NATIONAL_ID", "JG103759A")]),
    ("NHS number 943 278 6838", [("MEDICAL_ID", "943 278 6838")]),
    ('"nhs_number": "9435000495"', [("MEDICAL_ID", "9435000495")]),
    ("My UTR is 4852791198.", [("NATIONAL_ID", "4852791198")]),
    ("unique taxpayer reference: 24283 44947", [("NATIONAL_ID", "24283 44947")]),
    ("driver MORGA657054SM9IJ was seen", [("LICENCE_ID", "MORGA657054SM9IJ")]),
    ("licence held: WU999801195J99AB", [("LICENCE_ID", "WU999801195J99AB")]),
    ("Sort code 20-45-77, account 31926819", [("BANK_ACCOUNT", "31926819")]),
    ("sort-code: 204577 acc no 3192681", [("BANK_ACCOUNT", "3192681")]),
    ("Postcode: SW1A 2AB", [("ADDRESS", "SW1A 2AB")]),
    ("my post code is m1 1ae", [("ADDRESS", "m1 1ae")]),
]


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


LEFT = [
    "GB 12 34 56 C",
    "NI DA 12 34 56 C",
    "NI number AB 12 34 56 E",
    "Batch AB123456C",
    "NHS number 943 278 6839",
    "9432786838",
    "order 4852791198",
    "UTR 4852791199",
    "MORGA698054SM9IJ",
    "X-MORGA657054SM9IJ",
    "sort code 20-45-77",
    "account 31926819 closed",
    "sorted 20-45-77, 31926819 rows",
    "gate SW1A 2AB",
    "postcode: 12345",
]


@pytest.mark.parametrize("text", LEFT)
def test_left(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("label", "kind", "form", "valid"),
    [("NHS number", "MEDICAL_ID", "9#########", nhs.is_valid), ("UTR", "NATIONAL_ID", "##########", utr.is_valid)],
)
def test_check_digits(label: str, kind: str, form: str, valid: Callable[[str], bool]) -> None:
    assert_checked(label, kind, form, valid)
