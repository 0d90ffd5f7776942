"""What binds on a GPU: the peak of this one, the forward pass alone, the tokeniser, one scorer, several processes.

The network has the shape of BERT-base and random weights (`tests.bench.encoder`, which measures beside Detoxify).

- ``peaks``: a large product and a large copy; both on random numbers.
- ``forward``: the device's own clock around the passes alone, tokens already there; by precision, by the type of what
  flows between layers, by tokens of a pass; on texts of the usual mix and on texts of 128 tokens each.
- ``tokeniser``: tokens a second with 1 to all threads, a process each.
- ``scorer``: texts a second through the scorer, by batch and by tokens of a pass, with the seconds of its stages.
- ``workers``: see `tests.bench.gpu_workers`.

    PYTHONPATH=. python -m tests.bench.gpu                             # on a GPU, three minutes
    PYTHONPATH=. python -m tests.bench.gpu --short --device cpu        # shows that it works
    PYTHONPATH=. python -m tests.bench.gpu --parts peaks forward --out figures.json
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from agent.scoring.detoxify import DetoxifyScorer
from agent.scoring.encoders.pinned import digest_of
from tests.bench.encoder import BASE, SMALL, Shape, batch_of, make_texts, matmul_peak, operations, write_checkpoint
from tests.bench.gpu_workers import measure_workers

__all__ = ["main"]

_PARTS = ("peaks", "forward", "tokeniser", "scorer", "workers")
#: Precision of the products, and the type of what flows between layers.
_VARIANTS = (("bfloat16", "bfloat16"), ("bfloat16", "float32"), ("float16", "float16"), ("float32", "float32"))
_TOKENS = (2048, 8192, 16_384, 32_768, 65_536, 131_072)
_TOKENISER = """
import sys, time
from tokenizers import Tokenizer
texts = open(sys.argv[2], encoding="utf-8").read().split(chr(10))
tokenizer = Tokenizer.from_file(sys.argv[1])
tokenizer.encode_batch_fast(texts, add_special_tokens=False)
began, done, cpu = time.perf_counter(), 0, time.process_time()
while time.perf_counter() - began < 1.0:
    done += sum(len(each) for each in tokenizer.encode_batch_fast(texts, add_special_tokens=False))
print(done / (time.perf_counter() - began), done / (time.process_time() - cpu))
"""


def _scorer(checkpoint: Path, directory: Path, device: str, **options: Any) -> DetoxifyScorer:
    return DetoxifyScorer(checkpoint, directory, device=device, sha256=digest_of([checkpoint]), **options)


class Gpu:
    """The device, and how long something takes on it."""

    def __init__(self, device: str, short: bool) -> None:
        import torch

        self.torch: Any = torch
        self.device = torch.device(device)
        self.short = short
        self.shape: Shape = SMALL if short else BASE

    def seconds(self, work: Callable[[], object], least: float = 0.4) -> float:
        """Median over repetitions, two passes of warming up before."""
        torch, taken = self.torch, []
        for _ in range(2):
            work()
        began = time.perf_counter()
        while time.perf_counter() - began < (0.05 if self.short else least) or len(taken) < 3:
            if self.device.type == "cuda":
                first, last = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
                first.record()
                work()
                last.record()
                last.synchronize()
                taken.append(first.elapsed_time(last) / 1000.0)
            else:
                start = time.perf_counter()
                work()
                taken.append(time.perf_counter() - start)
        return float(np.median(taken))


def peaks(gpu: Gpu) -> dict[str, Any]:
    """Operations and bytes a second that this device really does."""
    torch, found = gpu.torch, {}
    if gpu.device.type == "cuda":
        found["product"] = {
            name: matmul_peak(torch, str(gpu.device), getattr(torch, name))
            for name in ("bfloat16", "float16", "float32")
        }
    size = (1 << 22) if gpu.short else (1 << 31)
    source = torch.randint(0, 255, (size,), dtype=torch.uint8, device=gpu.device)
    target = torch.empty_like(source)
    found["copy_bytes"] = 2 * size / gpu.seconds(lambda: target.copy_(source))
    return found


def forward(gpu: Gpu, checkpoint: Path, directory: Path, words: Sequence[str], found: dict[str, Any]) -> None:
    """Tokens a second of the passes alone, filled in variant by variant."""
    torch = gpu.torch
    from agent.scoring.encoders.anatomy import take_apart
    from agent.scoring.encoders.networks import PackedNetwork
    from agent.scoring.encoders.tokenising import TextTokenizer
    from agent.scoring.encoders.varlen import PackedEncoder, varlen_available

    classifier = _scorer(checkpoint, directory, "cpu").load()
    tokenizer = TextTokenizer(classifier.tokenizer, parallel=True)
    weights = take_apart(classifier.model)
    assert weights is not None
    mixed = [ids[:510] for ids in tokenizer.encode(make_texts(256 if gpu.short else 4096, words))]
    rng = np.random.default_rng(3)
    even = [rng.integers(5, 1000, 126).astype(np.int32) for _ in range(128)]
    for precision, stream in _VARIANTS:
        if gpu.device.type == "cpu" and precision == "float16":
            continue
        torch.manual_seed(1)
        encoder = PackedEncoder(weights, precision, gpu.device, getattr(torch, stream))  # type: ignore[arg-type]
        if varlen_available(gpu.device, precision):  # type: ignore[arg-type]
            encoder.attention = "varlen"
        network = PackedNetwork(encoder, tokenizer, gpu.device)

        def timed(windows: list[Any], budget: int, network: PackedNetwork = network) -> dict[str, float]:
            lengths = np.asarray([len(each) + tokenizer.specials for each in windows])
            planned = network.plan(lengths, budget)
            middle = planned[len(planned) // 2]
            own = lengths[middle.places]
            with torch.inference_mode():
                inputs = network.send(middle, windows)
                took = gpu.seconds(lambda: network.logits(inputs))
            return {"tokens": int(own.sum()), "texts": len(own), "seconds": took, "tokens_per_second": own.sum() / took,
                    "operations_per_second": operations(gpu.shape, own.tolist()) / took}  # fmt: skip

        rows: dict[str, Any] = found.setdefault(f"{precision}, {stream}", {})
        for budget in _TOKENS[:2] if gpu.short else _TOKENS:
            rows[f"mixed {budget}"] = timed(mixed, budget)
        for count in (1, 32, 128):
            rows[f"{count} x 128"] = timed(even[:count], 1 << 20)
        if encoder.attention == "varlen":
            with torch.inference_mode():
                network.record(512, 32_768)
            for budget in _TOKENS[:4]:
                rows[f"recorded, mixed {budget}"] = timed(mixed, budget)
            for count in (1, 32, 128):
                rows[f"recorded, {count} x 128"] = timed(even[:count], 1 << 20)
        del network, encoder


def tokeniser(checkpoint: Path, directory: Path, folder: Path, words: Sequence[str]) -> dict[str, Any]:
    """Tokens a second, by threads; of the clock and of the processor."""
    classifier = _scorer(checkpoint, directory, "cpu").load()
    classifier.tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "texts.txt").write_text("\n".join(make_texts(2048, words)), encoding="utf-8")
    rows: dict[str, Any] = {}
    cores = os.cpu_count() or 1
    for threads in sorted({1, 2, 4, 8, 16, cores}):
        if threads > cores:
            break
        command = [sys.executable, "-c", _TOKENISER, str(folder / "tokenizer.json"), str(folder / "texts.txt")]
        environment = os.environ | {"RAYON_NUM_THREADS": str(threads)}
        said = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
        clock, cpu = map(float, said.split())
        rows[str(threads)] = {"tokens_per_second": clock, "tokens_per_cpu_second": cpu}
    return rows


def scorer(gpu: Gpu, checkpoint: Path, directory: Path, words: Sequence[str], found: dict[str, Any]) -> None:
    """Texts a second through the scorer, by tokens of a pass and by batch."""
    texts = make_texts(256 if gpu.short else 16_384, words)
    sweeps = (
        ((1024, (64,)),) if gpu.short else ((8192, (256, 2048)), (16_384, (1, 256, 2048, 8192)), (32_768, (2048, 8192)))
    )
    for tokens, batches in sweeps:
        made = _scorer(checkpoint, directory, str(gpu.device), tokens_per_pass=tokens)
        made.warm_up()
        for batch in batches:
            for begin in range(0, 3 * batch, batch):
                made.score(batch_of(texts[begin : begin + batch]))
            made.take_stages()
            began, cpu, mine = time.perf_counter(), time.process_time(), time.thread_time()
            done = 0
            while time.perf_counter() - began < (0.1 if gpu.short else 1.5):
                for begin in range(0, len(texts), batch):
                    part = texts[begin : begin + batch]
                    made.score(batch_of(part))
                    done += len(part)
                    if time.perf_counter() - began > 2.0:
                        break
            passed = time.perf_counter() - began
            found[f"{tokens} tokens a pass, batches of {batch}"] = {
                "texts_per_second": done / passed, "cpu_us_a_text": (time.process_time() - cpu) / done * 1e6,
                "thread_us_a_text": (time.thread_time() - mine) / done * 1e6,
                "us_a_text": {name: took / done * 1e6 for name, took in made.take_stages().items()},
            }  # fmt: skip
        del made


def measure(
    gpu: Gpu, parts: Sequence[str], counts: Sequence[int], tell: Callable[[str], None], keep: Callable[[Any], None]
) -> dict[str, Any]:
    """All figures; `keep` is given them after each part, so that a run that is cut short loses little."""
    found: dict[str, Any] = {"bench": "gpu", "shape": gpu.shape._asdict(), "cores": os.cpu_count()}
    if gpu.device.type == "cuda":
        found["device"] = gpu.torch.cuda.get_device_name(gpu.device)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        checkpoint, directory, words = write_checkpoint(folder, gpu.shape)
        for part in parts:
            tell(part)
            rows: dict[str, Any] = found.setdefault(part, {})
            if part == "peaks":
                rows.update(peaks(gpu))
            elif part == "forward":
                forward(gpu, checkpoint, directory, words, rows)
            elif part == "tokeniser":
                rows.update(tokeniser(checkpoint, directory, folder, words))
            elif part == "scorer":
                scorer(gpu, checkpoint, directory, words, rows)
            elif part == "workers":
                measure_workers(str(gpu.device), gpu.shape, gpu.short, counts, rows, tell)
            keep(found)
    return found


def _print(found: dict[str, Any], path: str = "") -> None:
    for key, value in found.items():
        if isinstance(value, dict) and any(isinstance(each, dict) for each in value.values()):
            _print(value, f"{path}{key} | ")
        elif isinstance(value, dict):
            print(f"{path}{key}: " + ", ".join(f"{name} {_short(each)}" for name, each in value.items()))
        else:
            print(f"{path}{key}: {_short(value)}")


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=_PARTS, default=list(_PARTS))
    parser.add_argument("--counts", nargs="+", type=int, default=[1, 2, 4, 8, 12], help="of processes, for workers")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--short", action="store_true", help="a small network and little time")
    parser.add_argument("--out", type=Path, help="figures as JSON, written after each part")
    args = parser.parse_args(arguments)
    warnings.simplefilter("ignore")

    def keep(found: Any) -> None:
        if args.out is not None:
            args.out.write_text(json.dumps(found, indent=1), encoding="utf-8")

    began = time.perf_counter()
    gpu = Gpu(args.device, args.short)

    def tell(line: str) -> None:
        print(f"[{time.perf_counter() - began:.0f} s] {line}", file=sys.stderr, flush=True)

    found = measure(gpu, args.parts, args.counts, tell, keep)
    _print(found)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
