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
]


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


LEFT = [
    "123-45-6789",
    "666-12-3456",
    "000-12-3456",
    "536-00-1234",
]


@pytest.mark.parametrize("text", LEFT)
def test_left(text: str) -> None:
    assert found(text) == []


def test_context_raises_the_score() -> None:
    assert PiiScorer().score_text("536-22-1234").scores["pii.national_id"] == 0.6
    assert PiiScorer().score_text("SSN 536-22-1234").scores["pii.national_id"] == 1.0
