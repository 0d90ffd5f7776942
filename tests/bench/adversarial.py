"""The built-in adversarial classifier, the scorer around it and other detectors, on one folder of labelled data.

    python -m tests.bench.adversarial --open DIR [--rivals] [--train FILE] [--limit N] [--json]

DIR holds ``adv/`` and ``prompt/`` (JSON Lines, plain or gzip). The figures are those of ``harmwatch evaluate``: attacks
by language and technique against benign texts, and what is flagged of these. What this adds: it knows which rows of
such folders are attacks (CLASSES); it measures the classifier alone too, without the scorer's other layers, and any
finding of the scorer, disguises included; and texts a second of CPU time, one thread each (start it under ``taskset -c
0`` to be sure).

Rows that a model was trained on flatter it. ``--train`` names the training file: then rows whose text is in it are left
out of everything. Set ``OMP_NUM_THREADS=1``.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from agent.clock import SystemClock
from agent.config import CoreConfig, ScorerConfig
from agent.errors import ConfigError, HarmwatchError
from agent.pipeline import build_scorers
from agent.quality.beside import load_rival
from agent.quality.bootstrap import Bootstrap
from agent.quality.choice import RowChoice
from agent.quality.evaluate import evaluate
from agent.quality.kind_tables import kind_blocks
from agent.quality.measure import ScorerJudge, TextJudge
from agent.quality.rows import LabelledFile, read_files, without_seen
from agent.report.blocks import Block, Cell, Note, Table
from streams.commands.evaluate_table import widened
from streams.commands.sections import render_blocks
from streams.config import load_config
from tests.bench.adversarial_judges import AnyFinding, Classifier

__all__ = ["CLASSES", "attack_files", "main", "measure"]

RIVALS = ("jailguard", "picket")

CLASSES = {
    # Perturbed rows inherit their parents' label: only those of injections say whether a text is an attack.
    "left out": ("adv/*_perturbed.jsonl*:task_label!=injection",),
    # Plainly harmful requests try to get around nothing; of XSafety's scenarios four do.
    "hard negatives": (
        "prompt:label=1",
        "prompt/*_xsafety.jsonl*:category!=Goal_Hijacking,Prompt_Leaking,Role_Play_Instruction,Reverse_Exposure",
    ),
}
"""What ``--leave-out`` and ``--hard-negatives`` are given for these folders."""

_SPEED_TEXTS = 4000
_FAST = (Classifier, AnyFinding, ScorerJudge)


def main(arguments: Sequence[str]) -> int:
    """Print the tables, or one JSON object."""
    args = _parser().parse_args(arguments)
    try:
        result = measure(args, Console(stderr=True))
    except HarmwatchError as error:
        sys.stderr.write(f"adversarial: {error}\n")
        return 1
    if args.json:
        sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
    else:
        console = widened(Console())
        render_blocks([*_aside(result), *kind_blocks(result, intervals=not args.rivals), _speed_table(result)], console)
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


def attack_files(folder: Path) -> list[LabelledFile]:
    """``adv/`` and ``prompt/``, with attacks as label 1 and plainly harmful requests as hard negatives.

    Raises
    ------
    ConfigError
        When neither is there.
    DataError
        When a row lacks a field.
    """
    parts = [folder / part for part in ("adv", "prompt") if (folder / part).is_dir()]
    if not parts:
        raise ConfigError(f"{folder}: holds no adv/ or prompt/")
    left_out, hard = ([found for each in given for found in _there(folder, each)] for given in CLASSES.values())
    return read_files(list(map(str, parts)), "adversarial", sys.stdin.buffer, RowChoice(left_out, hard))


def _there(folder: Path, selector: str) -> list[str]:
    pattern, _, rows = selector.partition(":")
    return [f"{path}:{rows}" for path in sorted(folder.glob(pattern))]


def measure(args: argparse.Namespace, progress: Console) -> dict[str, Any]:
    """Everything, as plain data: what ``harmwatch evaluate --json`` gives of the classifier, with the others beside."""
    files = attack_files(args.open)
    every = sum(len(file.rows) for file in files)
    if args.train is not None:
        files = without_seen(files, args.train)
    unseen = sum(len(file.rows) for file in files)
    if args.limit is not None:
        files = [replace(file, rows=file.rows[:: max(len(file.rows) // args.limit, 1)][: args.limit]) for file in files]
    judges, absent = _judges(args)
    figures: dict[str, dict[str, Any]] = {}
    for judge in judges:
        progress.print(f"{judge.name}: {sum(len(file.rows) for file in files)} texts", highlight=False)
        done = evaluate(files, judge, "adversarial", SystemClock(), bootstrap=Bootstrap(0))
        figures[judge.name] = done.figures()
    first, *_ = figures
    return figures.pop(first) | {
        "left_out_as_trained_on": every - unseen, "absent": absent, "beside": figures,
        "speed": _speeds(judges, [row.text for file in files for row in file.rows], args.speed_texts),
    }  # fmt: skip


def _judges(args: argparse.Namespace) -> tuple[list[TextJudge], dict[str, str]]:
    config: CoreConfig = load_config(args.config) if args.config else CoreConfig()
    section = config.scorers.get(args.scorer, ScorerConfig()).model_copy(update={"enabled": True})
    (scorer,) = build_scorers({args.scorer: section})
    whole = ScorerJudge(scorer, section.thresholds)
    found: list[TextJudge] = [Classifier(args.model), whole, AnyFinding(scorer, section.thresholds)]
    absent: dict[str, str] = {}
    for name in RIVALS:
        try:
            if args.rivals:
                found.append(load_rival(name, "adversarial"))
            else:
                absent[name] = "not asked for; --rivals"
        except ConfigError as error:
            absent[name] = str(error)
    return found, absent


def _speeds(judges: Sequence[TextJudge], texts: Sequence[str], count: int) -> dict[str, Any]:
    """Texts a second of this process's CPU time, best of three; the same texts, spread over all files."""
    order = np.random.default_rng(0).permutation(len(texts))[:count]
    timed = [texts[place] for place in order]
    found: dict[str, Any] = {
        "texts": len(timed), "mean_characters": float(np.mean([len(text) for text in timed])), "per_second": {},
    }  # fmt: skip
    for judge in judges:
        own = timed if isinstance(judge, _FAST) else timed[: max(len(timed) // 20, 20)]
        found["per_second"][judge.name] = len(own) / min(_cpu_seconds(judge, own) for _ in range(3))
    return found


def _cpu_seconds(judge: TextJudge, texts: Sequence[str], batch: int = 256) -> float:
    started = time.process_time()
    for begin in range(0, len(texts), batch):
        judge.judge(texts[begin : begin + batch])
    return max(time.process_time() - started, 1e-9)


def _aside(result: dict[str, Any]) -> list[Block]:
    said = f"{result['n']} texts; {result['left_out_as_trained_on']} left out as trained on"
    return [Note(said), *(Note(f"{name}: {why}") for name, why in result["absent"].items())]


def _speed_table(result: dict[str, Any]) -> Block:
    speed = result["speed"]
    title = f"Texts a second of CPU time, {speed['mean_characters']:.0f} characters on average"
    first = next(iter(speed["per_second"].values()))
    rows = [
        (Cell(name), Cell(f"{found:,.0f}"), Cell(f"{first / found:,.1f}"))
        for name, found in speed["per_second"].items()
    ]
    return Table(title, ("", "texts/s", "classifier is faster by"), rows)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
