"""Recognisers of Australia, New Zealand and South Africa. All values are made up."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from stdnum.au import tfn
from stdnum.nz import ird
from stdnum.za import idnr

from tests.unit.scoring.pii.cases import Found, assert_checked, found

FOUND: list[Found] = [
    ("TFN 123 456 782", [("NATIONAL_ID", "123 456 782")]),
    ("my tax file number is 123456782", [("NATIONAL_ID", "123456782")]),
    ("IRD number 49-091-850", [("NATIONAL_ID", "49-091-850")]),
    ("SA ID: 7503305044089", [("NATIONAL_ID", "7503305044089")]),
    ("TFN 245 740 890", [("NATIONAL_ID", "245 740 890")]),
    ("IRD number 96-144-504", [("NATIONAL_ID", "96-144-504")]),
    ("SA ID 8504036702077", [("NATIONAL_ID", "8504036702077")]),
    ("Medicare card 2123 45670 1", [("MEDICAL_ID", "2123 45670 1")]),
    ("medicare no 2123456701", [("MEDICAL_ID", "2123456701")]),
]


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


LEFT = [
    "TFN 123 456 783",
    "123 456 782",
    "order 123456782",
    "SA ID: 7503305044088",
    "2123 45670 1",
    "Medicare 2123 45671 1",
    "IRD 49-091-851",
]


@pytest.mark.parametrize("text", LEFT)
def test_left(text: str) -> None:
    assert found(text) == []


CHECKED: list[tuple[str, str, Callable[[str], bool]]] = [
    ("TFN", "#########", tfn.is_valid),
    ("IRD", "1########", ird.is_valid),
    ("SA ID", "750#1#50###8#", idnr.is_valid),
]


@pytest.mark.parametrize(("carrier", "form", "valid"), CHECKED)
def test_check_digits(carrier: str, form: str, valid: Callable[[str], bool]) -> None:
    assert_checked(carrier, "NATIONAL_ID", form, valid)
