"""Dates in years of the Republic, as Taiwan counts them: 民國74年3月12日."""

from __future__ import annotations

from typing import Final

__all__ = ["REPUBLIC_DATE"]

_NUMERALS = "[一二三四五六七八九十]"

#: Year and month, and a day where there is one; without groups, for others' patterns.
REPUBLIC_DATE: Final = (
    rf"民[国國] ?(?:[0-9]{{1,3}}|{_NUMERALS}{{1,4}}) ?年 ?(?:[0-9]{{1,2}}|{_NUMERALS}{{1,2}}) ?月"
    rf"(?: ?(?:[0-9]{{1,2}}|{_NUMERALS}{{1,3}}) ?[日号號])?"
)
