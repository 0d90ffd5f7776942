"""Recognisers of mainland China. All values are made up."""

from __future__ import annotations

import pytest

from tests.unit.scoring.pii.cases import Found, found

FOUND: list[Found] = [
    ("手机13800138000请联系", [("PHONE", "13800138000")]),
    ("拨打 138-0013-8000 或 138 0013 8001", [("PHONE", "138-0013-8000"), ("PHONE", "138 0013 8001")]),
    ("电话：＋８６　１３８００１３８０００", [("PHONE", "＋８６　１３８００１３８０００")]),
    ("座机 010-62751234 转 8", [("PHONE", "010-62751234")]),
    ("传真(0571)87654321", [("PHONE", "(0571)87654321")]),
    ("身份证号11010519491231002X。", [("NATIONAL_ID", "11010519491231002X")]),
    ("id 110105 19491231 002x", [("NATIONAL_ID", "110105 19491231 002x")]),
    ("证件：１１０１０５１９４９１２３１００２Ｘ", [("NATIONAL_ID", "１１０１０５１９４９１２３１００２Ｘ")]),
    ("身份证110105491231002", [("NATIONAL_ID", "110105491231002")]),
    ("身份证号110105194912310021", [("NATIONAL_ID", "110105194912310021")]),
]


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


LEFT = [
    "order 13912345678 was shipped",
    "订单号13912345678",
    "110105194902310028",
    "990105194912310028",
    "第13800138000123号",
]


@pytest.mark.parametrize("text", LEFT)
def test_left(text: str) -> None:
    assert found(text) == []


def test_the_nearer_word_decides() -> None:
    assert found("订单已发货，联系电话13912345678") == [("PHONE", "13912345678")]
    assert found("联系电话已登记，订单号13912345678") == []
