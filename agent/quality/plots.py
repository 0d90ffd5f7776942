"""Pictures of figures, as PNG. matplotlib loads here and nowhere else; no window, no global state of pyplot.

Pictures hold scores and language codes, never a text or a name out of the data.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from agent.errors import ConfigError
from agent.quality.measure import Judged
from agent.quality.ranking import Ranking
from agent.quality.reliability import expected_error, reliability_bins

__all__ = ["calibration_pictures", "require_matplotlib", "span_pictures", "text_pictures"]

_INSTALL = "pip install 'harmwatch[plots]'"
_MOST_LANGUAGES = 6
_F64: TypeAlias = NDArray[np.float64]
_Series: TypeAlias = list[tuple[str, Ranking]]


def require_matplotlib() -> None:
    """Ask before long work whose result shall be drawn.

    Raises
    ------
    ConfigError
        When matplotlib is not installed.
    """
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        raise ConfigError(f"pictures need matplotlib, which is not installed; {_INSTALL}") from None


def _draw(title: str, draw: Callable[[Any], None], size: tuple[float, float] = (5.6, 4.4)) -> bytes:
    """A picture of one pair of axes.

    Raises
    ------
    ConfigError
        When matplotlib is not installed.
    """
    require_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.grid(alpha=0.3)
    axes.set_title(title, fontsize=11)
    draw(axes)
    target = io.BytesIO()
    # Without the time and the version of matplotlib: equal data give equal files.
    figure.savefig(target, format="png", dpi=120, metadata={"Software": None})
    return target.getvalue()


def text_pictures(judged: Judged, threshold: float | None) -> dict[str, bytes]:
    """PNG by name: ``precision_recall``, ``roc``, ``reliability``, ``scores``. Curves need both classes.

    Raises
    ------
    ConfigError
        When matplotlib is not installed.
    """
    pictures = {"scores": _draw("Scores by label", lambda axes: _histogram(axes, judged, threshold))}
    series = _series(judged)
    if series:
        pictures["precision_recall"] = _draw("Precision and recall", lambda axes: _precision_recall(axes, series))
        pictures["roc"] = _draw("Recall at low false-positive rates", lambda axes: _roc(axes, series))
        pictures["reliability"] = _draw(
            "Reliability", lambda axes: _reliability(axes, judged.labels, {"scores": judged.scores})
        )
    return dict(sorted(pictures.items()))


def calibration_pictures(judged: Judged, crossed: _F64 | None, raw_threshold: float) -> dict[str, bytes]:
    """``reliability`` before and after calibration (cross-fitted), ``scores`` with the threshold, ``roc``."""
    after = {} if crossed is None else {"calibrated (cross-fitted)": crossed}
    kinds: dict[str, _F64] = {"uncalibrated": judged.scores, **after}
    return {
        "reliability": _draw("Reliability", lambda axes: _reliability(axes, judged.labels, kinds)),
        "roc": _draw("Recall at low false-positive rates", lambda axes: _roc(axes, _series(judged))),
        "scores": _draw("Uncalibrated scores by label", lambda axes: _histogram(axes, judged, raw_threshold)),
    }


def span_pictures(by_type: Mapping[str, Mapping[str, Any]]) -> dict[str, bytes]:
    """``types``: precision, recall and F1 of each span type."""
    return {"types": _draw("Personal data by type", lambda axes: _bars(axes, by_type), (7.0, 4.4))}


def _series(judged: Judged) -> _Series:
    """All texts, then the largest languages; those with both classes."""
    everything = Ranking.of(judged.labels, judged.scores)
    found: _Series = [(f"all ({len(judged.rows)})", everything)] if everything.both_classes else []
    counts = Counter(row.lang for row in judged.rows)
    langs = np.array([row.lang for row in judged.rows])
    for lang, count in counts.most_common(_MOST_LANGUAGES) if len(counts) > 1 else ():
        inside = langs == lang
        ranking = Ranking.of(judged.labels[inside], judged.scores[inside])
        if ranking.both_classes:
            found.append((f"{_plain(lang)} ({count})", ranking))
    return found


def _plain(text: str) -> str:
    """What any font has, and what matplotlib does not take for a formula."""
    return "".join(char if char.isascii() and char.isalnum() else "-" for char in text)[:20]


def _precision_recall(axes: Any, series: _Series) -> None:
    for name, ranking in series:
        hits = np.cumsum(ranking.positives)
        recall, precision = hits / hits[-1], hits / (hits + np.cumsum(ranking.negatives))
        axes.plot(recall, precision, drawstyle="steps-pre", label=name, linewidth=1.4)
    first = series[0][1]
    share = first.positives.sum() / (first.positives.sum() + first.negatives.sum())
    axes.axhline(share, color="grey", linestyle=":", linewidth=1, label="share of positives")
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
    axes.legend(fontsize=8)


def _roc(axes: Any, series: _Series) -> None:
    lowest = 0.1
    for name, ranking in series:
        false, hits = np.cumsum(ranking.negatives), np.cumsum(ranking.positives)
        # A rate of 0 has no place on the axis; half of what one text is stands for it.
        floor = 0.5 / false[-1]
        lowest = min(lowest, floor)
        rate = np.concatenate([[floor], np.maximum(false / false[-1], floor)])
        axes.plot(rate, np.concatenate([[0.0], hits / hits[-1]]), drawstyle="steps-post", label=name, linewidth=1.4)
    diagonal = np.geomspace(lowest, 1.0, 100)
    axes.plot(diagonal, diagonal, color="grey", linestyle=":", linewidth=1, label="chance")
    axes.axvline(0.01, color="grey", linestyle="--", linewidth=1)
    axes.set(
        xscale="log", xlabel="false-positive rate (logarithmic)", ylabel="recall", xlim=(lowest, 1), ylim=(0, 1.02)
    )
    axes.legend(fontsize=8)


def _reliability(axes: Any, labels: NDArray[Any], kinds: Mapping[str, _F64]) -> None:
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":", linewidth=1, label="score = share")
    for name, scores in kinds.items():
        bins = reliability_bins(labels, scores)
        shares = np.array([part.share for part in bins])
        low, high = (np.array([part.interval[side] for part in bins]) for side in (0, 1))
        # Wilson's bounds equal the share at 0 and 1, give or take the last digit.
        errors = np.maximum(np.stack([shares - low, high - shares]), 0.0)
        label = f"{name}, ECE {expected_error(labels, scores):.3f}"
        axes.errorbar([part.score for part in bins], shares, yerr=errors, marker="o", markersize=4, capsize=2,
                      linewidth=1.2, label=label)  # fmt: skip
    axes.set(xlabel="score (mean of bin)", ylabel="share of positives", xlim=(0, 1), ylim=(0, 1.02))
    axes.legend(fontsize=8)


def _histogram(axes: Any, judged: Judged, threshold: float | None) -> None:
    edges = np.linspace(0.0, 1.0, 41)
    classes: Sequence[tuple[int, str, str]] = ((0, "label 0", "tab:blue"), (1, "label 1", "tab:red"))
    for label, name, colour in classes:
        scores = judged.scores[judged.labels == label]
        if len(scores):
            share = np.full(len(scores), 1.0 / len(scores))
            axes.hist(scores, bins=edges, weights=share, alpha=0.5, color=colour, label=f"{name} ({len(scores)})")
    if threshold is not None:
        axes.axvline(threshold, color="black", linestyle="--", linewidth=1, label=f"threshold {threshold:.3f}")
    axes.set(xlabel="score", ylabel="share of the texts of a label", xlim=(0, 1))
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=8)


def _bars(axes: Any, by_type: Mapping[str, Mapping[str, Any]]) -> None:
    places = np.arange(len(by_type))
    for shift, figure in enumerate(("precision", "recall", "f1")):
        values = [found[figure] or 0.0 for found in by_type.values()]
        axes.bar(places + 0.27 * (shift - 1), values, width=0.25, label=figure)
    axes.set_xticks(places, [_plain(kind) for kind in by_type], rotation=40, ha="right", fontsize=8)
    axes.set_ylim(0, 1.02)
    axes.legend(fontsize=8)
