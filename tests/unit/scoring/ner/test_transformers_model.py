"""Token classifiers by folder: answers known by construction, windows, batches, and nothing from a hub."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agent.errors import ConfigError, ModelError
from agent.scoring.ner.finder import ModelFinder
from agent.scoring.ner.transformers_model import TransformersModel
from tests.unit.scoring.ner.tiny_models import write_tagger

pytestmark = pytest.mark.layer("models")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tagger(tmp_path_factory.mktemp("tagger") / "tiny-ner")


@pytest.fixture(scope="module")
def model(folder: Path) -> TransformersModel:
    made = TransformersModel(str(folder), device="cpu")
    made.warm_up()
    return made


def marked(model: TransformersModel, text: str) -> list[tuple[str, str]]:
    (entities,) = model.entities([text])
    return [(each.kind, text[each.start : each.end]) for each in entities]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("please ask Anna Lee about it", [("person", "Anna Lee")]),
        ("请联系王小明,他", [("person", "王小明")]),
        ("🙂 anna 🏳️‍🌈 北京 ｏｋ", [("person", "anna"), ("place", "北京")]),
        ("e\u0301 Olga\u0301 Anna", [("person", "e\u0301"), ("person", "Anna")]),
        ("annabel and Annabella", [("person", "annabel"), ("person", "Annabella")]),
        ("[CLS] anna [SEP]", [("person", "anna")]),
        ("", []),
        (" \n", []),
    ],
)
def test_offsets_count_code_points_of_the_text(
    model: TransformersModel, text: str, found: list[tuple[str, str]]
) -> None:
    if "\u0301" in text:
        # What the tokeniser makes of a combining mark is its own affair; offsets must hold.
        assert ("person", "Anna") in marked(model, text)
    else:
        assert marked(model, text) == found


def test_long_texts_are_read_in_windows_and_each_name_once(model: TransformersModel) -> None:
    for repeats in (5, 8, 13, 100):
        text = "please ask Anna Lee about it now. " * repeats + "Olga"
        (entities,) = model.entities([text])
        assert [each.start for each in entities] == [*range(11, 34 * repeats, 34), 34 * repeats]
        assert {text[each.start : each.end] for each in entities} == {"Anna Lee", "Olga"}


def test_batches_change_nothing(tmp_path: Path) -> None:
    deep = TransformersModel(str(write_tagger(tmp_path / "deep", layers=2)), device="cpu", tokens_per_pass=64)
    texts = ["anna lee " * count + "请联系王小明" for count in (0, 1, 7, 2, 30, 3)] + [""]
    together = deep.entities(texts)
    for text, entities in zip(texts, together, strict=True):
        (alone,) = deep.entities([text])
        assert [each[:3] for each in alone] == [each[:3] for each in entities]
        assert [each.score for each in alone] == pytest.approx([each.score for each in entities], abs=1e-4)
    assert any(together)


def test_the_finder_gives_names_with_their_probability(model: TransformersModel) -> None:
    finder = ModelFinder(model)
    ((name,),) = finder.find(["Please ask Anna Lee about it"])
    assert (name.start, name.end, name.type) == (11, 19, "NAME")
    assert 0.5 < name.score <= 1.0


def test_versions_tell_trainings_apart(folder: Path, tmp_path: Path) -> None:
    first = TransformersModel(str(folder)).version
    assert first.startswith("tiny-ner@")
    assert TransformersModel(str(write_tagger(tmp_path / "tiny-ner"))).version == first
    assert TransformersModel(str(write_tagger(tmp_path / "other" / "tiny-ner", layers=1))).version != first


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"checkpoint": "owner/name"}, "no folder with config.json; put the checkpoint there, nothing is fetched"),
        ({"checkpoint": "/nowhere"}, "no folder with config.json"),
        ({"threads": -1}, "threads"),
        ({"max_length": 0}, "max_length"),
    ],
)
def test_what_is_not_there_is_wrong_configuration(folder: Path, options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint) as caught:
        TransformersModel(**({"checkpoint": str(folder)} | options))
    assert "\n" not in str(caught.value)


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no safetensors"):
        TransformersModel(str(write_tagger(tmp_path, safe=False)))


def test_damaged_and_untrained_checkpoints_are_model_errors(tmp_path: Path) -> None:
    broken = write_tagger(tmp_path / "broken")
    (broken / "model.safetensors").write_bytes(b"\x08")
    with pytest.raises(ModelError, match="cannot be loaded"):
        TransformersModel(str(broken), device="cpu").warm_up()
    headless = write_tagger(tmp_path / "headless", drop="classifier.weight")
    with pytest.raises(ModelError, match="is no trained token classifier"):
        TransformersModel(str(headless), device="cpu").warm_up()


def test_labels_that_say_nothing_are_mapped(tmp_path: Path) -> None:
    names = tuple(f"LABEL_{place}" for place in range(5))
    folder = write_tagger(tmp_path, labels=names)
    with pytest.raises(ModelError, match="map its labels by labels, it has LABEL_0"):
        TransformersModel(str(folder), device="cpu").warm_up()
    mapped = TransformersModel(str(folder), labels={"LABEL_1": "person", "LABEL_2": "person"}, device="cpu")
    assert marked(mapped, "ask anna lee") == [("person", "anna lee")]


def test_no_hub_is_asked(folder: Path) -> None:
    program = f"""
import socket, sys
def refuse(*_args, **_more): sys.exit("reached for the network")
socket.create_connection = socket.getaddrinfo = socket.socket.connect = refuse
from agent.scoring.ner.transformers_model import TransformersModel
model = TransformersModel({str(folder)!r}, device="cpu")
print([(each.start, each.end) for each in model.entities(["ask anna lee"])[0]])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[(4, 12)]\n"
