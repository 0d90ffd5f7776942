"""Figures and signs that stand for letters ("leet"): the one table of all who undo them."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["LEET"]

LEET: Mapping[str, str] = {
    "0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "@": "a", "$": "s", "!": "i", "|": "l",
    "€": "e", "£": "l", "¡": "i",
}  # fmt: skip
