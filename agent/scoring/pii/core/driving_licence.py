"""Driving licences, by their label."""

from __future__ import annotations

import re

from agent.scoring.pii.labels import labelled

__all__ = ["RECOGNIZER"]

_LABELS = (
    "driver_s_license driver_s_licence drivers_license driver_license driver_licence driving_license driving_licence "
    "drivers_licence license_to_drive dl_number dl_no driver_lic drivers_lic cdl permis_de_conduire führerschein "
    "führerscheinnummer rijbewijs permiso_de_conducir licencia_de_conducir carnet_de_conducir patente_di_guida "
    "carta_de_condução carteira_de_motorista cnh prawo_jazdy körkort førerkort kørekort ajokortti"
)


def _judge(match: re.Match[str], in_context: bool) -> float:
    # Presidio's issue 1063: "A1" and "H1" are sections and visas. The shortest numbers in use have five digits.
    digits = sum(c.isdigit() for c in match["value"])
    return 0.9 if digits >= 5 and 6 <= sum(c.isalnum() for c in match["value"]) <= 18 else 0.0


RECOGNIZER = labelled(
    "driving licence number",
    "LICENCE_ID",
    source="AAMVA DL/ID card design standard (2020) annex D and the states' published formats (one to three letters, "
    "then digits in groups or not); Directive 2006/126/EC annex I, field 5; needs its label",
    words=_LABELS,
    value=r"(?:[A-Z]{1,3}[ -]?)?[0-9]{1,9}(?:[ -][0-9]{2,8}){1,4}|[A-Z]{0,3}[0-9]{5,17}[A-Z]{0,2}"
    r"|[A-Z0-9*]{1,8}[0-9][A-Z0-9*]{4,9}",
    judge=_judge,
    end=r"(?![\w-])",
    priority=7,
)
