"""Signed files of models and thresholds: what is refused, versions that never go back, minisign's format."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from agent.config import validate
from agent.errors import ConfigError
from streams.cli import main
from streams.config import WorkerConfig
from streams.trust.files import check_files, look_at_files, named_files
from streams.trust.minisign import PublicKey, read_signature
from streams.worker import Worker

#: From the documentation of minisign-verify (ISC): made by minisign itself, of a file that holds ``test``.
THEIR_KEY = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"
THEIR_SIGNATURE = """untrusted comment: signature from minisign secret key
RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=
trusted comment: timestamp:1633700835\tfile:test\tprehashed
wLMDjy9FLAuxZ3q4NlEvkgtyhrr0gtTu6KC4KBJdITbbOeAi1zBIYo0v4iTgt8jJpIidRJnp94ABQkJAgAooBQ==
"""


class Files:
    """A calibration, a folder of a model, and whoever signs them."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys
        self.calibration = folder / "toxicity.json"
        self.calibration.write_text('{"schema_version": 1}')
        self.model = folder / "model"
        (self.model / "tokenizer").mkdir(parents=True)
        (self.model / "model.safetensors").write_bytes(b"weights")
        (self.model / "tokenizer" / "vocab.txt").write_text("a\nb\n")
        self.key = folder / "release.key"
        self.public = self.told("sign", "--new-key", str(self.key), "--json")["public_key"]

    def told(self, *arguments: str, code: int = 0) -> Any:
        assert main(arguments) == code
        return json.loads(self._capsys.readouterr().out)

    def sign(self, version: int = 1, key: Path | None = None) -> None:
        names = (str(self.calibration), str(self.model))
        self.told("sign", "--key", str(key or self.key), "--version", str(version), *names, "--json")

    def config(self, **trust: Any) -> WorkerConfig:
        plain = {
            "scorers": {
                "toxicity": {"kind": "ngrams", "calibration": str(self.calibration)},
                "other": {"kind": "transformers", "model": str(self.model)},
            },
            "trust": {"public_keys": [self.public], "require": True, **trust},
        }
        return validate(WorkerConfig, plain, "test")

    def refused(self, said: str, **trust: Any) -> None:
        config = self.config(**trust)
        with pytest.raises(ConfigError, match=said) as caught:
            check_files(config, config.trust)
        assert "\n" not in str(caught.value)


@pytest.fixture
def files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Files:
    return Files(tmp_path, capsys)


def test_signed_files_are_taken_and_unsigned_ones_refused_before_anything_is_made(files: Files) -> None:
    config = files.config()
    assert [key for key, _ in named_files(config)] == ["scorers.toxicity.calibration", "scorers.other.options.model"]
    with pytest.raises(ConfigError, match=r"^scorers\.toxicity\.calibration: .* is not signed"):
        Worker.build(config)
    files.sign(3)
    assert [(each.key, each.version) for each in look_at_files(config, config.trust)] == [
        ("scorers.toxicity.calibration", 3),
        ("scorers.other.options.model", 3),
    ]
    assert look_at_files(config, config.trust.model_copy(update={"require": False})) == []


def test_a_changed_file_is_refused(files: Files) -> None:
    files.sign()
    files.calibration.write_text('{"schema_version": 2}')
    files.refused("is not what was signed")


@pytest.mark.parametrize("change", ["changed", "added", "gone", "linked", "linked folder"])
def test_a_changed_folder_is_refused(files: Files, change: str) -> None:
    files.sign()
    weights = files.model / "model.safetensors"
    if change == "changed":
        weights.write_bytes(b"weight$")
    elif change == "added":
        (files.model / "modeling_own.py").write_text("import os")
    elif change == "gone":
        weights.unlink()
    elif change == "linked folder":
        # `rglob` does not go into it: what it leads to would be read, and was signed by nobody.
        elsewhere = files.folder / "elsewhere"
        elsewhere.mkdir()
        (elsewhere / "model.safetensors").write_bytes(b"others")
        (files.model / "onnx").symlink_to(elsewhere)
    else:
        weights.unlink()
        weights.symlink_to(files.key)
    files.refused("is not what was signed|links that lead out")


def test_signatures_of_others_and_what_is_none_are_refused(files: Files) -> None:
    other = files.folder / "other.key"
    files.told("sign", "--new-key", str(other), "--json")
    files.sign(key=other)
    files.refused("signed by a key that is none")
    # The key's id alone can be copied: what it signs cannot.
    other.write_bytes(b"\n".join([files.key.read_bytes().split(b"\n")[0], *other.read_bytes().split(b"\n")[1:]]))
    files.sign(key=other)
    files.refused("is not what was signed")
    signature = files.calibration.with_name("toxicity.json.minisig")
    for content in (b"", b"\xff", b"a\nb\nc\nd\n", signature.read_bytes().replace(b"trusted", b"trust")):
        signature.write_bytes(content)
        files.refused("is no signature")


def test_the_version_and_the_name_are_signed_too(files: Files) -> None:
    files.sign(1)
    signature = files.calibration.with_name("toxicity.json.minisig")
    genuine = signature.read_bytes()
    signature.write_bytes(genuine.replace(b"version:1", b"version:9"))
    files.refused("is not what was signed")
    # A signature of another file, moved here with its content.
    signature.write_bytes(genuine)
    renamed = files.calibration.rename(files.folder / "pii.json")
    signature.rename(files.folder / "pii.json.minisig")
    files.calibration = renamed
    files.refused("a file of another name")


def test_an_older_version_is_refused_after_a_newer_one(files: Files) -> None:
    record = files.folder / "versions.json"
    trust = {"monotonic": True, "record": str(record)}
    for version in (2, 5):
        files.sign(version)
        config = files.config(**trust)
        check_files(config, config.trust)
    assert json.loads(record.read_text())["scorers.toxicity.calibration"] == 5
    files.sign(4)
    files.refused("has version 4, and version 5 has run here before", **trust)
    files.sign(5)
    config = files.config(**trust)
    check_files(config, config.trust)
    for damaged in ("{", "[]", '{"a": "x"}', "[" * 100_000):
        record.write_text(damaged)
        files.refused("is damaged", **trust)


def test_a_start_that_has_no_newer_version_to_remember_writes_nothing(files: Files) -> None:
    record = files.folder / "versions.json"
    config = files.config(monotonic=True, record=str(record))
    files.sign(2)
    check_files(config, config.trust)
    # As where the disk is full, or mounted to be read.
    in_the_way = files.folder / f".versions.json.{os.getpid()}"
    in_the_way.mkdir()
    check_files(config, config.trust)
    files.sign(3)
    with pytest.raises(ConfigError, match="cannot be written"):
        check_files(config, config.trust)
    in_the_way.rmdir()
    check_files(config, config.trust)
    assert json.loads(record.read_text())["scorers.toxicity.calibration"] == 3


def test_what_minisign_signs_is_checked() -> None:
    signed = read_signature(THEIR_SIGNATURE.encode())
    key = PublicKey.parse(f"untrusted comment: minisign public key\n{THEIR_KEY}\n")
    assert signed is not None and str(key) == THEIR_KEY
    assert signed.holds(b"test", key) and not signed.holds(b"Test", key)
    assert (signed.file, signed.version) == ("test", 0)


def test_the_command_verifies_and_keeps_its_key_to_its_owner(files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    files.sign()
    names = (str(files.calibration), str(files.model))
    assert files.told("sign", "--verify", files.public, *names, "--json") == {"holds": dict.fromkeys(names, True)}
    assert main(["sign", "--verify", files.public, *names]) == 0
    assert capsys.readouterr().out == "".join(f"{name}: holds\n" for name in names)
    files.calibration.write_text("x")
    held = files.told("sign", "--verify", files.public, *names, "--json", code=1)["holds"]
    assert list(held.values()) == [False, True]
    assert files.key.stat().st_mode & 0o077 == 0
    odd = [files.folder / os.fsdecode(name) for name in (b"caf\xe9", b"a\nb", b"a\tb")]
    for path in odd:
        path.touch()
    wrong: tuple[list[str], ...] = (
        *(["--key", str(files.key), str(path)] for path in odd),
        ["--new-key", str(files.key)], ["--key", str(files.calibration), names[0]], ["--verify", "RW", names[0]],
        ["--key", str(files.key)], ["--key", str(files.key), str(files.folder / "no")], [],
        ["--key", str(files.key), names[0], "--version", "-1"],
        ["--verify", files.public, names[1], "--version", "8"],
        ["--new-key", str(files.folder / "k"), "--version", "8"],
    )  # fmt: skip
    for arguments in wrong:
        with_usage = [*arguments]
        try:
            code = main(["sign", *with_usage])
        except SystemExit as ended:
            code = int(ended.code or 0)
        assert code == 2, arguments
        assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    "trust", [{"require": True}, {"monotonic": True}, {"public_keys": ["RW"], "require": True, "monotonic": True}]
)
def test_half_a_section_is_refused(trust: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        validate(WorkerConfig, {"trust": trust}, "test")


def test_the_model_of_a_screen_is_named_too(tmp_path: Path) -> None:
    model = tmp_path / "mine.npz"
    model.write_bytes(b"weights")
    screen = {"kind": "ngrams", "model": str(model)}
    config = validate(WorkerConfig, {"scorers": {"toxicity": {"cascade": {"screen": screen}}}}, "test")
    assert list(named_files(config)) == [("scorers.toxicity.cascade.screen.options.model", model)]


def test_models_in_lists_of_embeddings_and_of_bare_names_are_named_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("names", "guard", "encoder"):
        (tmp_path / name).mkdir()
    plain = {
        "scorers": {
            "pii": {"ner": [{"kind": "transformers", "checkpoint": str(tmp_path / "names")}]},
            "other": {"kind": "transformers", "checkpoint": "guard", "labels": {"a": "x" * 300, "c": "~nobody/d"}},
        },
        "drift": {"embeddings": {"encoder": str(tmp_path / "encoder")}, "features": ["input.embedding*"]},
    }
    assert list(named_files(validate(WorkerConfig, plain, "test"))) == [
        ("scorers.pii.options.ner.0.checkpoint", tmp_path / "names"),
        ("scorers.other.options.checkpoint", Path("guard")),
        ("drift.embeddings.encoder", tmp_path / "encoder"),
    ]
