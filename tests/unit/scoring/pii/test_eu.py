"""Recognisers of European countries. All values are made up."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from stdnum.at import vnr
from stdnum.be import nn
from stdnum.bg import egn
from stdnum.ch import ssn
from stdnum.cz import rc
from stdnum.de import idnr
from stdnum.es import dni
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.hr import oib
from stdnum.it import codicefiscale
from stdnum.nl import bsn
from stdnum.no import fodselsnummer
from stdnum.pl import pesel
from stdnum.pt import nif
from stdnum.ro import cnp
from stdnum.se import personnummer
from stdnum.tr import tckimlik

from tests.unit.scoring.pii.cases import Found, assert_checked, found

FOUND: list[Found] = [
    ("SV-Nummer: 8594 010180", [("NATIONAL_ID", "8594 010180")]),
    ("Steuer-ID 26 680 417 930", [("NATIONAL_ID", "26 680 417 930")]),
    ("Ausweisnummer L01X00T471", [("NATIONAL_ID", "L01X00T471")]),
    ("rijksregisternummer 85.07.30-098.60", [("NATIONAL_ID", "85.07.30-098.60")]),
    ("ЕГН 7523169263", [("NATIONAL_ID", "7523169263")]),
    ("CPR-nummer: 211062-4691", [("NATIONAL_ID", "211062-4691")]),
    ("isikukood 37605230321", [("NATIONAL_ID", "37605230321")]),
    ("mi DNI es 32991771L", [("NATIONAL_ID", "32991771L")]),
    ("numéro de sécurité sociale : 2 95 10 99 126 185 19", [("NATIONAL_ID", "2 95 10 99 126 185 19")]),
    ("ΑΜΚΑ 01017001031", [("NATIONAL_ID", "01017001031")]),
    ("OIB: 39287715506", [("NATIONAL_ID", "39287715506")]),
    ("PPS number 1511831E", [("NATIONAL_ID", "1511831E")]),
    ("het BSN is 403662606", [("NATIONAL_ID", "403662606")]),
    ("fødselsnummer 151086 59634", [("NATIONAL_ID", "151086 59634")]),
    ("PESEL 44051469898", [("NATIONAL_ID", "44051469898")]),
    ("contribuinte 213568713", [("NATIONAL_ID", "213568713")]),
    ("CNP 1630615123457", [("NATIONAL_ID", "1630615123457")]),
    ("personnummer 880320-9611", [("NATIONAL_ID", "880320-9611")]),
    ("EMŠO: 0101006500545", [("NATIONAL_ID", "0101006500545")]),
    ("TC kimlik no 18335352190", [("NATIONAL_ID", "18335352190")]),
    ("it says 85.07.30-078.80 there", [("NATIONAL_ID", "85.07.30-078.80")]),
    ("versichert unter 756.0633.5561.98", [("NATIONAL_ID", "756.0633.5561.98")]),
    ("rodné číslo 710319/7497", [("NATIONAL_ID", "710319/7497")]),
    ("asiakas 131052-641J tuli", [("NATIONAL_ID", "131052-641J")]),
    ("dossier 1 85 05 78 006 084 91 reçu", [("NATIONAL_ID", "1 85 05 78 006 084 91")]),
    ("RCCMNL83S18D969H", [("NATIONAL_ID", "RCCMNL83S18D969H")]),
    ("cf: bnclra72d55f205a", [("NATIONAL_ID", "bnclra72d55f205a")]),
    ("Ich wohne in der Lindenstraße 12, 10969 Berlin", [("ADDRESS", "Lindenstraße 12, 10969 Berlin")]),
    ("Ich wohne in der Anna-Siemsen-Straße 12, 10969 Berlin", [("ADDRESS", "Anna-Siemsen-Straße 12, 10969 Berlin")]),
    ("Lieferung an Otto-Braun-Platz 3", [("ADDRESS", "Otto-Braun-Platz 3")]),
    ("J'habite 14 rue de la République", [("ADDRESS", "14 rue de la République")]),
    ("Abito in Via Garibaldi 27", [("ADDRESS", "Via Garibaldi 27")]),
    ("hij woont op de Keizersgracht 455", [("ADDRESS", "Keizersgracht 455")]),
]


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


LEFT = [
    "26680417930",
    "Steuer-ID 26680417931",
    "PESEL 44051469897",
    "44051469898",
    "BSN 403662607",
    "order 403662606",
    "Ausweisnummer L01X00T472",
    "85.07.30-078.81",
    "756.0633.5561.99",
    "1985.07.30-078.80",
    "710319/7497",
    "131052-641K",
    "131052-641",
    "RCCMNL83S18D969A",
    "ABCDEFGHIJKLMNOP",
    "Via Slack 3 days ago",
    "the rue in 1 cup of water",
    "Version 3.1.4-159.26",
]


@pytest.mark.parametrize("text", LEFT)
def test_left(text: str) -> None:
    assert found(text) == []


CHECKED: list[tuple[str, str, Callable[[str], bool], int]] = [
    ("SV-Nummer", "####0#0#8#", vnr.is_valid, 0),
    ("rijksregisternummer", "85.0#.1#-###.##", nn.is_valid, 0),
    ("ЕГН", "750#1#####", egn.is_valid, 0),
    ("AHV-Nummer", "756.####.####.##", ssn.is_valid, 0),
    ("rodné číslo", "710#1#/####", rc.is_valid, 0),
    ("Steuer-ID", "###########", idnr.is_valid, 0),
    ("DNI", "########@", dni.is_valid, 0),
    ("henkilötunnus", "1#105#-###@", hetu.is_valid, 0),
    ("sécurité sociale", "1 85 05 78 ### ### ##", nir.is_valid, 0),
    ("OIB", "###########", oib.is_valid, 0),
    ("codice fiscale", "RCCMNL83S1#D969@", codicefiscale.is_valid, 0),
    ("BSN", "#########", bsn.is_valid, 0),
    ("fødselsnummer", "1#108######", fodselsnummer.is_valid, 0),
    ("PESEL", "4405#######", pesel.is_valid, 0),
    ("contribuinte", "2########", nif.is_valid, 0),
    ("CNP", "163061512####", cnp.is_valid, 0),
    ("personnummer", "8#031#-####", personnummer.is_valid, 0),
    ("TC kimlik", "2##########", tckimlik.is_valid, 0),
]


@pytest.mark.parametrize(("carrier", "form", "valid", "stray"), CHECKED)
def test_check_digits(carrier: str, form: str, valid: Callable[[str], bool], stray: int) -> None:
    assert_checked(carrier, "NATIONAL_ID", form, valid, stray)
