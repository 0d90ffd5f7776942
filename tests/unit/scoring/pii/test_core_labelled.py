"""Recognisers of addresses, positions, dates and numbers that a label tells, in any country. All values are made up."""

from __future__ import annotations

import pytest

from tests.unit.scoring.pii.cases import Found, found

FOUND: list[Found] = [
    ("She moved to 1742 Maple Grove Avenue, Apt 5", [("ADDRESS", "1742 Maple Grove Avenue, Apt 5")]),
    ("send it to 12 Elm St., Springfield, IL 62704", [("ADDRESS", "12 Elm St., Springfield, IL 62704")]),
    ("5 KING ROAD is empty", [("ADDRESS", "5 KING ROAD")]),
    ("Address: Plot 7, Lake View, Pune 411001", [("ADDRESS", "Plot 7, Lake View, Pune 411001")]),
    ("Anschrift: Am Hang 3", [("ADDRESS", "Am Hang 3")]),
    ("Lee\nApt 12B\nReno", [("ADDRESS", "Apt 12B")]),
    ("Lee\nSuite 400\n", [("ADDRESS", "Suite 400")]),
    ("write to P.O. Box 4512", [("ADDRESS", "P.O. Box 4512")]),
    ("Postfach 33 17", [("ADDRESS", "Postfach 33")]),
    ("GPS: 48.85837, 2.29448", [("ADDRESS", "48.85837, 2.29448")]),
    ("latitude 31.230416", [("ADDRESS", "31.230416")]),
    ("经纬度：31.230416,121.473701", [("ADDRESS", "31.230416,121.473701")]),
    ("at 48°51'29.6\"N 2°17'40.2\"E now", [("ADDRESS", "48°51'29.6\"N 2°17'40.2\"E")]),
    ("hut at 46.5601° N, 8.5611° E", [("ADDRESS", "46.5601° N, 8.5611° E")]),
    ("DOB: 03/14/1987", [("DATE_OF_BIRTH", "03/14/1987")]),
    ("出生日期：1990年5月12日", [("DATE_OF_BIRTH", "1990年5月12日")]),
    ("我的生日是85年4月12日，", [("DATE_OF_BIRTH", "85年4月12日")]),
    ("出生日期：一九八五年四月十二日", [("DATE_OF_BIRTH", "一九八五年四月十二日")]),
    ("生于二○○一年十二月三十一号，汉族", [("DATE_OF_BIRTH", "二○○一年十二月三十一号")]),
    ("出生日期：二零零一年十一月", [("DATE_OF_BIRTH", "二零零一年十一月")]),
    ("出生：1985-03-12", [("DATE_OF_BIRTH", "1985-03-12")]),
    ("D.O.B.: 12/03/1985", [("DATE_OF_BIRTH", "12/03/1985")]),
    ("DOB: 12Mar1985", [("DATE_OF_BIRTH", "12Mar1985")]),
    ("born on 3 March 1971", [("DATE_OF_BIRTH", "3 March 1971")]),
    ("birth_date=19870314", [("DATE_OF_BIRTH", "19870314")]),
    ("passport no. C01X00T47", [("NATIONAL_ID", "C01X00T47")]),
    ("Passport: 533401372", [("NATIONAL_ID", "533401372")]),
    ("driver's license D123-4567-8901", [("LICENCE_ID", "D123-4567-8901")]),
    ("Führerschein B072RRE2I55", [("LICENCE_ID", "B072RRE2I55")]),
    ("FÜHRERSCHEIN: 12345678", [("LICENCE_ID", "12345678")]),
    ("medical record number 4471-22", [("MEDICAL_ID", "4471-22")]),
    ("病历号：00812345", [("MEDICAL_ID", "00812345")]),
    ("see MRN-0045518", [("MEDICAL_ID", "MRN-0045518")]),
    ("chart of mrn778210", [("MEDICAL_ID", "mrn778210")]),
    ("member ID: XQK88123456", [("MEDICAL_ID", "XQK88123456")]),
    ("Medicaid 7712345678", [("MEDICAL_ID", "7712345678")]),
    ("anna.lee [at] example [dot] org", [("EMAIL", "anna.lee [at] example [dot] org")]),
    ("mail me: anna_lee at example dot com", [("EMAIL", "anna_lee at example dot com")]),
    ("(020) 7946 0958 rings", [("PHONE", "(020) 7946 0958")]),
    ("01 42 68 53 00 pour Paris", [("PHONE", "01 42 68 53 00")]),
    ("call five five five oh one nine nine", [("PHONE", "five five five oh one nine nine")]),
    ("1 3 8 0 0 1 3 8 0 0 0", [("PHONE", "1 3 8 0 0 1 3 8 0 0 0")]),
]


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


LEFT = [
    "会议于一九八五年四月十二日召开",
    "生于85年40月12日",
    "in 1999 Supreme Court",
    "2 Google Drive links",
    "since 1984 Wall Street",
    "IP address: Host 12 Main",
    "email address: Room 5 Team",
    "the address is unknown",
    "a suite 400 in",
    "Box 4512",
    "48.85837, 2.29448",
    "latitude 48.8",
    "GPS: 148.85837, 222.29448",
    "latitude 331.230416",
    "99°51'29.6\"N 2°17'40.2\"E",
    "turn 48° N then",
    "03/14/1987",
    "due date: 03/14/1987",
    "DOB: 33/44/1987",
    "passport control at 10",
    "passport A1",
    "533401372",
    "driver's license H1",
    "CDL-730321-K",
    "driver version 12345678",
    "medical record of 12",
    "health plan 2024",
    "MRN-12",
    "XMRN-0045518",
    "look at example dot",
    "meet at noon dot",
    "0 1 2 3 4 5 6 7 8 9",
    "sequence 1 3 8 0 0 1 3 8 0 0 0",
    "one two three four five six seven",
    "order (020) 7946 0958",
    "09 99 99 99 99 99",
]


@pytest.mark.parametrize("text", LEFT)
def test_left(text: str) -> None:
    assert found(text) == []


NAMES: list[Found] = [
    ("My name is Emily Carter and I am fine", [("NAME", "Emily Carter")]),
    ("Patient name: Ana de la Cruz", [("NAME", "Ana de la Cruz")]),
    ("Name: Seán O'Neill\nAge: 40", [("NAME", "Seán O'Neill")]),
    ("first name: Emily, last name: Carter", [("NAME", "Emily"), ("NAME", "Carter")]),
    ("Mr. Robert Downey called", [("NAME", "Robert Downey")]),
    ("Prof. Dr. Hans Weber called", [("NAME", "Hans Weber")]),
    ("seat 1Mr. Pavel Novak", [("NAME", "Pavel Novak")]),
    ("Dear Ms. Carter,", [("NAME", "Carter")]),
    ("Kind regards,\nJürgen Müller-Lüdenscheidt", [("NAME", "Jürgen Müller-Lüdenscheidt")]),
]


@pytest.mark.parametrize(("text", "expected"), NAMES)
def test_announced_names(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "File name: Report Final",
        "Product Name: Super Glue",
        "Name: Unknown",
        "Name: your name here",
        "The name is a mystery",
        "Name: iPhone",
        "Dr. and Mrs.",
        "customer: none",
        "Regards, the team",
        "Regards, Customer Support",
        "Client: Docker Engine",
        "Customer: Example Corporation",
        "Mr. President, thank you",
        "Mr. Mr. Mr. Mr.",
    ],
)
def test_what_is_no_announced_name(text: str) -> None:
    assert found(text) == []
