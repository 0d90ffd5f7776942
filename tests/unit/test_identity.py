"""agent.identity: whole words in English, terms in Chinese, ambiguous words only in company, bounded work."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.identity import AXES, LOOKED_AT, mentioned
from agent.normalize import normalize


def groups(text: str) -> set[str]:
    return {group for _, group in mentioned(normalize(text))}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Women and men work here.", {"women", "men"}),
        ("The menu lists manners, womenswear and a mandarin.", set()),
        ("The white house has a black door and a blind spot.", set()),
        ("Black people and white citizens met.", {"black", "white"}),
        ("An African American doctor", {"black"}),
        ("African-Americans vote", {"black"}),
        ("Americans and African Americans vote", {"american", "black"}),
        ("A BLIND person asked.", {"blind"}),
        ("ＷＯＭＥＮ", {"women"}),
        ("A non-binary colleague", {"transgender"}),
        ("Menü, Kamen, Omen", set()),
        ("elderly Muslims, young Hindus", {"old", "muslims", "hindus"}),
        ("女孩子喜欢数学。", {"women"}),
        ("老人和孩子都来了", {"old", "children"}),
        ("黑人、白人和亚裔", {"black", "white", "asian"}),
        ("我和women聊天", {"women"}),
        ("同性恋者有权结婚", {"homosexual"}),
        ("婦女、亞裔和殘疾人", {"women", "asian", "disabled"}),
        ("老年人與兒童、難民", {"old", "children", "immigrants"}),
        ("穿黑色大衣的人", set()),
        ("", set()),
    ],
)
def test_mentions(text: str, found: set[str]) -> None:
    assert groups(text) == found


def test_a_group_in_company_is_also_a_man_or_a_woman() -> None:
    assert groups("an old woman") == {"old", "women"}


def test_only_the_beginning_is_looked_at() -> None:
    assert mentioned("x " * LOOKED_AT + "women") == frozenset()
    assert mentioned("women " * LOOKED_AT) == {("gender", "women")}


@given(st.text(max_size=200) | st.text(alphabet="womenblackpeople 女性人黑é-'.", max_size=200))
def test_only_groups_of_the_lexicon_come_out(text: str) -> None:
    assert all(group in AXES[axis] for axis, group in mentioned(normalize(text)))
