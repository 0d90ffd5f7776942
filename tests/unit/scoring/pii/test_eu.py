"""Recognisers of continental Europe and Ireland. All values are made up."""

from __future__ import annotations

import pytest

from tests.unit.scoring.pii.cases import Found, found

FOUND: list[Found] = [
    ("PESEL 91052643244", [("NATIONAL_ID", "91052643244")]),
    ("BSN: 935018463", [("NATIONAL_ID", "935018463")]),
    ("DNI 05919607M", [("NATIONAL_ID", "05919607M")]),
    ("NIE: X-9475135-D", [("NATIONAL_ID", "X-9475135-D")]),
    ("Steuer-ID: 61 289 072 431", [("NATIONAL_ID", "61 289 072 431")]),
    ("registre 62.03.25-941.20", [("NATIONAL_ID", "62.03.25-941.20")]),
    ("NISS 62032594120", [("NATIONAL_ID", "62032594120")]),
    ("INSEE 2 60 12 75 412 307 17", [("NATIONAL_ID", "2 60 12 75 412 307 17")]),
    ("rodné číslo 870823/8638", [("NATIONAL_ID", "870823/8638")]),
    ("160695-493K", [("NATIONAL_ID", "160695-493K")]),
    ("CPR-nummer 100672-4132", [("NATIONAL_ID", "100672-4132")]),
    ("fødselsnummer 28118733241", [("NATIONAL_ID", "28118733241")]),
    ("personnummer: 980915-1914", [("NATIONAL_ID", "980915-1914")]),
    ("ЕГН 7903175754", [("NATIONAL_ID", "7903175754")]),
    ("CNP 1930925129322", [("NATIONAL_ID", "1930925129322")]),
    ("OIB: 92811112547", [("NATIONAL_ID", "92811112547")]),
    ("isikukood 36412189360", [("NATIONAL_ID", "36412189360")]),
    ("756.1867.4139.50", [("NATIONAL_ID", "756.1867.4139.50")]),
    ("SV-Nummer 7849 250254", [("NATIONAL_ID", "7849 250254")]),
    ("PPSN 7836628V", [("NATIONAL_ID", "7836628V")]),
    ("contribuinte 290888905", [("NATIONAL_ID", "290888905")]),
    ("AMKA 24029655115", [("NATIONAL_ID", "24029655115")]),
    ("T.C. Kimlik No: 60226206600", [("NATIONAL_ID", "60226206600")]),
    ("RSSMRA85T10A562S", [("NATIONAL_ID", "RSSMRA85T10A562S")]),
    ("national identity number 91052643244", [("NATIONAL_ID", "91052643244")]),
    ("Via delle Coste 41", [("ADDRESS", "Via delle Coste 41")]),
    ("ul. Grochowa 80", [("ADDRESS", "ul. Grochowa 80")]),
    ("Rua Cidade 468", [("ADDRESS", "Rua Cidade 468")]),
    ("Musterstraße 12, 10115 Berlin", [("ADDRESS", "Musterstraße 12, 10115 Berlin")]),
    ("12 rue de la Paix", [("ADDRESS", "12 rue de la Paix")]),
]


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


LEFT = [
    "91052643244",
    "935018463",
    "05919607M",
    "PESEL 91052643245",
    "BSN 935018464",
    "DNI 05919607A",
    "RSSMRA85T10A562T",
    "160695-493L",
    "756.1867.4139.51",
    "62.03.25-941.21",
    "Via Slack 3 days ago",
    "870823/8638",
    "Neue Straße",
    "place 12",
]


@pytest.mark.parametrize("text", LEFT)
def test_left(text: str) -> None:
    assert found(text) == []
