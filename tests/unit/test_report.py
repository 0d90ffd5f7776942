"""Bars of a report."""

from __future__ import annotations

import re

import pytest

from agent.report import Bar, Bars
from agent.report.chart import svg_bars


def geometry(*values: float) -> list[tuple[float, float]]:
    """Left edge and width of each bar."""
    drawn = svg_bars(Bars("t", [Bar(f"b{value}", value, None, 0.0) for value in values], percent=False))
    return [
        (float(left), float(width)) for left, width in re.findall(r'<rect x="([\d.]+)" y="\d+" width="([\d.]+)"', drawn)
    ]


def test_bars_below_zero_go_to_the_left_of_it() -> None:
    (left, wide), (right, narrow) = geometry(-0.5, 0.25)
    assert wide == pytest.approx(2.0 * narrow, abs=0.2)
    assert left + wide == pytest.approx(right, abs=0.2)


def test_bars_of_shares_begin_at_the_left_edge() -> None:
    assert {left for left, _ in geometry(0.5, 0.25, 0.0)} == {240.0}


def test_nothing_but_zeros_is_drawn_without_width() -> None:
    assert geometry(0.0, 0.0) == [(240.0, 0.0)] * 2
