"""National identity numbers whose signs tell them: a date of birth and a check, written as one country writes them."""

from __future__ import annotations

import re

from stdnum.be import nn
from stdnum.ch import ssn
from stdnum.cz import rc
from stdnum.fi import hetu
from stdnum.fr import nir

from agent.scoring.pii.base import Recognizer, Words, bounded

__all__ = ["RECOGNIZER"]

_VALIDATORS = {
    "be": nn.is_valid,
    "ch": ssn.is_valid,
    "cz": rc.is_valid,
    "fi": hetu.is_valid,
    "fr": nir.is_valid,
}
_CONTEXT = Words(
    "hetu henkilotunnus ahv avs rijksregister nir securite_sociale insee rodne_cislo born birth id_number "
    "identity national_number social_security niss sotu"
)
_UNSEEN = {"cz": 0.0}
"""Scores without a context word, where they are not 0.9: dates before a slash and four digits are orders, too."""


def _judge(match: re.Match[str], in_context: bool) -> float:
    country = str(match.lastgroup)
    if not _VALIDATORS[country](match[0]):
        return 0.0
    return 1.0 if in_context else _UNSEEN.get(country, 0.9)


RECOGNIZER = Recognizer(
    name="European identity number in its own signs",
    type="NATIONAL_ID",
    source="Belgium: arrêté royal of 3 April 1984 (mod 97). Switzerland: AHV-Nummer, ZAS (756 and EAN-13). Czechia and "
    "Slovakia: law 133/2000 (mod 11). Finland: decree 690/2022 (century signs, mod 31). France: decree 82-103 (97); "
    "checks of python-stdnum",
    pattern=bounded(
        r"[0-9](?<![\w.,/+-][0-9])(?:"
        r"(?P<be>[0-9]\.[01][0-9]\.[0-3][0-9]-[0-9]{3}[.-][0-9]{2})"
        r"|(?P<ch>(?<=7)56\.[0-9]{4}\.[0-9]{4}\.[0-9]{2})"
        r"|(?P<cz>[0-9][0-8][0-9][0-3][0-9]/[0-9]{3,4})"
        r"|(?P<fi>[0-9][01][0-9]{3}[+A-FU-Y-][0-9]{3}[0-9A-FHJ-NPR-Y])"
        r"|(?P<fr>(?<=[12]) [0-9]{2} [0-9]{2} (?:[0-9]{2}|2[AB]) [0-9]{3} [0-9]{3} [0-9]{2}))(?!\w|[./-][0-9])"
    ),
    trigger=(
        r"\b(?:[0-9]{2}\.[01][0-9]\.[0-3][0-9]-[0-9]{3}[.-][0-9]{2}\b|756\.[0-9]{4}\.[0-9]{4}\.[0-9]{2}\b"
        r"|[0-9]{2}[0-8][0-9][0-3][0-9]/[0-9]{3,4}\b|[0-3][0-9][01][0-9]{3}[+A-FU-Y-][0-9]{3}[0-9A-FHJ-NPR-Y]\b"
        r"|[12] [0-9]{2} [0-9]{2} (?:[0-9]{2}|2[AB]) [0-9]{3} [0-9]{3} [0-9]{2}\b)"
    ),
    judge=_judge,
    context=_CONTEXT,
    priority=8,
    seldom=True,
)
