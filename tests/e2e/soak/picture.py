"""What became of each measure, as a line of blocks for a terminal, and as a picture where matplotlib is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

__all__ = ["draw", "sparkline"]

_BLOCKS: Final = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], width: int = 60) -> str:
    """Between the least and the most of the values, from left to right."""
    if not values:
        return ""
    runs = np.array_split(np.asarray(values, float), min(width, len(values)))
    level = np.array([np.median(run) for run in runs])
    least, most = float(level.min()), float(level.max())
    place = (level - least) / ((most - least) or 1.0) * (len(_BLOCKS) - 1)
    return "".join(_BLOCKS[int(at)] for at in place)


def draw(path: Path, events: Sequence[float], measures: Mapping[str, Sequence[float]]) -> bool:
    """One panel a measure over millions of events; False without matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return False
    figure = Figure(figsize=(9.0, 1.6 * len(measures)), layout="constrained")
    panels = figure.subplots(len(measures), 1, sharex=True, squeeze=False)[:, 0]
    millions = np.asarray(events, float) / 1e6
    for panel, (name, values) in zip(panels, measures.items(), strict=True):
        panel.plot(millions, values, linewidth=0.8)
        panel.axvspan((millions[0] + millions[-1]) / 2, millions[-1], alpha=0.08)
        panel.set_ylabel(name.replace("_", " "), rotation=0, ha="right", va="center")
    panels[-1].set_xlabel("records, millions; shaded: what is judged")
    figure.savefig(path, dpi=110)
    return True
