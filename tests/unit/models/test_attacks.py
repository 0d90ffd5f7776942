"""Own-written attacks and their harmless look-alikes."""

from __future__ import annotations

import random
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.models.attacks import GROUPS, OwnRow, generate
from agent.models.attacks.data_texts import SHAPES, data_text
from agent.models.attacks.english import PIECES
from agent.models.attacks.other_pieces import OTHER_PIECES
from agent.models.attacks.others import OTHERS
from agent.models.attacks.pieces import fill, split


@pytest.fixture(scope="module")
def rows() -> list[OwnRow]:
    return generate(3, share=0.2)


def test_every_group_has_both_classes_in_its_languages(rows: list[OwnRow]) -> None:
    found = {(row.group, row.lang, row.label) for row in rows}
    expected = {(group, lang, label) for group in GROUPS[:-1] for lang in ("en", "zh") for label in (0, 1)}
    expected |= {(GROUPS[-1], lang, label) for lang in {*OTHERS, *OTHER_PIECES} for label in (0, 1)}
    assert found == expected


def test_texts_are_unique_and_filled_in(rows: list[OwnRow]) -> None:
    texts = [row.text for row in rows]
    assert len(set(texts)) == len(texts) > 2000
    names = ("{task}", "{Task}", "{harm}", "{persona}", "{topic}", "{who}", "{then}", "{role}", "{thing}", "{software}")
    assert not any(name in text for text in texts for name in names)
    assert all(text.strip() for text in texts)


def test_the_seed_alone_decides() -> None:
    assert generate(5, share=0.02) == generate(5, share=0.02)
    assert generate(5, share=0.02) != generate(6, share=0.02)


def test_trigger_words_stand_in_both_classes(rows: list[OwnRow]) -> None:
    for lang, words in (
        ("en", ("ignore", "instructions", "system", "developer mode", "pretend", "password", "rules", "forget")),
        ("zh", ("忽略", "指令", "系统", "开发者模式", "扮演", "密码", "规则", "忘")),
    ):
        for word in words:
            labels = {row.label for row in rows if row.lang == lang and word in row.text.lower()}
            assert labels == {0, 1}, word


def test_frames_of_applications_and_shapes_of_data_stand_in_both_classes(rows: list[OwnRow]) -> None:
    for group, marks in (
        ("own_application", ("### ", "Context", "资料", "JSON", "<|im_start|>", "Human: ", "用户: ", "SQL", '"""')),
        ("own_data", ("<td>", "| --", " INFO ", "\n", '": ', "---", "00")),
    ):
        for mark in marks:
            assert {row.label for row in rows if row.group == group and mark in row.text} == {0, 1}, mark


@pytest.mark.parametrize("shape", sorted(SHAPES))
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_data_of_any_shape_holds_its_sentence(shape: str, lang: str) -> None:
    made = [SHAPES[shape]("the sentence", 3, lang, random.Random(seed)) for seed in range(200)]
    least = 0.9 if shape == "json" else 1.0  # wide rows lose columns there
    assert sum("the sentence" in text for text in made) >= least * len(made)


@given(st.integers(0, 2**32))
def test_data_with_a_sentence_is_short_enough_for_it_to_be_seen(seed: int) -> None:
    assert len(data_text(PIECES, "the sentence", random.Random(seed))) < 4000


def test_length_hardly_tells_the_classes_apart(rows: list[OwnRow]) -> None:
    for lang in ("en", "zh"):
        long, short = (
            median(len(row.text) for row in rows if (row.lang, row.label) == (lang, label)) for label in (1, 0)
        )
        assert long < 1.7 * short


@given(st.integers(0, 2**32))
def test_slots_are_filled_from_the_pools_with_capitals_on_request(seed: int) -> None:
    pools = {"animal": ("otter", "heron"), "pair": ("{animal} and {animal}",)}
    text = fill("{Animal}: {pair}", pools, random.Random(seed))
    head, _, tail = text.partition(": ")
    assert head in ("Otter", "Heron")
    assert set(tail.split(" and ")) <= {"otter", "heron"}


def test_fixed_slots_stay_the_same() -> None:
    pools = {"who": ("a", "b", "c", "d")}
    assert fill("{who}{who}{who}{Who}", pools, random.Random(1), {"who": "x"}) == "xxxX"


def test_pieces_are_split_at_bars_and_unfolded() -> None:
    assert split("one\n        two|three\\nfour") == ("one two", "three\nfour")
