"""Which types of personal data cells hold, for the figures of ``assess``: what ``anonymize`` finds is in them."""

from __future__ import annotations

from typing import Any

import pytest

from agent.assess.scanning import RowScanner

SCANNER = RowScanner()


@pytest.mark.parametrize(
    ("cell", "types"),
    [
        # As JSON the line feed is the letter n, which makes the number part of a word.
        ([{"role": "user", "content": "电话\n13912345678"}], {"PHONE"}),
        ({"name": "Ann Lee"}, {"NAME"}),
        ({"qq": 123456}, {"IM_ACCOUNT"}),
        ({"phone": 13912345678.0}, {"PHONE"}),
        ({"ann.lee@example.org": 1}, {"EMAIL"}),
        ({"geo": {"type": "Point", "coordinates": [121.473701, 31.230416]}}, {"ADDRESS"}),
        ({"name": "[NAME]", "n": [1, None, True, 2.5, ""]}, set()),
        ([], set()),
    ],
)
def test_nested_cells_are_read_text_by_text_too(cell: Any, types: set[str]) -> None:
    assert SCANNER.types_by_column({"c": cell}) == {"c": types}
