"""Windows of characters: everything is seen, and belongs to one window."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from agent.scoring.ner.base import Entity
from agent.scoring.ner.windows import joined, windows_of


@given(st.text(st.sampled_from("ab 王。\n"), max_size=400), st.integers(40, 90))
def test_every_character_has_one_owner_with_room_around_it(text: str, length: int) -> None:
    windows = windows_of(text, length, 16)
    assert windows[0].own == 0
    assert windows[-1].own_end == len(text)
    for window in windows:
        assert window.end - window.start <= length
        assert window.start <= window.own <= window.own_end <= window.end
        assert window.start == 0 or window.own - window.start >= 4
        assert window.end == len(text) or window.end - window.own_end >= 8
    assert all(first.own_end == second.own for first, second in pairwise(windows))


@given(st.lists(st.sampled_from(["x", " ", "王", "Name"]), max_size=200))
def test_words_are_found_once_wherever_windows_end(parts: list[str]) -> None:
    text = "".join(parts)
    windows = windows_of(text, 48, 16)
    answers = [
        [
            Entity(at, at + 4, "person", 1.0)
            for at in range(window.end - window.start)
            if text.startswith("Name", window.start + at) and window.start + at + 4 <= window.end
        ]
        for window in windows
    ]
    places = [at for at in range(len(text)) if text.startswith("Name", at)]
    assert [entity.start for entity in joined(windows, answers)] == places
