"""Our executor beside ``Detoxify.predict``: same checkpoint, same texts, same device, at batch sizes 1, 32 and 512.

The checkpoint has the shape of BERT-base (12 layers of 768, vocabulary of 30,522) and random weights, made in place
with a tokeniser of its own: speed does not depend on what a network has learnt. Text lengths follow a log-normal mix as
real traffic has it (mean about 52 tokens, 99th percentile about 385). On a CPU both use one thread, and what counts is
the CPU time of the process; on a GPU it is the clock, with the device done, over two seconds and more; ours is given
2,048 texts at once there too. ``tests.bench.gpu`` says what binds.

On a CPU Detoxify is given 32 texts of its batch of 512, the longest among them: they are padded to the same width, and
so cost as much each, in a sixteenth of the time (``--whole``: all 512, ten minutes).

    PYTHONPATH=. python -m tests.bench.encoder            # some minutes on a CPU
    PYTHONPATH=. python -m tests.bench.encoder --short    # a smaller network: shows that it works, says little else
    PYTHONPATH=. python -m tests.bench.encoder --json     # one line on standard output
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np

from agent.events import TextPart
from agent.scoring.base import Batch, ScoringItem
from agent.scoring.detoxify import DetoxifyScorer
from agent.scoring.encoders.pinned import digest_of

__all__ = [
    "BASE",
    "LABELS",
    "SMALL",
    "Shape",
    "batch_of",
    "main",
    "make_texts",
    "matmul_peak",
    "operations",
    "write_checkpoint",
]

LABELS = ["toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate"]
_BATCHES = (1, 32, 512)
_BATCHES_OF_GPUS = (*_BATCHES, 2048)
#: Beyond it Detoxify pads everything to the longest of so many texts that the memory of a GPU may not hold it.
_MOST_OF_DETOXIFY = 512
_LEAST_SECONDS_OF_GPUS = 2.0
_VOCABULARY = 30_522


class Shape(NamedTuple):
    """Of the network: layers, width, inner width, heads."""

    layers: int
    hidden: int
    inner: int
    heads: int


BASE, SMALL = Shape(12, 768, 3072, 12), Shape(2, 128, 512, 2)


def write_checkpoint(folder: Path, shape: Shape) -> tuple[Path, Path, list[str]]:
    """Checkpoint, directory of its network, and the words of its tokeniser, each one token."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

    directory = folder / "network"
    directory.mkdir()
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = [a + b + c + d for a in letters for b in letters for c in letters for d in "aeiou"]
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words][:_VOCABULARY]
    (directory / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    BertTokenizer(str(directory / "vocab.txt"), model_max_length=512).save_pretrained(directory)
    config = BertConfig(
        vocab_size=_VOCABULARY, hidden_size=shape.hidden, num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads, intermediate_size=shape.inner, num_labels=len(LABELS),
    )  # fmt: skip
    config.save_pretrained(directory)
    torch.manual_seed(11)
    model = BertForSequenceClassification(config)
    # Logits of a trained head spread over several units; those of a fresh one would hide every deviation.
    model.classifier.weight.data.mul_(20.0)
    architecture = {
        "model_type": str(directory), "model_name": "BertForSequenceClassification", "tokenizer_name": "BertTokenizer",
        "num_classes": len(LABELS),
    }  # fmt: skip
    content = {
        "config": {"arch": {"args": architecture}, "dataset": {"args": {"classes": LABELS}}},
        "state_dict": model.state_dict(),
    }
    torch.save(content, folder / "bench.ckpt")
    return folder / "bench.ckpt", directory, vocabulary[5:]


def make_texts(count: int, words: Sequence[str], seed: int = 5) -> list[str]:
    """Texts whose numbers of tokens are log-normal quantiles: the same mix at every count."""
    rng = np.random.default_rng(seed)
    quantiles = [NormalDist().inv_cdf((place + 0.5) / count) for place in range(count)]
    lengths = np.clip(np.exp(3.30 + 1.14 * np.asarray(quantiles)), 1, 510).astype(int)
    rng.shuffle(lengths)
    return [" ".join(words[index] for index in rng.integers(0, len(words), length)) for length in lengths]


def batch_of(texts: Sequence[str]) -> Batch:
    return Batch([ScoringItem(TextPart(text), "input", str) for text in texts])


def _speed(
    score: Callable[[Sequence[str]], Any],
    texts: Sequence[str],
    batch: int,
    clock: Callable[[], float],
    least_seconds: float = 0.0,
) -> float:
    """Texts per second, over all texts as often as `least_seconds` ask.

    The warm-up is a small batch, or, where there is a least time, some whole ones: kernels are loaded and memory is
    taken at the first batch of a size.
    """
    warm = min(batch, 4) if least_seconds == 0.0 else 2 * batch
    for begin in range(0, warm, batch):
        score(texts[begin : begin + min(batch, warm)])
    began, done = clock(), 0
    while True:
        for begin in range(0, len(texts), batch):
            score(texts[begin : begin + batch])
        done += len(texts)
        passed = clock() - began
        if passed >= least_seconds:
            return done / max(passed, 1e-9)


def _useful_shares(texts: Sequence[str], batch: int) -> tuple[float, float]:
    """Share of tokens that are no padding: of batches padded to their longest text, and of ours."""
    lengths = np.asarray([len(text.split()) + 2 for text in texts])
    parts = [lengths[begin : begin + batch] for begin in range(0, len(lengths), batch)]
    padded = sum(len(part) * int(part.max()) for part in parts)
    return float(lengths.sum()) / padded, 1.0


def _deviation(scorer: DetoxifyScorer, reference: Any, texts: Sequence[str]) -> float:
    worst = 0.0
    for text, row in zip(texts, scorer.score(batch_of(texts)), strict=True):
        for label, score in reference.predict([text]).items():
            worst = max(worst, abs(row.scores[f"detoxify.{label}"] - score))
    return worst


def matmul_peak(torch: Any, device: str, dtype: Any) -> float:
    """Floating-point operations per second of a large product: what this device really does."""
    size = 8192
    left, right = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    for _ in range(3):
        left @ right
    torch.cuda.synchronize()
    began = time.perf_counter()
    for _ in range(20):
        left @ right
    torch.cuda.synchronize()
    return 20 * 2 * size**3 / (time.perf_counter() - began)


def operations(shape: Shape, lengths: Sequence[int]) -> float:
    """Of a forward pass over texts of these lengths, products alone, padding not counted."""
    weights = shape.layers * (4 * shape.hidden**2 + 2 * shape.hidden * shape.inner)
    return float(sum(2 * weights * n + 4 * shape.layers * shape.hidden * n * n for n in lengths))


def measure(
    short: bool, whole: bool, device: str, precisions: Sequence[str], tell: Callable[[str], None]
) -> dict[str, Any]:
    """All figures, as printed with ``--json``."""
    import torch
    from detoxify import Detoxify

    on_gpu = device != "cpu"
    torch.set_num_threads(1)
    shape = SMALL if short else BASE
    clock = time.perf_counter if on_gpu else time.process_time
    scale = 8 if on_gpu else 1
    least = _LEAST_SECONDS_OF_GPUS if on_gpu else 0.0
    peaks: dict[Any, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        checkpoint, directory, words = write_checkpoint(Path(folder), shape)
        reference = Detoxify(checkpoint=str(checkpoint), device=device)
        texts = {
            batch: make_texts(max(batch, 64) * scale, words) for batch in (_BATCHES_OF_GPUS if on_gpu else _BATCHES)
        }
        rows: dict[str, Any] = {}
        theirs: dict[int, float] = {}
        for batch, some in texts.items():
            if batch > _MOST_OF_DETOXIFY:
                continue
            part = some if on_gpu or whole or batch < 512 else sorted(some, key=len)[-1:] + some[:31]
            theirs[batch] = _speed(reference.predict, part, batch, clock, least)
            tell(f"Detoxify.predict, batch {batch}: {theirs[batch]:.2f} texts/s")
        best = max(theirs.values())
        for precision in precisions:
            scorer = DetoxifyScorer(
                checkpoint, directory, device=device, precision=precision, sha256=digest_of([checkpoint])
            )
            scorer.warm_up()
            deviation = _deviation(scorer, reference, texts[1][:24])
            for batch, some in texts.items():
                speed = _speed(lambda part, scorer=scorer: scorer.score(batch_of(part)), some, batch, clock, least)
                padded, ours = _useful_shares(some, batch)
                beside = theirs.get(batch)
                row = rows.setdefault(precision, {"deviation": round(deviation, 5), "batches": {}})
                row["batches"][batch] = {
                    "ours": round(speed, 2), "detoxify": beside and round(beside, 2),
                    "ratio": beside and round(speed / beside, 1),
                    "ratio_to_its_best": round(speed / best, 2), "useful_tokens": ours,
                    "useful_tokens_detoxify": round(padded, 3),
                }  # fmt: skip
                tell(f"ours, {precision}, batch {batch}: {speed:.2f} texts/s, {speed / (beside or best):.1f} times; "
                     f"{speed / best:.2f} times its best; off by {deviation:.5f} at most")  # fmt: skip
                if on_gpu:
                    lengths = [len(text.split()) + 2 for text in some]
                    dtype = getattr(torch, precision) if precision != "auto" else torch.bfloat16
                    if dtype not in peaks:
                        peaks[dtype] = matmul_peak(torch, device, dtype)
                    share = operations(shape, lengths) / len(some) * speed / peaks[dtype]
                    row["batches"][batch]["share_of_matmul_peak"] = round(share, 3)
                    tell(f"    {share:.1%} of the measured peak of a matrix product")
        lengths = [len(text.split()) + 2 for text in texts[512]]
    return {
        "bench": "encoder", "device": _device_name(torch, device), "shape": shape._asdict(), "precisions": rows,
        "tokens": {"mean": round(float(np.mean(lengths)), 1), "p99": float(np.percentile(lengths, 99))},
        "per_second_of": "clock" if on_gpu else "CPU",
    }  # fmt: skip


def _device_name(torch: Any, device: str) -> str:
    return str(torch.cuda.get_device_name(device)) if device != "cpu" else "CPU, one thread"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one JSON object on one line")
    parser.add_argument("--short", action="store_true", help="a small network")
    parser.add_argument("--whole", action="store_true", help="give Detoxify the whole batch of 512 on a CPU too")
    parser.add_argument("--device", default="auto", help="cpu or cuda; the first GPU where there is one")
    parser.add_argument("--precision", nargs="+", default=["auto"], help="auto, float32, bfloat16, float16, int8")
    args = parser.parse_args(arguments)
    import torch

    warnings.simplefilter("ignore")
    device = args.device if args.device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    found = measure(
        args.short, args.whole, device, args.precision, lambda line: print(line, file=sys.stderr, flush=True)
    )
    if args.json:
        print(json.dumps(found))
    else:
        for precision, row in found["precisions"].items():
            for batch, figures in row["batches"].items():
                print(f"{precision:>9} batch {batch:>3}: {figures}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
