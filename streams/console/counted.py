"""What the status page says of counters: of one worker's metrics, or of several processes' together."""

from __future__ import annotations

from collections import defaultdict
from typing import cast

from agent.metrics.exposition import Exposition
from agent.scores import Dimension
from streams.web.status import CategoryStatus, StageStatus

__all__ = ["categories_found", "stages_timed"]


def categories_found(metrics: Exposition) -> list[CategoryStatus]:
    """Findings by category since the start, the most frequent first; also of models that have gone."""
    counts: dict[tuple[str, str], float] = defaultdict(float)
    for (_, _, dimension, category), value in metrics.rows_since_start("harmwatch_findings_total").items():
        counts[category, dimension] += value  # a sum of weights: rounded once, and not for each model
    return [
        CategoryStatus(category=category, dimension=cast(Dimension, dimension), count=round(count))
        for (category, dimension), count in sorted(counts.items(), key=lambda item: -item[1])
    ]


def stages_timed(metrics: Exposition) -> list[StageStatus]:
    """Where the time goes, by name of the stage."""
    timings = {labels[0]: timing for labels, timing in metrics.timings("harmwatch_stage_seconds").items()}
    whole = sum(total for _, total in timings.values()) or 1.0
    return [
        StageStatus(stage=stage, share=total / whole, seconds=total / count)
        for stage, (count, total) in sorted(timings.items())
        if count
    ]
