"""Recognisers of the United Kingdom. All values are made up."""

from __future__ import annotations

import pytest

from tests.unit.scoring.pii.cases import Found, found

FOUND: list[Found] = [
    ("NINO AB123456C", [("NATIONAL_ID", "AB123456C")]),
    ("his is AB 12 34 56 C.", [("NATIONAL_ID", "AB 12 34 56 C")]),
    ("NHS number for the patient is 440 444 1908", [("MEDICAL_ID", "440 444 1908")]),
    ("UTR: 2144622712", [("NATIONAL_ID", "2144622712")]),
    ("MORGA657054SM9IJ", [("LICENCE_ID", "MORGA657054SM9IJ")]),
    ("Sort code: 20-00-00, account number: 55779911", [("BANK_ACCOUNT", "55779911")]),
    ("postcode SW1A 1AA", [("ADDRESS", "SW1A 1AA")]),
]


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


LEFT = [
    "GB123456C",
    "AB123456E",
    "NHS number 4404441909",
    "UTR 3144622712",
    "MORGA697054SM9IJ",
    "sort code 20-00-00",
    "XAB123456C",
    "postcode lottery 12",
]


@pytest.mark.parametrize("text", LEFT)
def test_left(text: str) -> None:
    assert found(text) == []
