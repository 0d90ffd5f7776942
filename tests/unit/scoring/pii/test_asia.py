"""Recognisers of Asian countries. All values are made up."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from stdnum.il import idnr
from stdnum.jp import in_ as my_number
from stdnum.kr import rrn
from stdnum.th import pin

from tests.unit.scoring.pii.cases import Found, assert_checked, found

FOUND: list[Found] = [
    ("マイナンバー：8851 0206 6733", [("NATIONAL_ID", "8851 0206 6733")]),
    ("My Number 146455654950", [("NATIONAL_ID", "146455654950")]),
    ("주민등록번호 971013-1401233", [("NATIONAL_ID", "971013-1401233")]),
    ("주민번호: 9710131605007", [("NATIONAL_ID", "9710131605007")]),
    ("customer 971013-1401233 called", [("NATIONAL_ID", "971013-1401233")]),
    ("resident registration 040229-3123456", [("NATIONAL_ID", "040229-3123456")]),
    ("MyKad 770305-02-9524", [("NATIONAL_ID", "770305-02-9524")]),
    ("CNIC 42201-8463631-4", [("NATIONAL_ID", "42201-8463631-4")]),
    ("เลขประจำตัวประชาชน 1415253862158", [("NATIONAL_ID", "1415253862158")]),
    ("Thai ID: 1 7314 87111 40 3", [("NATIONAL_ID", "1 7314 87111 40 3")]),
    ("תעודת זהות 480491703", [("NATIONAL_ID", "480491703")]),
    ("NRIC S8123456F", [("NATIONAL_ID", "S8123456F")]),
    ("holder of G5876543R", [("NATIONAL_ID", "G5876543R")]),
    ("FIN: M3141592J", [("NATIONAL_ID", "M3141592J")]),
]


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


LEFT = [
    "885102066733",
    "My Number 885102066734",
    "971313-1401233",
    "971013-1401234",
    "030229-3123456",
    "NRIC S8123456G",
    "SKU S8123456F",
    "rev.S8123456F",
    "CNIC 42201-8463631",
    "MyKad 771305-02-9524",
    "Thai ID 1415253862159",
    "order 1415253862158",
    "480491703",
    "תעודת זהות 480491704",
]


@pytest.mark.parametrize("text", LEFT)
def test_left(text: str) -> None:
    assert found(text) == []


_NRIC_WEIGHTS = (2, 7, 6, 5, 4, 3, 2)


def _is_nric(number: str) -> bool:
    total = sum(int(c) * weight for c, weight in zip(number[1:8], _NRIC_WEIGHTS, strict=True))
    return "JZIHGFEDCBA"[total % 11] == number[8]


CHECKED: list[tuple[str, str, Callable[[str], bool], int]] = [
    ("My Number", "############", my_number.is_valid, 0),
    ("RRN", "97101#-1######", rrn.is_valid, 0),
    ("Thai ID", "1############", pin.is_valid, 0),
    ("Teudat zehut", "#########", idnr.is_valid, 0),
    ("NRIC", "S#######@", _is_nric, 0),
]


@pytest.mark.parametrize(("carrier", "form", "valid", "stray"), CHECKED)
def test_check_digits(carrier: str, form: str, valid: Callable[[str], bool], stray: int) -> None:
    assert_checked(carrier, "NATIONAL_ID", form, valid, stray)
