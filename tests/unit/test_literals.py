"""agent.literals: one pass finds what value by value finds, and its work grows with the text alone."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.literals import Literals, occurrences, word_places

LETTERS = st.sampled_from("aab1@.é ")
WORDS = st.text(alphabet=LETTERS, min_size=1, max_size=6)


@st.composite
def many_values(draw: st.DrawFn) -> tuple[str, list[str]]:
    """More values than are searched one by one: parts of the text, beginnings of one another, near misses."""
    text = "".join(draw(st.lists(WORDS, min_size=1, max_size=20)))
    unit = draw(WORDS)
    text += unit * draw(st.integers(0, 30))
    cuts = draw(st.lists(st.tuples(st.integers(0, len(text) - 1), st.integers(1, 20)), max_size=20))
    values = {text[start : start + length] for start, length in cuts}
    values |= {unit * times for times in range(1, draw(st.integers(1, 30)))}
    values |= {f"{draw(WORDS)}{number:02d}" for number in range(40)}
    return text, sorted(values, key=lambda value: (hash(value), value))


def simple_way(text: str, values: Sequence[str], whole_words: bool) -> dict[int, str]:
    found: dict[int, str] = {}
    for value in sorted(values, key=len):
        found |= dict.fromkeys((word_places if whole_words else occurrences)(text, value), value)
    return found


@settings(max_examples=500)
@given(many_values(), st.booleans())
def test_one_pass_finds_what_value_by_value_finds(case: tuple[str, list[str]], whole_words: bool) -> None:
    text, values = case
    literals = Literals(values, whole_words)
    assert literals.longest(text) == simple_way(text, values, whole_words)
    assert literals.stands_in(text) == bool(simple_way(text, values, whole_words))


class Counted(str):
    """A text that counts its characters that are looked at."""

    looked_at = 0

    def find(self, value: str, start: int = 0) -> int:  # type: ignore[override]
        place = super().find(value, start)
        self.looked_at += (len(self) if place < 0 else place + len(value)) - start
        return place

    def startswith(self, value: str, start: int = 0) -> bool:  # type: ignore[override]
        self.looked_at += len(value)
        return super().startswith(value, start)

    def __getitem__(self, key: slice | int) -> str:  # type: ignore[override]
        part = super().__getitem__(key)
        self.looked_at += len(part)
        return part


CASES = {
    "addresses": lambda n: [f"user{number:06d}@example.org" for number in range(n)],
    "one character differs": lambda n: [f"{'a' * 20}{number:06x}@a.aa" for number in range(n)],
    "beginnings of one another": lambda n: [
        f"{'a1@' * 4}{number // 40}@a.{'a' * (number % 40 + 2)}" for number in range(n)
    ],
    "short and long": lambda n: [f"{number:04x}" * (number % 7 + 1) for number in range(n)],
}


@pytest.mark.parametrize("whole_words", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_the_work_grows_with_the_text_not_with_the_values(name: str, whole_words: bool) -> None:
    work = []
    for count in (1000, 4000):
        values = CASES[name](count)
        text = Counted(" ".join(values))
        Literals(values, whole_words).longest(text)
        work.append(text.looked_at / len(text))
    # Per character; value by value it would be four times as much.
    assert work[1] < 1.3 * work[0]
    assert work[1] < 120


def test_few_long_and_no_values() -> None:
    assert Literals([]).longest("abc") == {}
    long = "x1" * 2500
    values = [long, *(f"{number:03d}" for number in range(100))]
    assert Literals(values).longest(f"007{long}") == {0: "007", 3: long}
