"""Token classifiers of Hugging Face's transformers, from a folder: never from a hub, never by running its code."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from agent.errors import ConfigError, ModelError
from agent.scoring.encoders.options import EncoderOptions
from agent.scoring.encoders.pinned import check_shards
from agent.scoring.encoders.scorer import import_models
from agent.scoring.encoders.tokenising import knows_words
from agent.scoring.ner.base import Entity, EntityKind
from agent.scoring.ner.gate import Script
from agent.scoring.ner.labels import kind_of, tag_of
from agent.scoring.ner.tagging import Tagged, Token, entities_of

if TYPE_CHECKING:
    from agent.scoring.ner.token_network import ReadText

__all__ = ["TransformersModel"]

_WEIGHTS: Final = "*.safetensors"
_SAMPLE: Final = 1 << 20


class TransformersModel:
    """A token classifier in any tagging scheme. Implements `EntityModel`.

    Parameters
    ----------
    checkpoint
        Folder with ``config.json``, weights as safetensors and a fast tokeniser.
    script, labels
        See `agent.scoring.ner.spacy_model.SpacyModel`; any script when None.
    device, threads, max_length, tokens_per_pass
        See `EncoderOptions`.
    slot
        The scorer, for messages.

    Raises
    ------
    ConfigError
        When there is no such folder, or an option is out of range.
    """

    def __init__(
        self,
        checkpoint: str,
        script: Script | None = None,
        labels: Mapping[str, EntityKind] | None = None,
        device: str = "auto",
        threads: int = 1,
        max_length: int | None = None,
        tokens_per_pass: int | None = None,
        slot: str = "pii",
    ) -> None:
        folder = Path(checkpoint).expanduser()
        if not (folder / "config.json").is_file():
            raise ConfigError(
                f"scorer {slot}: ner: {checkpoint} is no folder with config.json; put the checkpoint there, "
                "nothing is fetched from a hub"
            )
        if not any(folder.glob(_WEIGHTS)):
            raise ConfigError(f"scorer {slot}: ner: {checkpoint} holds no safetensors; convert the weights")
        self._options = EncoderOptions(
            slot, device=device, threads=threads, max_length=max_length, tokens_per_pass=tokens_per_pass
        )
        self.version = f"{folder.resolve().name}@{_fingerprint(folder)}"
        self.script: Script = script or "any"
        self._folder = folder
        self._labels = labels or {}
        self._network: Any = None
        self._columns: list[Tagged] = []

    def warm_up(self) -> None:
        """Load the checkpoint and move it to the device.

        Raises
        ------
        ModelError
            When packages or files are missing or damaged, or none of its labels is a person or a place.
        """
        if self._network is not None:
            return
        model, tokenizer = self._load()
        names = {int(place): str(name) for place, name in model.config.id2label.items()}
        columns = []
        for place in range(int(model.config.num_labels)):
            tag = tag_of(names.get(place, "O"))
            columns.append(Tagged(tag.position, tag.label, kind_of(tag.label, self._labels)))
        if not any(column.kind for column in columns):
            known = ", ".join(sorted(names.values())[:20])
            raise self._wrong(f"marks neither persons nor places; map its labels by labels, it has {known}")
        from agent.scoring.ner.token_network import TokenNetwork

        self._columns = columns
        self._network = TokenNetwork(model, tokenizer, self._options)

    def entities(self, texts: Sequence[str]) -> list[list[Entity]]:
        """See `EntityModel.entities`. Long texts are read in windows, each token where it has most around it.

        Raises
        ------
        OutOfDeviceMemory
            When the device's memory is full.
        """
        if self._network is None:
            self.warm_up()
        read = self._network.read(texts)
        return [
            list(entities_of(text, list(_tokens(text, each)), self._columns))
            for text, each in zip(texts, read, strict=True)
        ]

    def _load(self) -> tuple[Any, Any]:
        _, transformers = import_models(self._options.scorer)
        common = {"trust_remote_code": False, "local_files_only": True}
        try:
            own, _ = transformers.PretrainedConfig.get_config_dict(str(self._folder), **common)
            check_shards(self._options.scorer, str(self._folder), own, transformers, local_files_only=True)
            model, report = transformers.AutoModelForTokenClassification.from_pretrained(
                str(self._folder), use_safetensors=True, output_loading_info=True, torch_dtype="float32", **common
            )
            tokenizer = transformers.AutoTokenizer.from_pretrained(str(self._folder), use_fast=True, **common)
        except ModelError:
            raise
        # Files of all kinds of damage, packages that a tokeniser lacks.
        except Exception as error:
            raise self._wrong(
                f"cannot be loaded ({type(error).__name__}); it must hold config.json, safetensors and the tokeniser "
                "of a token classifier"
            ) from error
        if report["missing_keys"]:
            # transformers would fill them with random numbers.
            raise self._wrong(f"lacks {len(report['missing_keys'])} parameters; it is no trained token classifier")
        if not knows_words(tokenizer):
            raise self._wrong("has a tokeniser that knows no words; is a file missing?")
        if not tokenizer.is_fast:
            raise self._wrong("has no fast tokeniser, which offsets need; save it with tokenizer.json")
        return model, tokenizer

    def _wrong(self, what: str) -> ModelError:
        return ModelError(f"scorer {self._options.scorer}: ner: {self._folder} {what}")


def _tokens(text: str, read: ReadText) -> Iterator[Token]:
    shares = zip(read.offsets, read.words, read.best.tolist(), read.share.tolist(), strict=True)
    for (start, end), word, column, probability in shares:
        # Tokenisers of the byte-level kind count the blank before a word to it.
        while start < end and text[start].isspace():
            start += 1
        while start < end and text[end - 1].isspace():
            end -= 1
        if start < end:
            yield Token(start, end, word, column, probability)


def _fingerprint(folder: Path) -> str:
    """Eight digits of a hash over the configuration and both ends of each weights file: told apart by training, not by
    copying, without reading gigabytes."""
    digest = hashlib.blake2b((folder / "config.json").read_bytes(), digest_size=4)
    for path in sorted(folder.glob(_WEIGHTS)):
        size = path.stat().st_size
        with path.open("rb") as file:
            digest.update(size.to_bytes(8, "big") + file.read(_SAMPLE))
            file.seek(max(size - _SAMPLE, 0))
            digest.update(file.read(_SAMPLE))
    return digest.hexdigest()
