"""Recognisers of India. All values are made up."""

from __future__ import annotations

import pytest

from tests.unit.scoring.pii.cases import Found, found

FOUND: list[Found] = [
    ("Aadhaar: 4785 4774 9640", [("NATIONAL_ID", "4785 4774 9640")]),
    ("my aadhar card number is 478547749640", [("NATIONAL_ID", "478547749640")]),
    ("ABCPK1234F", [("NATIONAL_ID", "ABCPK1234F")]),
    ("PAN AAACK1234F", [("NATIONAL_ID", "AAACK1234F")]),
    ("Voter ID ABC0939512", [("NATIONAL_ID", "ABC0939512")]),
    ("A/c 123456789012 IFSC HDFC0001234", [("BANK_ACCOUNT", "123456789012")]),
    ("IFSC HDFC0001234, account 123456789012", [("BANK_ACCOUNT", "123456789012")]),
    ("ask 98765 43210", [("PHONE", "98765 43210")]),
]


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


LEFT = [
    "4785 4774 9640",
    "Aadhaar 4785 4774 9641",
    "ABCXK1234F",
    "AAACK1234F",
    "ABC0939512",
    "part 98765-43210",
    "HDFC0001234",
]


@pytest.mark.parametrize("text", LEFT)
def test_left(text: str) -> None:
    assert found(text) == []
