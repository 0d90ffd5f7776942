"""Numbers in any national notation that the text itself calls a telephone number."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded
from agent.scoring.pii.checksums import digits_of
from agent.scoring.pii.context_words import COUNT_DENIAL, COUNT_LABELS, PHONE_CONTEXT

__all__ = ["RECOGNIZER"]

_DATE = re.compile(
    r"(?:19|20)[0-9]{2}[-./ ][0-9]{1,2}[-./ ][0-9]{1,2}|[0-9]{1,2}[-./ ][0-9]{1,2}[-./ ](?:19|20)[0-9]{2}"
    r"|(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?![0-9])"
)
# Not in the grouping of a telephone number: bare, or in thousands.
_COUNT = re.compile("[1-9][0-9]*|[1-9][0-9]{0,2}(?:(?: [0-9]{3})+|(?:[.][0-9]{3})+)")
# Thousands as most of Europe and Latin America write them. Nine digits may be a telephone so grouped: 612.345.678.
_THOUSANDS = re.compile(r"[1-9][0-9]?\.[0-9]{3}\.[0-9]{3}|[1-9][0-9]{2}\.[0-9]{3}\.000")
# A call of a function, and what it took or gave: no telephone. A call between people returns, starts and ends as well:
# after these words only a Unix time is a program's. A conference call is never a function's.
_OF_A_PROGRAM = re.compile(
    r"(?:\b|_)(?<!\bconference )calls?(?=\b|_)(?! (?:me|us|him|her|them|back|if|when)\b)[^.,(!?\n]{0,16}?(?:\b|_)"
    r"(?:ids?|took|stack|trace|frame|duration|latency|timestamp|(?P<of_people>returns|returned|started|ended|finished|failed))"
    r"[\"']?[ :=]{0,3}(?:(?:at|in|after|with) )?$",
    re.IGNORECASE,
)
# A Unix time from 2014 to 2033, in seconds or milliseconds.
_UNIX_TIME = re.compile("1[4-9][0-9]{8}(?:[0-9]{3})?")
# A fraction, but for 555.0199; a screen; counting.
_MEASURE = re.compile(
    r"[0-9]+\.[0-9]{1,3}|[1-9][0-9]*\.[0-9]{5,}|[0-9]{1,2}\.[0-9]+|(?:1280|1600|1920|3840) (?:1080|1200|1440|1600|2160)"
    r"|1 2 3 4 5 6[0-9 ]*"
)
# Between these and a noun stands a telephone all the same: my number: 5550199 answers.
_SAID = re.compile(r"(?:\b(?:me|us|him|her|them|no|nr|number|tel|fax)\b[^\w\n]*|[:=#：])\s*$", re.IGNORECASE)
# What comes right after the verb is how many are called, or reached.
_VERB = re.compile(r"\b(?:call|text|reach|contact)(?P<told>s|ed|ing)? $", re.IGNORECASE)
# But where the clause ends after it, or goes on with when and why to call, it is whom.
_CLAUSE_END = re.compile(
    r"\s*(?:[.,;:!?)\n]|$)| (?:now|today|tomorrow|tonight|anytime|immediately|asap|please|if|to|for|or|and|at|before|"
    r"after|between|when|ext|whenever|instead)\b",
    re.IGNORECASE,
)
# When somebody is reached, and thanks, in Spanish, Portuguese, French and German: no plural of what is counted.
_WHEN = (
    "gracias(?! a\\b)|lunes|martes|miercoles|jueves|viernes|dias [uú]teis|tardes|noches|despues|antes d[eo]|entonces|"
    "das [0-9]+h?|aos (?:s[aá]bados|domingos)|depois|mais (?:tarde|cedo)|tercas|quartas|quintas|sextas|segundas|"
    "obrigados|tous les|jours|apres|dans la|"
    "(?:mon|diens|donners|frei|sams|sonn|werk|feier|mit|vormit|nachmit)tags|abends|morgens"
)
_COUNTED = re.compile(
    r" ?(?:(?!(?:is|was|as|has|this|us|its|always|sms|sometimes|thanks|plus|unless|works|hours|days|yes|rings|mornings|"
    rf"evenings|belongs|weekdays|weekends|{_WHEN})\b)[a-z]{{2,20}}s\b|(?:people|percent|million|billion|thousand|children|men|women|km|kg|mg|ml|kb|mb|gb|px|ms)\b|"
    r"[台股人次户戶件名辆輛条條万萬亿億吨噸笔筆张張份头頭只隻套点])"
)
# German for a mobile telephone; before other numbers than theirs it may be English, or an oil company.
_MOBILE = re.compile(r"\b(?:handy|mobil)[.:]{0,2} {0,2}$", re.IGNORECASE)
# Of Germany, Austria and Switzerland.
_MOBILE_NUMBER = re.compile("[(]?0(?:1[5-7]|6[5-9]|7[5-9])")
# Where nothing is told of another number behind it, which the word would be of.
_CALLED_BEHIND = re.compile(
    r"(?: |, | ?\()(?:tel|tel[eé]fono|telefone?|telem[oó]vel|m[oó]vil|celular|cellulare|t[eé]l[eé]phone)\b"
    r"\s*(?:[.;!?)\n]|$)(?!\s*[+(]?[0-9])",
    re.IGNORECASE,
)
_BEFORE = 32
# Digits before the zeros of a round number, and of a number without its area, at the most.
_ROUND = 3
_LOCAL = 8
_SSN_OR_QUAD = re.compile(r"[0-9]{3}-[0-9]{2}-[0-9]{4}|[0-9]{1,3}(?:\.[0-9]{1,3}){3}")


def _counts(match: re.Match[str], number: str) -> bool:
    """Whether a number without the grouping of a telephone's is round, says how many, or is a program's."""
    if len(digits_of(number).rstrip("0")) <= _ROUND or _THOUSANDS.fullmatch(number):
        return True
    before = match.string[max(0, match.start() - _BEFORE) : match.start()]
    program = _OF_A_PROGRAM.search(before)
    if program and (program["of_people"] is None or _UNIX_TIME.fullmatch(number)):
        return True
    verb = _VERB.search(before) if len(number) <= _LOCAL else None
    if verb and (verb["told"] or not _CLAUSE_END.match(match.string, match.end())):
        return True
    return _COUNTED.match(match.string, match.end()) is not None and _SAID.search(before) is None


def _is_called_one(match: re.Match[str]) -> bool:
    """Whether a word right before or behind calls the number a telephone's.

    Then no context is needed, and `COUNT_DENIAL` is switched off: `pedido 612345678 (móvil)`. What `COUNT_LABELS` has
    denies the number still, where it stands right before it: `Order 1234567890 (tel)`.
    """
    start = match.start()
    if _MOBILE_NUMBER.match(match["number"]) and _MOBILE.search(match.string, max(0, start - _BEFORE), start):
        return True
    return _CALLED_BEHIND.match(match.string, match.end()) is not None


def _judge(match: re.Match[str], in_context: bool) -> float:
    if not (in_context or _is_called_one(match)) or not 7 <= len(digits_of(match["number"])) <= 15:
        return 0.0
    value, number = match[0], match["number"]
    if _COUNT.fullmatch(number) and _counts(match, number):
        return 0.0
    if _MEASURE.fullmatch(number) or _DATE.match(value) or _SSN_OR_QUAD.fullmatch(value):
        return 0.0
    return 0.8


RECOGNIZER = Recognizer(
    name="number called a telephone number",
    type="PHONE",
    source="ITU-T E.123 (grouping), Google libphonenumber's documentation (7 to 15 digits); needs a context word",
    pattern=bounded(
        r"(?P<number>[(0-9](?<![\w+@#$€£¥][(0-9])(?<![0-9][.,-][(0-9])"
        r"(?:(?<=\()[0-9]|(?<!\())(?:[ ().-]{0,2}[0-9]){6,15}+)"
        r"(?:(?: ?x| ?ext\.? ?)[0-9]{1,5})?(?!\w|[.,-][0-9]|[%元块])"
    ),
    trigger=r"\(?\b[0-9](?:[ ().-]{0,2}[0-9]){6}",
    starts=True,
    judge=_judge,
    context=PHONE_CONTEXT,
    denial=COUNT_DENIAL,
    is_plain=_is_called_one,
    label=COUNT_LABELS,
    priority=3,
    reach=28,
)
