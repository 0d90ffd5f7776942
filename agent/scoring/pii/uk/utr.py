"""Unique taxpayer references of the United Kingdom."""

from __future__ import annotations

from stdnum.gb import utr

from agent.scoring.pii.labels import LabelledNumber, labelled_numbers

__all__ = ["RECOGNIZER"]

RECOGNIZER = labelled_numbers(
    "UK taxpayer reference",
    "HMRC, unique taxpayer reference (ten digits, the first a check digit mod 11); needs its label",
    [LabelledNumber("utr utr_number unique_taxpayer_reference taxpayer_reference", (10,), utr.is_valid)],
)
