"""Bars with intervals as SVG inside the page.

Not matplotlib, as in `agent.quality.plots`: names here may be Chinese, and it has no Chinese letters on most machines,
where every browser has.
"""

from __future__ import annotations

from html import escape

from agent.report.blocks import Bars, percent

__all__ = ["svg_bars"]

_WIDTH, _NAME_WIDTH, _FIGURE_WIDTH, _ROW = 800, 240, 90, 26
_LONGEST_NAME = 30


def svg_bars(picture: Bars) -> str:
    """Horizontal bars from 0; a line over each shows its interval, a red one its mark."""
    room = _WIDTH - _NAME_WIDTH - _FIGURE_WIDTH
    reached: list[float] = [
        edge
        for bar in picture.bars
        for edge in (bar.value, *(bar.interval or ()), *(() if bar.mark is None else (bar.mark,)))
    ]
    lowest, largest = min(0.0, *reached, 0.0), max(0.0, *reached, 0.0)
    scale = room / (largest - lowest) if largest > lowest else 0.0

    def place(value: float) -> float:
        return _NAME_WIDTH + (float(value) - lowest) * scale

    height = _ROW * len(picture.bars) + 6
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" role="img" '
        f'aria-label="{escape(picture.title)}" font-family="system-ui,sans-serif" font-size="13">'
    ]
    for row, bar in enumerate(picture.bars):
        top = _ROW * row + 4
        middle = top + _ROW / 2 - 2
        name = bar.name if len(bar.name) <= _LONGEST_NAME else f"{bar.name[: _LONGEST_NAME - 1]}…"
        start, width = place(min(0.0, bar.value)), abs(bar.value) * scale
        parts.append(
            f'<text x="{_NAME_WIDTH - 8}" y="{middle + 5:g}" text-anchor="end">{escape(name)}</text>'
            f'<rect x="{start:.1f}" y="{top}" width="{width:.1f}" height="{_ROW - 8}" fill="#4c78a8"/>'
        )
        end = max(0.0, bar.value)
        if bar.interval is not None:
            low, high = map(place, bar.interval)
            parts.append(
                f'<path d="M{low:.1f} {middle:g}H{high:.1f}M{low:.1f} {middle - 4:g}v8M{high:.1f} {middle - 4:g}v8" '
                'stroke="#222" fill="none"/>'
            )
            end = max(end, bar.interval[1])
        if bar.mark is not None:
            parts.append(f'<path d="M{place(bar.mark):.1f} {top - 2}v{_ROW - 4}" stroke="#d62728" stroke-width="3"/>')
            end = max(end, bar.mark)
        shown = percent(bar.value) if picture.percent else f"{bar.value:.3f}"
        parts.append(f'<text x="{place(end) + 6:.1f}" y="{middle + 5:g}">{shown}</text>')
    return "".join([*parts, "</svg>"])
