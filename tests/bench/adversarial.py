"""The built-in adversarial classifier beside detectors that travel in packages, on one folder of labelled data.

    python -m tests.bench.adversarial --open DIR [--rivals] [--train FILE] [--limit N] [--json]

DIR holds ``adv/`` and ``prompt/`` (JSON Lines, plain or gzip). Prints, in one run and on the same texts: AUROC and the
recall at 1 % false positives of attacks against benign prompts, and against benign and plainly harmful ones, by
language; the same by technique (file and category) against the benign prompts of that language; false positives at
each detector's default threshold by file; and texts a second of CPU time, one thread each (start it under ``taskset -c
0`` to be sure). Intervals of AUROC are Hanley and McNeil's, of shares Wilson's.

Rows that a model was trained on flatter it. ``--train`` names the training file: then rows whose text is in it are left
out of everything. Set ``OMP_NUM_THREADS=1``.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.config import CoreConfig, ScorerConfig
from agent.errors import ConfigError, HarmwatchError
from agent.pipeline import build_scorers
from agent.quality.figures import share_interval
from agent.quality.ranking import Ranking, auc_interval, ranked_figures
from streams.config import load_config
from tests.bench.adversarial_rivals import RIVALS, Classifier, Detector, WholeScorer
from tests.bench.adversarial_rows import Row, read_rows, trained_texts

_LANGS = ("en", "zh")
_OTHERS = "others"
_SPEED_TEXTS = 4000
_FEWEST = 5


@dataclass(frozen=True, slots=True)
class Scored:
    """Rows as arrays; `scores` by detector."""

    rows: Sequence[Row]
    langs: NDArray[np.str_]
    kinds: NDArray[np.str_]
    files: NDArray[np.str_]
    techniques: NDArray[np.str_]
    scores: Mapping[str, NDArray[np.float64]]


def main(arguments: Sequence[str]) -> int:
    """Print the tables, or one JSON object."""
    args = _parser().parse_args(arguments)
    console = Console(stderr=args.json)
    if not console.is_terminal:
        console.width = max(console.width, 170)
    try:
        result = measure(args, Console(stderr=True))
    except HarmwatchError as error:
        sys.stderr.write(f"adversarial: {error}\n")
        return 1
    if args.json:
        sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
    else:
        _render(result, console)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--open", type=Path, required=True, metavar="DIR", help="labelled data: adv/ and prompt/")
    parser.add_argument("--train", type=Path, metavar="FILE", help="leave out rows whose text is in this training file")
    parser.add_argument("--rivals", action="store_true", help="measure the other detectors too (minutes)")
    parser.add_argument("--scorer", default="adversarial", metavar="NAME", help="the slot that is measured as a whole")
    parser.add_argument("--config", type=Path, metavar="FILE", help="harmwatch.yaml, for the scorer's section")
    parser.add_argument("--model", type=Path, metavar="FILE", help="another artefact for the classifier alone")
    parser.add_argument("--limit", type=int, metavar="N", help="at most N rows of each file, evenly spread")
    parser.add_argument("--speed-texts", type=int, default=_SPEED_TEXTS, metavar="N", help="texts that are timed")
    parser.add_argument("--json", action="store_true")
    return parser


def measure(args: argparse.Namespace, progress: Console) -> dict[str, Any]:
    """Everything, as plain data."""
    rows = read_rows(args.open, args.limit)
    every = len(rows)
    if args.train is not None:
        seen = trained_texts(args.train)
        rows = [row for row in rows if row.text[:4000] not in seen]
    detectors, absent = _detectors(args)
    scores: dict[str, NDArray[np.float64]] = {}
    for detector in detectors:
        progress.print(f"{detector.name}: {len(rows)} texts", highlight=False)
        scores[detector.name] = detector.scores([row.text for row in rows])
    scored = Scored(
        rows=rows,
        langs=np.array([row.lang if row.lang in _LANGS else _OTHERS for row in rows]),
        kinds=np.array([row.kind for row in rows]),
        files=np.array([row.file for row in rows]),
        techniques=np.array([row.technique for row in rows]),
        scores=scores,
    )
    limits = {detector.name: detector.threshold for detector in detectors}
    return {
        "rows": len(rows), "left_out_as_trained_on": every - len(rows), "detectors": list(limits), "absent": absent,
        "by_lang": {lang: _language(scored, lang) for lang in (*_LANGS, _OTHERS)},
        "by_technique": _techniques(scored, limits),
        "false_positives": _false_positives(scored, limits),
        "speed": _speeds(detectors, rows, args.speed_texts),
    }  # fmt: skip


def _detectors(args: argparse.Namespace) -> tuple[list[Detector], dict[str, str]]:
    config: CoreConfig = load_config(args.config) if args.config else CoreConfig()
    section = config.scorers.get(args.scorer, ScorerConfig()).model_copy(update={"enabled": True})
    (scorer,) = build_scorers({args.scorer: section})
    found: list[Detector] = [Classifier(args.model), WholeScorer(scorer, section.thresholds)]
    absent: dict[str, str] = {}
    for rival in RIVALS:
        try:
            if args.rivals:
                found.append(rival())
            else:
                absent[rival.name] = "not asked for; --rivals"
        except ConfigError as error:
            absent[rival.name] = str(error)
    return found, absent


def _language(scored: Scored, lang: str) -> dict[str, Any]:
    """Attacks of one language against its benign texts, and against benign and harmful ones."""
    inside = scored.langs == lang
    attacks = inside & (scored.kinds == "attack")
    return {
        against: {
            "attacks": int(attacks.sum()), "others": int(others.sum()),
            **{name: _ranking(scores[attacks], scores[others]) for name, scores in scored.scores.items()},
        }
        for against, others in (
            ("benign", inside & (scored.kinds == "benign")),
            ("benign and harmful", inside & (scored.kinds != "attack")),
        )
    }  # fmt: skip


def _ranking(positive: NDArray[np.float64], negative: NDArray[np.float64]) -> dict[str, Any]:
    if min(len(positive), len(negative)) < _FEWEST:
        return {"auroc": None, "interval": None, "recall_at_1pct_fpr": None}
    labels = np.concatenate([np.ones(len(positive), np.int8), np.zeros(len(negative), np.int8)])
    scores = np.concatenate([positive, negative])
    ranking = Ranking.of(labels, scores)
    figures = ranked_figures(ranking.positives, ranking.negatives)
    return {
        "auroc": float(figures["auroc"]), "interval": auc_interval(labels, scores),
        "recall_at_1pct_fpr": float(figures["recall_at_1pct_fpr"]),
    }  # fmt: skip


def _techniques(scored: Scored, limits: Mapping[str, float]) -> list[dict[str, Any]]:
    """Each technique against the benign texts of its language; none is left out for being small, it says its number."""
    attacks = scored.kinds == "attack"
    found = []
    pairs = zip(scored.techniques[attacks].tolist(), scored.langs[attacks].tolist(), strict=True)
    for technique, lang in sorted(set(pairs)):
        own = attacks & (scored.techniques == technique) & (scored.langs == lang)
        benign = (scored.kinds == "benign") & (scored.langs == lang)
        found.append(
            {
                "technique": technique, "lang": lang, "attacks": int(own.sum()),
                "detectors": {
                    name: _ranking(scores[own], scores[benign])
                    | {"recall": float((scores[own] >= limits[name]).mean())}
                    for name, scores in scored.scores.items()
                },
            }
        )  # fmt: skip
    return found


def _false_positives(scored: Scored, limits: Mapping[str, float]) -> list[dict[str, Any]]:
    """Shares of benign texts and of harmful requests that each detector flags at its default threshold, by file."""
    found = []
    for kind in ("benign", "harmful"):
        of_kind = scored.kinds == kind
        groups = [(str(name), scored.files == name) for name in np.unique(scored.files[of_kind])]
        groups += [(f"all, {lang}", scored.langs == lang) for lang in (*_LANGS, _OTHERS)]
        for name, group in groups:
            chosen = of_kind & group
            if not chosen.any():
                continue
            flagged = {
                detector: int((scores[chosen] >= limits[detector]).sum()) for detector, scores in scored.scores.items()
            }
            count = int(chosen.sum())
            found.append(
                {
                    "file": name, "kind": kind, "n": count,
                    "detectors": {
                        detector: {"rate": hits / count, "interval": share_interval(hits, count)}
                        for detector, hits in flagged.items()
                    },
                }
            )  # fmt: skip
    return found


def _speeds(detectors: Sequence[Detector], rows: Sequence[Row], count: int) -> dict[str, Any]:
    """Texts a second of this process's CPU time, best of three for the fast; the same texts, spread over all files."""
    order = np.random.default_rng(0).permutation(len(rows))[:count]
    texts = [rows[place].text for place in order]
    found: dict[str, Any] = {
        "texts": len(texts), "mean_characters": float(np.mean([len(text) for text in texts])), "per_second": {},
    }  # fmt: skip
    for detector in detectors:
        own = texts if isinstance(detector, Classifier | WholeScorer) else texts[: max(len(texts) // 20, 20)]
        best = min(_cpu_seconds(detector, own) for _ in range(3))
        found["per_second"][detector.name] = len(own) / best
    return found


def _cpu_seconds(detector: Detector, texts: Sequence[str]) -> float:
    started = time.process_time()
    detector.scores(texts)
    return max(time.process_time() - started, 1e-9)


def _render(result: Mapping[str, Any], console: Console) -> None:
    names = result["detectors"]
    for name, why in result["absent"].items():
        console.print(f"{name}: {why}", highlight=False)
    console.print(f"{result['rows']} texts; {result['left_out_as_trained_on']} left out as trained on", highlight=False)
    table = _table(
        "AUROC, its 95 % interval, recall at 1 % false positives", ("language", "against", "attacks", "others"), names
    )
    for lang, sides in result["by_lang"].items():
        for against, found in sides.items():
            table.add_row(
                lang, against, str(found["attacks"]), str(found["others"]), *(_ranked(found[name]) for name in names)
            )
    console.print(table)
    title = "By technique, against the benign of its language: AUROC, recall at 1 %, recall at the default threshold"
    table = _table(title, ("technique", "language", "attacks"), names)
    for row in result["by_technique"]:
        cells = (_short(row["detectors"][name]) for name in names)
        table.add_row(Text(row["technique"]), row["lang"], str(row["attacks"]), *cells)
    console.print(table)
    table = _table("Flagged at the default threshold", ("file", "kind", "n"), names)
    for row in result["false_positives"]:
        table.add_row(
            Text(row["file"]), row["kind"], str(row["n"]), *(_share(row["detectors"][name]) for name in names)
        )
    console.print(table)
    speed = result["speed"]
    table = _table(f"Texts a second of CPU time, {speed['mean_characters']:.0f} characters on average", ("",), names)
    first = speed["per_second"][names[0]]
    table.add_row("texts/s", *(f"{speed['per_second'][name]:,.0f}" for name in names))
    table.add_row("ours is faster by", *(f"{first / speed['per_second'][name]:,.1f}" for name in names))
    console.print(table)


def _table(title: str, left: Sequence[str], names: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in left:
        table.add_column(name)
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _ranked(found: Mapping[str, Any]) -> str:
    if found["auroc"] is None:
        return "-"
    low, high = found["interval"]
    return f"{found['auroc']:.3f} {low:.3f}-{high:.3f} {found['recall_at_1pct_fpr']:.2f}"


def _short(found: Mapping[str, Any]) -> str:
    if found["auroc"] is None:
        return f"- - {found['recall']:.2f}"
    return f"{found['auroc']:.3f} {found['recall_at_1pct_fpr']:.2f} {found['recall']:.2f}"


def _share(found: Mapping[str, Any]) -> str:
    low, high = found["interval"]
    return f"{found['rate']:.3f} {low:.3f}-{high:.3f}"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
