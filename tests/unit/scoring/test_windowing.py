"""Windows: every token is in one, or the text says that it is truncated."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import ConfigError
from agent.scoring.windowing import Windowing, highest, means

windowings = st.integers(1, 40).flatmap(
    lambda length: st.builds(Windowing, st.just(length), st.integers(0, length - 1), st.integers(2, 9))
)


@given(windowing=windowings, count=st.integers(0, 400))
def test_windows_cover_a_text_or_say_that_they_do_not(windowing: Windowing, count: int) -> None:
    ids = list(range(count))
    windows, truncated = windowing.cut([ids])
    assert len(windows) <= windowing.max_windows
    assert all(1 <= len(window) <= windowing.length for window in windows)
    seen = {place for window in windows for place in window}
    assert truncated or seen == set(ids)
    if count <= windowing.length:
        assert not truncated
    if ids:
        assert {0, count - 1} <= seen, "both ends are always looked at"


@given(windowing=windowings, count=st.integers(1, 200))
def test_neighbours_overlap_by_so_much(windowing: Windowing, count: int) -> None:
    windows, truncated = windowing.cut([list(range(count))])
    if not truncated:
        for window, following in itertools.pairwise(windows):
            assert list(window)[len(window) - windowing.overlap :] == list(following)[: windowing.overlap]


@given(windowing=windowings, text=st.text(st.characters(exclude_categories=()), max_size=3000))
def test_pieces_are_the_text_or_its_two_ends(windowing: Windowing, text: str) -> None:
    pieces = windowing.pieces(text)
    plain = text.encode("utf-8", "replace").decode()
    if len(pieces) == 1:
        assert pieces == [plain]
    else:
        first, second = pieces
        assert plain.startswith(first)
        assert plain.endswith(second)
        assert windowing.cut([[1], [2]])[1], "two pieces are a truncated text"


def test_windows_of_many_texts_know_their_owners() -> None:
    windowing = Windowing(4, 1, 3)
    found = windowing.cut_all([[[1, 2]], [[]], [list(range(6))], [list(range(100))]])
    assert found.windows == [[1, 2], [0, 1, 2, 3], [3, 4, 5], [0, 1, 2, 3], [93, 94, 95, 96], [96, 97, 98, 99]]
    assert found.owners.tolist() == [0, 2, 2, 3, 3, 3]
    assert found.truncated == [False, False, False, True]


def test_arrays_are_cut_as_lists_are() -> None:
    windowing = Windowing(4, 1, 3)
    lists, arrays = windowing.cut([list(range(9))]), windowing.cut([np.arange(9, dtype=np.int32)])
    assert [list(window) for window in arrays[0]] == lists[0]


@pytest.mark.parametrize("values", [(0, 0, 2), (4, 4, 2), (4, -1, 2), (4, 1, 1)])
def test_impossible_windows_are_refused(values: tuple[int, int, int]) -> None:
    with pytest.raises(ConfigError, match="windows: "):
        Windowing(*values)


def test_the_highest_window_counts() -> None:
    scores = np.array([[0.1, 0.9], [0.7, 0.2], [0.3, 0.3]], dtype=np.float32)
    best = highest(scores, np.array([0, 0, 2]), 4)
    np.testing.assert_allclose(best, [[0.7, 0.9], [0, 0], [0.3, 0.3], [0, 0]], rtol=1e-6)


def test_the_mean_of_a_texts_windows_and_none_of_a_text_without() -> None:
    vectors = np.array([[1.0, 0.0], [3.0, 4.0], [5.0, 6.0]], np.float32)
    first, none, last = means(vectors, np.array([0, 0, 2]), 3)
    assert first is not None and first.tolist() == [2.0, 2.0]
    assert none is None
    assert last is not None and last.tolist() == [5.0, 6.0]
