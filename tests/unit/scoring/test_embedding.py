"""Vectors of texts, and the few numbers made of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from agent.errors import ConfigError
from agent.events import TextPart
from agent.scoring.base import Batch, ScoringItem
from agent.scoring.compact.artefact import MULTILINGUAL, unpack
from agent.scoring.compact.network import LAYER, CompactEncoder, with_output
from agent.scoring.embedding import EmbeddedText, EmbeddingMeasure, Vector, load_embedding
from agent.scoring.embedding.projection import components, directions
from tests.unit.scoring.tiny_encoders import SENTENCES, write_classifier

TEXTS = ["The flight to Oslo leaves at nine.", "明天去北京的火车几点开？", "", "A cake of flour, eggs and sugar. " * 60]


def embedded(measure: EmbeddingMeasure, texts: list[str]) -> list[Vector | None]:
    rows = measure.score(Batch([ScoringItem(TextPart(text), "input", str) for text in texts]))
    assert all(isinstance(row, EmbeddedText) and not row.judged and not row.scores for row in rows)
    return [row.vector for row in rows if isinstance(row, EmbeddedText)]


@pytest.fixture(scope="module")
def built_in() -> EmbeddingMeasure:
    measure = load_embedding("built_in")
    measure.warm_up()
    return measure


def test_vectors_have_length_1_and_do_not_depend_on_their_neighbours(built_in: EmbeddingMeasure) -> None:
    together = embedded(built_in, TEXTS)
    assert [vector is None for vector in together] == [False, False, True, False]
    for text, vector in zip(TEXTS, together, strict=True):
        (alone,) = embedded(built_in, [text])
        if vector is not None and alone is not None:
            assert vector.shape == (384,) and vector.dtype == np.float32
            assert float(np.linalg.norm(vector)) == pytest.approx(1.0, abs=1e-5)
            np.testing.assert_allclose(vector, alone, atol=1e-4)


def test_texts_about_the_same_thing_are_near_in_both_languages(built_in: EmbeddingMeasure) -> None:
    groups = (
        ["My flight was cancelled, can I get another one?", "When does the plane to Rome take off?"],
        ["How long do I bake bread?", "Which spices go into a lentil soup?"],
        ["我的航班取消了，可以改签吗？", "去罗马的飞机几点起飞？"],
        ["面包要烤多久？", "扁豆汤里放什么香料？"],
    )
    for flights, food in ((groups[0], groups[1]), (groups[2], groups[3])):
        first, second, third, fourth = (np.asarray(vector) for vector in embedded(built_in, [*flights, *food]))
        across = (first + second) @ (third + fourth) / 4.0
        assert (first @ second + third @ fourth) / 2.0 > across + 0.03


def test_one_more_output_changes_no_logit() -> None:
    about, members = unpack(None)
    settings = next(each for each in about.encoders if each.name == MULTILINGUAL)
    graph, tokenizer = members[f"{MULTILINGUAL}.onnx"], members[f"{MULTILINGUAL}.tokenizer.json"]
    plain = CompactEncoder(settings, graph, tokenizer, 1, 2)
    more = CompactEncoder(settings, with_output(graph, LAYER), tokenizer, 1, 2)
    np.testing.assert_array_equal(plain.logits(TEXTS)[0], more.logits(TEXTS)[0])
    assert more.vectors(TEXTS)[1] == plain.logits(TEXTS)[1]


def test_directions_are_the_same_everywhere_and_for_ever() -> None:
    signs = directions(8, 384)
    assert signs.shape == (8, 384)
    assert set(np.unique(signs)) == {-1.0, 1.0}
    # Pinned: what windows and references hold was counted along these.
    assert signs[:2, :8].astype(int).tolist() == [[1, 1, 1, -1, -1, 1, 1, 1], [1, -1, -1, -1, 1, 1, 1, -1]]
    np.testing.assert_array_equal(directions(3, 384), signs[:3])
    cosines = signs @ signs.T / 384 - np.eye(8)
    assert np.abs(cosines).max() < 4.0 / np.sqrt(384)
    program = "from agent.scoring.embedding.projection import directions; print(directions(8, 384).tobytes().hex())"
    environment = {"PYTHONHASHSEED": "7", "PYTHONPATH": ":".join(sys.path)}
    there = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
    assert there.stdout.strip() == signs.tobytes().hex()


def test_components_are_linear_and_lie_within_the_bins() -> None:
    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(500, 768)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = np.array([components(vector, 8) for vector in vectors])
    assert np.abs(found).max() < 1.2
    assert found.std() == pytest.approx(0.25, rel=0.05)
    np.testing.assert_allclose(components(vectors[:2].mean(axis=0), 8), found[:2].mean(axis=0), atol=1e-6)


@pytest.mark.parametrize("encoder", ["", " ", "buit_in", "/nowhere/at/all"])
def test_an_encoder_that_is_not_there_is_said_at_once(encoder: str) -> None:
    with pytest.raises(ConfigError, match=r"^drift.embeddings.encoder: .*built_in") as told:
        load_embedding(encoder)
    assert "\n" not in str(told.value)


def test_a_package_that_is_missing_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    program = f"""
import sys
from importlib.machinery import PathFinder
real = PathFinder.find_spec
PathFinder.find_spec = classmethod(lambda cls, name, *more: None if name == "transformers" else real(name, *more))
from agent.errors import ConfigError
from agent.scoring.embedding import load_embedding
try:
    load_embedding({str(tmp_path)!r})
except ConfigError as error:
    print(error)
assert "torch" not in sys.modules
"""
    environment = {"PYTHONPATH": ":".join(sys.path)}
    there = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
    assert there.stdout == (
        "drift.embeddings.encoder: transformers is not installed; pip install 'harmwatch[models]', or set built_in\n"
    )


@pytest.mark.layer("models")
@pytest.mark.parametrize("kind", ["bert", "roberta", "distilbert"])
def test_a_checkpoint_gives_the_mean_of_its_last_layer(tmp_path: Path, kind: str) -> None:
    import torch
    import transformers

    measure = load_embedding(str(write_classifier(tmp_path, kind)))
    measure.warm_up()
    model = transformers.AutoModel.from_pretrained(tmp_path).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path)
    texts = [text[:8] for text in SENTENCES]
    for text, vector in zip(texts, embedded(measure, texts), strict=True):
        with torch.inference_mode():
            layer = model(**tokenizer(text, return_tensors="pt", return_token_type_ids=False))[0][0]
        expected = layer.mean(dim=0).numpy()
        assert vector is not None
        np.testing.assert_allclose(vector, expected / np.linalg.norm(expected), atol=2e-4)
    assert embedded(measure, ["", "you are nice " * 500])[0] is None
    assert embedded(measure, ["you are nice " * 500])[0] is not None


@pytest.mark.layer("models")
def test_a_checkpoint_without_safetensors_or_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^drift.embeddings.encoder: .* no weights in safetensors; convert them"):
        load_embedding(str(write_classifier(tmp_path / "pickled", safe=False)))
    broken = write_classifier(tmp_path / "broken")
    (broken / "model.safetensors").write_bytes(b"no tensors")
    with pytest.raises(ConfigError, match=r"^drift.embeddings.encoder: .* cannot be loaded"):
        load_embedding(str(broken)).warm_up()


@pytest.mark.layer("models")
def test_loading_a_checkpoint_prints_nothing(tmp_path: Path) -> None:
    program = "import sys; from agent.scoring.embedding import load_embedding; load_embedding(sys.argv[1]).warm_up()"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-c", program, str(write_classifier(tmp_path))]
    there = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert "deprecated" not in there.stderr
