"""What windows say of a text: agent.scoring.compact.network.of_texts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.scoring.compact.network import of_texts


def of(*windows: float) -> float:
    return float(of_texts(np.array(windows), np.zeros(len(windows), np.intp), 1)[0])


@given(st.floats(-9, 9))
def test_one_window_is_the_text(logit: float) -> None:
    assert of(logit) == pytest.approx(logit)


def test_a_bad_sentence_in_a_long_text_stands_out_and_repetition_hides_nothing() -> None:
    assert of(*[-3.5] * 20, 3.5) == pytest.approx(2.0)
    assert of(*[0.0] * 20) == pytest.approx(0.0)
    assert of(3.0, 3.0) > of(3.0, -3.0)


@given(st.lists(st.floats(-9, 9), min_size=2, max_size=30))
def test_more_windows_never_score_higher_than_the_highest(windows: list[float]) -> None:
    assert max(windows) - 1.5 - 1e-9 <= of(*windows) <= max(windows) + 1e-9


def test_texts_do_not_mix_and_one_without_windows_is_nothing() -> None:
    both = of_texts(np.array([1.0, 2.0, -1.0]), np.array([0, 0, 2], np.intp), 3)
    assert both.tolist() == pytest.approx([of(1.0, 2.0), -np.inf, -1.0])
