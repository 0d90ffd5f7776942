"""agent.normalize: what a reader sees, without the tricks."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agent.normalize import compatible, normalize, normalize_with_map

TRICKY = st.text(
    alphabet=st.one_of(
        st.sampled_from(list("aeoAEO  \t\n!.аеорсухАЕОРСвнкиПρΡαοİſßﬁ½…ﷺ가각각ﾞｶｶﾞＡａ０！　，。你好😀𝓗𝐚①")),
        st.sampled_from(
            list("\u0301\u0308\u0323\u0344\u0345\u0338\u200b\u200d\ufeff\u202e\u2060\ufe0f\u00ad\u180e\u3164")
        ),
        st.characters(),
    ),
    max_size=60,
)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Hello   WORLD\n\n again ", "hello world again"),
        ("sooooooo good!!!!!!", "sooo good!!!"),
        ("aaa", "aaa"),
        ("ｆｕｌｌ　ｗｉｄｔｈ！", "full width!"),
        ("你好，世界！！！！！！", "你好,世界!!!"),
        ("k\u200bi\u200dl\u2060l", "kill"),
        ("\u202eabc\u202c", "abc"),
        ("a\U000e0041\U000e007fb", "ab"),
        ("ok\ufe0f", "ok"),
        ("𝓚𝒾𝕝𝖑", "kill"),
        ("ⓚⓘⓛⓛ", "kill"),
        ("раураl", "paypal"),
        ("ΡаyРаl", "paypal"),
        ("ѕех", "sex"),
        ("ᴋɪʟʟ", "kill"),
        ("Straße", "strasse"),
        ("z\u0301\u0302\u0303\u0304\u0305\u0306algo", "ź\u0302\u0303\u0304algo"),
    ],
)
def test_tricks_are_undone(raw: str, expected: str) -> None:
    assert normalize(raw) == expected


@pytest.mark.parametrize(
    "text", ["привет, как дела", "καλημέρα κόσμε", "我是一个好人", "hello world", "naïve café", "это а и о"]
)
def test_genuine_text_stays(text: str) -> None:
    assert normalize(text) == text


@settings(max_examples=400)
@given(TRICKY)
@example("а\u0301б")
@example("o\u0338рр")
def test_idempotent(text: str) -> None:
    once = normalize(text)
    assert normalize(once) == once


@settings(max_examples=400)
@given(TRICKY)
@example("\u1fc7\u0301\u0301\u0301\u0301l\u0301")
def test_map_agrees_with_normalize(text: str) -> None:
    normalised, offsets = normalize_with_map(text)
    assert normalised == normalize(text)
    assert len(offsets) == len(normalised)
    assert offsets == sorted(offsets)
    assert all(0 <= offset < len(text) for offset in offsets)


@given(TRICKY)
def test_bounded_and_clean(text: str) -> None:
    result = normalize(text)
    assert len(result) <= 18 * len(text)
    assert unicodedata.is_normalized("NFKC", result)
    assert "  " not in result
    assert "\u200b" not in result


def test_map_points_into_the_raw_text() -> None:
    raw = "Say  k\u200bi\u200bll，ＮＯＷ"
    normalised, offsets = normalize_with_map(raw)
    assert normalised == "say kill,now"
    start = normalised.index("kill")
    assert raw[offsets[start] : offsets[start + 3] + 1] == "k\u200bi\u200bl" + "l"
    assert raw[offsets[normalised.index("now")] :] == "ＮＯＷ"


@pytest.mark.parametrize(
    "unit",
    [
        *("a", "a ", "\u0301\u0323", "\u200b", "ﷺ", "а", "é", "你", "\u1100\u1161", "\U000e0041", "！"),
        # Of class 0, and yet made of nothing but marks by NFKC.
        *("\u0f73", "\u0f75", "\u0f81", "\uff9e\u0301", "\uff9f\u0301"),
    ],
)
def test_hostile_texts_finish(unit: str) -> None:
    """A megabyte of the same unit: no step may be quadratic (canonical ordering of marks would be)."""
    text = unit * (1_000_000 // len(unit) // 8)
    began = time.process_time()
    assert len(normalize(text)) <= 18 * len(text)
    assert time.process_time() - began < 8.0


def test_marks_beyond_the_sixteenth_are_all_that_the_fast_form_lacks() -> None:
    for text in ("Ｈéllo ﷺ", "e" + "\u0301\u0323" * 8, "ｶﾞｷﾞ", "\u0f40\u0f73\u0f73"):
        assert compatible(text) == unicodedata.normalize("NFKC", text)
    assert compatible("e" + "\u0302" * 17) == unicodedata.normalize("NFKC", "e" + "\u0302" * 16)


@given(st.text(st.sampled_from("aeｶ\u0f40\u0f73\u0f75\u0f81\uff9e\uff9f\u0301\u0323\u200b "), max_size=60))
def test_what_becomes_marks_is_mapped_as_it_is_normalised(text: str) -> None:
    normalised, offsets = normalize_with_map(text)
    assert normalised == normalize(text) == normalize(normalised)
    assert offsets == sorted(offsets)


def test_lone_surrogates_are_kept() -> None:
    assert normalize("a\ud800b") == "a\ud800b"


PLAIN = st.text(st.sampled_from("aAbZ  \t\n\x1c是好人。、，！？：；（）“”‘’《》—·.,!?"), max_size=60)


@settings(max_examples=400)
@given(PLAIN)
@example("啊啊啊啊啊，，，，，Aa")
@example("你，  ，好！！！！")
def test_the_short_cut_of_plain_chinese_text_changes_nothing(text: str) -> None:
    """The map goes the long way, character by character."""
    assert normalize(text) == normalize_with_map(text)[0]
