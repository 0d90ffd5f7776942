"""Several processes that share one GPU: the scorer alone, and a worker's whole core, from record to verdict.

The network has the shape of XLM-R base (twelve layers of 768, random weights), its tokeniser is that of the built-in
multilingual encoder, and the events are those of ``make bench``: English and Chinese, two texts each. Each process has
a core of its own, read from memory, with the built-in ``pii`` and ``adversarial`` beside the network, as a worker in
production would have its own partitions. Run by ``tests.bench.gpu``.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agent.models import __file__ as _of_models
from agent.scoring.encoders.pinned import digest_of
from tests.bench.encoder import LABELS, Shape, batch_of

__all__ = ["measure_workers"]

#: A process each shares the cores: the tokeniser's own pool would have a thread for every core in every process.
_TOKENISER_THREADS = 2
_PATIENCE_SECONDS = 120.0


def write_multilingual(folder: Path, shape: Shape) -> Path:
    """A Detoxify checkpoint of XLM-R's kind, with a tokeniser that knows English and Chinese."""
    import torch
    from transformers import XLMRobertaConfig, XLMRobertaForSequenceClassification

    directory = folder / "multilingual"
    directory.mkdir()
    with zipfile.ZipFile(Path(_of_models).parent / "toxicity.encoder.zip") as archive:
        (directory / "tokenizer.json").write_bytes(archive.read("multilingual.tokenizer.json"))
    (directory / "tokenizer_config.json").write_text('{"model_max_length": 512}', encoding="utf-8")
    from tokenizers import Tokenizer

    words = Tokenizer.from_file(str(directory / "tokenizer.json")).get_vocab_size()
    config = XLMRobertaConfig(
        vocab_size=words, hidden_size=shape.hidden, num_hidden_layers=shape.layers, num_attention_heads=shape.heads,
        intermediate_size=shape.inner, num_labels=len(LABELS), max_position_embeddings=514, type_vocab_size=1,
    )  # fmt: skip
    config.save_pretrained(directory)
    torch.manual_seed(11)
    network = XLMRobertaForSequenceClassification(config)
    # A trained network finds most texts harmless. One that finds half of them harmful measures the care for findings.
    network.classifier.out_proj.bias.data.fill_(-4.0)
    architecture = {
        "model_type": str(directory), "model_name": "XLMRobertaForSequenceClassification",
        "tokenizer_name": "XLMRobertaTokenizer", "num_classes": len(LABELS),
    }  # fmt: skip
    content = {
        "config": {"arch": {"args": architecture}, "dataset": {"args": {"classes": LABELS}}},
        "state_dict": network.state_dict(),
    }
    torch.save(content, folder / "multilingual.ckpt")
    return folder / "multilingual.ckpt"


def _child(pipe: Any, checkpoint: str, device: str, seed: int) -> None:
    """Does what it is told: prepares, says that it is ready, waits for the word, tells what it took."""
    import torch

    from streams.collector import calm_the_collector

    torch.set_num_threads(1)
    calm_the_collector()
    section = {"kind": "detoxify", "checkpoint": checkpoint, "sha256": digest_of([Path(checkpoint)]), "device": device}
    while (task := pipe.recv()) is not None:
        work = _prepare_scorer if task["what"] == "scorer" else _run_core

        def ready() -> None:
            pipe.send("ready")
            pipe.recv()

        pipe.send(work(task, section, seed, ready))


def _prepare_scorer(task: Mapping[str, Any], section: Mapping[str, Any], seed: int, ready: Any) -> dict[str, float]:
    from agent.scoring import load_scorer
    from streams.bench.traffic import bench_calls

    options = {name: value for name, value in section.items() if name != "kind"}
    scorer: Any = load_scorer("toxicity", options, "detoxify")
    scorer.warm_up()
    texts = [text for call in bench_calls(4000, 1.7e9, seed) for text in (call.question, call.answer)]
    batch = task["batch"]
    for begin in range(0, 3 * batch, batch):
        scorer.score(batch_of(texts[begin : begin + batch]))
    scorer.take_stages()
    ready()
    began, cpu, done = time.monotonic(), time.process_time(), 0
    while time.monotonic() - began < task["seconds"]:
        at = done % (len(texts) - batch)
        scorer.score(batch_of(texts[at : at + batch]))
        done += batch
    stages = {f"us_{name}": took / done * 1e6 for name, took in scorer.take_stages().items()}
    return {"began": began, "ended": time.monotonic(), "done": done, "cpu": time.process_time() - cpu, **stages}


def _run_core(task: Mapping[str, Any], section: Mapping[str, Any], seed: int, ready: Any) -> dict[str, float]:
    from agent.clock import SystemClock
    from agent.config import validate
    from streams.bench.core import run_core
    from streams.bench.traffic import bench_calls, native_values
    from streams.config import WorkerConfig

    clock = SystemClock()
    toxicity = dict(section) if task["what"] == "core" else {"kind": "ngrams"}
    plain = {"scorers": {"toxicity": toxicity, "pii": {}, "adversarial": {}}, "topics": {"labels": None}}
    config = validate(WorkerConfig, plain | {"batching": {"max_texts": task["batch"]}}, "bench")
    values = native_values(list(bench_calls(task["events"], clock.now(), seed)))
    seconds = run_core(config, values, clock, ready)
    ended = time.monotonic()
    return {"began": ended - seconds.clock, "ended": ended, "done": task["events"], "cpu": seconds.cpu}


class _Crew:
    """Processes that are started once and work together in rounds."""

    def __init__(self, count: int, checkpoint: Path, device: str) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipes: list[Any] = []
        self._processes: list[Any] = []
        for number in range(count):
            mine, theirs = context.Pipe()
            process = context.Process(target=_child, args=(theirs, str(checkpoint), device, 20 + number), daemon=True)
            process.start()
            theirs.close()
            self._pipes.append(mine)
            self._processes.append(process)

    def round(self, count: int, task: Mapping[str, Any]) -> dict[str, Any]:
        pipes = self._pipes[:count]
        for pipe in pipes:
            pipe.send(task)
        for pipe in pipes:
            _receive(pipe)
        with _watched() as seen:
            for pipe in pipes:
                pipe.send("go")
            found = [_receive(pipe) for pipe in pipes]
        passed = max(each["ended"] for each in found) - min(each["began"] for each in found)
        done = sum(each["done"] for each in found)
        stages = {
            name: sum(each[name] for each in found) / count for name in sorted(found[0]) if name.startswith("us_")
        }
        cpu = sum(each["cpu"] for each in found)
        return {"per_second": done / passed, "seconds": passed, "cores_used": cpu / passed,
                "cpu_us_each": cpu / done * 1e6, **stages, **_means(seen)}  # fmt: skip

    def close(self) -> None:
        for pipe, process in zip(self._pipes, self._processes, strict=True):
            if process.is_alive():
                pipe.send(None)
            process.join(10.0)
            process.kill()


def _receive(pipe: Any) -> Any:
    if not pipe.poll(_PATIENCE_SECONDS):
        raise RuntimeError("a process of the bench does not answer")
    return pipe.recv()


@contextmanager
def _watched() -> Iterator[list[str]]:
    """What ``nvidia-smi`` says five times a second, line by line; nothing where there is none."""
    lines: list[str] = []
    program = shutil.which("nvidia-smi")
    if program is None:
        yield lines
        return
    asked = "--query-gpu=utilization.gpu,power.draw,memory.used"
    command = [program, asked, "--format=csv,noheader,nounits", "-lms", "200"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield lines
        finally:
            process.terminate()
            said, _ = process.communicate()
            lines += said.splitlines()


def _means(lines: list[str]) -> dict[str, float]:
    rows = []
    for line in lines:
        try:
            rows.append([float(part) for part in line.split(",")])
        except ValueError:
            continue
    rows = [row for row in rows if len(row) == 3][1:]  # the first sample looks back to before the round
    if not rows:
        return {}
    names = ("gpu_busy_percent", "gpu_watts", "gpu_mib")
    return {name: sum(row[place] for row in rows) / len(rows) for place, name in enumerate(names)}


def measure_workers(
    device: str, shape: Shape, short: bool, wanted: Sequence[int], rows: dict[str, Any], tell: Callable[[str], None]
) -> None:
    """Texts a second of scorers, events a second of cores, by number of processes; filled in as they come."""
    cores = os.cpu_count() or 1
    counts = [count for count in wanted if count <= cores]
    os.environ["RAYON_NUM_THREADS"] = str(_TOKENISER_THREADS)
    os.environ["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    with tempfile.TemporaryDirectory() as folder:
        crew = _Crew(counts[-1], write_multilingual(Path(folder), shape), device)
        try:
            for count in counts:
                for batch in (32,) if short else (256,):
                    name = f"scorer, {count} processes, batches of {batch}"
                    rows[name] = crew.round(count, {"what": "scorer", "batch": batch, "seconds": 0.3 if short else 2.5})
                    tell(f"{name}: {rows[name]}")
            for what, batch in (("core", 256), ("core, ngrams", 256)):
                for count in counts if what == "core" else counts[:1] + counts[-2:-1]:
                    name = f"{what}, {count} processes, batches of {batch}"
                    events = 60 if short else 12_000
                    rows[name] = crew.round(count, {"what": what, "batch": batch, "events": events})
                    tell(f"{name}: {rows[name]}")
        finally:
            crew.close()
