"""What a model had been given, in the forms that claims are looked up in; each is made when a claim asks for it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property

from agent.scoring.grounding.dates import Date, DayTime, days_named, find_dates, find_times
from agent.scoring.grounding.folding import CJK, LATIN_WORD, lower, mostly_chinese, narrow, plain, squeeze
from agent.scoring.grounding.numerals import ORDINALS, shares
from agent.scoring.grounding.quantities import Quantity, blanked, find_quantities, quantity_at

__all__ = ["Facts", "Numbers", "Times", "blanked_apart"]

# Beside these a run of digits is part of a date, a time, a longer number or a word.
_BESIDE_DIGITS = frozenset("0123456789.,:/-–—_年月日号点时十百千万亿")
_MOST_PLACES = 8
# Characters that plain searches may read for one text; after that only the sorted numbers are asked.
_MOST_READ = 50_000_000

_STEM_CHARS = 5
_LATIN_OR_DIGITS = re.compile(r"[a-z0-9\u00df-\u024f]+")
_CAPITALISED = re.compile(r"\b[A-Z][A-Za-z]*(?:[ -](?:of |the |and |for )?[A-Z][A-Za-z]*)+")
_CHINESE_RUN = re.compile(f"[{CJK}]")
_ACRONYM = re.compile(r"\b(?:[A-Z]{2,6}\b|(?:[A-Z]\.){2,6})")
_LARGEST_AMOUNT = 1e12
# 5度 is 5℃, or 5 °F.
_ALIKE = {
    "degree": ("degree", "celsius", "fahrenheit"),
    "celsius": ("celsius", "degree"),
    "fahrenheit": ("fahrenheit", "degree"),
}
#: Relative error of "about": nobody rounds further without saying so.
_HEDGED_ERROR = 0.1


class _Sorted:
    """Numbers to be looked up by nearness."""

    __slots__ = ("_values",)

    def __init__(self, values: set[float]) -> None:
        self._values = sorted(values)

    def near(self, value: float, slack: float) -> bool:
        """Whether a number lies within `slack` of the value."""
        # The rounding of binary fractions; not of whole numbers with so many digits that they are somebody's number.
        if value < _LARGEST_AMOUNT:
            slack += 1e-9 * abs(value)
        # Adding even 0.0 would make a float of a large whole number, and lose its last digits.
        low, high = (value - slack, value + slack) if slack else (value, value)
        place = bisect_left(self._values, low)
        return place < len(self._values) and self._values[place] <= high

    def near_finer(self, value: float, resolution: float) -> bool:
        """Whether a number given more exactly than to `resolution` rounds to the value."""
        low = bisect_left(self._values, value - resolution / 2)
        for place in range(low, min(low + 8, len(self._values))):
            known = self._values[place]
            if known > value + resolution / 2:
                return False
            if abs(known / resolution - round(known / resolution)) > 1e-9:
                return True
        return False

    def few(self, most: int) -> Sequence[float]:
        """All numbers when there are at most so many, else none."""
        return self._values if len(self._values) <= most else ()


class Times:
    """The dates and times of a text in lower case (see `lower`).

    Attributes
    ----------
    stretches
        Where they stand.
    values
        The numbers that they are made of.
    """

    def __init__(self, text: str) -> None:
        dates, times = find_dates(text), find_times(text)
        self.stretches = [(date.start, date.end) for date in dates] + [(time.start, time.end) for time in times]
        self.values: set[float] = set()
        self._minutes = {minute for each in times for minute in each.minutes}
        self._days: dict[tuple[int, int], set[int | None]] = {}
        self._months: set[tuple[int | None, int]] = set()
        for date in dates:
            self._learn(date)
            self.values.update(part for part in (date.year, date.month, date.day) if part is not None)
        for time in times:
            self.values.update((time.hour, time.minute))

    def _learn(self, date: Date) -> None:
        self._months.add((date.year, date.month))
        for month, day in ((date.month, date.day), date.swapped or (date.month, None)):
            if day is not None:
                self._days.setdefault((month, day), set()).add(date.year)

    def hold_date(self, date: Date) -> bool:
        """Whether the text gives this date, or one that says less and does not contradict it."""
        if date.day is None:
            return (date.year, date.month) in self._months
        for month, day in ((date.month, date.day), date.swapped or (date.month, date.day)):
            years = self._days.get((month, day))
            if years is not None and (date.year is None or None in years or date.year in years):
                return True
        return False

    def hold_time(self, time: DayTime) -> bool:
        """Whether the text gives this time of day."""
        return not self._minutes.isdisjoint(time.minutes)


class Numbers:
    """The numbers of the same text, those of its dates and times among them."""

    def __init__(self, text: str, times: Times) -> None:
        quantities = find_quantities(blanked_apart(text, times.stretches), hedges=False)
        loose: set[float] = {each.value for each in quantities if not each.unit}
        everything: set[float] = times.values | {abs(each.value) for each in quantities}
        by_unit: dict[str, set[float]] = {}
        for each in quantities:
            if each.unit:
                by_unit.setdefault(each.unit, set()).add(each.base)
        # Whoever reads of two thirds may say 66.7 %.
        by_unit.setdefault("%", set()).update(100.0 * share for share in shares(text))
        for word, value in ORDINALS.items():
            if word in text:
                everything.add(value)
                loose.add(value)
        self._all = _Sorted(everything)
        self._loose = _Sorted(loose)
        self._by_unit = {unit: _Sorted(values) for unit, values in by_unit.items()}

    def hold(self, quantity: Quantity) -> bool:
        """Whether the text gives this quantity: in this unit, in one that converts to it, or without any unit."""
        if not quantity.unit:
            return self._near(self._all, quantity.value, quantity) or self._hold_share(quantity)
        for unit in _ALIKE.get(quantity.unit, (quantity.unit,)):
            known = self._by_unit.get(unit)
            if known is None:
                continue
            factor = quantity.base / quantity.value if quantity.value else 1.0
            if self._near(known, quantity.base, quantity, factor):
                return True
        if self._near(self._loose, abs(quantity.value), quantity):
            return True
        # 35 % of a table that has 0.35.
        return quantity.unit == "%" and self._near(self._loose, quantity.value / 100.0, quantity, 0.01)

    def _hold_share(self, quantity: Quantity) -> bool:
        """Whether the text gives a share such as 0.35 in per cent."""
        known = self._by_unit.get("%")
        return (
            known is not None
            and 0.0 < quantity.value < 1.0
            and self._near(known, 100.0 * quantity.value, quantity, 100.0)
        )

    def _near(self, known: _Sorted, value: float, quantity: Quantity, factor: float = 1.0) -> bool:
        if known.near(value, 0.0):
            return True
        if quantity.hedged and abs(quantity.value) >= 10:
            return known.near(value, _HEDGED_ERROR * abs(value))
        resolution = quantity.resolution * factor
        return known.near(value, resolution / 2) if resolution > 1 * factor else known.near_finer(value, resolution)

    def hold_hour(self, hour: int) -> bool:
        """Whether the text gives a bare number that stands for an hour: it opens at 8."""
        return self._loose.near(hour, 0.0)

    @property
    def can_be_reckoned_with(self) -> bool:
        """Whether there are two numbers or more."""
        return len(self._all.few(10_000)) > 1

    def _few(self) -> list[float]:
        """All numbers when they are few; larger ones are identifiers, and products of them overflow."""
        return [number for number in self._all.few(12) if abs(number) < _LARGEST_AMOUNT]

    def is_difference(self, quantity: Quantity) -> bool:
        """Whether it lies between two of few numbers: so many years."""
        close = max(quantity.resolution / 2, 1e-6)
        numbers = self._few()
        return any(abs(first - second - quantity.value) <= close for first in numbers for second in numbers)

    def derive(self, quantity: Quantity, *, doubled: bool = True) -> bool:
        """Whether two of few numbers, or all of them, give this one by an operation of arithmetic; with ``doubled`` one
        of them with itself, too.
        """
        numbers = self._few()
        if abs(quantity.value) >= _LARGEST_AMOUNT**2:
            return False
        close = max(quantity.resolution / 2, 1e-6)
        if len(numbers) > 1 and abs(sum(numbers) - quantity.value) <= close:
            return True
        return any(
            abs(result - quantity.value) <= close
            for first in numbers
            for second in numbers
            if first > second or (doubled and first == second)
            for result in (first + second, first - second, first * second, first / second if second else first)
        )


def blanked_apart(text: str, stretches: list[tuple[int, int]]) -> str:
    """`blanked`, for stretches in any order that may overlap."""
    kept: list[tuple[int, int]] = []
    for start, end in sorted(stretches):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
        elif end > kept[-1][1]:
            kept[-1] = (kept[-1][0], end)
    return blanked(text, kept)


class Facts:
    """The texts that a model had been given.

    Parameters
    ----------
    texts
        Raw. Time and memory are proportional to their length, and nothing is kept of them but while they are judged.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        # The line break keeps the end of one text and the start of the next from forming a value.
        self.text = narrow("\n".join(texts))
        self._read = 0
        self._known: dict[tuple[str, float, str, bool], bool] = {}

    def begin(self) -> None:
        """Another answer is held against the same texts: what one used up must not change what the next is told."""
        self._read = 0

    def hold(self, quantity: Quantity, written: str) -> bool:
        """Whether the texts give a quantity. Most stand there as the answer writes them, which is quickly seen."""
        key = (written, quantity.value, quantity.unit, quantity.hedged)
        if key not in self._known:
            forms = _digit_forms(abs(quantity.value), written)
            self._known[key] = (
                any(self._stands(quantity, digits) for digits in forms)
                or (quantity.words and self._stands_as(written))
                or self.numbers.hold(quantity)
            )
        return self._known[key]

    def hold_date(self, date: Date, written: str) -> bool:
        """Whether the texts give a date."""
        return self._stands_as(written) or self.times.hold_date(date)

    def hold_time(self, time: DayTime, written: str) -> bool:
        """Whether the texts give a time of day."""
        if self._stands_as(written) or self.times.hold_time(time):
            return True
        return not time.minute and self.numbers.hold_hour(time.hour)

    def _stands(self, quantity: Quantity, digits: str) -> bool:
        text, place = self.text, self._find(digits)
        for _ in range(_MOST_PLACES):
            if place < 0:
                return False
            end = place + len(digits)
            if self._stands_alone(place, end):
                found = quantity_at(self._lowered, place)
                if found is not None and found.value == quantity.value and not found.code:
                    same = (found.unit, found.base) == (quantity.unit, quantity.base)
                    if same or not found.unit or not quantity.unit:
                        return True
            place = text.find(digits, end)
        return False

    def _stands_as(self, written: str) -> bool:
        """Whether the very characters stand there, not inside a longer word or number."""
        text, written = self._lowered, written.lower()
        place = self._find(written)
        for _ in range(_MOST_PLACES):
            if place < 0:
                return False
            end = place + len(written)
            if self._stands_alone(place, end):
                return True
            place = text.find(written, end)
        return False

    def _find(self, written: str) -> int:
        if self._read > _MOST_READ:
            return -1
        place = self._lowered.find(written)
        self._read += len(self._lowered) if place < 0 else place
        return place

    def _stands_alone(self, start: int, end: int) -> bool:
        before, after = self.text[max(0, start - 1) : start], self.text[end : end + 1]
        if before in _BESIDE_DIGITS or (before.isascii() and before.isalpha()):
            return False
        if after == "." and not self.text[end + 1 : end + 2].isdigit():
            return True  # the end of a sentence
        return after not in _BESIDE_DIGITS and not (after.isascii() and after.isalpha())

    @cached_property
    def _lowered(self) -> str:
        return lower(self.text)

    @cached_property
    def times(self) -> Times:
        """All dates and times of the texts."""
        return Times(self._lowered)

    @cached_property
    def numbers(self) -> Numbers:
        """All numbers of the texts; the dearest of what is made of them."""
        return Numbers(self._lowered, self.times)

    @cached_property
    def days(self) -> frozenset[int]:
        """Days of the week spoken of."""
        return days_named(self._lowered)

    @cached_property
    def squeezed(self) -> str:
        """All texts without blanks, punctuation and case."""
        return "\n".join(squeeze(line) for line in self.text.split("\n"))

    @cached_property
    def words(self) -> frozenset[str]:
        """Latin words and digit runs, in lower case, with and without their accents."""
        found = set(_LATIN_OR_DIGITS.findall(self._lowered))
        return frozenset(found.union(map(plain, found)))

    @cached_property
    def _beginnings(self) -> frozenset[str]:
        return frozenset(word[:_STEM_CHARS] for word in self.words if len(word) >= _STEM_CHARS)

    @cached_property
    def initials(self) -> frozenset[str]:
        """Acronyms that the names in the texts give: ``who`` of World Health Organization, whatever stands before."""
        found: set[str] = set()
        for match in _CAPITALISED.finditer(self.text):
            letters = "".join(word[0] for word in re.split(r"[ -]", match.group()) if word[:1].isupper()).lower()[-8:]
            found.update(letters[start:] for start in range(len(letters)))
        return frozenset(found)

    @cached_property
    def acronyms(self) -> frozenset[str]:
        """Acronyms in the texts, in lower case, with or without points."""
        return frozenset(match.replace(".", "").lower() for match in _ACRONYM.findall(self.text))

    def knows(self, word: str) -> bool:
        """Whether a lower-case Latin word occurs, in this or another form, or as the initials of a name."""
        word = plain(word)
        if word in self.words or (len(word) > _STEM_CHARS and word[:_STEM_CHARS] in self._beginnings):
            return True
        return 2 <= len(word) <= 6 and word in self.initials

    @cached_property
    def is_latin(self) -> bool:
        """Whether enough of the texts is in Latin letters for names in them to be looked for."""
        return sum(1 for _, _ in zip(range(5), LATIN_WORD.finditer(self.text), strict=False)) == 5

    @cached_property
    def is_chinese(self) -> bool:
        """The same for Chinese."""
        return sum(1 for _, _ in zip(range(5), _CHINESE_RUN.finditer(self.text), strict=False)) == 5

    @cached_property
    def is_mostly_chinese(self) -> bool:
        """Whether the texts are Chinese, though a question or a name in Latin letters stands among them."""
        return mostly_chinese(self.text)


def _digit_forms(value: float, written: str) -> list[str]:
    """How a value is written in digits: as the answer has it, and with or without separators."""
    forms = [written] if written[:1].isdigit() and written.replace(".", "").replace(",", "").isdigit() else []
    if value == int(value) and value < 10**15:
        forms += [f"{int(value)}", f"{int(value):,}"]
    return list(dict.fromkeys(forms))
