"""The Detoxify scorer: the same numbers as the package, without its loader's dangers."""

from __future__ import annotations

import os
import pickle
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.errors import ConfigError, ModelError
from agent.scoring import load_scorer
from agent.scoring.detoxify import DetoxifyScorer
from agent.scoring.encoders.pinned import digest_of
from tests.unit.scoring.fake_scorers import make_batch
from tests.unit.scoring.tiny_detoxify import write_tiny_detoxify

TEXTS = ["you are an idiot", "hello world.", "你好世界", "a", "nice " * 5, "今天天气不错"]
PUBLISHED = ("bert", "roberta", "xlm-roberta")


def pinned(checkpoint: Path, directory: Path | None = None, **options: Any) -> DetoxifyScorer:
    """With the digest of what lies there."""
    digest = digest_of([checkpoint]) if checkpoint.exists() else None
    return DetoxifyScorer(checkpoint, directory, sha256=digest, **options)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_tiny_detoxify(tmp_path_factory.mktemp("detoxify"))


@pytest.fixture(scope="module")
def scorer(files: tuple[Path, Path]) -> DetoxifyScorer:
    made = pinned(*files, device="cpu", precision="float32")
    made.warm_up()
    return made


def values(scorer: DetoxifyScorer, *texts: str) -> list[dict[str, float]]:
    return [dict(row.scores) for row in scorer.score(make_batch(*texts))]


def test_a_missing_checkpoint_says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"missing\.ckpt is no file"):
        pinned(tmp_path / "missing.ckpt").warm_up()


@pytest.mark.parametrize(
    "option",
    [
        {"threshold": 0.0}, {"threshold": 1.5}, {"max_windows": 1}, {"tokens_per_pass": 0}, {"precision": "half"},
        {"threads": -1}, {"max_length": 4}, {"overlap": -1},
    ],
)  # fmt: skip
def test_options_out_of_range_are_refused(option: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="detoxify"):
        load_scorer("detoxify", {"checkpoint": "x.ckpt", **option})


@pytest.mark.layer("models")
@pytest.mark.parametrize("kind", [*PUBLISHED, "albert"])
def test_scores_equal_those_of_the_package(kind: str, tmp_path: Path) -> None:
    from detoxify import Detoxify

    checkpoint, directory = write_tiny_detoxify(tmp_path, kind)
    scorer = pinned(checkpoint, directory, device="cpu", precision="float32")
    scorer.warm_up()
    reference = Detoxify(checkpoint=str(checkpoint), device="cpu")
    # The slow tokeniser of ALBERT, which the package takes, drops a blank at the end that the fast one keeps.
    texts = [text.strip() for text in TEXTS]
    for text, row in zip(texts, values(scorer, *texts), strict=True):
        # A list of one gives the package's numbers without a dimension.
        expected = {f"detoxify.{label}": score for label, score in reference.predict([text]).items()}
        assert row == pytest.approx(expected, abs=1e-5)
        assert len(expected) == 6


@pytest.mark.layer("models")
def test_the_slot_names_the_categories(files: tuple[Path, Path]) -> None:
    options = {"checkpoint": str(files[0]), "device": "cpu", "sha256": digest_of([files[0]])}
    scorer = load_scorer("toxicity", options, "detoxify")
    assert (scorer.name, scorer.version) == ("toxicity", "detoxify@1")
    assert set(scorer.categories) >= {"toxicity", "toxicity.insult", "toxicity.threat"}
    scorer.warm_up()
    (row,) = scorer.score(make_batch("you are an idiot"))
    assert set(row.scores) <= set(scorer.categories)
    assert "toxicity" in row.scores


@pytest.mark.layer("models")
def test_a_batch_equals_single_texts(files: tuple[Path, Path]) -> None:
    scorer = pinned(*files, device="cpu", tokens_per_pass=60, precision="float32")
    scorer.warm_up()
    texts = [*TEXTS, "idiot " * 500, "", *TEXTS]
    together = values(scorer, *texts)
    for text, row in zip(texts, together, strict=True):
        assert row == pytest.approx(values(scorer, text)[0], abs=1e-5)


@pytest.mark.layer("models")
@pytest.mark.parametrize("place", [0, 40, 115, 399])
def test_no_part_of_a_long_text_is_overlooked(scorer: DetoxifyScorer, place: int) -> None:
    filler = ["hello"] * 400
    plain = values(scorer, " ".join(filler))[0]
    filler[place] = "idiot"
    assert values(scorer, " ".join(filler))[0] != plain
    (row,) = scorer.score(make_batch(" ".join(filler)))
    assert not row.truncated


@pytest.mark.layer("models")
def test_a_text_beyond_the_bound_keeps_both_ends_and_says_so(files: tuple[Path, Path]) -> None:
    scorer = pinned(*files, device="cpu", max_windows=4)
    scorer.warm_up()
    words = ["hello"] * 5000
    (plain,) = scorer.score(make_batch(" ".join(words)))
    assert plain.truncated
    for place in (0, -1):
        marked = words.copy()
        marked[place] = "idiot"
        (row,) = scorer.score(make_batch(" ".join(marked)))
        assert dict(row.scores) != dict(plain.scores)
        assert row.truncated
    (short,) = scorer.score(make_batch("hello"))
    assert not short.truncated


@pytest.mark.layer("models")
def test_a_text_without_tokens_scores_nothing(scorer: DetoxifyScorer) -> None:
    assert values(scorer, "", "   ") == [{}, {}]


@pytest.fixture
def no_network() -> Iterator[list[Any]]:
    """Notes every address that is looked up or connected to, by the interpreter's own audit events."""
    import sys

    calls: list[Any] = []
    watching = True

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if watching and event in ("socket.connect", "socket.getaddrinfo"):
            calls.append((event, arguments))

    sys.addaudithook(hook)
    yield calls
    watching = False


@pytest.mark.layer("models")
def test_loading_asks_nobody(files: tuple[Path, Path], no_network: list[Any]) -> None:
    pinned(*files, device="cpu").warm_up()
    assert no_network == []
    socket.getaddrinfo("127.0.0.1", 1)
    assert len(no_network) == 1, "the watch works"


@pytest.mark.layer("models")
def test_the_checkpoints_own_directory_is_used_when_no_other_is_given(files: tuple[Path, Path]) -> None:
    scorer = pinned(files[0], device="cpu")
    scorer.warm_up()
    assert values(scorer, "hello")[0]


@pytest.mark.layer("models")
def test_a_checkpoint_that_names_a_hub_model_wants_a_directory(tmp_path: Path) -> None:
    checkpoint, _ = write_tiny_detoxify(tmp_path, model_type="bert-base-uncased")
    with pytest.raises(ModelError, match="huggingface_config_path"):
        pinned(checkpoint).warm_up()


class Bomb:
    """Unpickling it makes a directory."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


def test_a_checkpoint_that_is_not_pinned_or_was_exchanged_is_not_read(tmp_path: Path) -> None:
    checkpoint, proof = tmp_path / "bomb.ckpt", tmp_path / "proof"
    checkpoint.write_bytes(pickle.dumps(Bomb(proof)))
    digest = digest_of([checkpoint])
    with pytest.raises(ModelError, match=f"is not pinned; .* set sha256: {digest}"):
        DetoxifyScorer(checkpoint).warm_up()
    with pytest.raises(ModelError, match="is not what sha256 says"):
        DetoxifyScorer(checkpoint, sha256="0" * 64).warm_up()
    assert not proof.exists()


@pytest.mark.layer("models")
def test_code_in_a_checkpoint_is_not_run(tmp_path: Path, files: tuple[Path, Path]) -> None:
    import torch

    checkpoint, proof = tmp_path / "bomb.ckpt", tmp_path / "proof"
    content = torch.load(files[0], weights_only=True)
    torch.save(content | {"bomb": Bomb(proof)}, checkpoint)
    with pytest.raises(ModelError, match="UnpicklingError"):
        pinned(checkpoint, files[1]).warm_up()
    assert not proof.exists()


@pytest.mark.layer("models")
@pytest.mark.parametrize(
    "content", [b"", b"not a checkpoint", pickle.dumps({"config": {}})], ids=["empty", "text", "pickle"]
)
def test_a_damaged_checkpoint_says_so(tmp_path: Path, content: bytes, files: tuple[Path, Path]) -> None:
    checkpoint = tmp_path / "bad.ckpt"
    checkpoint.write_bytes(content)
    with pytest.raises(ModelError, match="damaged"):
        pinned(checkpoint, files[1]).warm_up()


@pytest.mark.layer("models")
def test_a_checkpoint_that_lacks_weights_is_refused(tmp_path: Path, files: tuple[Path, Path]) -> None:
    import torch

    content = torch.load(files[0], weights_only=True)
    del content["state_dict"]["classifier.weight"]
    torch.save(content, tmp_path / "half.ckpt")
    with pytest.raises(ModelError, match=r"lacks 1 parameters, first classifier\.weight"):
        pinned(tmp_path / "half.ckpt", files[1]).warm_up()


@pytest.mark.layer("models")
@pytest.mark.parametrize("name", ["AutoModel", "pipeline", "BertTokenizer"])
def test_only_classifiers_are_built(tmp_path: Path, name: str) -> None:
    checkpoint, _ = write_tiny_detoxify(tmp_path, model_name=name)
    with pytest.raises(ModelError, match="damaged"):
        pinned(checkpoint).warm_up()


@pytest.mark.layer("models")
def test_an_unknown_device_says_so(files: tuple[Path, Path]) -> None:
    with pytest.raises(ModelError, match="'nonsense'"):
        pinned(*files, device="nonsense").warm_up()
