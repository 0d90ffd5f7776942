"""Recognisers of what looks the same everywhere. All values are made up."""

from __future__ import annotations

import pytest

from agent.scoring.pii.checksums import luhn, mod_97
from tests.unit.scoring.pii.cases import Found, assert_checked, found

FOUND: list[Found] = [
    ("Write to anna.lee+news@mail.example.org.", [("EMAIL", "anna.lee+news@mail.example.org")]),
    ("我的邮箱是zhang_san99@163.com，请查收", [("EMAIL", "zhang_san99@163.com")]),
    ("邮箱：ｗａｎｇ＠ｑｑ．ｃｏｍ。", [("EMAIL", "ｗａｎｇ＠ｑｑ．ｃｏｍ")]),
    ("<mailto:o'neil@example.co.uk>", [("EMAIL", "o'neil@example.co.uk")]),
    ("user=jörg.müller@example.de;", [("EMAIL", "jörg.müller@example.de")]),
    ("a@b.cn和c@d.cn", [("EMAIL", "a@b.cn"), ("EMAIL", "c@d.cn")]),
    ("Call +44 20 7946 0958 now", [("PHONE", "+44 20 7946 0958")]),
    ("fax +41 (0)62 585 51 90", [("PHONE", "+41 (0)62 585 51 90")]),
    ("Phone: 0490 75 40 81", [("PHONE", "0490 75 40 81")]),
    ("you can text me on 467 3395", [("PHONE", "467 3395")]),
    ("card 4111 1111 1111 1111, exp 12/27", [("CARD", "4111 1111 1111 1111")]),
    ("card 4111 1111 1111 1111 123", [("CARD", "4111 1111 1111 1111")]),
    ("Amex 3782-822463-10005", [("CARD", "3782-822463-10005")]),
    ("5555555555554444", [("CARD", "5555555555554444")]),
    ("银行卡号6222020200112230004，户名", [("CARD", "6222020200112230004")]),
    (
        "卡号：６２２２－０２０２－００１１－２２３０－００４",
        [("CARD", "６２２２－０２０２－００１１－２２３０－００４")],
    ),
    ("IBAN GB82 WEST 1234 5698 7654 32 please", [("BANK_ACCOUNT", "GB82 WEST 1234 5698 7654 32")]),
    ("汇到DE89370400440532013000谢谢", [("BANK_ACCOUNT", "DE89370400440532013000")]),
    ("blocked 203.0.113.77 twice", [("IP", "203.0.113.77")]),
    ("来自地址 10.2.3.4 的访问", [("IP", "10.2.3.4")]),
    ("http://10.2.3.4:8080/x", [("IP", "10.2.3.4")]),
    ("from 2001:db8::8a2e:370:7334 now", [("IP", "2001:db8::8a2e:370:7334")]),
    ("fe80::1 up", [("IP", "fe80::1")]),
    ("to 6e40:4041:c617:e898:c11:40d2:c669:2eb4.", [("IP", "6e40:4041:c617:e898:c11:40d2:c669:2eb4")]),
    ("card 4111.1111.1111.1111", [("CARD", "4111.1111.1111.1111")]),
    ("card_no 4111_1111_1111_1111", [("CARD", "4111_1111_1111_1111")]),
    ("Visa: 4111  1111  1111  1111", [("CARD", "4111  1111  1111  1111")]),
    ("卡号\t4111\t1111\t1111\t1111", [("CARD", "4111\t1111\t1111\t1111")]),
    ("IBAN DE89-3704-0044-0532-0130-00", [("BANK_ACCOUNT", "DE89-3704-0044-0532-0130-00")]),
    ("邮箱lily88@126。com谢谢", [("EMAIL", "lily88@126。com")]),
    ("email x@mail.rarename", [("EMAIL", "x@mail.rarename")]),
    ("write to x@example.orgThanks", [("EMAIL", "x@example.orgThanks")]),
    ("| phone | 555 0147 |", [("PHONE", "555 0147")]),
    ("call me at 5550147", [("PHONE", "5550147")]),
    ("cell: 555 0147", [("PHONE", "555 0147")]),
    ("Call 555-0000", [("PHONE", "555-0000")]),
    ("Call 91234567 now", [("PHONE", "91234567")]),
    ("please text 61234567.", [("PHONE", "61234567")]),
    ("call 555.0147", [("PHONE", "555.0147")]),
    ("phone: 09550.97732", [("PHONE", "09550.97732")]),
    ("call me at 5550147 evenings", [("PHONE", "5550147")]),
    ("Contact 555-0147 customers", [("PHONE", "555-0147")]),
]


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


LEFT = [
    "mail root@build.local and admin@db.internal",
    "icon@2x.png",
    "git@github.com:owner/repo.git",
    "lodash@4.17.21",
    "@user.name",
    "a@b",
    "user@@example.org",
    "@手机用户",
    "see foo@bar",
    "timestamp 1718000000",
    "1718000000123 ms",
    "发票号码 12345678",
    "ISBN 978-3-16-148410-0",
    "pi is 3.14159265358979",
    "$1,234,567.89",
    "2024-01-02 03:04:05",
    "call me on 2024-01-02",
    "tracking no. 4111111111111111",
    "4111111111111112",
    "1111111111111111",
    "GB82 WEST 1234 5698 7654 33",
    "v10.0.0.1",
    "version 1.2.3.4",
    "版本 2.10.3.4",
    "127.0.0.1",
    "0.0.0.0",
    "255.255.255.0",
    "1.2.3.4.5",
    "10.0.3.2 Ancient",
    "300.1.2.3",
    "::1",
    "std::string",
    "12:34:56",
    "aa:bb:cc:dd:ee:ff",
    "12:34:56:78:9a:bc:de:f0",
    "a::b",
    "4111.1111.1111.1111",
    "4111\t1111\t1111\t1111",
    "seeded 20000000 cells per well",
    "RBC 23456781 cells",
    "Text 3000000 readers",
    "contact 4000000 clients",
    "reach 25 000 000 viewers",
    "mobile 23456781 downloads",
    "phone sales of 23456781 units",
    "reach 2 345 678 viewers",
    "phone display resolution 1170 2532",
    "call method 23456781",
    "mobile 1920 1080 wide",
    "contact resistance 0.000012 ohm",
    "call option, strike 15000.00",
    "phone keypad 1 2 3 4 5 6 7 8 9 * 0 #",
    "text: 1 2 3 4 5 6 7 8 9 10",
    "They called 91234567.",
    "we call 10485760 the chunk size",
    "mobile users 1234567890 worldwide",
    "mobile revenue 2345678",
    "mobile traffic 20230615 summary",
    "手机出货量达到 2345678 台",
    "手机 2345678 台",
    "call 5550147 times",
    "y = Q@K.transpose",
    "self@node.Widget",
    "app@sha256.fed",
    "q@k.to(device)",
    "来@用户。然后",
]


@pytest.mark.parametrize("text", LEFT)
def test_left(text: str) -> None:
    assert found(text) == []


def test_check_digits_of_cards() -> None:
    assert_checked("card", "CARD", "4###############", luhn)


def test_check_digits_of_accounts() -> None:
    assert_checked("IBAN", "BANK_ACCOUNT", "DE####################", mod_97)
