"""Recognisers of India. All values are made up."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from stdnum.in_ import aadhaar, epic, vid

from tests.unit.scoring.pii.cases import Found, assert_checked, found

FOUND: list[Found] = [
    ("Aadhaar: 2704 9686 0835", [("NATIONAL_ID", "2704 9686 0835")]),
    ("my aadhar card number is 207021343818", [("NATIONAL_ID", "207021343818")]),
    ("आधार 270496860835", [("NATIONAL_ID", "270496860835")]),
    ("UIDAI VID 2522 5399 2554 4182", [("NATIONAL_ID", "2522 5399 2554 4182")]),
    ("PAN AAAPL1234C", [("NATIONAL_ID", "AAAPL1234C")]),
    ("the holder BZKPR4821K replied", [("NATIONAL_ID", "BZKPR4821K")]),
    ("income tax of AAACT2727Q", [("NATIONAL_ID", "AAACT2727Q")]),
    ("voter id NNN8731572", [("NATIONAL_ID", "NNN8731572")]),
    ("EPIC no. RCF8273153", [("NATIONAL_ID", "RCF8273153")]),
    ("IFSC SBIN0001234, account 30214567891", [("BANK_ACCOUNT", "30214567891")]),
    ("50100234567890 (IFSC: HDFC0000123)", [("BANK_ACCOUNT", "50100234567890")]),
    ("Mobile: 98765-43210", [("PHONE", "98765-43210")]),
    ("reach us at 70123 45678", [("PHONE", "70123 45678")]),
]


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


LEFT = [
    "270496860835",
    "Aadhaar 270496860836",
    "order 207021343818",
    "AAACT2727Q",
    "PAN AAAPL0000C",
    "SKU BZKPR4821K",
    "X-BZKPR4821K",
    "NNN8731572",
    "voter id NNN8731573",
    "SBIN0001234",
    "order 98765 43210",
    "98765-43210",
    "12345 67890",
]


@pytest.mark.parametrize("text", LEFT)
def test_left(text: str) -> None:
    assert found(text) == []


CHECKED: list[tuple[str, str, Callable[[str], bool], int]] = [
    ("Aadhaar", "############", aadhaar.is_valid, 0),
    ("Aadhaar VID", "################", vid.is_valid, 0),
    ("voter id", "@@@#######", epic.is_valid, 0),
]


@pytest.mark.parametrize(("carrier", "form", "valid", "stray"), CHECKED)
def test_check_digits(carrier: str, form: str, valid: Callable[[str], bool], stray: int) -> None:
    assert_checked(carrier, "NATIONAL_ID", form, valid, stray)
