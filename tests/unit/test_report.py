"""Bars and tables of a report."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from agent.report import Bar, Bars, Cell, Section, Table, Words, html_report
from agent.report.chart import svg_bars
from streams.commands.sections import render


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


def test_columns_of_words_begin_at_the_left_and_break() -> None:
    """A long text that is kept on one line pushes itself, and what stands beside it, out of sight."""
    long = "word " * 60
    block = Table(
        "t", ["item", "n", "shown"], [(Cell("a"), Cell("1"), Cell(long)), (Cell("b"), Cell("2"), Cell("x"))], (2,)
    )
    section = Section("s", [block])
    page = html_report([section], "h", Words({"title": ("t", "t")}, "en"))
    assert page.count('class="text"') == 3 and f'<td class="text">{long}</td>' in page and "<td>1</td>" in page
    console = Console(width=100, file=io.StringIO())
    render([section], "h", console)
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    (short,) = [line for line in lines if line.strip().startswith("b ")]
    assert short.rstrip().endswith("x") and len(short.rstrip()) < 20
