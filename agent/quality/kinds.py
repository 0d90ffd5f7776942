"""Each kind of positive against the negatives of its language, and what is flagged of the negatives.

For attacks a kind is a technique. Pooled figures hide that one is always found and another never; and a file of one
technique alone has no negatives of its own to be ranked against.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from agent.quality.bootstrap import FEWEST
from agent.quality.figures import share_interval
from agent.quality.measure import Judged
from agent.quality.ranking import Negatives

__all__ = ["kind_figures"]

_Kind: TypeAlias = tuple[str, str | None]


@dataclass(slots=True)
class _Texts:
    """Scores of some texts, and how many of them are flagged."""

    scores: list[float] = field(default_factory=list)
    flagged: int = 0

    def add(self, score: float, flagged: bool) -> None:
        self.scores.append(score)
        self.flagged += flagged


@dataclass(slots=True)
class _Language:
    positives: _Texts = field(default_factory=_Texts)
    kinds: defaultdict[_Kind, _Texts] = field(default_factory=lambda: defaultdict(_Texts))
    benign: list[float] = field(default_factory=list)
    hard: list[float] = field(default_factory=list)


def kind_figures(files: Sequence[str], parts: Sequence[Judged]) -> dict[str, Any]:
    """``by_kind`` and ``false_positives``, over all files together.

    ``by_kind``, by language: numbers of benign and hard negatives, ``all`` positives, and ``kinds``: each file's
    positives, and each category of them where the file has several. All are ranked against the benign texts of their
    language in all files; ``with_hard_negatives`` against benign and hard ones, null where there are none of these. A
    ranking needs `FEWEST` texts on both sides. Intervals are closed forms: that of `agent.quality.auc_bounds` for the
    AUROC, and Wilson's for shares. They do not know that texts made from one template are alike.

    ``false_positives``: what is flagged at the judge's threshold of ``benign`` texts and of ``hard_negatives``,
    ``by_file`` and ``by_lang``.

    Parameters
    ----------
    files, parts
        Names of files, and what was said of their texts.
    """
    langs: defaultdict[str, _Language] = defaultdict(_Language)
    negatives = {side: _Negatives() for side in ("benign", "hard_negatives")}
    for name, part in zip(files, parts, strict=True):
        categories = {row.category for row in part.rows if row.label == 1}
        for row, score, flagged in zip(part.rows, part.scores.tolist(), part.flagged.tolist(), strict=True):
            language = langs[row.lang]
            if row.label == 1:
                language.positives.add(score, flagged)
                language.kinds[name, None].add(score, flagged)
                if row.category is not None and len(categories) > 1:
                    language.kinds[name, row.category].add(score, flagged)
            else:
                (language.hard if row.hard else language.benign).append(score)
                side = negatives["hard_negatives" if row.hard else "benign"]
                side.by_file[name].add(score, flagged)
                side.by_lang[row.lang].add(score, flagged)
    return {
        "by_kind": {lang: _of_language(found) for lang, found in sorted(langs.items()) if found.kinds},
        "false_positives": {side: found.figures() for side, found in negatives.items()},
    }


def _of_language(language: _Language) -> dict[str, Any]:
    benign = Negatives(np.array(language.benign))
    both = Negatives(np.array(language.benign + language.hard)) if language.hard else None
    return {
        "benign": len(language.benign),
        "hard_negatives": len(language.hard),
        "all": _against(language.positives, benign, both),
        "kinds": [
            {"file": file, "category": category} | _against(language.kinds[file, category], benign, both)
            for file, category in sorted(language.kinds, key=lambda kind: (kind[0], kind[1] or ""))
        ],
    }


def _against(texts: _Texts, benign: Negatives, both: Negatives | None) -> dict[str, Any]:
    count = len(texts.scores)
    scores = np.array(texts.scores)
    figures = {"n": count} | _ranked(scores, benign) | {"recall": texts.flagged / count}
    figures["intervals"]["recall"] = share_interval(texts.flagged, count)
    figures["with_hard_negatives"] = None if both is None else _ranked(scores, both)
    return figures


def _ranked(scores: np.ndarray[Any, np.dtype[np.float64]], negatives: Negatives) -> dict[str, Any]:
    if min(len(scores), len(negatives)) < FEWEST:
        return {"auroc": None, "recall_at_1pct_fpr": None, "intervals": {"auroc": None}}
    area, bounds = negatives.auc(scores)
    return {"auroc": area, "recall_at_1pct_fpr": negatives.recall_at(scores), "intervals": {"auroc": list(bounds)}}


@dataclass(slots=True)
class _Negatives:
    by_file: defaultdict[str, _Texts] = field(default_factory=lambda: defaultdict(_Texts))
    by_lang: defaultdict[str, _Texts] = field(default_factory=lambda: defaultdict(_Texts))

    def figures(self) -> dict[str, Any]:
        return {
            "by_file": {name: _flagged(texts) for name, texts in self.by_file.items()},
            "by_lang": {lang: _flagged(texts) for lang, texts in sorted(self.by_lang.items())},
        }


def _flagged(texts: _Texts) -> dict[str, Any]:
    count = len(texts.scores)
    return {"n": count, "fpr": texts.flagged / count, "interval": share_interval(texts.flagged, count)}
