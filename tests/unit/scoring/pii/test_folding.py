"""The view that the patterns read, and the way back to the raw text."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent.normalize import INVISIBLE
from agent.scoring.pii.folding import fold


@pytest.mark.parametrize(
    ("raw", "folded"),
    [
        ("１３８００１３８０００", "13800138000"),
        ("ａ＠ｂ．ｃｏｍ", "a@b.com"),
        ("①③⑧", "138"),
        ("❶❸❽⓿", "1380"),
        ("⑴⑶⑻", "138"),
        ("⒈⓷➇➑", "1388"),
        ("¹³⁸⁰⁴", "13804"),
        ("₁₃₈₀", "1380"),
        ("m² 10³ x¹²", "m² 10³ x¹²"),
        ("\U0001d7cf\U0001d41a", "1a"),
        ("٠١٢٣", "0123"),
        ("१२३", "123"),
        ("a\u00a0b–c", "a b-c"),
        ("，。！", "，。！"),
        ("e\u0301", "e\u0301"),
    ],
)
def test_folds_one_for_one(raw: str, folded: str) -> None:
    assert fold(raw) == (folded, None)


def test_key_caps_go_too() -> None:
    folded, offsets = fold("1\ufe0f\u20e33\u20e3a")
    assert folded == "13a"
    assert offsets is not None
    assert list(offsets) == [0, 3, 5, 6]


def test_invisible_characters_go_and_the_map_leads_back() -> None:
    folded, offsets = fold("1\u200b3\U000e00418")
    assert folded == "138"
    assert offsets is not None
    assert list(offsets) == [0, 2, 4, 5]


@given(st.text(alphabet=st.sampled_from("1１①❶⑴\u20e3\U0001d7cf\u200b\ufeff\U000e0041中😀e\u0301İ")))
@example("\u200b")
@example("")
def test_every_offset_is_that_of_its_character(text: str) -> None:
    folded, offsets = fold(text)
    if offsets is None:
        assert len(folded) == len(text)
        return
    assert len(offsets) == len(folded) + 1
    assert offsets[len(folded)] == len(text)
    for character, offset in zip(folded, offsets, strict=False):
        assert fold(text[offset])[0] == character


def test_what_draws_nothing_is_left_out() -> None:
    for character in ("\u200b", "\u00ad", "\u2066", "\ufe0f", "\U000e0041"):
        assert character in INVISIBLE or fold(character)[0] == ""
        assert fold(f"1{character}2")[0] == "12"


@pytest.mark.parametrize(
    ("raw", "folded"),
    [
        # Arguments of a tool's call are JSON: to a pattern the n of the line feed belonged to the number.
        (r'{"note": "call\n13912345678"}', r'{"note": "call  13912345678"}'),
        (r"x\t(020) 7946 0958 \\r4111111111111111", "x  (020) 7946 0958 \\  4111111111111111"),
        (r"\u7535\u8bdd13912345678", r"\u7535      13912345678"),
        ("?phone=%2B8613912345678&q=call%2013912345678%2C", "?phone=  +8613912345678&q=call   13912345678%2C"),
        ("5%123456789 and 20%20 12", "5%123456789 and 20%20 12"),
        (r"C:\new\report\n12 -----BEGIN\nMIIEv", r"C:\new\report\n12 -----BEGIN\nMIIEv"),
    ],
)
def test_escapes_of_json_and_urls_are_no_part_of_a_number(raw: str, folded: str) -> None:
    assert fold(raw) == (folded, None)
