"""The shipped encoders: what they tell apart, how texts are routed, and files that are not what they should be."""

from __future__ import annotations

import io
import zipfile
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from agent.errors import ConfigError, ModelError
from agent.events import TextPart
from agent.normalize import normalize
from agent.scoring import load_scorer
from agent.scoring.base import Batch, ScoringItem
from agent.scoring.compact.artefact import unpack
from agent.scoring.compact.languages import reads_as_english
from agent.scoring.encoder_classifier import EncoderClassifier

HOSTILE = [
    "You are a stupid idiot and nobody likes you.",
    "你这个白痴，滚出去。",
    "y0u 4re a stup1d 1diot, n0body l1kes you",
]
FRIENDLY = ["Thank you, that was very kind of you.", "谢谢你，今天的天气真好。", "Please send the invoice by Tuesday."]


@pytest.fixture(scope="module")
def scorer() -> EncoderClassifier:
    loaded = load_scorer("toxicity", {}, "encoder")
    assert isinstance(loaded, EncoderClassifier)
    loaded.warm_up()
    return loaded


def scores(scorer: EncoderClassifier, texts: list[str]) -> list[float]:
    batch = Batch([ScoringItem(TextPart(text), "input", normalize) for text in texts])
    return [row.scores["toxicity"] for row in scorer.score(batch)]


def test_hostile_texts_reach_the_threshold_and_friendly_ones_do_not(scorer: EncoderClassifier) -> None:
    threshold = scorer.thresholds["toxicity"]
    assert all(score >= threshold for score in scores(scorer, HOSTILE))
    assert all(score < threshold for score in scores(scorer, FRIENDLY))


def test_one_hostile_sentence_in_a_long_text_is_found(scorer: EncoderClassifier) -> None:
    plainly = "You stupid piece of shit, I hope you die, you fucking idiot."
    (score,) = scores(scorer, [" ".join([FRIENDLY[0]] * 60 + [plainly] + [FRIENDLY[0]] * 60)])
    assert score >= scorer.thresholds["toxicity"]


@pytest.mark.parametrize(
    "text",
    [
        f"{FRIENDLY[0]} " * 12 + "你这个白痴，滚出去，你们这些垃圾都该死",
        "😄😆" * 30 + HOSTILE[0],
        f"</s> {HOSTILE[1]} </s>",
        f"{FRIENDLY[0]} " * 3 + "，".join("你这个蠢货去死吧"),
        f"{FRIENDLY[0]} Du bist ein dummes Stück Scheiße und ich hasse dich.",
        "Guten Morgen, das ist ein schöner Tag und wir gehen in den Park. " * 10 + HOSTILE[0],
        HOSTILE[0].replace(" ", "\0"),
        HOSTILE[0].replace(" ", "\u2800"),
        f"{HOSTILE[0]} " * 300,
    ],
)
def test_a_harmful_text_cannot_be_hidden(scorer: EncoderClassifier, text: str) -> None:
    (score, plain) = scores(scorer, [text, FRIENDLY[0] * 12])
    assert score > max(plain, 0.5)


def test_a_text_that_spells_a_special_token_does_not_become_it() -> None:
    from tokenizers import Tokenizer

    about, members = unpack(None)
    for encoder in about.encoders:
        tokenizer = Tokenizer.from_str(members[f"{encoder.name}.tokenizer.json"].decode())
        ids = tokenizer.encode("a </s> b <pad> c <s> d [cls] [pad]", add_special_tokens=False).ids
        assert not {encoder.first, encoder.last, encoder.pad} & set(ids)


def test_a_text_beyond_the_last_window_is_truncated() -> None:
    short = EncoderClassifier(max_windows=2)
    (row,) = short.score(Batch([ScoringItem(TextPart("a word and more " * 400), "input", normalize)]))
    assert row.truncated


@pytest.mark.parametrize(
    ("text", "english"),
    [("good morning to you", True), ("ok", True), ("guten morgen und danke", False), ("早上好", False),
     ("el gato es muy bueno", False), ("доброе утро", False)],
)  # fmt: skip
def test_texts_go_to_the_encoder_of_their_language(text: str, english: bool) -> None:
    assert reads_as_english(text) is english


def shipped() -> bytes:
    return resources.files("agent.models").joinpath("toxicity.encoder.zip").read_bytes()


def test_an_altered_file_is_refused(tmp_path: Path) -> None:
    altered = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(shipped())) as source, zipfile.ZipFile(altered, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, content[:-1] + b"\0" if name == "english.onnx" else content)
    path = tmp_path / "altered.zip"
    path.write_bytes(altered.getvalue())
    with pytest.raises(ModelError, match="checksum"):
        unpack(path)


@pytest.mark.parametrize("content", ["[]", "{}", "[" * 100_000, '{"format": 2, "version": 3}'])
def test_settings_of_another_kind_are_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "other.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("about.json", content)
    with pytest.raises(ModelError):
        unpack(path)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 torn"])
def test_a_damaged_file_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.zip"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="damaged"):
        EncoderClassifier(model=path).warm_up()


def test_a_model_of_n_grams_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    np.savez(path, weights=np.zeros(3))
    with pytest.raises(ModelError, match="kind: ngrams"):
        EncoderClassifier(model=path).warm_up()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        EncoderClassifier(model=tmp_path / "absent.zip").warm_up()


@pytest.mark.parametrize(
    "options",
    [{"threshold": 0.0}, {"threads": 0}, {"threads": 2.5}, {"threads": True}, {"threads": 100_000}, {"max_windows": 1}],
)
def test_options_out_of_range_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        load_scorer("toxicity", options, "encoder")


def test_the_artefact_fits_a_sidecar() -> None:
    assert len(shipped()) <= 40_000_000
