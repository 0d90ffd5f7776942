"""The claims of an answer that can be checked by form alone, each looked up in what the model had been given."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Final, NamedTuple

from agent.scoring.grounding.dates import find_dates, find_times, find_weekdays
from agent.scoring.grounding.facts import Facts, blanked_apart
from agent.scoring.grounding.folding import CJK, lower, mostly_chinese, narrow, squeeze, without_code
from agent.scoring.grounding.names import chinese_names, latin_names
from agent.scoring.grounding.polarity import ClauseFinder, clauses
from agent.scoring.grounding.quantities import Quantity, find_quantities

__all__ = ["KINDS", "Claim", "Context", "find_claims"]


class Claim(NamedTuple):
    """Something in an answer that either occurs in what was given or does not."""

    start: int
    end: int
    kind: str
    supported: bool


KINDS: Final[dict[str, tuple[float, str]]] = {
    "NUMBER": (1.0, "numbers"),
    "DATE": (1.0, "dates and times"),
    "QUOTE": (1.0, "quotations"),
    "NEGATION": (1.0, "repeated statements"),
    "NAME": (0.5, "names"),
}
"""Weight, and what the claims are called. Names weigh less: people have more ways to write one than a number."""

# "1.", "(2)", "- 3)" at the start of a line, headings, "[4]" anywhere, "step 5", "第6步": counted, not claimed.
_MARKER = re.compile(
    r"^[ \t]*(?:[-*•>]+ ?)?(?:\*\*)?\(?[0-9]{1,3}[.)、:](?![0-9])|^#+ [^\n]*|\[[0-9]{1,3}\]|【[0-9]{1,3}】"
    r"|(?<=\()[0-9]{1,2}(?=\))"
    r"|\b(?:step|option|part|point|item|answer|reason|source|passage|document) [0-9]{1,3}\b"
    rf"|第[0-9一二三四五六七八九十]{{1,3}}+(?![0-9]|[{CJK}]?[层楼届名期章条款])|\b24/7\b",
    re.IGNORECASE | re.MULTILINE,
)
_BULLET = re.compile(r"^[ \t]*(?:[-*•]|\(?[0-9]{1,3}[.)、])", re.MULTILINE)
_CALCULATION = re.compile(
    r"\b(?:more|less|fewer|longer|shorter|cheaper|left|remaining|twice|times|between|per|each|both)\b|[×+]|多|少|剩|每",
    re.IGNORECASE,
)
# A number may have been taken twice; else twice 30 days would be told by 30.
_DOUBLING = re.compile(r"\b(?:twice|both|each|per)\b|[×每倍双两]", re.IGNORECASE)
# Years after are a difference, and nothing else: 退货 within 60 days 购买后 is no sum of what is there.
_LATER = "后"
# Where these stand an answer reckons, in as many steps as it likes: what does not come out cannot be checked by form.
_RECKONING = re.compile(
    r"\b(?:total|sum|altogether|combined|difference|saves?|saving|average|later|earlier|doubled?|halved?|triple)\b"
    r"|=|共|合计|总|相差|加起来|平均|节?省|便宜|翻倍|加倍",
    re.IGNORECASE,
)
# A straight mark behind a digit or letter opens nothing: it stands for inches, or closes.
_QUOTE = re.compile('(?:(?<![0-9A-Za-z])"|[“„])([^"“”„\n]{4,300})["”]|「([^「」\n]{4,300})」|『([^『』\n]{4,300})』')
_QUOTED_WORD = re.compile(rf"[A-Za-z0-9\u00c0-\u024f]+|[{CJK}]")
_LEAST_QUOTED_WORDS = 3
_LEAST_QUOTED_CHARACTERS = 5
_MOST_QUOTES = 32
# Below this a number in words is mostly a turn of speech: "one of", "two things", 一些, 两种.
_LEAST_IN_WORDS = 4
# Characters to either side in which a word of reckoning is looked for: about as many words in both scripts.
_NEAR = 60
_NEAR_CHINESE = 15


class Context(Facts):
    """The facts of what was given, and its clauses."""

    @cached_property
    def clauses(self) -> ClauseFinder:
        return ClauseFinder(self.text)

    def begin(self) -> None:
        super().begin()
        self.clauses.begin()


def find_claims(answer: str, context: Context) -> list[Claim]:
    """All claims of an answer that can be checked, in no particular order. Linear in both texts."""
    text = without_code(narrow(answer))
    lowered = lower(text)
    context.begin()
    found = [*_dates(lowered, context)]
    rest = blanked_apart(lowered, [(claim.start, claim.end) for claim in found])
    found += _numbers(rest, context)
    # Names and words that were translated cannot be found again.
    if mostly_chinese(text):
        same_script = context.is_chinese
        names = chinese_names(text, context) if same_script else ()
    else:
        same_script = context.is_latin and not context.is_mostly_chinese
        names = latin_names(text, context) if same_script else ()
    found += [Claim(name.start, name.end, "NAME", name.supported) for name in names]
    if same_script:
        found += _quotes(text, context)
        found += _negations(text, context)
    return found


def _dates(text: str, context: Context) -> Iterator[Claim]:
    dates = find_dates(text)
    for date in dates:
        yield Claim(date.start, date.end, "DATE", context.hold_date(date, text[date.start : date.end]))
    taken = {place for date in dates for place in range(date.start, date.end)}
    for time in find_times(text):
        if time.start in taken:
            continue
        # 三点 is three o'clock, and three points; a number that small is no claim either way.
        bare = time.hour < _LEAST_IN_WORDS and text[time.start] in "零〇一二两三"
        if not bare:
            taken.update(range(time.start, time.end))
            yield Claim(time.start, time.end, "DATE", context.hold_time(time, text[time.start : time.end]))
    for weekday in find_weekdays(text):
        if weekday.start not in taken and context.days:
            yield Claim(weekday.start, weekday.end, "DATE", weekday.day in context.days)


def _numbers(text: str, context: Context) -> Iterator[Claim]:
    markers = [match.span() for match in _MARKER.finditer(text)]
    text = blanked_apart(text, markers)
    near = _NEAR if text.isascii() else _NEAR_CHINESE
    listed = len(_BULLET.findall(text)) or len(markers)
    for quantity in find_quantities(text):
        if quantity.code or not _is_claim(text, quantity) or quantity.value == listed:
            continue
        supported = context.hold(quantity, text[quantity.start : quantity.end])
        if not supported:
            around = (max(0, quantity.start - near), min(len(text), quantity.end + near))
            reckoned = _RECKONING.search(text, *around)
            if reckoned or _CALCULATION.search(text, *around):
                doubled = bool(reckoned or _DOUBLING.search(text, *around))
                supported = context.numbers.derive(quantity, doubled=doubled)
            elif _LATER in text[slice(*around)]:
                supported = context.numbers.is_difference(quantity)
            if reckoned and not supported and context.numbers.can_be_reckoned_with:
                continue
        yield Claim(quantity.start, quantity.end, "NUMBER", supported)


def _is_claim(text: str, quantity: Quantity) -> bool:
    if not quantity.words:
        return True
    if text[quantity.start : quantity.start + 1].isascii():
        return bool(quantity.unit) or quantity.value >= _LEAST_IN_WORDS
    # Single Chinese numerals are part of a thousand words (三明治, 四川, 十分): only with a unit are they amounts.
    run = text[quantity.start : quantity.end]
    if quantity.unit:
        return quantity.value >= _LEAST_IN_WORDS or quantity.unit not in ("", "month")
    return len(run) > 1 and run[0] not in "十百千万亿零〇" and quantity.value >= _LEAST_IN_WORDS and run != "万一"


def _quotes(text: str, context: Context) -> Iterator[Claim]:
    for number, match in enumerate(_QUOTE.finditer(text)):
        if number >= _MOST_QUOTES:
            return
        said = match[1] or match[2] or match[3]
        words = _QUOTED_WORD.findall(said)
        chinese = sum(word >= "\u3400" for word in words)
        if len(words) - chinese >= _LEAST_QUOTED_WORDS or chinese >= _LEAST_QUOTED_CHARACTERS:
            yield Claim(match.start(), match.end(), "QUOTE", squeeze(said) in context.squeezed)


def _negations(text: str, context: Context) -> Iterator[Claim]:
    for clause in clauses(text):
        compared = context.clauses.compare(clause)
        if compared is not None:
            yield Claim(compared.start, compared.end, "NEGATION", not compared.contrary)
