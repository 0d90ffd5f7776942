"""agent.scoring.segments: bounds lie in the text, in order, and lose nothing visible."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from agent.scoring.segments import LONGEST_SENTENCE, covering, cut_out, sentences, words

LETTERS = st.sampled_from("ab. !?\n,你好。！，“”x1.5 ")
TEXTS = st.text(alphabet=LETTERS, max_size=200) | st.text(max_size=50)


def shown(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


def test_english_and_chinese_sentences() -> None:
    assert shown("It is 3.5 m. Really?! Yes.") == ["It is 3.5 m.", "Really?!", "Yes."]
    assert shown("他说：“走吧。”我们走了。好吗？好！") == ["他说：“走吧。”", "我们走了。", "好吗？", "好！"]
    assert shown("one\ntwo\n\nthree") == ["one", "two", "three"]
    assert shown(" \n ") == []


def test_a_text_without_full_stops_is_cut_at_blanks() -> None:
    text = "word " * 500
    assert max(map(len, shown(text))) <= LONGEST_SENTENCE
    assert "".join(shown(text)).replace(" ", "") == "word" * 500
    assert max(map(len, shown("x" * 1000))) <= LONGEST_SENTENCE


def test_words_and_characters() -> None:
    text = "Well, (you) don't say: 你好吗 f**k!"
    shown = [text[start:end] for start, end in words(text, 0, len(text))]
    assert shown == ["Well", "you", "don't", "say", "你", "好", "吗", "f**k"]


@given(TEXTS)
def test_sentences_cover_what_is_visible_in_order(text: str) -> None:
    found = sentences(text)
    assert all(0 <= start < end <= len(text) for start, end in found)
    assert all(a[1] <= b[0] for a, b in pairwise(found))
    assert "".join(cut_out(text, found).split()) == ""
    for start, end in words(text, 0, len(text)):
        assert covering(found, start, end)


@given(TEXTS, st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=5))
def test_cutting_out_leaves_the_rest(text: str, holes: list[tuple[int, int]]) -> None:
    bounds = [(min(a, b), min(max(a, b), len(text))) for a, b in holes if min(a, b) <= len(text)]
    gone = {place for start, end in bounds for place in range(start, end)}
    assert cut_out(text, bounds) == "".join(c for place, c in enumerate(text) if place not in gone)
