"""The Detoxify models (Hanu & Unitary 2020, unitaryai/detoxify), from files on this machine; nothing is downloaded.

The package's own loader unpickles the checkpoint and may call the model hub, and its ``predict`` pads a batch to its
longest text. Here the checkpoint is read with ``weights_only=True``, which runs no code, transformers builds the
network from a local directory, and our executor runs it: the same scores, many times as fast, without the package.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent.errors import ModelError
from agent.scoring.encoders.options import EncoderOptions
from agent.scoring.encoders.pinned import check_pin
from agent.scoring.encoders.scorer import Classifier, Column, EncoderScorer, category_of, import_models
from agent.scoring.encoders.tokenising import knows_words

__all__ = ["LABELS", "DetoxifyScorer"]

LABELS = ("toxicity", "severe_toxicity", "obscene", "identity_attack", "insult", "threat", "sexual_explicit")
"""Labels of the published models that are harms. Their identity labels (``female``, ``muslim``) are none."""

_RENAMED = {"toxic": "toxicity", "identity_hate": "identity_attack", "severe_toxic": "severe_toxicity"}
_logger = logging.getLogger(__name__)


class DetoxifyScorer(EncoderScorer):
    """Scores texts with a Detoxify checkpoint: original (BERT), unbiased (RoBERTa), multilingual (XLM-R), the ALBERTs.

    Parameters
    ----------
    checkpoint
        File as published by Detoxify: ``{"config": ..., "state_dict": ...}``.
    huggingface_config_path
        Directory with the network's ``config.json`` and the tokeniser's files; the checkpoint's own ``model_type`` when
        None, which then must be a directory.
    threshold
        For every label.
    device, precision, threads, max_length, overlap, max_windows, tokens_per_pass
        See `EncoderOptions`.
    slot
        The scorer's name.
    sha256
        Of the checkpoint, which is a pickle: without it the file is not read, and the error says what it would be.

    Raises
    ------
    ConfigError
        When an option is out of range.
    """

    version = "detoxify@1"

    def __init__(
        self,
        checkpoint: str | Path,
        huggingface_config_path: str | Path | None = None,
        device: str = "auto",
        threshold: float = 0.5,
        max_windows: int = 64,
        tokens_per_pass: int | None = None,
        precision: str = "auto",
        threads: int = 1,
        max_length: int | None = None,
        overlap: int | None = None,
        slot: str = "detoxify",
        sha256: str | None = None,
    ) -> None:
        options = EncoderOptions(slot, device, precision, threads, max_length, overlap, max_windows, tokens_per_pass)
        super().__init__(slot, options, dict.fromkeys(LABELS, "output"), threshold)
        self._checkpoint = Path(checkpoint)
        self._sha256 = sha256
        self._directory = None if huggingface_config_path is None else Path(huggingface_config_path)

    def load(self) -> Classifier:
        """Read the checkpoint, and build its network from the directory.

        Raises
        ------
        ModelError
            When packages or files are missing, or the checkpoint is not the one that is pinned, is damaged or holds
            anything but plain data.
        """
        if not self._checkpoint.is_file():
            raise ModelError(
                f"scorer {self.name}: {self._checkpoint} is no file; download a checkpoint of Detoxify there"
            )
        check_pin(self.name, [self._checkpoint], self._sha256)
        torch, transformers = import_models(self.name)
        architecture, classes, state = self._read(torch)
        directory = self._local_directory(architecture)
        model_class = getattr(transformers, architecture["model_name"], None)
        tokenizer_class = getattr(transformers, _tokenizer_name(transformers, architecture["tokenizer_name"]), None)
        try:
            if model_class is None or tokenizer_class is None:
                raise ValueError("no such class")
            config = model_class.config_class.from_pretrained(
                str(directory), num_labels=int(architecture["num_classes"]), local_files_only=True
            )
            model = model_class(config)
            # Some checkpoints carry the buffer of positions, which newer networks make themselves.
            absent, unknown = model.load_state_dict(state, strict=False)
            tokenizer = tokenizer_class.from_pretrained(str(directory), local_files_only=True)
            if not knows_words(tokenizer):
                raise ValueError("no vocabulary")
        except (OSError, ValueError, RuntimeError, TypeError, AttributeError, KeyError) as error:
            raise ModelError(
                f"scorer {self.name}: {self._checkpoint} does not fit the network in {directory} "
                f"({type(error).__name__})"
            ) from error
        if absent:
            raise ModelError(
                f"scorer {self.name}: {self._checkpoint} lacks {len(absent)} parameters, first {absent[0]}"
            )
        strange = [name for name in unknown if not name.endswith("position_ids")]
        if strange:
            raise ModelError(f"scorer {self.name}: {self._checkpoint} holds {len(strange)} parameters that no network "
                             f"in {directory} has")  # fmt: skip
        return Classifier(model, tokenizer, "sigmoid", self._columns_of(classes))

    def _columns_of(self, classes: list[str]) -> list[Column]:
        columns = [
            Column(category_of(self.name, label), (place,)) for place, label in enumerate(classes) if label in LABELS
        ]
        if not columns:
            raise ModelError(f"scorer {self.name}: {self._checkpoint} has none of the labels {', '.join(LABELS)}")
        if len(columns) < len(classes):
            _logger.info("detoxify.labels_ignored count=%d", len(classes) - len(columns))
        return columns

    def _read(self, torch: Any) -> tuple[dict[str, Any], list[str], Mapping[str, Any]]:
        try:
            loaded = torch.load(self._checkpoint, map_location="cpu", weights_only=True)
            config = loaded["config"]
            architecture = dict(config["arch"]["args"])
            names = (architecture["model_name"], architecture["tokenizer_name"])
            if not names[0].endswith("ForSequenceClassification") or "Tokenizer" not in names[1]:
                raise ValueError("names of classes")
            classes = [_RENAMED.get(label, label) for label in config["dataset"]["args"]["classes"]]
            if not len(classes) <= int(architecture["num_classes"]):
                raise ValueError("number of classes")
            return architecture, classes, loaded["state_dict"]
        # What a damaged file raises is not documented; torch, zipfile and pickle each have their own.
        except Exception as error:
            raise ModelError(
                f"scorer {self.name}: {self._checkpoint} is damaged, no Detoxify checkpoint, or holds more than plain "
                f"tensors and settings ({type(error).__name__}); save config and state_dict alone with torch.save"
            ) from error

    def _local_directory(self, architecture: Mapping[str, Any]) -> Path:
        # A name that is no directory would be looked up on the model hub.
        directory = self._directory or Path(str(architecture.get("model_type", "")))
        if not (directory / "config.json").is_file():
            raise ModelError(
                f"scorer {self.name}: no config.json in {directory}; set huggingface_config_path to a directory with "
                "the files of the network and its tokeniser"
            )
        return directory


def _tokenizer_name(transformers: Any, name: str) -> str:
    """The fast tokeniser of the same kind where there is one: the slow ones take longer than the network."""
    fast = f"{name}Fast"
    return fast if not name.endswith("Fast") and hasattr(transformers, fast) else name
