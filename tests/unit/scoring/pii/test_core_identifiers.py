"""Recognisers of devices, wallets, places, births, documents and patients. All values are made up."""

from __future__ import annotations

import pytest

from tests.unit.scoring.pii.cases import Found, found

FOUND: list[Found] = [
    ("MAC address: 3c:22:fb:8a:01:9d", [("IP", "3c:22:fb:8a:01:9d")]),
    ("BSSID 3C-22-FB-8A-01-9D seen", [("IP", "3C-22-FB-8A-01-9D")]),
    ("hardware address 3c22.fb8a.019d", [("IP", "3c22.fb8a.019d")]),
    ("send to 1EyweNi7Ef7PzE9wjuM3FrfwPK42GThott now", [("BANK_ACCOUNT", "1EyweNi7Ef7PzE9wjuM3FrfwPK42GThott")]),
    ("BTC 3KFjoi6PnbBcWyEk9ZNPAeeruQjhzdCpZ2", [("BANK_ACCOUNT", "3KFjoi6PnbBcWyEk9ZNPAeeruQjhzdCpZ2")]),
    ("TRX：TMqzv4n9XGG5MbQ8E5GzsT2ftqv7NmDpJF", [("BANK_ACCOUNT", "TMqzv4n9XGG5MbQ8E5GzsT2ftqv7NmDpJF")]),
    ("LTC LYHJSDMYYadahGyEgumi49Jo69B2DyLCEk", [("BANK_ACCOUNT", "LYHJSDMYYadahGyEgumi49Jo69B2DyLCEk")]),
    ("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", [("BANK_ACCOUNT", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq")]),
    (
        "wallet 0x30BD369b67345595AD00A570Bcc9D735e45405FC.",
        [("BANK_ACCOUNT", "0x30BD369b67345595AD00A570Bcc9D735e45405FC")],
    ),
    (
        "wallet 0x30bd369b67345595ad00a570bcc9d735e45405fc.",
        [("BANK_ACCOUNT", "0x30bd369b67345595ad00a570bcc9d735e45405fc")],
    ),
    ("GPS: 40.712776, -74.005974", [("ADDRESS", "40.712776, -74.005974")]),
    ('{"lat": 40.712776, "lng": -74.005974}', [("ADDRESS", '40.712776, "lng": -74.005974')]),
    ("latitude = -33.868820", [("ADDRESS", "-33.868820")]),
    ("meet at 40°42'46\"N 74°0'22\"W", [("ADDRESS", "40°42'46\"N 74°0'22\"W")]),
    ("40.7128° N, 74.0060° W", [("ADDRESS", "40.7128° N, 74.0060° W")]),
    ("Date of birth: 12/05/1990", [("DATE_OF_BIRTH", "12/05/1990")]),
    ("She was born on May 12, 1990 in Leeds", [("DATE_OF_BIRTH", "May 12, 1990")]),
    ('"dob":"1990-05-12"', [("DATE_OF_BIRTH", "1990-05-12")]),
    ("Geburtsdatum 12.05.1990", [("DATE_OF_BIRTH", "12.05.1990")]),
    ("出生日期：1990年5月12日，", [("DATE_OF_BIRTH", "1990年5月12日")]),
    ("passport number X1234567", [("NATIONAL_ID", "X1234567")]),
    ('"passportNumber": "123456789"', [("NATIONAL_ID", "123456789")]),
    ("Reisepass-Nr. C01X00T47", [("NATIONAL_ID", "C01X00T47")]),
    ("Driver's License: D1234-56789-01234", [("LICENCE_ID", "D1234-56789-01234")]),
    ("driving licence no. 9912345", [("LICENCE_ID", "9912345")]),
    ("MRN: 00482913", [("MEDICAL_ID", "00482913")]),
    ("see MRN-482913 again", [("MEDICAL_ID", "MRN-482913")]),
    ("patient ID P-4829134", [("MEDICAL_ID", "P-4829134")]),
    ("Medical record number 619-384-7250", [("MEDICAL_ID", "619-384-7250")]),
    ("member ID: XWP123456789", [("MEDICAL_ID", "XWP123456789")]),
    ("MAC 3c:22:fb:8a:01:9d", [("IP", "3c:22:fb:8a:01:9d")]),
    ("**MAC:** 3C-22-FB-8A-01-9D", [("IP", "3C-22-FB-8A-01-9D")]),
]


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


LEFT = [
    "MAC address ff:ff:ff:ff:ff:ff",
    "MAC address 00:00:00:00:00:00",
    "1EyweNi7Ef7PzE9wjuM3FrfwPK42GThotu",
    "0x30BD369b67345595AD00A570Bcc9D735e45405Fc",
    "0x0000000000000000000000000000000000000000",
    "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdp",
    "position 1.234",
    "location 200.1234, 300.1234",
    "lat 12.3",
    "at 45° N",
    "born in 1990",
    "date of birth: 1990-15-40",
    "Reborn on 12 items",
    "passport office 12",
    "driver A1",
    "license H1",
    "section A1 of the driving licence act",
    "MRN",
    "the patient was 45",
    "member since 2019",
    "mrn 12",
    "MAC 12:34:56",
]


@pytest.mark.parametrize("text", LEFT)
def test_left(text: str) -> None:
    assert found(text) == []
