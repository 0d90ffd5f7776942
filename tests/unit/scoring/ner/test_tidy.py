"""Writing around names: what is cut off, what is no name, in Latin and in Han."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.scoring.ner.tidy import names_in, repeats

TEXTS = st.text(st.sampled_from("aAbB éß王小明先生的\u0301🙂.,'’-\n:@#12\"/_()"), max_size=60)


def names(text: str, span: str = "") -> list[str]:
    """Names in a span of a text; the whole text when it is left out."""
    start = text.index(span) if span else 0
    return [text[begin:end] for begin, end in names_in(text, start, start + len(span or text))]


@pytest.mark.parametrize(
    ("span", "found"),
    [
        ("Anna Lee", ["Anna Lee"]),
        ("Dr. Anna Lee", ["Anna Lee"]),
        ("Mr Lee", ["Lee"]),
        ("Meet Jane", ["Jane"]),
        ("Anna Lee's", ["Anna Lee"]),
        ("Anna Lee’s", ["Anna Lee"]),
        ("Anna Lee,", ["Anna Lee"]),
        ("Anna Lee.", ["Anna Lee"]),
        ("Anna P. Lee Jr.", ["Anna P. Lee Jr."]),
        ("Anna de la Cruz", ["Anna de la Cruz"]),
        ("Jean-Luc O'Neil", ["Jean-Luc O'Neil"]),
        ("Anna Lee\nDate of Birth", ["Anna Lee"]),
        ("Anna Lee\n\nCustomer", ["Anna Lee"]),
        ("Anna, Bela and Carla", ["Anna", "Bela", "Carla"]),
        ("Bela:\"I'm Carla's", ["Bela", "Carla"]),
        ("ex-pilot Anna", ["Anna"]),
        ("Anna wears", ["Anna"]),
        ("anna lee", ["anna lee"]),
        ("ANNA LEE", ["ANNA LEE"]),
        ("Ge\u0301za 🙂", ["Ge\u0301za"]),
        ("王小明", ["王小明"]),
        ("王小明先生", ["王小明"]),
        ("客户王小明", ["王小明"]),
        ("王小明和李华", ["王小明", "李华"]),
        ("克里斯·埃文斯", ["克里斯·埃文斯"]),
        ("Salesperson", []),
        ("Date of Birth", []),
        ("she", []),
        ("Bill of Lading", []),
        ("INVOICE", []),
        ("MRN-747872", []),
        ("Lv-24579", []),
        ("Noooo", []),
        ("X", []),
        ("Pine Tree Road", []),
        ("a very long list of words that nobody is called", []),
        ("妈妈", []),
        ("他们", []),
        ("王", []),
        ("", []),
        (" \n ", []),
    ],
)
def test_what_remains_of_a_span(span: str, found: list[str]) -> None:
    assert names(span) == found


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("mail anna.lee@example.org today", "anna.lee"),
        ("see https://example.org/Anna now", "Anna"),
        ("www.Anna.example", "Anna"),
        ("thanks @ Anna !", "Anna"),
        ("thanks @Anna !", "Anna"),
        ("so #Anna it is", "Anna"),
        ("they don ' t care", "don"),
        ("I don't care", "don"),
        ("54217 Pine Hill is sold", "Pine Hill"),
        ("at Anna Street 5", "Anna"),
        ("he plays in the NHL now", "NHL"),
        ("ask anna_lee about it", "anna"),
    ],
)
def test_what_stands_around_a_span_denies_it(text: str, span: str) -> None:
    assert names(text, span) == []


def test_a_lone_word_in_capitals_counts_where_all_is_in_capitals() -> None:
    assert names("DEAR ANNA", "ANNA") == ["ANNA"]
    assert names("Dear ANNA", "ANNA") == []


def test_full_names_are_found_again_and_words_inside_of_words_are_not() -> None:
    text = "Anna Lee called. Later Anna Lee, not Anna Leeds or Anna, wrote."
    assert repeats(text, [(0, 8)]) == [(23, 31)]
    assert repeats(text, [(0, 8), (23, 31)]) == []
    assert repeats(text, [(0, 4)]) == []


@given(TEXTS, st.data())
def test_names_lie_inside_of_the_span_in_order(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    last = start
    for begin, stop in names_in(text, start, end):
        assert last <= begin < stop <= end
        assert text[begin:stop].strip() == text[begin:stop]
        last = stop
