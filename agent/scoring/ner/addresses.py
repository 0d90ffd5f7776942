"""Which places are an address: a street with a house number, and what belongs to it. Pure.

A town or a country alone is no personal data; evaluation and redaction want the street address. So a place that a model
found counts when a number stands at it; units (Apt. 5), further places and a postal code that follow are taken along.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from agent.scoring.ner.base import Entity
from agent.scoring.ner.han import HAN
from agent.scoring.ner.words import STREETS

__all__ = ["addresses_in"]

_NUMBERS_BEFORE: Final = re.compile(r"(?<![\w.,/-])(?:\d{1,6}[A-Za-z]?(?:[-/]\d{1,5})? ){1,2}$")
_YEAR: Final = re.compile(r"(?:19|20)\d\d ")
_NUMBER_AFTER: Final = re.compile(r",? \d{1,5}[A-Za-z]?\b(?![.,:/-]\d)")
_NUMBER_FIRST: Final = re.compile(r"\d{1,6}[A-Za-z]? [^\W\d_]{3}")
_MORE: Final = re.compile(
    r"[,\s]{1,4}(?:(?:apt|apartment|suite|ste|unit|floor|flat|room|box)\.? ?#?\d{1,5}[A-Za-z]?"
    r"|[A-Z]{2} \d{5}(?:-\d{4})?\b|\d{5}(?:-\d{4})?\b(?![.,]\d))",
    re.IGNORECASE,
)
_HAN_STREETS: Final = "路街道巷弄里村区镇"
_HAN_NUMBERS: Final = "0-9０-９一二三四五六七八九十百"
_HAN_PARTS: Final = "号弄栋幢楼室座单元层"
_HAN_DETAIL: Final = re.compile(
    f"[{HAN}0-9０-９A-Za-z-]{{0,16}}?[{_HAN_STREETS}][{HAN}]{{0,6}}?[{_HAN_NUMBERS}]{{1,6}}"
    f"[{_HAN_PARTS}0-9０-９A-Za-z-]{{1,20}}"
)
_HAN_END: Final = re.compile("[号弄栋幢楼室座层]$")
_GAP: Final = re.compile(r"[\s,，]{0,4}")
_LONGEST: Final = 160


def addresses_in(text: str, entities: Sequence[Entity]) -> Iterator[Entity]:
    """The addresses among a text's entities, in order; places that are none are left out.

    Parameters
    ----------
    entities
        Of all kinds, in order of their start. A person whose span ends in a kind of street is a street.
    """
    done = 0
    for place, entity in enumerate(entities):
        if entity.start < done:
            continue
        core = _core(text, entity)
        if core is None:
            continue
        start, end = core
        end = _extended(text, end, entities, place + 1)
        done = end
        yield Entity(max(start, 0), min(end, start + _LONGEST), "address", entity.score)


def _core(text: str, entity: Entity) -> tuple[int, int] | None:
    start, end = entity.start, entity.end
    spelled = text[start:end]
    if entity.kind == "address":
        return start, end
    if re.match(f"[{HAN}]", spelled):
        return _han(text, entity)
    last = spelled.split()[-1].lower().rstrip(".") if spelled.split() else ""
    street = last in STREETS
    if entity.kind == "person" and not street:
        return None
    if "\n" in spelled:
        return None
    before = _NUMBERS_BEFORE.search(text, max(0, start - 16), start)
    # "in 2024 Berlin": a year before a town is none of its house numbers.
    if before is not None and (street or not _YEAR.fullmatch(before.group())):
        return before.start(), end
    if _NUMBER_FIRST.match(spelled):
        return start, end
    if street and (after := _NUMBER_AFTER.match(text, end)):
        return start, after.end()
    return None


def _han(text: str, entity: Entity) -> tuple[int, int] | None:
    if entity.kind == "person":
        return None
    if detail := _HAN_DETAIL.match(text, entity.end):
        return entity.start, detail.end()
    spelled = text[entity.start : entity.end]
    return (entity.start, entity.end) if _HAN_END.search(spelled) and re.search("[路街道巷弄里村]", spelled) else None


def _extended(text: str, end: int, entities: Sequence[Entity], following: int) -> int:
    """Over units, places and a postal code that follow at once."""
    while True:
        more = _MORE.match(text, end)
        if more is not None:
            end = more.end()
            continue
        while following < len(entities) and entities[following].start < end:
            following += 1
        gap = _GAP.match(text, end)
        entity = entities[following] if following < len(entities) else None
        if entity is None or entity.kind == "person" or gap is None or gap.end() < entity.start:
            return end
        end = entity.end
