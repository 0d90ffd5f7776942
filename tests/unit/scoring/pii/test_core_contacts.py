"""Recognisers of ways to reach a person: houses, telephones, mail in disguise. All values are made up."""

from __future__ import annotations

import pytest

from tests.unit.scoring.pii.cases import Found, found

FOUND: list[Found] = [
    ("I live at 221B Baker Street, London", [("ADDRESS", "221B Baker Street")]),
    (
        "1600 Amphitheatre Pkwy Apt 4, Mountain View, CA 94043",
        [("ADDRESS", "1600 Amphitheatre Pkwy Apt 4, Mountain View, CA 94043")],
    ),
    ("10 Downing Street, London SW1A 2AA", [("ADDRESS", "10 Downing Street, London SW1A 2AA")]),
    ("PO Box 123", [("ADDRESS", "PO Box 123")]),
    ("P.O. Box 4711, Springfield, IL 62704", [("ADDRESS", "P.O. Box 4711, Springfield, IL 62704")]),
    ("Unit 8524 Box 0979\nDPO AA 56703", [("ADDRESS", "Unit 8524 Box 0979\nDPO AA 56703")]),
    ("address: 106 rúa olmos 44", [("ADDRESS", "106 rúa olmos 44")]),
    ("Her address is Dunajska 56, Studenec.", [("ADDRESS", "Dunajska 56")]),
    ("Anna Lee\n12 Elm Road\nSuite 380\nDover", [("ADDRESS", "12 Elm Road"), ("ADDRESS", "Suite 380")]),
    ("anna.lee (at) example (dot) org", [("EMAIL", "anna.lee (at) example (dot) org")]),
    ("anna [at] example.org", [("EMAIL", "anna [at] example.org")]),
    ("write to anna AT example DOT com", [("EMAIL", "anna AT example DOT com")]),
    ("email me: anna at example dot com", [("EMAIL", "anna at example dot com")]),
    ("邮箱zhang艾特qq点com", [("EMAIL", "zhang艾特qq点com")]),
    ("zhang88#163.com", [("EMAIL", "zhang88#163.com")]),
    ("jp.lefevre@société.fr", [("EMAIL", "jp.lefevre@société.fr")]),
    ("1 3 8 0 0 1 3 8 0 0 0", [("PHONE", "1 3 8 0 0 1 3 8 0 0 0")]),
    ("call me: five five five, oh one two three", [("PHONE", "five five five, oh one two three")]),
    ("ask 020 7946 0958 today", [("PHONE", "020 7946 0958")]),
    ("ou 01 42 68 53 00, merci", [("PHONE", "01 42 68 53 00")]),
    ("+44 20 7946 0958", [("PHONE", "+44 20 7946 0958")]),
    ("write to ann dot smyth at example dot com", [("EMAIL", "ann dot smyth at example dot com")]),
    ("ann (dot) smyth (at) example (dot) com", [("EMAIL", "ann (dot) smyth (at) example (dot) com")]),
    # One letter of another script, one mark: nothing of the value is left.
    ("mail j\u043ehn@example.com", [("EMAIL", "j\u043ehn@example.com")]),
    ("mail jo\u0301hn@example.com", [("EMAIL", "jo\u0301hn@example.com")]),
    ("call 1\u0417812345678", [("PHONE", "1\u0417812345678")]),
    ("тел. 13812345678, Анна", [("PHONE", "13812345678")]),
    ("mary.jones @ gmail.com", [("EMAIL", "mary.jones @ gmail.com")]),
    ("email: pat @ example.org", [("EMAIL", "pat @ example.org")]),
    ("mary.jones(a)outlook.com", [("EMAIL", "mary.jones(a)outlook.com")]),
    ("mail mary.jones (a) example.org", [("EMAIL", "mary.jones (a) example.org")]),
    ("reach mary.jones @ example.org", [("EMAIL", "mary.jones @ example.org")]),
    ("<a>mary&#64;example.com</a>", [("EMAIL", "mary&#64;example.com")]),
    ("?email=mary%40example.com&x=1", [("EMAIL", "mary%40example.com")]),
    ("?q=to%3Amary%40example.com", [("EMAIL", "mary%40example.com")]),
    ("mi m\u00f3vil: 612345678", [("PHONE", "612345678")]),
    ("Mi MO\u0301VIL: 612345678", [("PHONE", "612345678")]),
    ("meu telefone \u00e9 912 345 678", [("PHONE", "912 345 678")]),
    ("il mio cellulare \u00e8 3401234567", [("PHONE", "3401234567")]),
    ("Invoice number 77, contact number 415 555 0132", [("PHONE", "415 555 0132")]),
    ("Order number 12345; my number is 415-555-0132", [("PHONE", "415-555-0132")]),
    ("Rechnung Nummer 5, meine Nummer 0171 1234567, Handy", [("PHONE", "0171 1234567")]),
    ("Bestellung Nr 12, Tel. Nr. 030 12345678", [("PHONE", "030 12345678")]),
    ("**Address:** 77 Birch Lane", [("ADDRESS", "77 Birch Lane")]),
]


def test_letters_that_look_like_others_in_a_domain_hide_nothing() -> None:
    for address in ("john@gm\u0430il.com", "john@gmail.\u0441\u043em"):
        assert found(f"write to {address} now") == [("EMAIL", address)]
    assert found("ivan@\u043f\u043e\u0447\u0442\u0430 mail") == []


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


LEFT = [
    "In 2008 Wall Street fell",
    "on March 5 Federal Court ruled",
    "3 Google Drive files",
    "it is 20 miles down the road",
    "a 10 Mile Run",
    "IP address 10.1.1.300",
    "the address 12 is wrong",
    "memory address 0x7fff5fbff8c0",
    "we look at google dot com",
    "1 2 3 4 5 6 7 8 9 10 11",
    "one two three four",
    "look (at) 10:30 (dot)",
    "chapter 0123-4567",
    "see issue #123.",
    "#qq.com",
    "1 0 1 0 1 0 1 0 1 0",
    "+0 12 34 56 78 90",
    "meet us @ example.com",
    "dinner @ seven.thirty",
    "f(a)b.example",
    "tel\u00e9fono del pedido 612345678",
    "as in item (a) example.com has",
    "price @ 3.50",
    "We saw 4 White Court cases",
    "Chapter 7 The Winding Road",
    "Figure 2 North Way",
    "8 Rogue Street Fighters",
    "20 Million Square miles",
    "at 9 Sharp Drive the van",
]


@pytest.mark.parametrize("text", LEFT)
def test_left(text: str) -> None:
    assert found(text) == []
