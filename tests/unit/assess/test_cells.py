"""Cells as texts and as numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.assess.bias.kinds import kind_of
from agent.assess.cells import cell_text, number_of, shown_columns
from agent.assess.rebalance.numbers import number_in


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("15", 15.0), (" -1.5 ", -1.5), ("+.5", 0.5), ("5.", 5.0), ("1e3", 1000.0), ("1,234", 1234.0),
        ("-12,345,678.9", -12345678.9), ("1,5", None), ("1,23", None), ("1234,567", None), (",123", None),
        ("1,234,56", None), ("1_000", None), ("nan", None), ("inf", None), ("1e999", None), ("１２", None), ("", None),
        (".", None), ("e5", None), ("12 kg", None), ("0x10", None),
    ],
)  # fmt: skip
def test_numbers_are_read_in_one_way(text: str, number: float | None) -> None:
    assert number_of(text) == number
    # What kind a column is and whether it can be repaired are one question.
    kind = kind_of([text] + [f"{place}.25" for place in range(100)] * (number is not None))
    assert (kind == "number") is (number is not None)
    if text:
        if number is None:
            with pytest.raises(ValueError, match=r"^no number$"):
                number_in(text)
        else:
            assert number_in(text) == number


@given(st.floats(-1e300, 1e300))
def test_any_number_that_is_written_is_read_again(number: float) -> None:
    assert number_of(repr(number)) == number
    if abs(number) < 1e15:
        assert number_of(f"{number:,.3f}") == float(f"{number:.3f}")


def test_names_in_messages_are_few_short_and_harmless() -> None:
    assert shown_columns(["age", "籍贯"]) == "age, 籍贯"
    assert shown_columns(["a" * 100]) == "a" * 64 + "..."
    assert shown_columns([str(number) for number in range(30)]).endswith("18, 19, ...")
    assert shown_columns(["\x1b[2Jage"]) == "\\x1b[2Jage"


def test_bytes_are_the_text_that_they_are() -> None:
    # Hive writes text to Parquet so; as Base64 no address of mail in it is found.
    assert cell_text(b" ann@example.org ") == "ann@example.org"
    assert cell_text([b"ann@example.org", {"a": "男".encode()}]) == '["ann@example.org", {"a": "男"}]'
    assert cell_text(b"\xff\x00") == "/wA="
