"""agent.scoring.canary.finder: every registered value is found wherever it stands, and nothing else."""

from __future__ import annotations

import random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from agent.canonical import canonical
from agent.scoring.canary.finder import CanaryFinder, Hit
from agent.scoring.canary.generate import fresh_canaries
from tests.unit.scoring.canary.builders import KEYS, file_of, finder_of

VALUES = (
    "4111 1111 1122 3344",
    "K7MD-93QX-4TRW-PZ2H",
    "山月松风，海云石竹",
    "Zoë Müller-Lüdenscheidt",
    "비밀번호 하나둘셋",
    "संकेत शब्द ५७३९",
    "ann.lee@corp.example",
)
FINDER = finder_of(*VALUES)

# Mixed scripts, emoji, combining marks, full width, controls, surrogates.
around = st.lists(
    st.one_of(
        st.text(st.characters(exclude_categories=()), max_size=12),
        st.sampled_from(
            [
                "é\u0301",
                "🏳️‍🌈",
                "\u0301\u0327",
                "ｆｕｌｌ　ｗｉｄｔｈ",
                "今天天气不错，",
                "℡㎏ﬁ½",
                "한국어",
                "\ud800",
                " \n\t",
                "4111",
            ]
        ),
    ),
    max_size=6,
).map("".join)
gaps = st.sampled_from(["", " ", "  ", "-", "\u200b", " . ", "\u3000", "\u0301", "|\n"])


def disguised(value: str, gap: str, wide: bool, upper: bool) -> str:
    """The value as somebody else may write it."""
    text = value.upper() if upper and len(value.upper()) == len(value) else value
    if wide:
        text = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
    return gap.join(text)


@settings(max_examples=400)
@given(value=st.sampled_from(VALUES), before=around, after=around, gap=gaps, wide=st.booleans(), upper=st.booleans())
def test_a_planted_value_is_found_exactly_where_it_stands(
    value: str, before: str, after: str, gap: str, wide: bool, upper: bool
) -> None:
    planted = disguised(value, gap, wide, upper)
    text = before + planted + after
    (hits,) = FINDER.find([text]).hits
    # From its first character that counts to its last: a gap's accent behind the last one is none of it.
    counts = [place for place, character in enumerate(planted) if canonical(character)]
    expected = Hit(len(before) + counts[0], len(before) + counts[-1] + 1, "canary")
    assert expected in hits
    assert canonical(text[expected.start : expected.end]) == canonical(value)


@given(texts=st.lists(around, max_size=6), planted=st.sampled_from(VALUES), place=st.integers(0, 5))
def test_what_is_found_in_a_text_does_not_depend_on_the_others(texts: list[str], planted: str, place: int) -> None:
    texts.insert(min(place, len(texts)), f"x {planted} y")
    assert FINDER.find(texts).hits == [FINDER.find([text]).hits[0] for text in texts]


@given(value=st.sampled_from(VALUES), cut=st.integers(1, 30))
def test_a_value_over_two_texts_is_not_put_together(value: str, cut: int) -> None:
    assume(canonical(value[:cut]) and canonical(value[cut:]))
    assert FINDER.find([value[:cut], value[cut:]]).hits == [[], []]


@given(text=around)
def test_random_texts_hold_none(text: str) -> None:
    assume(not any(canonical(value) in canonical(text) for value in VALUES))
    assert FINDER.find([text]).hits == [[]]


def test_ten_thousand_values_are_not_found_in_a_million_characters_that_hold_none() -> None:
    finder = CanaryFinder(file_of([one.value for one in fresh_canaries(2_000)]).canaries, KEYS)
    rng = random.Random(7)
    letters = "0123456789abcdefghijklmnopqrstuvwxyz山月松风海云石竹"
    found = finder.find(["".join(rng.choices(letters, k=10_000)) for _ in range(100)])
    assert found.hits == [[] for _ in range(100)]
    assert found.digests == 0, "44 bits of a tag tell a million positions apart from 2,000 values"


def test_one_character_less_or_another_one_is_another_value() -> None:
    for text in ("4111 1111 1122 334", "4111 1111 1122 3345", "111 1111 1122 3344", "K7MD-93QX-4TRW-PZ2"):
        assert FINDER.find([text]).hits == [[]]


def test_values_within_values_are_hits_of_their_own() -> None:
    finder = finder_of("alpha7beta", "alpha7beta9gamma", "beta9gamma")
    text = "see Alpha-7 beta 9 gamma!"
    found = {text[hit.start : hit.end] for hit in finder.find([text]).hits[0]}
    assert found == {"Alpha-7 beta", "Alpha-7 beta 9 gamma", "beta 9 gamma"}


def test_a_value_may_begin_within_a_character() -> None:
    """The sign for "tel" is three letters, of which the value has the last."""
    text = "call ℡48213907 now"
    ((hit,),) = finder_of("l4821-3907").find([text]).hits
    assert text[hit.start : hit.end] == "℡48213907"


def test_empty_texts_and_no_values() -> None:
    assert FINDER.find([]).hits == []
    assert FINDER.find(["", "a", ""]).hits == [[], [], []]
    assert CanaryFinder([], KEYS).find(["anything at all"]).hits == [[]]


# ---------------------------------------------------------------- linear, whatever the text


@pytest.mark.parametrize("unit", [*list(VALUES), "4111 1111 ", "41", "山月", "a"])
def test_work_grows_with_the_length_of_hostile_texts(unit: str) -> None:
    """Counted, not timed: digests are the only work that depends on what stands in the text."""
    finder = FINDER
    once, thrice = (finder.find([unit * count]) for count in (1_000, 3_000))
    assert thrice.digests <= 3 * once.digests + 64
    assert thrice.digests <= 3_000 * len(canonical(unit))


def test_a_value_that_repeats_itself_costs_at_most_its_places_a_position() -> None:
    finder = finder_of("abcdabcdabcdabcd", "abcdabcdabcd9")
    found = finder.find(["abcd" * 5_000])
    assert found.digests <= 2 * 20_000
    assert len(found.hits[0]) == 5_000 - 3


def test_batches_over_many_blocks_lose_nothing_at_their_edges() -> None:
    filler = "界" * 1_003
    text = filler.join([VALUES[2]] * 60)
    assert len(FINDER.find([text]).hits[0]) == 60
