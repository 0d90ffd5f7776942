"""National identity numbers of Asian countries, by their label and their check digits."""

from __future__ import annotations

from stdnum.il import idnr
from stdnum.jp import in_ as my_number
from stdnum.kr import rrn
from stdnum.my import nric
from stdnum.pk import cnic
from stdnum.th import pin

from agent.scoring.pii.labels import LabelledNumber, labelled_numbers

__all__ = ["RECOGNIZER"]

RECOGNIZER = labelled_numbers(
    "Asian identity number",
    "the registers' rules as python-stdnum cites and checks them (Israel, Japan, Korea, Malaysia, Pakistan, Thailand); "
    "Malaysia's and Pakistan's have no check digit but a date and places",
    [
        LabelledNumber("my_number マイナンバー 個人番号 kojin_bango", (12,), my_number.is_valid),
        LabelledNumber("rrn resident_registration_number 주민등록번호 주민번호", (13,), rrn.is_valid),
        LabelledNumber("nric mykad ic_number", (12,), nric.is_valid),
        LabelledNumber("cnic nadra", (13,), cnic.is_valid),
        LabelledNumber("thai_id thai_national_id เลขประจำตัวประชาชน บัตรประชาชน", (13,), pin.is_valid),
        LabelledNumber("teudat_zehut mispar_zehut תעודת_זהות מספר_זהות israeli_id", (9,), idnr.is_valid),
    ],
)
