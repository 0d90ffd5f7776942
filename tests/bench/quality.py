"""Our toxicity scorer beside alt-profanity-check and an n-gram floor, on every file of a folder of labelled data.

    python -m tests.bench.quality --open DIR --train DIR [--limit N] [--json]

DIR of ``--open`` holds ``tox/``, ``out/`` and the like (JSON Lines, plain or gzip); DIR of ``--train`` holds
``toxicity.jsonl.gz``, which the floor is trained on. Prints a table of AUROC per file and language with all three
judges, the pooled AUROC per language over the files named by ``--unseen``, the false-positive rate at the default
threshold on texts without harm (files without a positive, and those named by ``--benign``), and what perturbing texts
costs (``*_perturbed``: clean parents against variants).

Texts that a model was trained on flatter it: only the files named by ``--unseen`` say how it does elsewhere.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.clock import SystemClock
from agent.config import CoreConfig, ScorerConfig
from agent.errors import HarmwatchError
from agent.pipeline import build_scorers
from agent.quality.beside import NgramFloor, ProfanityCheck
from agent.quality.bootstrap import Bootstrap
from agent.quality.figures import common_threshold, text_figures
from agent.quality.measure import Judged, ScorerJudge, TextJudge, judge_file
from agent.quality.rows import LabelledFile, read_files
from streams.config import load_config
from tests.bench.perturbed import perturbation_figures

UNSEEN = (
    "tox_en_hatecheck", "tox_en_hatemojicheck", "tox_en_stormfront", "tox_en_wikitalk", "tox_xx_mhc", "tox_zh_mhc",
    "tox_ko_kocohub", "out_en_xstest_completions",
)  # fmt: skip
"""Sources that the built-in model was never trained on."""

BENIGN = ("prompt_en_benign", "prompt_zh_benign", "prompt_zh_cvalues_sensitive", "adv_en_wildguard_benign",
          "adv_xx_notinject")  # fmt: skip
"""Files without a positive that stand in other folders."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A judge, and what it said of each file."""

    judge: TextJudge
    parts: Mapping[str, Judged]

    def figures(self, names: Sequence[str], lang: str | None, bootstrap: Bootstrap) -> dict[str, Any]:
        """Figures of the texts of some files, in one language or all."""
        pooled = Judged.pooled([self.parts[name] for name in names])
        chosen = pooled if lang is None else pooled.of_lang(lang)
        return text_figures(chosen, common_threshold(self.judge.thresholds), bootstrap)


def main(arguments: Sequence[str]) -> int:
    """Print the tables, or one JSON object."""
    args = _parser().parse_args(arguments)
    console = Console(stderr=args.json)
    if not console.is_terminal:
        console.width = max(console.width, 160)
    try:
        result = measure(args, Console(stderr=True))
    except HarmwatchError as error:
        sys.stderr.write(f"quality: {error}\n")
        return 1
    if args.json:
        sys.stdout.write(json.dumps(result) + "\n")
    else:
        _render(result, console)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--open", type=Path, required=True, metavar="DIR", help="labelled data to measure on")
    parser.add_argument("--train", type=Path, required=True, metavar="DIR", help="holds toxicity.jsonl.gz")
    parser.add_argument("--folders", nargs="+", default=["tox", "out"], metavar="NAME", help="folders of --open")
    parser.add_argument("--unseen", nargs="+", default=list(UNSEEN), metavar="NAME", help="files never trained on")
    parser.add_argument("--benign", nargs="*", default=list(BENIGN), metavar="NAME", help="more files without harm")
    parser.add_argument("--scorer", default="toxicity", metavar="NAME")
    parser.add_argument("--config", type=Path, metavar="FILE", help="harmwatch.yaml, for the scorer's section")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N rows of each file, and of training")
    parser.add_argument("--no-floor", action="store_true", help="leave the n-gram floor out: it takes most of the time")
    parser.add_argument("--bootstrap", type=int, default=1000, metavar="N")
    parser.add_argument("--json", action="store_true")
    return parser


def measure(args: argparse.Namespace, progress: Console) -> dict[str, Any]:
    """Everything, as plain data."""
    bootstrap = Bootstrap(args.bootstrap)
    sources = [str(args.open / name) for name in args.folders]
    more = [path for path in sorted(args.open.rglob("*.jsonl*")) if path.name.split(".")[0] in args.benign]
    more = [path for path in more if path.parent.name not in args.folders]
    files = [_cut(file, args.limit) for file in read_files([*sources, *map(str, more)], "toxicity", sys.stdin.buffer)]
    judges: list[TextJudge] = [_ours(args), ProfanityCheck()]
    if not args.no_floor:
        progress.print("training the n-gram floor", highlight=False)
        judges.append(NgramFloor(args.train / "toxicity.jsonl.gz", limit=args.limit))
    outcomes = [_outcome(judge, files, progress) for judge in judges]
    labelled = [file.name for file in files if file.rows]
    result: dict[str, Any] = {"judges": [judge.name for judge in judges], "files": {}, "unseen": {}, "benign": {}}
    for name in labelled:
        langs = outcomes[0].parts[name].langs
        result["files"][name] = {lang: _beside(outcomes, [name], lang, bootstrap) for lang in langs}
        if len(langs) > 1:
            result["files"][name]["all"] = _beside(outcomes, [name], None, bootstrap)
    unseen = [name for name in labelled if name in args.unseen]
    if unseen:
        langs = Judged.pooled([outcomes[0].parts[name] for name in unseen]).langs
        result["unseen"] = {lang: _beside(outcomes, unseen, lang, bootstrap) for lang in langs}
        result["unseen"]["all"] = _beside(outcomes, unseen, None, bootstrap)
    benign = [name for name in labelled if not outcomes[0].parts[name].labels.any()]
    for lang in Judged.pooled([outcomes[0].parts[name] for name in benign]).langs if benign else []:
        having = [name for name in benign if lang in outcomes[0].parts[name].langs]
        result["benign"][lang] = {
            name: _beside(outcomes, having if name == "all" else [name], lang, bootstrap) for name in [*having, "all"]
        }
    perturbed = sorted(path for path in args.open.rglob("*_perturbed.jsonl*") if path.is_file())
    result["perturbed"] = {
        path.name.split(".")[0]: perturbation_figures(path, judges, args.limit) for path in perturbed
    }
    return result


def _cut(file: LabelledFile, limit: int | None) -> LabelledFile:
    return file if limit is None else replace(file, rows=file.rows[:limit])


def _ours(args: argparse.Namespace) -> TextJudge:
    config: CoreConfig = load_config(args.config) if args.config else CoreConfig()
    section = config.scorers.get(args.scorer, ScorerConfig()).model_copy(update={"enabled": True})
    (scorer,) = build_scorers({args.scorer: section})
    return ScorerJudge(scorer, section.thresholds)


def _outcome(judge: TextJudge, files: Sequence[LabelledFile], progress: Console) -> Outcome:
    progress.print(f"{judge.name}: {sum(len(file.rows) for file in files)} texts", highlight=False)
    clock = SystemClock()
    return Outcome(
        judge, {file.name: judge_file(file, judge, clock, 256, lambda _: None) for file in files if file.rows}
    )


def _beside(
    outcomes: Sequence[Outcome], names: Sequence[str], lang: str | None, bootstrap: Bootstrap
) -> dict[str, dict[str, Any]]:
    return {outcome.judge.name: outcome.figures(names, lang, bootstrap) for outcome in outcomes}


def _render(result: Mapping[str, Any], console: Console) -> None:
    judges = result["judges"]
    rows = [(name, lang, found) for name, langs in result["files"].items() for lang, found in langs.items()]
    console.print(_auroc_table("AUROC by file and language", rows, judges))
    console.print(
        _auroc_table("AUROC pooled over unseen files", [("unseen", *row) for row in result["unseen"].items()], judges)
    )
    table = _table("False-positive rate on texts without harm, at each judge's default threshold", judges)
    for lang, files in result["benign"].items():
        for name, found in files.items():
            table.add_row(Text(name), Text(lang), str(found[judges[0]]["n"]), "0",
                          *(_figure(found[judge], "fpr") for judge in judges))  # fmt: skip
    console.print(table)
    for name, found in result["perturbed"].items():
        table = _table(f"{name}: AUROC of clean parents, of their variants, and the fall", judges)
        for row in found:
            cells = [
                " ".join("-" if figure is None else f"{figure:.3f}" for figure in row["judges"][judge].values())
                for judge in judges
            ]
            table.add_row(Text(row["form"]), Text(row["lang"]), str(row["n"]), str(row["positives"]), *cells)
        console.print(table)


def _auroc_table(title: str, rows: Sequence[tuple[str, str, Mapping[str, Any]]], judges: Sequence[str]) -> Table:
    table = _table(title, [*judges, *(f"- {judge}" for judge in judges[1:])])
    for name, lang, found in rows:
        first = found[judges[0]]
        gaps = [_gap(first["auroc"], found[judge]["auroc"]) for judge in judges[1:]]
        table.add_row(Text(name), Text(lang), str(first["n"]), str(first["positives"]),
                      *(_figure(found[judge], "auroc") for judge in judges), *gaps)  # fmt: skip
    return table


def _table(title: str, names: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("file", "language"):
        table.add_column(name, min_width=len(name))
    for name in ("n", "pos", *names):
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _figure(found: Mapping[str, Any], name: str) -> str:
    if found[name] is None:
        return "-"
    bounds = found["intervals"][name]
    return f"{found[name]:.3f}" + ("" if bounds is None else f" {bounds[0]:.3f}-{bounds[1]:.3f}")


def _gap(ours: float | None, theirs: float | None) -> str:
    return "-" if ours is None or theirs is None else f"{ours - theirs:+.3f}"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
