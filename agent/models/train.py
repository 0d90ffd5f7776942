"""Train the built-in models: ``python -m agent.models.train --data DIR --out agent/models [--json]``.

Hyper-parameters, calibration and thresholds are chosen on sources that the measured model has never seen; then the
shipped model is fitted on nine tenths of all rows, and the last tenth gives the in-domain figures of its card.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress, TaskID

from agent.errors import HarmwatchError
from agent.models.card import write_card
from agent.models.dataset import BENIGN_PARTS, Row, Task, folds_of, read_rows, row_weights
from agent.models.figures import group_figures
from agent.models.fit import Design, Linear, build_design, fit_linear, length_bins
from agent.quality.fitting import fit_platt
from agent.quality.ranking import auc
from agent.scoring.ngrams import FeatureSpec, LinearNgramModel

__all__ = ["Settings", "main", "train_task"]

_INT16 = 32767
_SIZEABLE = 100


@dataclass(frozen=True, slots=True)
class Settings:
    """One task's training settings.

    Attributes
    ----------
    penalties
        Candidates for the ridge penalty; the best on held-aside sources wins.
    ignore_length
        Candidates: fit length classes beside the features and leave them out of the model?
    version
        Of the artefact; raised with every change of what it was trained on or how.
    soft_cap, own_cap
        Rows above which a source's weight grows only with the square root; the same for own-written groups (None: no
        difference).
    selection_rows
        Rows used to fit each candidate during selection.
    selection_bits
        Bits of the hash during selection (fewer than in the shipped model, for speed).
    target_fpr
        Share of held-aside benign texts that the default threshold may flag.
    worst_set_fpr
        The most of any one of `benign_parts`' sets of a hundred texts or more that it may flag.
    benign_parts
        Sets whose benign texts decide about the threshold; those of a part are held aside together. Empty: the benign
        texts of all held-aside families decide. Families are larger: where all prompts of a language are aside at once,
        the threshold is that of a model without any, which is not the one that is shipped.
    calibrate_aside
        Fit Platt's scaling to held-aside families instead of to the last tenth, where nearly all scores are 0 or 1.
    """

    version: str = "1"
    spec: FeatureSpec = field(default_factory=lambda: FeatureSpec(bucket_bits=20))
    penalties: tuple[float, ...] = (3e-6, 1e-5)
    ignore_length: tuple[bool, ...] = (False,)
    soft_cap: float = 4000.0
    own_cap: float | None = None
    folds: int = 4
    selection_rows: int = 24_000
    selection_bits: int = 18
    iterations: int = 45
    selection_iterations: int = 25
    target_fpr: float = 0.05
    worst_set_fpr: float = 1.0
    benign_parts: tuple[tuple[str, ...], ...] = ()
    calibrate_aside: bool = False
    seed: int = 20240611


SETTINGS: dict[Task, Settings] = {
    "toxicity": Settings(penalties=(3e-6, 8e-6), folds=6, selection_rows=60_000),
    # No skeleton view: disguises are undone before the text comes here. A weak penalty and many iterations: with 2e-5
    # and 25 iterations, the first version's, attacks of held-aside rows had an AUC lower by 0.04; 2e-6 was as good as
    # 5e-7. A set that is in training is flagged far less than the same set held aside, whose share `target_fpr` bounds.
    "adversarial": Settings(
        version="3",
        spec=FeatureSpec(bucket_bits=20, skeleton_latin=(), skeleton_cjk=()),
        penalties=(5e-7,),
        soft_cap=600.0,
        own_cap=100.0,
        folds=6,
        selection_rows=16_000,
        iterations=120,
        selection_iterations=70,
        target_fpr=0.05,
        worst_set_fpr=0.25,
        benign_parts=BENIGN_PARTS,
        calibrate_aside=True,
    ),
}


@dataclass(frozen=True, slots=True)
class _Selection:
    penalty: float
    ignore_length: bool
    scores: NDArray[np.float64]
    table: list[dict[str, Any]]


def _select(
    rows: list[Row], design: Design, labels: NDArray[np.float64], weights: NDArray[np.float64], settings: Settings,
    advance: Callable[[], None],
) -> _Selection:  # fmt: skip
    """Score every row by models that saw nothing of its family, for each candidate; keep the best candidate."""
    fold = folds_of(rows, settings.folds)
    groups = np.array([row.group for row in rows])
    bins = length_bins([row.text for row in rows])
    lottery = np.random.default_rng(settings.seed).random(len(rows))
    share = min(1.0, settings.selection_rows / len(rows))
    design = design.coarser(max(settings.spec.bucket_bits - settings.selection_bits, 0))
    best: _Selection | None = None
    best_value = -1.0
    table: list[dict[str, Any]] = []
    for ignore_length in settings.ignore_length:
        for penalty in settings.penalties:
            scores = np.zeros(len(rows))
            for index in range(settings.folds):
                seen = (fold != index) & (lottery < share)
                if len(np.unique(labels[seen])) < 2:
                    continue
                model = fit_linear(
                    design.take(seen), labels[seen], weights[seen], penalty, settings.selection_iterations,
                    bins[seen] if ignore_length else None,
                )  # fmt: skip
                scores[fold == index] = model.scores(design.take(fold == index))
                advance()
            areas = [auc(labels[groups == name], scores[groups == name]) for name in np.unique(groups)]
            inside = float(np.mean([area for area in areas if area is not None] or [0.5]))
            pooled = auc(labels, scores) or 0.5
            table.append({"penalty": penalty, "ignore_length": ignore_length,
                          "mean_source_auc": round(inside, 4), "pooled_auc": round(pooled, 4)})  # fmt: skip
            if inside + pooled > best_value:
                best_value = inside + pooled
                best = _Selection(penalty, ignore_length, scores, table)
    if best is None:
        raise AssertionError("this is a bug: no candidate was tried")
    return best


def _benign_scores(
    rows: list[Row], design: Design, labels: NDArray[np.float64], weights: NDArray[np.float64], penalty: float,
    settings: Settings, advance: Callable[[], None],
) -> NDArray[np.float64]:  # fmt: skip
    """Scores of the benign texts of `settings.benign_parts`, by models without their part; nan for all others."""
    groups = np.array([row.group for row in rows])
    design = design.coarser(max(settings.spec.bucket_bits - settings.selection_bits, 0))
    scores = np.full(len(rows), np.nan)
    for part in settings.benign_parts:
        aside = np.isin(groups, part)
        asked = aside & (labels == 0)
        model = fit_linear(
            design.take(~aside), labels[~aside], weights[~aside], penalty, settings.selection_iterations
        )  # fmt: skip
        if asked.any():
            scores[asked] = model.scores(design.take(asked))
        advance()
    return scores


def _threshold(scores: NDArray[np.float64], weights: NDArray[np.float64], target_fpr: float) -> float:
    """The score that `target_fpr` of the weighted benign texts reach or exceed."""
    order = np.argsort(-scores, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()
    index = int(np.searchsorted(reached, target_fpr))
    return float(scores[order][min(index, len(scores) - 1)])


def _balanced(weights: NDArray[np.float64], labels: NDArray[np.float64]) -> NDArray[np.float64]:
    """`weights` such that both classes weigh 1."""
    balance = weights.copy()
    for value in (0.0, 1.0):
        part = labels == value
        balance[part] /= max(float(balance[part].sum()), 1e-9)
    return balance


def _quantise(linear: Linear) -> tuple[NDArray[np.int32], float]:
    weights = linear.weights.copy()
    weights[0] = 0.0
    # One bucket in a million must not take the resolution of all others.
    limit = float(np.quantile(np.abs(weights[weights != 0]), 0.99999)) if np.any(weights) else 1.0
    scale = limit / _INT16
    return np.clip(np.rint(weights / scale), -_INT16, _INT16).astype(np.int32), scale


def train_task(
    task: Task, rows: list[Row], settings: Settings, progress: Progress | None = None
) -> tuple[LinearNgramModel, dict[str, Any]]:
    """Select, fit, calibrate and measure one model.

    Returns
    -------
    model
        Ready to save.
    report
        Figures for the card: selection table, per language and source, held aside and in-domain.
    """
    labels = np.array([row.label for row in rows], np.float64)
    weights = row_weights(rows, settings.soft_cap, settings.own_cap)
    texts = [row.text for row in rows]

    def bar(name: str, total: int) -> TaskID | None:
        return progress.add_task(f"{task}: {name}", total=total) if progress is not None else None

    def show(handle: TaskID | None, done: int | None = None) -> None:
        if progress is not None and handle is not None:
            progress.update(handle, completed=done) if done is not None else progress.advance(handle)

    hashing = bar("hashing", len(rows))
    design = build_design(texts, settings.spec, lambda done: show(hashing, done))
    candidates = len(settings.penalties) * len(settings.ignore_length)
    selecting = bar("selecting on held-aside sources", candidates * settings.folds)
    chosen = _select(rows, design, labels, weights, settings, lambda: show(selecting))

    parts = bar("benign texts held aside", len(settings.benign_parts)) if settings.benign_parts else None
    harmless = _benign_scores(rows, design, labels, weights, chosen.penalty, settings, lambda: show(parts))

    fitting = bar("fitting", 1)
    seen = np.random.default_rng(settings.seed + 1).random(len(rows)) < 0.9
    bins = length_bins(texts)[seen] if chosen.ignore_length else None
    linear = fit_linear(design.take(seen), labels[seen], weights[seen], chosen.penalty, settings.iterations, bins)
    quantised, scale = _quantise(linear)
    rounded = linear.shape.astype(np.float32).astype(np.float64)
    linear = Linear(quantised.astype(np.float64) * scale, rounded, linear.intercept)
    inside = linear.scores(design.take(~seen))
    apart = np.ones(len(rows), bool) if settings.calibrate_aside else ~seen
    slope, intercept = fit_platt(
        chosen.scores if settings.calibrate_aside else inside, labels[apart], _balanced(weights[apart], labels[apart])
    )

    def calibrated(raw: NDArray[np.float64]) -> NDArray[np.float64]:
        return cast(NDArray[np.float64], 1.0 / (1.0 + np.exp(-np.clip(slope * raw + intercept, -40, 40))))

    aside, kept = calibrated(chosen.scores), calibrated(inside)
    by_parts = bool(np.isfinite(harmless).any())
    decides = np.isfinite(harmless) if by_parts else labels == 0
    deciding = calibrated(harmless[decides]) if by_parts else aside[decides]
    threshold = _threshold(deciding, weights[decides], settings.target_fpr)
    if by_parts:
        groups = np.array([row.group for row in rows])[decides]
        sets = [deciding[groups == name] for name in np.unique(groups) if (groups == name).sum() >= _SIZEABLE]
        threshold = max([threshold, *(_threshold(own, np.ones(len(own)), settings.worst_set_fpr) for own in sets)])
    threshold = round(threshold, 4)
    show(fitting)

    held_rows = [row for row, used in zip(rows, seen, strict=True) if not used]
    report: dict[str, Any] = {
        "task": task, "version": settings.version, "rows": len(rows), "positives": int(labels.sum()),
        "penalty": chosen.penalty, "ignore_length": chosen.ignore_length, "selection": chosen.table,
        "threshold": threshold, "target_fpr": settings.target_fpr, "seed": settings.seed,
        "benign_parts": by_parts, "calibrate_aside": settings.calibrate_aside,
        "worst_set_fpr": settings.worst_set_fpr,
        "held_aside": group_figures(rows, aside, threshold),
        "in_domain": group_figures(held_rows, kept, threshold),
        "deciding": group_figures([row for row, used in zip(rows, decides, strict=True) if used], deciding, threshold),
    }  # fmt: skip
    model = LinearNgramModel(
        name=task, version=settings.version, threshold=threshold, spec=settings.spec, weights=quantised, scale=scale,
        shape_weights=linear.shape.astype(np.float32), slope=slope,
        intercept=slope * linear.intercept + intercept,
        about={key: report[key] for key in ("rows", "positives", "penalty", "ignore_length", "target_fpr", "seed")},
    )  # fmt: skip
    return model, report


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code (0 done, 1 failed, 2 wrong usage)."""
    parser = argparse.ArgumentParser(prog="python -m agent.models.train", description="Train the built-in models.")
    parser.add_argument("--data", type=Path, required=True, help="folder with toxicity.jsonl.gz, adversarial.jsonl.gz")
    parser.add_argument("--out", type=Path, required=True, help="folder for the artefacts and their cards")
    parser.add_argument("--task", choices=sorted(SETTINGS), action="append", help="one task only (may be repeated)")
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    options = parser.parse_args(arguments)
    console = Console(stderr=True)
    output = Console(soft_wrap=True)
    reports: dict[str, Any] = {}
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        for name in options.task or list(SETTINGS):
            task = cast(Task, name)
            settings = SETTINGS[task]
            rows = read_rows(options.data, task, settings.seed)
            with Progress(console=console, transient=True) as progress:
                model, report = train_task(task, rows, settings, progress)
            path = options.out / f"{task}.npz"
            model.save(path)
            report["bytes"] = path.stat().st_size
            write_card(options.out / f"{task}.card.md", model, report, rows)
            reports[task] = report
            console.print(f"{task}: {path.name}, {report['bytes'] / 1e6:.1f} MB, threshold {model.threshold:.3f}")
    except (HarmwatchError, ImportError, OSError) as error:
        hint = " (pip install 'harmwatch[dev]')" if isinstance(error, ImportError) else ""
        console.print(f"training failed: {error}{hint}", style="red")
        return 1
    if options.json:
        output.out(json.dumps(reports, ensure_ascii=False), highlight=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
