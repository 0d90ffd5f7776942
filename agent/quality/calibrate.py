"""The whole of ``harmwatch calibrate``: a map, a threshold for a wanted false-positive rate, and what supports them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from agent.calibration import SCHEMA_VERSION, Calibration, DataNote, Map, ThresholdNote, advised_negatives
from agent.clock import Clock, iso_time
from agent.errors import DataError
from agent.quality.bootstrap import Bootstrap
from agent.quality.fitting import fit_map
from agent.quality.measure import Judged, TextJudge
from agent.quality.reliability import calibration_error, cross_fitted
from agent.quality.rows import Task
from agent.quality.thresholds import RawThreshold, threshold_for

__all__ = ["Wanted", "calibrate"]

_F64: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a calibration is to be.

    ``per_lang``: the target holds in each language that has enough negatives. ``least_raw``: a raw score that the
    threshold must not lie under, whatever the target allows.
    """

    task: Task
    target_fpr: float
    method: str = "isotonic"
    per_lang: bool = False
    least_raw: float = 0.0


def calibrate(
    judged: Judged,
    files: Sequence[str],
    unlabelled: int,
    judge: TextJudge,
    wanted: Wanted,
    bootstrap: Bootstrap,
    clock: Clock,
) -> Calibration:
    """Fit a calibration to judged texts; `judge` must give raw scores.

    With `Wanted.per_lang` each language gets a threshold of its own in the file, and the strictest of all is the one
    that holds: texts in traffic do not say their language.

    Raises
    ------
    DataError
        When a class is missing, or there are too few negatives for the target.
    """
    positives = int(judged.labels.sum())
    if not positives or positives == len(judged.labels):
        raise DataError("a calibration needs texts of both labels")
    scores, labels = judged.scores, judged.labels.astype(np.float64)
    pooled = threshold_for(labels, scores, wanted.target_fpr, bootstrap)
    langs = np.array([row.lang for row in judged.rows])
    by_lang: dict[str, RawThreshold] = {}
    skipped: dict[str, int] = {}
    for lang in judged.langs if wanted.per_lang else ():
        inside = langs == lang
        negatives = int((labels[inside] == 0).sum())
        if negatives < advised_negatives(wanted.target_fpr):  # the strictest of many unsteady ones would be too strict
            skipped[lang] = negatives
        else:
            try:
                by_lang[lang] = threshold_for(labels[inside], scores[inside], wanted.target_fpr, bootstrap)
            except DataError as error:
                raise DataError(f"language {lang[:20]}: {error}; leave --per-lang out") from None
    strictest = max([pooled, *by_lang.values()], key=lambda threshold: threshold.value)
    chosen = strictest if strictest is pooled else _at(strictest, labels, scores)
    if wanted.least_raw > chosen.value:
        interval = [max(bound, wanted.least_raw) for bound in chosen.interval]
        chosen = _at(chosen._replace(value=wanted.least_raw, interval=interval), labels, scores)
    fitted = fit_map(wanted.method, scores, labels)
    crossed = cross_fitted(wanted.method, labels, scores, bootstrap.seed)
    return Calibration(
        schema_version=SCHEMA_VERSION,
        created=iso_time(clock.now()),
        task=wanted.task,
        scorer=judge.name,
        scorer_version=judge.version,
        data=DataNote(
            files=tuple(files),
            sha256=_digest(judged),
            n=len(labels),
            positives=positives,
            negatives=len(labels) - positives,
            unlabelled=unlabelled,
        ),
        target_fpr=wanted.target_fpr,
        map=fitted,
        threshold=_note(chosen, fitted),
        by_lang={lang: _note(threshold, fitted) for lang, threshold in by_lang.items()},
        skipped_langs=skipped,
        calibration_error=None if crossed is None else calibration_error(labels, scores, crossed),
    )


def _at(threshold: RawThreshold, labels: _F64, scores: _F64) -> RawThreshold:
    """A language's threshold with the counts of all texts."""
    reached = scores >= threshold.value
    return threshold._replace(
        just_below=float(scores[~reached].max(initial=0.0)),
        negatives=int((labels == 0).sum()),
        false_positives=int((reached & (labels == 0)).sum()),
        positives=int((labels == 1).sum()),
        hits=int((reached & (labels == 1)).sum()),
    )


def _note(threshold: RawThreshold, fitted: Map) -> ThresholdNote:
    below, value, low, high = np.clip(
        fitted.apply(np.array([threshold.just_below, threshold.value, *threshold.interval])), 0.0, 1.0
    ).tolist()
    if value <= max(below, 0.0):
        raise DataError(
            f"the threshold falls where calibrated scores cannot be told apart (raw score {threshold.value:.6f}); "
            "use the other --method, or another --target-fpr"
        )
    recall = threshold.recall_interval
    fpr = threshold.fpr_interval
    assert fpr is not None, "this is a bug: a threshold without negatives"
    return ThresholdNote(
        value=value,
        interval=(min(low, value), max(high, value)),
        raw=threshold.value,
        raw_interval=(threshold.interval[0], threshold.interval[1]),
        negatives=threshold.negatives,
        false_positives=threshold.false_positives,
        fpr=threshold.false_positives / threshold.negatives,
        fpr_interval=(fpr[0], fpr[1]),
        positives=threshold.positives,
        recall=threshold.hits / threshold.positives if threshold.positives else None,
        recall_interval=None if recall is None else (recall[0], recall[1]),
    )


def _digest(judged: Judged) -> str:
    """Tells whether a calibration was made from the same data; says nothing about the texts."""
    digest = hashlib.sha256()
    digest.update(judged.scores.tobytes())
    digest.update(judged.labels.tobytes())
    digest.update("\n".join(row.lang for row in judged.rows).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
