"""Medicare numbers of Australia."""

from __future__ import annotations

from agent.scoring.pii.checksums import digits_of
from agent.scoring.pii.labels import LabelledNumber, labelled_numbers

__all__ = ["RECOGNIZER"]

_WEIGHTS = (1, 3, 7, 9, 1, 3, 7, 9)


def _valid(number: str) -> bool:
    digits = list(map(int, digits_of(number)))
    if len(digits) not in (10, 11) or not 2 <= digits[0] <= 6:
        return False
    return sum(d * w for d, w in zip(digits, _WEIGHTS, strict=False)) % 10 == digits[8]


RECOGNIZER = labelled_numbers(
    "Australian Medicare number",
    "Services Australia, Medicare card number (eight digits from 2 to 6, check digit with weights 1, 3, 7, 9, issue, "
    "the person's place on the card); needs its label",
    [LabelledNumber("medicare medicare_card medicare_no", (10, 11), _valid)],
    kind="MEDICAL_ID",
)
