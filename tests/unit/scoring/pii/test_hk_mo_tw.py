"""Recognisers of Hong Kong, Macau and Taiwan. All values are made up."""

from __future__ import annotations

import pytest

from tests.unit.scoring.pii.cases import Found, found

FOUND: list[Found] = [
    ("HKID: A123456(3)", [("NATIONAL_ID", "A123456(3)")]),
    ("持有香港身份证A1234563的", [("NATIONAL_ID", "A1234563")]),
    ("身份證號碼 A123456(3)", [("NATIONAL_ID", "A123456(3)")]),
    ("澳门身份证1234567(8)", [("NATIONAL_ID", "1234567(8)")]),
    ("BIR identity card 5/123456/7", [("NATIONAL_ID", "5/123456/7")]),
    ("身分證字號：A123456789", [("NATIONAL_ID", "A123456789")]),
    ("地址：香港九龍漆咸道南88號12樓", [("ADDRESS", "香港九龍漆咸道南88號12樓")]),
    ("住址：臺中市西屯區臺灣大道三段99號", [("ADDRESS", "臺中市西屯區臺灣大道三段99號")]),
    (
        "寄到廣東省佛山市南海區桂城街道燈湖西路20號3棟402室",
        [("ADDRESS", "廣東省佛山市南海區桂城街道燈湖西路20號3棟402室")],
    ),
    ("戶籍：高雄市左營區博愛路一段168巷6弄3號5樓之2", [("ADDRESS", "高雄市左營區博愛路一段168巷6弄3號5樓之2")]),
    ("聯絡人：林國棟", [("NAME", "林國棟")]),
    ("收件人 歐陽靜怡", [("NAME", "歐陽靜怡")]),
    ("護照號碼：E23456789", [("NATIONAL_ID", "E23456789")]),
    ("身份證號碼：11010519491231002X", [("NATIONAL_ID", "11010519491231002X")]),
    ("病歷號碼：00934512", [("MEDICAL_ID", "00934512")]),
    ("學號：B10902001", [("LICENCE_ID", "B10902001")]),
    ("微信號：lin_kd77", [("IM_ACCOUNT", "lin_kd77")]),
    ("手機號碼：0923456781", [("PHONE", "0923456781")]),
    ("護照號碼：311223344", [("NATIONAL_ID", "311223344")]),
    ("香港特區護照（K01122334）", [("NATIONAL_ID", "K01122334")]),
    ("香港护照号码是KJ0112233", [("NATIONAL_ID", "KJ0112233")]),
    ("澳门护照：MA0112233", [("NATIONAL_ID", "MA0112233")]),
    ("外交护照 DE1122334", [("NATIONAL_ID", "DE1122334")]),
    ("我的身分證是a123456789", [("NATIONAL_ID", "a123456789")]),
    ("香港身份證 a123456(3)", [("NATIONAL_ID", "a123456(3)")]),
    ("居留證號碼 AC01234567", [("NATIONAL_ID", "AC01234567")]),
    ("統一證號：AC01234567", [("NATIONAL_ID", "AC01234567")]),
    ("手機壹參玖壹貳參肆伍陸柒捌", [("PHONE", "壹參玖壹貳參肆伍陸柒捌")]),
    ("新北市板橋區文化路1段100號", [("ADDRESS", "新北市板橋區文化路1段100號")]),
    ("出生日期：民國102年3月7日", [("DATE_OF_BIRTH", "民國102年3月7日")]),
    ("生日：民國七十九年三月七日", [("DATE_OF_BIRTH", "民國七十九年三月七日")]),
    ("他是民國79年3月7日生。", [("DATE_OF_BIRTH", "民國79年3月7日")]),
]


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


LEFT = [
    "護照遺失請填表格 12345678",
    "a123456(3)",
    "id a1234563",
    "居留證號碼 AC01234568",
    "民國102年3月7日公布",
    "出生日期：民國102年13月7日",
    "A123456(4)",
    "A1234563",
    "part A123456789",
    "身分證字號：A123456788",
    "f(1234567)",
    "on 1/123456/7",
    "聯絡人不能為空",
    "第5樓",
    "這條道路3號前完工",
    "電話會議時間 20230615",
]


@pytest.mark.parametrize("text", LEFT)
def test_left(text: str) -> None:
    assert found(text) == []
