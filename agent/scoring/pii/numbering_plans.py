"""Telephone numbers against the numbering plans of their countries, as Google's libphonenumber has them.

libphonenumber parses a number in about 50 microseconds, and a number of unknown country once for each. Its tables say
the same in one pattern for each country, which is what is asked here: a text full of numbers stays cheap to read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

__all__ = ["is_national", "is_on_plan"]

_KINDS = ("fixed_line", "mobile", "toll_free", "shared_cost", "voip", "uan", "personal_number")


def is_on_plan(digits: str) -> bool | None:
    """Whether ``+`` and these digits are a number of its country; None for one that has only the right length."""
    for size in (1, 2, 3):
        lengths, plan = _country(digits[:size])
        if plan is not None:
            national = digits[size:]
            return True if plan.fullmatch(national) else None if len(national) in lengths else False
    return False


def is_national(digits: str, regions: tuple[str, ...]) -> bool:
    """Whether the digits, which begin with a trunk zero, are a number of one of the regions (ISO 3166 codes)."""
    return _regions(regions).fullmatch(digits[1:]) is not None


@cache
def _country(code: str) -> tuple[frozenset[int], re.Pattern[str] | None]:
    import phonenumbers  # tables of every country

    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(code), ())
    metadata = [data for region in regions if (data := _metadata(region, int(code))) is not None]
    if not metadata:
        return frozenset(), None
    lengths = {length for data in metadata for length in data.general_desc.possible_length}
    return frozenset(lengths), _one_of(metadata)


@cache
def _regions(regions: tuple[str, ...]) -> re.Pattern[str]:
    return _one_of([data for region in regions if (data := _metadata(region)) is not None])


def _metadata(region: str, code: int = 0) -> Any:
    from phonenumbers import PhoneMetadata

    if region == "001":  # no country's: toll-free numbers and satellites
        return PhoneMetadata.metadata_for_nongeo_region(code)
    return PhoneMetadata.metadata_for_region(region)


def _one_of(metadata: Iterable[Any]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{body})" for data in metadata for body in _patterns(data)), re.ASCII)


def _patterns(data: Any) -> Iterator[str]:
    for kind in _KINDS:
        plan = getattr(data, kind)
        if plan is not None and plan.national_number_pattern:
            yield plan.national_number_pattern
