"""The whole of ``harmwatch evaluate``: figures of one or several labelled files, by language and category, pooled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from agent.clock import Clock
from agent.quality.bootstrap import CONFIDENCE, Bootstrap
from agent.quality.figures import common_threshold, text_figures
from agent.quality.functional import functional_figures
from agent.quality.kinds import kind_figures
from agent.quality.measure import Judged, Looks, TextJudge, judge_file
from agent.quality.rows import LabelledFile, Task
from agent.quality.spans import Counts, count_file, span_figures, total
from agent.scoring.base import limits_of

__all__ = ["Evaluation", "evaluate", "flat"]


class Evaluation:
    """What a judge said of labelled files, and its figures.

    Attributes
    ----------
    parts
        Per file, in the order of the files.
    """

    def __init__(
        self, task: Task, judge: TextJudge, files: Sequence[LabelledFile], parts: Sequence[Judged], bootstrap: Bootstrap
    ) -> None:
        self.parts = parts
        self._task: Task = task
        self._judge = judge
        self._files = files
        self._bootstrap = bootstrap
        self._threshold = common_threshold(judge.thresholds)

    @property
    def pooled(self) -> Judged:
        return Judged.pooled(self.parts)

    def figures(self) -> dict[str, Any]:
        """Plain data for JSON: the pooled figures at the top, with ``files`` where there are several."""
        counts = [count_file(part) for part in self.parts] if self._task == "pii" else None
        result: dict[str, Any] = {
            "task": self._task,
            "scorer": self._judge.name,
            "scorer_version": self._judge.version,
            "thresholds": dict(self._judge.thresholds),
            "limits": list(limits_of(self._judge)),
            "bootstrap": {
                "samples": self._bootstrap.samples, "seed": self._bootstrap.seed, "confidence": CONFIDENCE
            },
        }  # fmt: skip
        pooled = None if counts is None else total(counts, [len(part.rows) for part in self.parts])
        result |= self._figures(self.pooled, pooled, self._files)
        if counts is None:
            result |= kind_figures([file.name for file in self._files], self.parts)
        looks = getattr(self._judge, "looks", None)
        if looks:
            result["cascade"] = _cascade_figures(looks)
        if len(self._files) == 1:
            result["file"] = self._files[0].name
        else:
            result["files"] = {
                file.name: self._figures(part, None if counts is None else counts[place], [file])
                for place, (file, part) in enumerate(zip(self._files, self.parts, strict=True))
            }
        return result

    def _figures(self, judged: Judged, counts: Counts | None, files: Sequence[LabelledFile]) -> dict[str, Any]:
        aside = {
            "unlabelled": sum(file.unlabelled for file in files), "left_out": sum(file.left_out for file in files)
        }  # fmt: skip
        if counts is not None:
            return self._of_spans(judged, counts) | aside
        figures = self._of_texts(judged) | aside
        figures["hard_negatives"] = sum(row.hard for row in judged.rows)
        figures["by_lang"] = {lang: self._of_texts(judged.of_lang(lang)) for lang in judged.langs}
        categories = [row.category for row in judged.rows]
        figures["by_category"] = {
            name: self._of_texts(judged.take(np.array([other == name for other in categories], bool)))
            for name in sorted({name for name in categories if name is not None})
        }
        figures["by_functionality"] = functional_figures(judged)
        return figures

    def _of_texts(self, judged: Judged) -> dict[str, Any]:
        return text_figures(judged, self._threshold, self._bootstrap)

    def _of_spans(self, judged: Judged, counts: Counts) -> dict[str, Any]:
        langs = np.array([row.lang for row in judged.rows])
        figures = self._span_part(judged, counts)
        figures["by_lang"] = {
            lang: self._span_part(judged.of_lang(lang), {kind: rows[langs == lang] for kind, rows in counts.items()})
            for lang in judged.langs
        }
        return figures

    def _span_part(self, judged: Judged, counts: Counts) -> dict[str, Any]:
        figures: dict[str, Any] = {"n": len(judged.rows), "positives": int(judged.labels.sum())}
        figures |= span_figures(counts, self._bootstrap)
        figures["texts_per_second"] = judged.per_second
        return figures


def evaluate(
    files: Sequence[LabelledFile],
    judge: TextJudge,
    task: Task,
    clock: Clock,
    *,
    batch: int = 256,
    bootstrap: Bootstrap | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> Evaluation:
    """Judge every labelled text.

    Raises
    ------
    DataError, ScorerError
        See `judge_file`.
    """
    parts = [judge_file(file, judge, clock, batch, advance) for file in files]
    return Evaluation(task, judge, files, parts, bootstrap or Bootstrap())


def _cascade_figures(looks: Mapping[str, Looks]) -> dict[str, Any]:
    """Which share of the texts the heavy scorer of a cascade has seen; all, and by language."""
    together = Looks(sum(one.seen for one in looks.values()), sum(one.texts for one in looks.values()))
    return {
        "texts": together.texts,
        "seen": together.seen,
        "share_seen": together.seen / together.texts,
        "by_lang": {lang: {"texts": n, "seen": seen, "share_seen": seen / n} for lang, (seen, n) in looks.items()},
    }


def flat(figures: Mapping[str, Any]) -> list[tuple[str, str, Mapping[str, Any]]]:
    """File, language and figures for a table: each file, its languages where there are several, and all pooled."""
    rows: list[tuple[str, str, Mapping[str, Any]]] = []
    for name, part in (figures.get("files") or {figures["file"]: figures}).items():
        langs = part["by_lang"]
        rows += [(name, lang, found) for lang, found in langs.items()]
        if len(langs) > 1:
            rows.append((name, "all", part))
    if "files" in figures:
        langs = figures["by_lang"]
        rows += [("pooled", lang, found) for lang, found in langs.items()]
        if len(langs) > 1:
            rows.append(("pooled", "all", figures))
    return rows
