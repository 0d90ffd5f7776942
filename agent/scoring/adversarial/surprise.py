"""How much the characters of a text surprise, given the two before each: low for prose and code, high for noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from agent.scoring.adversarial.ordinary import CAMEL, CLASSES, IDEOGRAPH, UNKNOWN, class_table

__all__ = ["classes_of", "surprises"]

_U8 = NDArray[np.uint8]


def classes_of(codes: NDArray[np.uint32]) -> _U8:
    """The class of each of these code points, uint8 of the same length."""
    table = class_table()
    if codes.size and int(codes.max()) > 0xFFFF:
        rare = codes > 0xFFFF
        classes = table.take(np.where(rare, 0, codes))
        classes[rare] = np.where(codes[rare] >> np.uint32(16) == 2, IDEOGRAPH, UNKNOWN)
    else:
        classes = table.take(codes)
    small = (codes >= 97) & (codes <= 122)
    capital = (codes >= 65) & (codes <= 90)
    classes[1:][small[:-1] & capital[1:]] = CAMEL
    return classes


def surprises(classes: _U8, table: _U8) -> _U8:
    """Parts of a bit for each character, uint8; 0 for the first two, and where anything but ASCII stands nearby."""
    found = np.zeros(len(classes), np.uint8)
    if len(classes) < 3:
        return found
    codes = classes[:-2].astype(np.uint32)
    codes *= CLASSES
    codes += classes[1:-1]
    codes *= CLASSES
    codes += classes[2:]
    table.take(codes, out=found[2:], mode="clip")
    other = classes >= IDEOGRAPH
    if other.any():
        found[other] = 0
        found[1:][other[:-1]] = 0
        found[2:][other[:-2]] = 0
    return found
