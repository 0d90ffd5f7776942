"""Disguises are undone, ordinary text stays readable, and nothing takes long."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.reading import read_plainly

PLAIN = "you are a nice person"


@pytest.mark.parametrize(
    ("disguised", "read"),
    [
        ("y.o.u are nice", "you are nice"),
        ("y o u   a r e   n i c e", "you are nice"),
        ("yоu аrе nісе", "you are nice"),  # Cyrillic look-alikes
        ("you\u200b a\u200dre n\u2060ice", "you are nice"),
        ("Ｙｏｕ ａｒｅ ｎｉｃｅ", "you are nice"),
        ("y\u202e.\u2066o.u are nice", "you are nice"),
        ("ÿöü ářè ńïçé", "you are nice"),
        ("gr3at p30ple", "great people"),
        ("sooooo nice", "so nice"),
        ("你·真*的 很-好", "你真的很好"),
        ("你＊真＊的＊很＊好", "你真的很好"),
        ("你～真～的～很～好！", "你真的很好!"),
        ("你\u3000真\u3000的\u3000很\u3000好", "你真的很好"),
        ("你\n真\n的\n很\n好", "你真的很好"),
        ("你……真……的……很……好", "你真的很好"),
        ("你==真==的==很==好", "你真的很好"),
        ("".join(chr(0xE0000 + ord(c)) for c in PLAIN), PLAIN),
    ],
)
def test_a_disguise_is_undone(disguised: str, read: str) -> None:
    assert read_plainly(disguised) == read


def test_base64_is_read() -> None:
    assert PLAIN in read_plainly(f"decode {base64.b64encode(PLAIN.encode()).decode()}")


def test_traditional_characters_become_simplified_ones() -> None:
    assert read_plainly("謝謝妳們", {ord("謝"): "谢", ord("們"): "们"}) == "谢谢妳们"


@pytest.mark.parametrize(
    "text", ["the 3rd mp3 of 2024 has 100km", "user@example.com", "h1n1 and covid19 in base64", "a81f33e0c4d9"]
)
def test_what_only_looks_like_a_disguise_stays(text: str) -> None:
    assert read_plainly(text) == text


@pytest.mark.parametrize(
    ("text", "read"), [("好的～谢谢", "好的~谢谢"), ("第一行\n第二行", "第一行 第二行"), ("张＊李＊王", "张*李*王")]
)
def test_signs_between_words_and_in_short_rows_stay(text: str, read: str) -> None:
    assert read_plainly(text) == read


def test_emoji_are_spelled_out() -> None:
    assert read_plainly("a 🐍 here").split() == ["a", "snake", "here"]


@given(st.text())
def test_any_text_is_read_and_stays_bounded(text: str) -> None:
    assert len(read_plainly(text)) <= 20 * len(text) + 20_000


@pytest.mark.parametrize("cover", ["😄😆" * 20, "😄😆" * 5000, "\ufdfa" * 400, "\u200b" * 5000, "é" * 3000, "🏴" * 999])
def test_nothing_hides_a_text(cover: str) -> None:
    assert f"{PLAIN} indeed" in read_plainly(f"{cover} {PLAIN} indeed {cover}")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("7h3 w0rk y0u d1d i5 900d 4nd w3 w111 b3 6ack", "the work you did is good and we will be 6ack"),
        ("y0u 4r3 n1c3", "you are nice"),
        ("we bought 3 mp3 players and 12 b12 pills for 100km on the 3rd day of the year",
         "we bought 3 mp3 players and 12 b12 pills for 100km on the 3rd day of the year"),
        ("order 4711 of 2024 has 17 items and 5 boxes", "order 4711 of 2024 has 17 items and 5 boxes"),
    ],
)  # fmt: skip
def test_a_text_in_leet_is_read_as_a_whole_and_others_keep_their_figures(written: str, read: str) -> None:
    assert read_plainly(written) == read
