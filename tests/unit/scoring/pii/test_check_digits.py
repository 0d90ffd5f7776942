"""Numbers with check digits: all that are right are found, with their bounds; those with one digit wrong are not."""

from __future__ import annotations

import random
import string
from collections.abc import Callable

import pytest
from stdnum.au import tfn
from stdnum.be import nn
from stdnum.br import cpf
from stdnum.ca import sin
from stdnum.ch import ssn as ahv
from stdnum.es import dni, nie
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.hr import oib
from stdnum.in_ import aadhaar
from stdnum.it import codicefiscale
from stdnum.jp import in_ as my_number
from stdnum.kr import rrn
from stdnum.nl import bsn
from stdnum.no import fodselsnummer
from stdnum.pl import pesel
from stdnum.ro import cnp
from stdnum.se import personnummer
from stdnum.th import pin
from stdnum.us import rtn

from agent.scoring.pii import PiiScorer

COUNT = 100
SCORER = PiiScorer(types=["NATIONAL_ID", "MEDICAL_ID", "BANK_ACCOUNT"])
# `9` any digit, `A` any letter, `d` a date as yymmdd, `D` as ddmmyy, `m` as yymm; the carrier says what the number is.
CASES: list[tuple[str, str, Callable[[str], bool]]] = [
    ("PESEL {}", "d99999", pesel.is_valid),
    ("BSN: {}", "999999999", bsn.is_valid),
    ("mi DNI es {}.", "99999999A", dni.is_valid),
    ("NIE {}", "X9999999A", nie.is_valid),
    ("NISS {}", "d99999", nn.is_valid),
    ("son numéro INSEE est {}", "1m7599999999", nir.is_valid),
    ("OIB: {}", "99999999999", oib.is_valid),
    ("CNP {}", "1d129999", cnp.is_valid),
    ("fødselsnummer {}", "D99999", fodselsnummer.is_valid),
    ("personnummer {}", "d-9999", personnummer.is_valid),
    ("Sotu {}", "D-999A", hetu.is_valid),
    ("AHV-Nummer 756{}", "9999999999", lambda n: ahv.is_valid("756" + n)),
    ("codice fiscale {}", "RSSMRA85T10A562A", codicefiscale.is_valid),
    ("Aadhaar no. {}", "499999999999", aadhaar.is_valid),
    ("NHS number of the patient is {}", "999 999 9999", nhs.is_valid),
    ("マイナンバー：{}", "999999999999", my_number.is_valid),
    ("Thai ID {}", "1999999999999", pin.is_valid),
    ("it is {} then", "d-1999999", rrn.is_valid),
    ("CPF {}", "999.999.999-99", cpf.is_valid),
    ("her SIN is {}", "499-999-999", sin.is_valid),
    ("TFN {}", "999 999 999", tfn.is_valid),
    ("routing number {}", "029999999", rtn.is_valid),
]


def _made(rng: random.Random, shape: str) -> str:
    year, month, day = f"{rng.randrange(40, 99)}", f"{rng.randrange(1, 13):02}", f"{rng.randrange(1, 29):02}"
    dates = {"d": year + month + day, "D": day + month + year, "m": year + month}
    parts = []
    for place, sign in enumerate(shape):
        if sign == "9":
            parts.append(rng.choice(string.digits))
        elif sign == "A" and (place == len(shape) - 1 or shape[place - 1] == "9"):
            parts.append(rng.choice(string.ascii_uppercase))
        else:
            parts.append(dates.get(sign, sign))
    return "".join(parts)


def _valid(rng: random.Random, shape: str, is_valid: Callable[[str], bool]) -> str:
    return next(number for _ in range(100_000) if is_valid(number := _made(rng, shape)))


@pytest.mark.parametrize(("carrier", "shape", "is_valid"), CASES)
def test_the_right_are_found_and_the_wrong_are_not(carrier: str, shape: str, is_valid: Callable[[str], bool]) -> None:
    rng = random.Random(shape)
    found = wrong = 0
    for _ in range(COUNT):
        number = _valid(rng, shape, is_valid)
        text = carrier.format(number)
        spans = [text[span.start : span.end] for span in SCORER.score_text(text).spans]
        found += any(span.endswith(number) for span in spans)
        last = max(place for place, sign in enumerate(number) if sign.isdigit())
        mistyped = number[:last] + str((int(number[last]) + rng.randrange(1, 10)) % 10) + number[last + 1 :]
        if not is_valid(mistyped):
            wrong += bool(SCORER.score_text(carrier.format(mistyped)).spans)
    assert found >= 0.99 * COUNT
    assert wrong <= 0.01 * COUNT
