"""Street addresses in English."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded
from agent.scoring.pii.postal_tails import NUMBER, TAIL, UNIT, WORD

__all__ = ["RECOGNIZER"]

_WORDS = (
    "Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Place|Pl|Way|Square|Sq|Terrace|"
    "Crescent|Cres|Parkway|Pkwy|Highway|Hwy|Close|Circle|Cir|Trail|Trl|Mews|Row|Walk|Gardens|Grove|Hill|Quay|"
    "Alley|Loop|Plaza|Broadway|Turnpike|Esplanade|Parade|Gate|Green|Cove|Run|Ridge"
)
_STREET = f"(?:{_WORDS}|{_WORDS.upper()})"
_BETWEEN = rf"(?:{WORD}|[0-9]{{1,3}}(?:st|nd|rd|th|ST|ND|RD|TH)|[NSEW]\.?|of|the|de|la)"
# Before the number: a date, or a year that something happened in.
_DATE = re.compile(
    r"\b(?:(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]{0,6}\.?|in|since|by|until|from|of|the) $",
    re.IGNORECASE,
)
_NO_STREET = re.compile(
    r"(?:google|hard|flash|disk|thumb|usb|one|test|supreme|high|federal|district|circuit|appeals?|county|crown|"
    r"tennis|basketball|food|wall|main event|milky|first|second|third|same|other|mile|minute|hour|day) "
    r"(?:drive|court|way|place|street|row|run|gate|green|circle|plaza|square|walk|trail)\b",
    re.IGNORECASE,
)


# Before a number that counts something else: Chapter 3, Figure 4.
_NUMBERED = re.compile(
    r"\b(?:chapter|figure|fig\.?|table|section|part|act|scene|volume|vol\.?|book|episode|season|level|stage|track|page|version|"
    r"lesson|step|rule|exercise|question|round|game|day|week|grade|phase|top) $",
    re.IGNORECASE,
)
# After the number: how many, or what time it is.
_MEASURED = re.compile(r"(?:million|billion|thousand|hundred|dozen|percent|sharp|o'clock)\b", re.IGNORECASE)
# After what would be the street: it was no name, or part of a longer one.
_GOES_ON = re.compile(
    r" (?:cases?|rulings?|judges?|orders?|decisions?|feet|foot|ft|meters?|metres?|miles?|inch(?:es)?|yards?|"
    r"Fighters?|View|Journal|Art|Food|Trip|Rage|Runners?|Warriors?|Style|Dance|Music|Edition|Band|Boys|Kings?|Movie)\b"
    r"|(?:(?<=Close)|(?<=Run)|(?<=Walk)|(?<=Drive)|(?<=Gate)|(?<=Row)|(?<=Loop)) (?:the|a|an|your|my|this|that|it)\b"
)


def _judge(match: re.Match[str], in_context: bool) -> float:
    before = match.string[max(0, match.start() - 12) : match.start()]
    if _DATE.search(before) and (len(match["number"]) <= 2 or match["number"][:2] in ("19", "20")):
        return 0.0
    if _NUMBERED.search(before) or _MEASURED.match(match["street"]):
        return 0.0
    if not match["more"] and (_NO_STREET.search(match["street"]) or _GOES_ON.match(match.string, match.end())):
        return 0.0
    return 0.9 if match["more"] else 0.8


def _span(match: re.Match[str]) -> tuple[int, int]:
    """Without the stop at the end, which is the sentence's."""
    return match.start(), match.end() - match[0].endswith(".")


RECOGNIZER = Recognizer(
    name="street address",
    type="ADDRESS",
    source="USPS Publication 28 (delivery address line, appendix C1: street suffixes; secondary units; last line), "
    "Royal Mail's guide to addressing mail",
    pattern=bounded(
        rf"(?<![\w$€£.,:/#+-])(?P<number>{NUMBER}),?(?: {NUMBER})? "
        rf"(?P<street>(?:{_BETWEEN} ){{0,4}}(?:{WORD}|[0-9]{{1,3}}(?:st|nd|rd|th)|[NSEW]) {_STREET}(?![\w'’]))"
        rf"\.?(?: (?:[NSEW][EW]?|North|South|East|West)(?!\w))?(?P<more>(?:{UNIT}){{0,2}}(?:{TAIL})?)"
    ),
    trigger=r"[0-9][^\n;:!?]* (?i:" + _WORDS + r")\b",
    judge=_judge,
    span=_span,
    priority=5,
)
