"""The executor of encoders: memory that runs out, parts that are tokenised ahead, stages, threads, shared tokens."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agent.clock import ManualClock
from agent.errors import OutOfDeviceMemory
from agent.scores import ScoreRow
from agent.scoring import load_scorer
from agent.scoring.cache import ScoreCache
from agent.scoring.encoders.scorer import Classifier
from agent.scoring.executor import Executor
from agent.scoring.transformers_classifier import TransformersScorer
from tests.unit.scoring.fake_scorers import RecordingObserver, make_batch, run
from tests.unit.scoring.tiny_encoders import SENTENCES, write_classifier

pytestmark = pytest.mark.layer("models")

TEXTS = [f"{SENTENCES[n % len(SENTENCES)]} {'nice ' * (n % 7)}{n}" for n in range(40)]


class CrampedScorer(TransformersScorer):
    """A scorer whose network has no room for more than `room` tokens, padding included, in one pass."""

    room = 1 << 30
    passes: list[int]
    model: Any

    def load(self) -> Classifier:
        import torch

        loaded = super().load()
        self.passes = []
        self.model = loaded.model

        def look(module: Any, arguments: Any, named: dict[str, Any]) -> None:
            self.passes.append(named["input_ids"].numel())
            if named["input_ids"].numel() > self.room:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")

        loaded.model.register_forward_pre_hook(look, with_kwargs=True)
        return loaded


@pytest.fixture(scope="module")
def albert(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Runs as it comes, so that its forward pass can be looked into."""
    return str(write_classifier(tmp_path_factory.mktemp("albert"), "albert"))


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_classifier(tmp_path_factory.mktemp("bert"), "bert"))


def cramped(model: str, **options: Any) -> CrampedScorer:
    scorer = CrampedScorer(model, {"LABEL_1": "unsafe"}, device="cpu", precision="float32", slot="toxicity", **options)
    scorer.warm_up()
    scorer.passes.clear()
    return scorer


def values(rows: Sequence[Any]) -> list[float]:
    return [row.scores["toxicity.unsafe"] for row in rows]


def test_a_device_that_is_full_costs_no_row(albert: str, caplog: pytest.LogCaptureFixture) -> None:
    scorer = cramped(albert, tokens_per_pass=512)
    expected = values(scorer.score(make_batch(*TEXTS)))
    scorer.passes.clear()
    scorer.room = 100
    observer = RecordingObserver()
    executor = Executor([scorer], 60.0, ScoreCache(0), ManualClock(), observer=observer)
    (result,) = run(executor, make_batch(*TEXTS))
    executor.close()
    rows = [row["toxicity"] for row in result.rows]
    assert all(isinstance(row, ScoreRow) for row in rows)
    assert values(rows) == pytest.approx(expected, abs=1e-5)
    assert observer.failed == []
    failed = [tokens for tokens in scorer.passes if tokens > scorer.room]
    assert 512 >= failed[0] > failed[-1] > 100, "each attempt is smaller than the last"
    assert caplog.text.count("encoder.out_of_memory scorer=toxicity") == len(failed)
    assert "tokens_per_pass=256" in caplog.text
    assert not any(text in caplog.text for text in TEXTS)


def test_a_lowered_bound_rises_again(albert: str) -> None:
    from agent.scoring.encoders.runner import RECOVERY_BATCHES

    scorer = cramped(albert, tokens_per_pass=512)
    assert scorer.tokens_per_pass == 512
    scorer.room = 100
    for expected in (256, 128):
        with pytest.raises(OutOfDeviceMemory):
            scorer.score(make_batch(*TEXTS))
        assert scorer.tokens_per_pass == expected
    scorer.room = 1 << 30
    for expected in (256, 512, 512):
        for _ in range(RECOVERY_BATCHES):
            assert scorer.tokens_per_pass == min(expected, scorer.tokens_per_pass)
            scorer.score(make_batch("a"))
        assert scorer.tokens_per_pass == expected


@pytest.mark.parametrize(
    "message",
    [
        "[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 4 bytes",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "CUDA error: out of memory\nCompile with `TORCH_USE_CUDA_DSA` to enable device-side assertions.",
    ],
    ids=["host", "cublas", "driver"],
)
def test_what_is_not_torchs_allocator_has_no_error_of_its_own(albert: str, message: str) -> None:
    scorer = cramped(albert)

    def fail(module: Any, arguments: Any) -> None:
        raise RuntimeError(message)

    scorer.model.register_forward_pre_hook(fail)
    with pytest.raises(OutOfDeviceMemory):
        scorer.score(make_batch("a"))


def test_another_error_stays_what_it_is(albert: str) -> None:
    scorer = cramped(albert)

    def fail(module: Any, arguments: Any) -> None:
        raise RuntimeError("something else")

    scorer.model.register_forward_pre_hook(fail)
    with pytest.raises(RuntimeError, match="something else"):
        scorer.score(make_batch("a"))


def runner_of(model: str, **over: Any) -> Any:
    import torch
    import transformers

    from agent.scoring.encoders.assembly import build_network
    from agent.scoring.encoders.runner import EncoderRunner, RunnerSettings
    from agent.scoring.encoders.tokenising import TextTokenizer
    from agent.scoring.windowing import Windowing

    cpu = torch.device("cpu")
    tokenizer = TextTokenizer(transformers.AutoTokenizer.from_pretrained(model), parallel=False)
    network = transformers.AutoModelForSequenceClassification.from_pretrained(model).eval()
    with torch.inference_mode():
        built = build_network(network, tokenizer, "float32", cpu, 32, "test")
    settings = RunnerSettings(cpu, **{"tokens_per_pass": 64, **over})
    return EncoderRunner(built, tokenizer, Windowing(32, 4, 8), torch.sigmoid, settings)


def test_parts_that_are_tokenised_ahead_give_the_same_scores(bert: str) -> None:
    texts = [*TEXTS, "", "nice " * 200, *SENTENCES]
    plain = runner_of(bert).run(make_batch(*texts))
    ahead = runner_of(bert, ahead=True).run(make_batch(*texts))
    for row, other in zip(ahead.scores, plain.scores, strict=True):
        assert row.tolist() == pytest.approx(other.tolist(), abs=1e-5)
    assert ahead.seen.tolist() == plain.seen.tolist()
    assert not plain.seen[len(TEXTS)]
    assert ahead.truncated.tolist() == plain.truncated.tolist()
    assert not any(thread.name.startswith("harmwatch-tokenise") for thread in threading.enumerate())


def test_stages_are_told_to_the_observer(bert: str) -> None:
    scorer = load_scorer("unsafe", {"model": bert, "labels": {"LABEL_1": "unsafe"}, "device": "cpu"}, "transformers")
    scorer.warm_up()
    observer = RecordingObserver()
    executor = Executor([scorer], 60.0, ScoreCache(0), ManualClock(), observer=observer)
    run(executor, make_batch(*TEXTS), make_batch("hello"))
    executor.close()
    assert [name for name, _ in observer.stages] == ["unsafe", "unsafe"]
    (_, first), (_, second) = observer.stages
    assert set(first) == set(second) == {"tokenise", "copy", "forward", "reduce"}
    assert all(seconds >= 0.0 for seconds in first.values())
    assert first["forward"] > second["forward"], "a batch's own time, not the sum of all"


def test_torch_keeps_its_number_of_threads(bert: str) -> None:
    import torch

    from agent.scoring.encoders.threads import intra_op_threads

    before = torch.get_num_threads()
    with intra_op_threads(before + 1):
        assert torch.get_num_threads() == before + 1
    with pytest.raises(ValueError), intra_op_threads(before + 2):
        raise ValueError
    with intra_op_threads(0):
        assert torch.get_num_threads() == before
    runner_of(bert, threads=before + 1).run(make_batch("hello"))
    assert torch.get_num_threads() == before


def test_scorers_that_tokenise_alike_share_the_tokens(bert: str, tmp_path: Path) -> None:
    other = str(write_classifier(tmp_path, "bert", seed=8))
    batch = make_batch(*TEXTS)
    first, second = runner_of(bert), runner_of(other)
    assert first.run(batch).scores.tolist() != second.run(batch).scores.tolist()
    assert len(batch._memo) == 1
    runner_of(str(write_classifier(tmp_path / "other", "roberta"))).run(batch)
    assert len(batch._memo) == 2
