"""Self-contained HTML: tables and pictures in one file, nothing fetched from anywhere, no text of the data."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from agent.calibration import Calibration, ThresholdNote
from agent.quality.evaluate import flat
from agent.quality.kind_tables import kind_blocks, worth_showing
from agent.report.html import block_html
from agent.report.page import page, table

__all__ = ["calibration_report", "evaluation_report", "number", "with_interval"]

_PICTURE_NOTES = {
    "precision_recall": "Precision depends on the share of positives in the data, which is seldom that of traffic.",
    "roc": "The dashed line is a false-positive rate of 1 %. Left of it is where thresholds for traffic lie.",
    "reliability": "Bars are 95 % intervals. A point under the diagonal: fewer positives than the score says.",
    "scores": "Each label's shares add up to 1, however many texts it has.",
    "types": "By span type.",
}
_TEXT_COLUMNS = ("auroc", "average_precision", "recall_at_1pct_fpr", "f1", "precision", "recall", "fpr")
_SPAN_COLUMNS = ("precision", "recall", "f1", "strict_f1")


def number(value: float | None) -> str:
    """Three decimals, ``-`` for a figure that the data cannot give."""
    return "-" if value is None else f"{value:.3f}"


def with_interval(figures: Mapping[str, Any], name: str) -> tuple[str, str]:
    """A figure and its interval, ``""`` when that is not known."""
    bounds = figures["intervals"][name]
    return number(figures[name]), "" if bounds is None else f"{bounds[0]:.3f} to {bounds[1]:.3f}"


def evaluation_report(figures: Mapping[str, Any], pictures: Mapping[str, bytes], created: str) -> str:
    """The page of ``harmwatch evaluate --report``."""
    judges = {"": figures, **figures.get("beside", {})}
    pii = figures["task"] == "pii"
    parts = [
        f"<p>Task <b>{escape(figures['task'])}</b>, scorer <b>{escape(figures['scorer'])}</b> "
        f"({escape(figures['scorer_version'])}), {figures['n']} texts, {figures['positives']} positive, "
        f"{figures['unlabelled']} without a label left out.{_aside(figures)} {escape(created)}</p>"
    ]
    for name, found in judges.items():
        parts.append(f"<h2>{escape(name or figures['scorer'])}</h2>")
        parts.append(_span_table(found) if pii else _text_table(found))
        if pii:
            parts += ["<h3>By type</h3>", _type_table(found["by_type"])]
        if not pii and len(judges) == 1 and found["by_functionality"]:
            parts += ["<h2>By functionality</h2>", _functional_table(found["by_functionality"])]
    if not pii and worth_showing(figures):
        parts += ["<h2>By kind of positive</h2>", *map(block_html, kind_blocks(figures))]
    parts += [_pictures(pictures), _NOTES]
    return page("harmwatch: evaluation", parts)


def _aside(figures: Mapping[str, Any]) -> str:
    said = f" {figures['left_out']} left out as asked." if figures["left_out"] else ""
    hard = figures.get("hard_negatives")
    return f"{said} {hard} of the negatives are hard ones as said." if hard else said


def calibration_report(calibration: Calibration, pictures: Mapping[str, bytes]) -> str:
    """The page of ``harmwatch calibrate --report``."""
    rows = [("all", calibration.threshold), *calibration.by_lang.items()]
    head = ("language", "", "threshold", "uncalibrated", "label 0", "reached", "FPR", "label 1", "recall")
    error = calibration.calibration_error
    parts = [
        f"<p>Task <b>{escape(calibration.task)}</b>, scorer <b>{escape(calibration.scorer)}</b> "
        f"({escape(calibration.scorer_version)}), {calibration.data.n} texts, {calibration.data.positives} positive. "
        f"Wanted false-positive rate {calibration.target_fpr:g}. {escape(calibration.created)}</p>",
        table(head, [_threshold_row(name, threshold) for name, threshold in rows]),
    ]
    if calibration.caution:
        parts.append(f"<p><b>Few texts:</b> {escape(calibration.caution)}.</p>")
    if calibration.skipped_langs:
        few = ", ".join(f"{escape(lang)} ({count})" for lang, count in calibration.skipped_langs.items())
        parts.append(f"<p>Too few texts of label 0 for a threshold of their own: {few}.</p>")
    if error is not None:
        parts.append(
            f"<p>Expected calibration error {error.ece_before:.4f} before, {error.ece_after:.4f} after; Brier score "
            f"{error.brier_before:.4f} before, {error.brier_after:.4f} after ({error.folds}-fold cross-fitting).</p>"
        )
    parts += [_pictures(pictures), _CALIBRATION_NOTES]
    return page("harmwatch: calibration", parts)


def _threshold_row(name: str, found: ThresholdNote) -> list[str]:
    recall = "-" if found.recall_interval is None else _cell(number(found.recall), _range(found.recall_interval))
    return [
        escape(name),
        "",
        _cell(f"{found.value:.4f}", _range(found.interval)),
        _cell(f"{found.raw:.4f}", _range(found.raw_interval)),
        str(found.negatives),
        str(found.false_positives),
        _cell(f"{found.fpr:.4f}", _range(found.fpr_interval)),
        str(found.positives),
        recall,
    ]


def _range(bounds: Sequence[float]) -> str:
    return f"{bounds[0]:.4f} to {bounds[1]:.4f}"


def _text_table(figures: Mapping[str, Any]) -> str:
    rows = [
        [escape(name), escape(lang), str(found["n"]), str(found["positives"])]
        + [_cell(*with_interval(found, column)) for column in _TEXT_COLUMNS]
        for name, lang, found in flat(figures)
    ]
    head = ("file", "language", "n", "positive", "AUROC", "AP", "R@1%FPR", "F1", "precision", "recall", "FPR")
    return table(head, rows)


def _span_table(figures: Mapping[str, Any]) -> str:
    rows = [
        [escape(name), escape(lang), str(found["n"]), str(found["micro"]["support"])]
        + [_cell(*with_interval(found["micro"], column)) for column in _SPAN_COLUMNS]
        for name, lang, found in flat(figures)
    ]
    return table(("file", "language", "texts", "spans", "precision", "recall", "F1", "strict F1"), rows)


def _type_table(by_type: Mapping[str, Any]) -> str:
    rows = [
        [escape(kind), "", str(found["support"])] + [_cell(*with_interval(found, column)) for column in _SPAN_COLUMNS]
        for kind, found in by_type.items()
    ]
    return table(("type", "", "spans", "precision", "recall", "F1", "strict F1"), rows)


def _functional_table(found: Mapping[str, Mapping[str, Any]]) -> str:
    rows = [
        [escape(name), escape(item["figure"]), str(item["n"]), _cell(number(item["value"]), _range(item["interval"]))]
        for name, item in found.items()
    ]
    return table(("functionality", "figure", "n", "value"), rows)


def _cell(value: str, interval: str) -> str:
    """Of numbers alone: nothing to escape."""
    return f"{value} <small>{interval}</small>" if interval else value


def _pictures(pictures: Mapping[str, bytes]) -> str:
    return "".join(
        f'<figure><img alt="{name}" src="data:image/png;base64,{base64.b64encode(picture).decode()}">'
        f'<figcaption class="note">{_PICTURE_NOTES[name]}</figcaption></figure>'
        for name, picture in pictures.items()
    )


_NOTES = (
    '<p class="note">Small figures are 95 % intervals: bootstrap, resampled by label (spans: by text), and Wilson\'s '
    "where a share is 0 or 1. By kind they are Hanley and McNeil's or DeLong's, whichever is wider, and Wilson's. They "
    "say how far chance in drawing these texts reaches, not how other texts would do. Texts made from one template are "
    "not independent, which makes true intervals wider.</p>"
)
_CALIBRATION_NOTES = (
    '<p class="note">A calibrated score is the share of positives among texts of this data set that score so. In '
    "traffic with fewer positives it is too high; the threshold's false-positive rate does not depend on that share. "
    "Calibrate again with every new version of the scorer.</p>"
)
