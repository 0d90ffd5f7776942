"""Encoders on a real GPU: the scores of the CPU, whatever the lengths; memory that runs out; one lane for all.

Not run where torch sees no GPU (layer ``cuda``). Bounds are about twice what was
measured on an H100, see docs/models.md.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agent.clock import ManualClock
from agent.scores import ScoreRow
from agent.scoring.base import Batch
from agent.scoring.cache import ScoreCache
from agent.scoring.executor import Executor
from agent.scoring.transformers_classifier import TransformersScorer
from tests.builders import native
from tests.unit.scoring.fake_scorers import RecordingObserver, make_batch, run
from tests.unit.scoring.tiny_detoxify import write_tiny_detoxify
from tests.unit.scoring.tiny_encoders import KINDS, SENTENCES, write_classifier

pytestmark = pytest.mark.layer("cuda")

#: Deeper and wider than the tiny networks, so that rounding adds up and shapes are such as GPUs' kernels like.
DEEP = {
    "hidden_size": 128, "num_hidden_layers": 6, "num_attention_heads": 2, "intermediate_size": 512,
    "max_position_embeddings": 130, "initializer_range": 0.15,
}  # fmt: skip
#: Largest deviation of a score from float32 on the CPU.
BOUNDS = {"float32": 1e-4, "float16": 0.01, "bfloat16": 0.06}
MEBIBYTE = 1 << 20


def deep(folder: Path, kind: str) -> str:
    over: dict[str, Any] = dict(DEEP)
    if kind == "distilbert":
        over = {
            "dim": 128,
            "n_layers": 6,
            "n_heads": 2,
            "hidden_dim": 512,
            "max_position_embeddings": 130,
            "initializer_range": 0.15,
        }
    if kind == "deberta-v2":
        over["pooler_hidden_size"] = 128
    return str(write_classifier(folder, kind, **over))


def scorer_of(model: str, device: str = "cuda", precision: str = "float32", **options: Any) -> TransformersScorer:
    scorer = TransformersScorer(
        model, {"LABEL_1": "unsafe"}, device=device, precision=precision, slot="toxicity", **options
    )
    scorer.warm_up()
    return scorer


def texts_of_all_lengths(seed: int) -> list[str]:
    """Fresh ones for each seed: no token, one, up to the window, many windows, Chinese, a lone surrogate."""
    rng = np.random.default_rng(seed)
    words = " ".join(SENTENCES).split()
    lengths = [1, 2, 3, 15, 16, 17, 63, 64, 126, 127, 128, 129, 400, *rng.integers(1, 130, 60).tolist()]
    made = [" ".join(str(word) for word in rng.choice(words, length)) for length in lengths]
    return ["", " ", "a", "你好世界" * 30, "nice \ud800 you", *made]


def values(scorer: TransformersScorer, texts: Sequence[str]) -> list[float]:
    return [row.scores.get("toxicity.unsafe", 0.0) for row in scorer.score(make_batch(*texts))]


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> str:
    return deep(tmp_path_factory.mktemp("bert"), "bert")


def test_auto_takes_the_gpu_and_bfloat16_and_flash_attention(bert: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    scorer = scorer_of(bert, "auto", "auto")
    assert "device=cuda:0 precision=bfloat16" in caplog.text and "network=PackedNetwork" in caplog.text
    for complaint in ("no_flash_attention", "not_understood", "not_recorded", "fused_gelu_absent"):
        assert complaint not in caplog.text
    assert scorer.tokens_per_pass >= 16_384


@pytest.mark.parametrize("precision", BOUNDS)
@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_those_of_the_cpu(
    kind: str, precision: str, tmp_path: Path, record_property: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    model = deep(tmp_path, kind)
    texts = texts_of_all_lengths(seed=len(kind))
    expected = np.asarray(values(scorer_of(model, "cpu"), texts))
    found = np.asarray(values(scorer_of(model, "cuda", precision), texts))
    assert expected.std() > 0.02, "scores that hardly differ hide every deviation"
    deviation = float(np.abs(found - expected).max())
    record_property("deviation", deviation)
    with capsys.disabled():
        print(f"[{kind} {precision}: spread {expected.std():.3f}, off by {deviation:.6f}]", end=" ")
    assert deviation <= BOUNDS[precision]


@pytest.mark.parametrize("precision", BOUNDS)
def test_a_batch_scores_as_single_texts_do(bert: str, precision: str, capsys: pytest.CaptureFixture[str]) -> None:
    scorer, texts = scorer_of(bert, "cuda", precision, tokens_per_pass=700), texts_of_all_lengths(seed=3)
    together = np.asarray(values(scorer, texts))
    alone = np.asarray([values(scorer, [text])[0] for text in texts])
    deviation = float(np.abs(together - alone).max())
    with capsys.disabled():
        print(f"[alone {precision}: off by {deviation:.6f}]", end=" ")
    assert deviation <= BOUNDS[precision] / 2
    assert values(scorer, texts) == pytest.approx(together.tolist(), abs=1e-6), "the same batch again"


@pytest.mark.parametrize("precision", ["float16", "bfloat16"])
def test_recorded_passes_give_what_kernels_started_one_by_one_give(bert: str, precision: str) -> None:
    """Of all sizes and numbers of texts, also such as fill a recording to the last token."""
    texts = texts_of_all_lengths(seed=8)
    scorer = scorer_of(bert, precision=precision, tokens_per_pass=4096)
    network: Any = scorer._runner._network  # type: ignore[union-attr]
    recordings = network._recordings
    assert recordings is not None
    batches = [texts, texts * 4, ["a"] * 50, ["a"] * 900, [texts[-1]], ["nice " * 126] * 32, ["nice " * 62] * 64]
    replayed = [values(scorer, batch) for batch in batches]
    assert replayed == [values(scorer, batch) for batch in batches], "a replay leaves nothing behind"
    network.forget_recordings()
    for batch, found in zip(batches, replayed, strict=True):
        assert found == pytest.approx(values(scorer, batch), abs=BOUNDS[precision] / 2)


def test_parts_that_are_tokenised_ahead_give_the_same_scores(bert: str) -> None:
    texts = texts_of_all_lengths(seed=4) * 3
    one_pass = values(scorer_of(bert, tokens_per_pass=1 << 20), texts)
    many = values(scorer_of(bert, tokens_per_pass=300), texts)
    assert many == pytest.approx(one_pass, abs=1e-4)


def test_stages_are_timed_on_the_device(bert: str) -> None:
    scorer = scorer_of(bert, precision="bfloat16")
    values(scorer, texts_of_all_lengths(seed=5))
    stages = scorer.take_stages()
    assert set(stages) == {"tokenise", "copy", "forward", "reduce"}
    assert all(seconds > 0.0 for seconds in stages.values())
    assert not scorer.take_stages()


def test_memory_that_runs_out_costs_no_row_and_comes_back(bert: str, caplog: pytest.LogCaptureFixture) -> None:
    import torch

    from agent.scoring.encoders.runner import RECOVERY_BATCHES

    texts = [f"{'nice you are ' * 20}{n}" for n in range(6000)]  # a pass of them all takes a gigabyte
    roomy = scorer_of(bert, precision="bfloat16", tokens_per_pass=1 << 22)
    expected = values(roomy, texts)
    torch.cuda.empty_cache()
    free, _ = torch.cuda.mem_get_info()
    filler = torch.empty(free - 256 * MEBIBYTE, dtype=torch.uint8, device="cuda")
    try:
        observer = RecordingObserver()
        executor = Executor([roomy], 60.0, ScoreCache(0), ManualClock(), observer=observer)
        (result,) = run(executor, make_batch(*texts))
        executor.close()
        rows = [row["toxicity"] for row in result.rows]
        assert all(isinstance(row, ScoreRow) for row in rows) and observer.failed == []
        found = [row.scores["toxicity.unsafe"] for row in rows]  # type: ignore[union-attr]
        assert found == pytest.approx(expected, abs=BOUNDS["bfloat16"])
        assert "encoder.out_of_memory scorer=toxicity" in caplog.text
        lowered = roomy.tokens_per_pass
        assert lowered < 1 << 22
    finally:
        del filler
        torch.cuda.empty_cache()
    for _ in range(RECOVERY_BATCHES):
        values(roomy, ["a"])
    assert roomy.tokens_per_pass == 2 * lowered
    assert values(roomy, texts[:50]) == pytest.approx(expected[:50], abs=BOUNDS["bfloat16"])


class Watched(TransformersScorer):
    """Notes the threads in which it scores."""

    threads: set[int]

    def score(self, batch: Batch) -> Sequence[ScoreRow]:
        self.threads.add(threading.get_ident())
        return super().score(batch)


def test_scorers_share_the_device_in_one_thread(bert: str, tmp_path: Path) -> None:
    models = {"first": bert, "second": deep(tmp_path, "deberta-v2")}
    texts = texts_of_all_lengths(seed=6)
    scorers = []
    for slot, model in models.items():
        scorer = Watched(model, {"LABEL_1": "unsafe"}, device="auto", precision="float32", slot=slot)
        scorer.threads = set()
        scorer.warm_up()
        scorer.threads.clear()
        scorers.append(scorer)
    executor = Executor(scorers, 60.0, ScoreCache(0), ManualClock())
    results = run(executor, *[make_batch(*texts) for _ in range(3)])
    executor.close()
    assert scorers[0].threads == scorers[1].threads
    assert len(scorers[0].threads) == 1 and threading.get_ident() not in scorers[0].threads
    for slot, model in models.items():
        expected = values(scorer_of(model, "cpu"), texts)
        for result in results:
            found = [row[slot].scores.get(f"{slot}.unsafe", 0.0) for row in result.rows]  # type: ignore[union-attr]
            assert found == pytest.approx(expected, abs=BOUNDS["float32"])


def test_the_command_scores_on_the_gpu_as_on_the_cpu(tmp_path: Path) -> None:
    checkpoint, _ = write_tiny_detoxify(tmp_path)
    events = tmp_path / "events.jsonl"
    lines = [native(f"r-{n}", text="hello", answer=f"nice world {'nice ' * n}{n}") for n in range(40)]
    events.write_bytes(b"".join(line + b"\n" for line in lines))
    found = {device: _verdicts(tmp_path, events, checkpoint, device) for device in ("cpu", "auto")}
    assert found["cpu"].keys() == found["auto"].keys() and len(found["cpu"]) == 80
    for key, scores in found["cpu"].items():
        assert found["auto"][key] == pytest.approx(scores, abs=1e-3)
    assert any(score > 0.01 for scores in found["cpu"].values() for score in scores.values())


def _verdicts(folder: Path, events: Path, checkpoint: Path, device: str) -> dict[tuple[str, str], dict[str, float]]:
    section = {"kind": "detoxify", "checkpoint": str(checkpoint), "device": device, "precision": "float32",
               "thresholds": {"toxicity": 0.0001}}  # fmt: skip
    config = folder / f"{device}.yaml"
    config.write_text(json.dumps({"scorers": {"toxicity": section}}), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-m", "streams.cli", "score", str(events), "--config", str(config), "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    verdicts = [json.loads(line) for line in done.stdout.splitlines()]
    assert not any(verdict["missing"] for verdict in verdicts)
    return {
        (verdict["inference_id"], verdict["direction"]): {
            each["category"]: each["score"] for each in verdict["findings"]
        }
        for verdict in verdicts
    }


def test_names_are_found_on_the_gpu_as_on_the_cpu(tmp_path: Path) -> None:
    from agent.scoring.ner.transformers_model import TransformersModel
    from tests.unit.scoring.ner.tiny_models import write_tagger

    folder = str(write_tagger(tmp_path / "deep", layers=2))
    texts = ["anna lee " * count + "请联系王小明" for count in (0, 1, 7, 2, 30, 3)] + [""]
    expected, found = (TransformersModel(folder, device=device).entities(texts) for device in ("cpu", "cuda"))
    assert any(expected)
    for wanted, got in zip(expected, found, strict=True):
        assert [each[:3] for each in got] == [each[:3] for each in wanted]
        assert [each.score for each in got] == pytest.approx([each.score for each in wanted], abs=1e-3)


def test_entailment_is_judged_on_the_gpu_as_on_the_cpu(tmp_path: Path) -> None:
    from agent.scoring.grounding.transformers_nli import TransformersEntailment
    from tests.unit.scoring.grounding.tiny_nli import write_tiny_nli

    folder = str(write_tiny_nli(tmp_path))
    pairs = [("the clinic opens at " + "nine " * n, "it is not eight " * (n % 5 + 1)) for n in range(40)]
    expected, found = (
        TransformersEntailment(folder, None, device, 40, 256).entail(pairs) for device in ("cpu", "cuda")
    )
    assert expected.std() > 0.02
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_embeddings_are_those_of_the_cpu(tmp_path: Path) -> None:
    import torch

    from agent.scoring.encoders.loading import load_encoder
    from agent.scoring.encoders.pooled import PooledEncoder

    folder = deep(tmp_path, "bert")
    texts = texts_of_all_lengths(seed=7)
    made = [PooledEncoder("drift", *load_encoder("drift", folder), torch.device(name)) for name in ("cpu", "cuda")]
    (expected, cut), (found, also_cut) = (encoder.vectors(texts) for encoder in made)
    assert cut == also_cut
    for wanted, got in zip(expected, found, strict=True):
        assert (wanted is None) == (got is None)
        if wanted is not None and got is not None:
            np.testing.assert_allclose(got, wanted, atol=1e-3)
