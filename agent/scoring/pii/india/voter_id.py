"""Voters' cards of India."""

from __future__ import annotations

from stdnum.in_ import epic

from agent.scoring.pii.labels import LabelledNumber, labelled_numbers

__all__ = ["RECOGNIZER"]

RECOGNIZER = labelled_numbers(
    "Indian voter card number",
    "Election Commission of India, EPIC number (three letters, seven digits, Luhn); python-stdnum; needs its label",
    [
        LabelledNumber(
            "epic voter_id voter_card voter_id_card election_card elector_s_photo_identity_card", (10,), epic.is_valid
        )
    ],
)
