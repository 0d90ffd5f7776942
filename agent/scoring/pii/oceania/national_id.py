"""Tax and identity numbers of Australia, New Zealand and South Africa, by their label and their check digits."""

from __future__ import annotations

from stdnum.au import tfn
from stdnum.nz import ird
from stdnum.za import idnr

from agent.scoring.pii.labels import LabelledNumber, labelled_numbers

__all__ = ["RECOGNIZER"]

RECOGNIZER = labelled_numbers(
    "tax or identity number of Australia, New Zealand or South Africa",
    "the registers' rules as python-stdnum cites and checks them",
    [
        LabelledNumber("tfn tax_file tax_file_number", (8, 9), tfn.is_valid),
        LabelledNumber("ird ird_number", (8, 9), ird.is_valid),
        LabelledNumber("south_african_id sa_id rsa_id id_number", (13,), idnr.is_valid),
    ],
)
