"""National identity and tax numbers of American countries, by their label and their check digits."""

from __future__ import annotations

from stdnum.ar import cuit
from stdnum.br import cpf
from stdnum.ca import sin
from stdnum.cl import rut
from stdnum.mx import curp

from agent.scoring.pii.labels import LabelledNumber, labelled_numbers

__all__ = ["RECOGNIZER"]

RECOGNIZER = labelled_numbers(
    "American identity number",
    "the registers' rules as python-stdnum cites and checks them (Argentina, Brazil, Canada, Chile, Mexico)",
    [
        LabelledNumber("cpf", (11,), cpf.is_valid),
        LabelledNumber(
            "sin sin_number social_insurance social_insurance_number numéro_d_assurance_sociale", (9,), sin.is_valid
        ),
        LabelledNumber("rut run", (8, 9), rut.is_valid),
        LabelledNumber("cuil cuit", (11,), cuit.is_valid),
        LabelledNumber("curp", (18,), curp.is_valid),
    ],
)
