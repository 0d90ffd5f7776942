"""Routing numbers of banks in the United States, which stand beside an account."""

from __future__ import annotations

from stdnum.us import rtn

from agent.scoring.pii.labels import LabelledNumber, labelled_numbers

__all__ = ["RECOGNIZER"]

RECOGNIZER = labelled_numbers(
    "ABA routing number",
    "ABA Routing Number Administrative Board, routing number policy (nine digits, weights 3, 7, 1); needs its label",
    [LabelledNumber("routing routing_number aba aba_number routing_transit rtn bank_routing", (9,), rtn.is_valid)],
    kind="BANK_ACCOUNT",
)
