"""National identity and tax numbers of European countries, by their label and their check digits."""

from __future__ import annotations

from stdnum.at import tin as at_tin
from stdnum.at import vnr
from stdnum.be import bis, nn
from stdnum.bg import egn
from stdnum.ch import ssn
from stdnum.cz import rc
from stdnum.de import idnr
from stdnum.dk import cpr
from stdnum.ee import ik
from stdnum.es import dni, nie
from stdnum.fi import hetu
from stdnum.fr import nif as fr_nif
from stdnum.fr import nir
from stdnum.gr import amka
from stdnum.gr import vat as afm
from stdnum.hr import oib
from stdnum.ie import pps
from stdnum.it import codicefiscale
from stdnum.lt import asmens
from stdnum.nl import bsn
from stdnum.no import fodselsnummer
from stdnum.pl import nip, pesel
from stdnum.pt import cc, nif
from stdnum.ro import cnp
from stdnum.se import personnummer
from stdnum.si import emso
from stdnum.tr import tckimlik

from agent.scoring.pii.labels import LabelledNumber, labelled_numbers

__all__ = ["RECOGNIZER"]

_DOCUMENT_WEIGHTS = (7, 3, 1)


def _document_number(number: str) -> bool:
    """ICAO Doc 9303 part 3, section 4.9: nine letters or digits and their check digit."""
    characters = number.upper().replace(" ", "")
    if not (characters.isalnum() and characters[9].isdigit() and any(c.isdigit() for c in characters[:9])):
        return False
    total = sum(int(c, 36) * _DOCUMENT_WEIGHTS[place % 3] for place, c in enumerate(characters[:9]))
    return total % 10 == int(characters[9])


_NUMBERS = (
    LabelledNumber("svnr sv_nummer sozialversicherungsnummer versicherungsnummer", (10,), vnr.is_valid),
    LabelledNumber("abgabenkontonummer steuernummer", (9,), at_tin.is_valid),
    LabelledNumber(
        "steuer_id steuerid idnr steueridentifikationsnummer steuerliche_identifikationsnummer "
        "identifikationsnummer tin",
        (11,),
        idnr.is_valid,
    ),
    LabelledNumber("personalausweis personalausweisnummer ausweisnummer", (10,), _document_number),
    LabelledNumber(
        "rijksregisternummer rijksregister numéro_national numéro_de_registre_national niss insz "
        "nationalregisternummer",
        (11,),
        lambda n: nn.is_valid(n) or bis.is_valid(n),
    ),
    LabelledNumber("егн ЕГН egn", (10,), egn.is_valid),
    LabelledNumber("ahv ahv_nummer avs ahvn13 avs_number sozialversicherungsnummer", (13,), ssn.is_valid),
    LabelledNumber("rodné_číslo rodne_cislo rodné_číslo_č rč", (9, 10), rc.is_valid),
    LabelledNumber("cpr cpr_nummer personnummer", (10,), cpr.is_valid),
    LabelledNumber("isikukood asmens_kodas", (11,), lambda n: ik.is_valid(n) or asmens.is_valid(n)),
    LabelledNumber(
        "dni nif nie documento_nacional_de_identidad número_de_identidad",
        (9,),
        lambda n: dni.is_valid(n) or nie.is_valid(n),
    ),
    LabelledNumber("hetu henkilötunnus henkilotunnus sotu personbeteckning", (10,), hetu.is_valid),
    LabelledNumber("nir insee sécurité_sociale securite_sociale numéro_de_sécurité_sociale", (15,), nir.is_valid),
    LabelledNumber("numéro_fiscal numero_fiscal spi", (13,), fr_nif.is_valid),
    LabelledNumber("amka αμκα ΑΜΚΑ", (11,), amka.is_valid),
    LabelledNumber("αφμ ΑΦΜ afm", (9,), afm.is_valid),
    LabelledNumber("oib", (11,), oib.is_valid),
    LabelledNumber("pps ppsn pps_no personal_public_service", (8, 9), pps.is_valid),
    LabelledNumber("codice_fiscale cod_fisc", (16,), codicefiscale.is_valid),
    LabelledNumber("bsn burgerservicenummer sofinummer", (9,), bsn.is_valid),
    LabelledNumber("fødselsnummer fodselsnummer fnr d_nummer personnummer", (11,), fodselsnummer.is_valid),
    LabelledNumber("pesel", (11,), pesel.is_valid),
    LabelledNumber("nip", (10,), nip.is_valid),
    LabelledNumber("nif contribuinte número_de_contribuinte número_fiscal", (9,), nif.is_valid),
    LabelledNumber("cartão_de_cidadão cartao_de_cidadao", (12,), cc.is_valid),
    LabelledNumber("cnp cod_numeric_personal", (13,), cnp.is_valid),
    LabelledNumber("personnummer samordningsnummer", (10, 12), personnummer.is_valid),
    LabelledNumber("emšo emso jmbg", (13,), emso.is_valid),
    LabelledNumber("tckn tc_kimlik tc_kimlik_no kimlik_no", (11,), tckimlik.is_valid),
)
_ENGLISH = (
    "national_id national_id_number national_identity_number national_identification_number "
    "personal_identification_number personal_identity_code tax_identification_number"
)

RECOGNIZER = labelled_numbers(
    "European identity number",
    "the national registers' rules as python-stdnum cites and checks them (Austria, Belgium, Bulgaria, Croatia, "
    "Czechia, Denmark, Estonia, Finland, France, Germany, Greece, Ireland, Italy, Lithuania, the Netherlands, Norway, "
    "Poland, Portugal, Romania, Slovakia, Slovenia, Spain, Sweden, Switzerland, Turkey); ICAO Doc 9303 part 3 for "
    "German identity cards",
    [*_NUMBERS, *(LabelledNumber(_ENGLISH, number.sizes, number.valid) for number in _NUMBERS)],
)
