"""``generalise``: a coarser value, by type: an age becomes a band, an address its domain; else the type in brackets.

=============  ====================================================================
AGE            a band of ``width`` years, ``30-39``; from ``top`` on ``90+``
BIRTH_DATE     the year; of who may be ``top`` in ``as_of`` ``before 1937``; also DATE_OF_BIRTH, as scorers find it
COORDINATES    rounded to ``decimals`` places: ``31.2, 121.5`` (one is about 11 km)
EMAIL          the domain, ``*@example.org``
IP             the network, /24 or /48: ``203.0.113.*``, ``2001:db8:1:*``
NATIONAL_ID    of a Chinese resident ID province and decade, ``110000/1980s``, or as for BIRTH_DATE
NUMBER         a band of ``width``; also VALUE, when ``width`` is given
POSTCODE       the first ``prefix`` characters, ``021**``; of a British one the outward code
=============  ====================================================================

In a column these stand alone, in a text in brackets with the type: ``[IP:203.0.113.*]``.

``as_of`` is this year unless the policy has one: with the years, more births become those of long ago. Where what is
protected in two years has to join, or to stay as it is when it is protected again, the policy says ``as_of``.

Not promised: that nobody can be told by the result. A domain may be one person's, a band may hold one row: measure that
on the table (k-anonymity). The limits for ages and postcodes are those of HIPAA's Safe Harbor, 45 CFR 164.514(b)(2),
but for the sparsely populated prefixes that it names.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, ClassVar

from pydantic import Field

from agent.assess.protection.keys import ProtectionKey
from agent.assess.protection.kinds import standard_form
from agent.assess.protection.tokens import COARSE_FORMS, TOKEN, plain_token
from agent.clock import SystemClock
from agent.config import Section
from agent.normalize import compatible

__all__ = ["Generalise"]

_DEFAULT_WIDTH = 10
_OLDEST = 130


class Generalise:
    """Replaces a value by a coarser one of its type. What cannot be read as its type is redacted."""

    name: ClassVar[str] = "generalise"
    needs_key: ClassVar[bool] = False
    reversible: ClassVar[bool] = False

    class Options(Section):
        """``width`` and ``top`` of bands, ``as_of`` of births, ``prefix`` of postcodes, ``decimals`` of coordinates."""

        width: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = None
        top: Annotated[int, Field(ge=1, le=1_000_000_000)] = 90
        as_of: Annotated[int, Field(ge=1900, le=2200)] | None = None
        prefix: Annotated[int, Field(ge=1, le=8)] = 3
        decimals: Annotated[int, Field(ge=0, le=3)] = 1

    def __init__(self, options: Options, key: ProtectionKey | None) -> None:
        self._options = options

    def replace(self, value: str, kind: str) -> str:
        return self._coarse(value, kind) or plain_token(kind)

    def finished(self, value: str, kind: str) -> bool:
        if TOKEN.fullmatch(value) is not None:
            return True
        if kind in ("BIRTH_DATE", "DATE_OF_BIRTH") and value.isdecimal():  # a year may be too long ago to stay
            return self._coarse(value, kind) == value
        form = _FINISHED.get(kind)
        if form is not None:
            return form.fullmatch(value) is not None
        return kind == "COORDINATES" and self._coarse(value, kind) == value

    def _coarse(self, value: str, kind: str) -> str | None:
        if kind == "VALUE" and self._options.width is None:
            return None
        coarse = _COARSE.get(kind)
        return None if coarse is None else coarse(compatible(value).strip(), self._options)


def _age(value: str, options: Generalise.Options) -> str | None:
    if not re.fullmatch(r"\d{1,3}(?:\.0+)?", value) or float(value) > _OLDEST:
        return None
    age = int(float(value))
    return f"{options.top}+" if age >= options.top else _band(age, options.width or _DEFAULT_WIDTH)


def _number(value: str, options: Generalise.Options) -> str | None:
    if not re.fullmatch(r"\d{1,15}(?:\.\d+)?", value):
        return None
    return _band(int(value.partition(".")[0]), options.width or _DEFAULT_WIDTH)


def _band(number: int, width: int) -> str:
    low = number // width * width
    return f"{low}-{low + width - 1}"


def _year(value: str, options: Generalise.Options) -> str | None:
    years = set(re.findall(r"(?<!\d)(?:1[89]|20)\d\d(?!\d)", value))
    if not years and re.fullmatch(r"(?:1[89]|20)\d{6}", value):
        years = {value[:4]}
    return years.pop() if len(years) == 1 else None


def _birth_year(value: str, options: Generalise.Options) -> str | None:
    year = _year(value, options)
    return year and (_long_ago(year, options) or year)


def _long_ago(year: str, options: Generalise.Options) -> str:
    """Of who was born so long ago that they may be `top` in `as_of`; else empty. The year would tell the age."""
    year_now = options.as_of or datetime.fromtimestamp(SystemClock().now(), UTC).year
    first = year_now - options.top + 1
    return f"before {first}" if int(year) < first else ""


def _coordinates(value: str, options: Generalise.Options) -> str | None:
    if not re.fullmatch(r"[-+]?\d{1,3}(?:\.\d+)?(?:\s*[,;\s]\s*[-+]?\d{1,3}(?:\.\d+)?)?", value):
        return None
    places = options.decimals
    # Adding 0.0 makes of -0.0 a zero without a sign.
    return ", ".join(f"{round(float(part), places) + 0.0:.{places}f}" for part in re.split(r"[,;\s]+", value))


def _domain(value: str, options: Generalise.Options) -> str | None:
    local, at, domain = value.rpartition("@")
    return f"*@{domain.strip().lower()}" if local and at and re.fullmatch(r"\s*[\w.-]+\s*", domain) else None


def _network(value: str, options: Generalise.Options) -> str | None:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return None
    packed = address.packed
    if address.version == 4:
        return ".".join(str(byte) for byte in packed[:3]) + ".*"
    return ":".join(f"{packed[at] << 8 | packed[at + 1]:x}" for at in (0, 2, 4)) + ":*"


def _resident(value: str, options: Generalise.Options) -> str | None:
    number = standard_form(value, "NATIONAL_ID")
    if re.fullmatch(r"[1-9]\d{5}(?:18|19|20)\d{9}[\dx]", number):
        year = number[6:10]
    elif re.fullmatch(r"[1-9]\d{14}", number):  # of before 1999: no century, no check digit
        year = f"19{number[6:8]}"
    else:
        return None
    return f"{number[:2]}0000/{_long_ago(year, options) or f'{year[:3]}0s'}"


def _postcode(value: str, options: Generalise.Options) -> str | None:
    code = value.upper()
    if re.fullmatch(r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}", code):
        return f"{code[:-3].strip()} ***"
    if not re.fullmatch(r"[A-Z\d][A-Z\d -]{2,9}", code) or len(code) <= options.prefix:
        return None
    return code[: options.prefix] + "".join("*" if letter.isalnum() else letter for letter in code[options.prefix :])


_COARSE: Mapping[str, Callable[[str, Generalise.Options], str | None]] = {
    "AGE": _age,
    "BIRTH_DATE": _birth_year,
    "COORDINATES": _coordinates,
    "DATE": _year,
    "DATE_OF_BIRTH": _birth_year,
    "EMAIL": _domain,
    "IP": _network,
    "NATIONAL_ID": _resident,
    "NUMBER": _number,
    "POSTCODE": _postcode,
    "VALUE": _number,
}
_FINISHED: Mapping[str, re.Pattern[str]] = {
    kind: re.compile(form, re.ASCII) for kind, form in COARSE_FORMS.items() if kind != "COORDINATES"
}
