"""agent.simplified: one writing of Chinese for rules that know one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.simplified import simplified


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("請問這裡幾點開門？", "请问这里几点开门？"),
        ("於是他甚麽也沒說", "于是他甚么也没说"),
        ("几点开门", "几点开门"),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_traditional_characters_become_simplified_ones(text: str, other: str) -> None:
    assert simplified(text) == other


@given(st.text(max_size=40))
def test_offsets_stay_and_twice_changes_nothing_more(text: str) -> None:
    once = simplified(text)
    assert len(once) == len(text)
    assert simplified(once) == once
