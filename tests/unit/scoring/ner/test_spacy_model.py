"""spaCy pipelines, by folder: a ruler whose answers are known, and a component that was trained here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.errors import ConfigError, ModelError
from agent.scoring.ner.finder import ModelFinder
from agent.scoring.ner.spacy_model import SpacyModel
from tests.unit.scoring.ner.tiny_models import write_ruler, write_trained


def marked(model: SpacyModel, text: str) -> list[tuple[str, str]]:
    (entities,) = model.entities([text])
    return [(each.kind, text[each.start : each.end]) for each in entities]


def test_labels_of_any_scheme_are_read(tmp_path: Path) -> None:
    model = SpacyModel(
        str(write_ruler(tmp_path, "en", {"Anna": "PERSON", "Olga": "PER", "Rome": "GPE", "Acme": "ORG"}))
    )
    model.warm_up()
    assert (model.version, model.script) == ("en_ruled@1.2.3", "latin")
    assert marked(model, "Anna, Olga of Acme in Rome") == [("person", "Anna"), ("person", "Olga"), ("place", "Rome")]


def test_chinese_pipelines_read_han(tmp_path: Path) -> None:
    model = SpacyModel(str(write_ruler(tmp_path, "zh", {"王小明": "PERSON"})))
    assert (model.script, marked(model, "请联系王小明🙂。")) == ("han", [("person", "王小明")])


def test_offsets_count_code_points(tmp_path: Path) -> None:
    model = SpacyModel(str(write_ruler(tmp_path, "en", {"Anna": "PERSON"})))
    for before in ("🙂 ", "请问 ", "e\u0301 ", "🏳️‍🌈 ", "\u200b "):
        assert marked(model, f"{before}Anna") == [("person", "Anna")]


def test_labels_of_their_own_are_mapped(tmp_path: Path) -> None:
    folder = write_ruler(tmp_path, "en", {"Anna": "X1"})
    assert marked(SpacyModel(str(folder), labels={"X1": "person"}), "Ask Anna") == [("person", "Anna")]
    with pytest.raises(ModelError, match="map its labels by labels, it has X1"):
        SpacyModel(str(folder)).warm_up()


def test_long_texts_are_read_in_windows(tmp_path: Path) -> None:
    model = SpacyModel(str(write_ruler(tmp_path, "en", {"Anna": "PERSON"})), batch=2)
    text = "so Anna said " * 1500
    (entities,) = model.entities([text])
    assert [entity.start for entity in entities] == [13 * place + 3 for place in range(1500)]
    assert {text[entity.start : entity.end] for entity in entities} == {"Anna"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_trained(tmp_path_factory.mktemp("trained"))


def test_a_trained_component_finds_names_and_batches_change_nothing(trained: Path) -> None:
    finder = ModelFinder(SpacyModel(str(trained)))
    finder.warm_up()
    texts = ["Ask Anna now", "Nothing to see here", "Olga left", "", "Tell Olga please"]
    together = finder.find(texts)
    assert [bool(spans) for spans in together] == [True, False, True, False, True]
    assert together == [finder.find([text])[0] for text in texts]


def test_a_damaged_folder_is_a_model_error(tmp_path: Path) -> None:
    write_ruler(tmp_path, "en", {"Anna": "PERSON"})
    (tmp_path / "config.cfg").write_text("[nlp", encoding="utf-8")
    with pytest.raises(ModelError, match="cannot be loaded"):
        SpacyModel(str(tmp_path)).warm_up()


def test_a_pipeline_without_entities_is_a_model_error(tmp_path: Path) -> None:
    import spacy

    spacy.blank("en").to_disk(tmp_path)
    with pytest.raises(ModelError, match="no component that finds entities"):
        SpacyModel(str(tmp_path)).warm_up()


@pytest.mark.parametrize("name", ["en_core_web_gigantic", "/nowhere", "."])
def test_a_missing_model_is_wrong_configuration(name: str) -> None:
    with pytest.raises(ConfigError, match="no installed spaCy package and no folder") as caught:
        SpacyModel(name)
    assert "\n" not in str(caught.value)


def test_a_folder_without_a_version_is_taken(tmp_path: Path) -> None:
    write_ruler(tmp_path, "en", {"Anna": "PERSON"})
    (tmp_path / "meta.json").write_text(json.dumps({"lang": "en"}), encoding="utf-8")
    assert SpacyModel(str(tmp_path)).version == "en_pipeline@0"
