"""The Detoxify models (Hanu & Unitary 2020, unitaryai/detoxify), from files on this machine; nothing is downloaded.

The package's own loader unpickles the checkpoint and may call the model hub. Here the checkpoint is read with
``weights_only=True``, which runs no code, and the package builds the network from a local directory.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from agent.errors import ConfigError, ModelError, OutOfDeviceMemory
from agent.events import Direction
from agent.scores import Dimension, ScoreRow
from agent.scoring.base import Batch, Lane

__all__ = ["LABELS", "DetoxifyScorer"]

LABELS = ("toxicity", "severe_toxicity", "obscene", "identity_attack", "insult", "threat", "sexual_explicit")
"""Labels of the published models that are harms. Their identity labels (``female``, ``muslim``) are none."""

_RENAMED = {"toxic": "toxicity", "identity_hate": "identity_attack", "severe_toxic": "severe_toxicity"}
_INSTALL = "pip install 'harmwatch[models]'"
_LONGEST_WINDOW = 512
_CHARS_PER_TOKEN = 8  # more than any language has on average: only texts that cannot fit are cut before tokenising
_logger = logging.getLogger(__name__)


class DetoxifyScorer:
    """Scores texts with a Detoxify checkpoint. Reads the raw view.

    Long texts are scored in overlapping windows, the highest score of each label counts. Windows are sorted by length
    before they are batched: one long text in a batch of short ones would make all of them as slow as itself. A text of
    more than `max_windows` windows keeps its beginning and its end, and its row says that it is truncated.

    Parameters
    ----------
    checkpoint
        File as published by Detoxify: ``{"config": ..., "state_dict": ...}``.
    huggingface_config_path
        Directory with the network's ``config.json`` and the tokeniser's files; the checkpoint's own ``model_type`` when
        None, which then must be a directory.
    device
        A torch device, e.g. ``cpu`` or ``cuda:1``; ``auto`` takes the first GPU when there is one.
    threshold
        For every label.
    max_windows
        Bound on the work that one text can cause, at least 2.
    tokens_per_pass
        Bound on the padded tokens of one pass through the network.

    Raises
    ------
    ConfigError
        When an option is out of range.
    """

    name = "detoxify"
    lane: Lane = "device"

    def __init__(
        self,
        checkpoint: str | Path,
        huggingface_config_path: str | Path | None = None,
        device: str = "auto",
        threshold: float = 0.5,
        max_windows: int = 64,
        tokens_per_pass: int = 8192,
    ) -> None:
        if not 0.0 < threshold <= 1.0:
            raise ConfigError("scorer detoxify: threshold must be more than 0 and at most 1")
        if max_windows < 2 or tokens_per_pass < 1:
            raise ConfigError("scorer detoxify: max_windows must be 2 or more, tokens_per_pass 1 or more")
        self.version = "detoxify@1"
        self.categories: Mapping[str, Dimension] = {f"detoxify.{label}": "output" for label in LABELS}
        self.thresholds: Mapping[str, float] = dict.fromkeys(self.categories, threshold)
        self.directions: frozenset[Direction] = frozenset({"input", "output"})
        self._checkpoint = Path(checkpoint)
        self._directory = None if huggingface_config_path is None else Path(huggingface_config_path)
        self._device = device
        self._explanation = f"Detoxify, threshold {threshold:.2f}"
        self._max_windows = max_windows
        self._tokens_per_pass = tokens_per_pass
        self._torch: Any = None
        self._model: Any = None
        self._tokenizer: Any = None
        self._window = 0
        self._outputs: list[tuple[int, str]] = []

    def warm_up(self) -> None:
        """Load the checkpoint, move it to the device and score a first batch.

        Raises
        ------
        ModelError
            When the packages or files are missing, or the checkpoint is damaged or holds anything but plain data.
        """
        if self._model is not None:
            return
        if not self._checkpoint.is_file():
            raise ModelError(f"scorer detoxify: {self._checkpoint} is no file; download a checkpoint of Detoxify there")
        try:
            import torch
            import transformers
            from detoxify.detoxify import get_model_and_tokenizer
        except ImportError as error:
            raise ModelError(f"scorer detoxify: {error.name} cannot be imported; {_INSTALL}") from error
        architecture, classes, state = self._read(torch)
        directory = self._local_directory(architecture)
        tokenizer_name = _tokenizer_name(transformers, architecture["tokenizer_name"])
        try:
            model, tokenizer = get_model_and_tokenizer(
                str(directory), architecture["model_name"], tokenizer_name, architecture["num_classes"], state
            )
        except (OSError, ValueError, RuntimeError, TypeError, AttributeError) as error:
            raise ModelError(
                f"scorer detoxify: {self._checkpoint} does not fit the network in {directory} ({type(error).__name__})"
            ) from error
        # The package fills parameters that the checkpoint lacks with random numbers, and only logs it.
        absent = [name for name, _ in model.named_parameters() if name not in state]
        if absent:
            raise ModelError(f"scorer detoxify: {self._checkpoint} lacks {len(absent)} parameters, first {absent[0]}")
        self._outputs = [(place, label) for place, label in enumerate(classes) if label in LABELS]
        if not self._outputs:
            raise ModelError(f"scorer detoxify: {self._checkpoint} has none of the labels {', '.join(LABELS)}")
        if len(self._outputs) < len(classes):
            _logger.info("detoxify.labels_ignored count=%d", len(classes) - len(self._outputs))
        device = self._device
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        try:
            model = model.to(device).eval()
        except (RuntimeError, AssertionError) as error:
            raise ModelError(f"scorer detoxify: the device {device!r} cannot be used") from error
        self._torch, self._tokenizer, self._model = torch, tokenizer, model
        self._window = _longest_input(model.config, tokenizer) - tokenizer.num_special_tokens_to_add()
        self._score_texts(["A first text, so that live traffic does not wait.", "先处理一条中文文本。"])

    def score(self, batch: Batch) -> Sequence[ScoreRow]:
        """Score each text; one without tokens scores 0.

        Raises
        ------
        OutOfDeviceMemory
            When the device's memory is full.
        """
        if self._model is None:
            self.warm_up()
        try:
            return self._score_texts(batch.texts("raw"))
        except self._torch.cuda.OutOfMemoryError:
            pass
        # Outside of the handler, whose traceback still holds the tensors of the failed pass.
        if self._torch.cuda.is_available():
            self._torch.cuda.empty_cache()
        raise OutOfDeviceMemory("scorer detoxify: the device's memory is full")

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
                f"scorer detoxify: {self._checkpoint} is damaged, no Detoxify checkpoint, or holds more than plain "
                f"tensors and settings ({type(error).__name__}); save config and state_dict alone with torch.save"
            ) from error

    def _local_directory(self, architecture: Mapping[str, Any]) -> Path:
        # A name that is no directory would send the package to the model hub.
        directory = self._directory or Path(str(architecture.get("model_type", "")))
        if not (directory / "config.json").is_file():
            raise ModelError(
                f"scorer detoxify: no config.json in {directory}; set huggingface_config_path to a directory with the "
                "files of the network and its tokeniser"
            )
        return directory

    def _score_texts(self, texts: Sequence[str]) -> list[ScoreRow]:
        windows: list[list[int]] = []
        owners: list[int] = []
        truncated = [False] * len(texts)
        for owner, text in enumerate(texts):
            own, truncated[owner] = self._windows(text)
            windows += own
            owners += [owner] * len(own)
        best: list[list[float]] = [[] for _ in texts]
        for places, scores in self._passes(windows):
            for place, found in zip(places, scores, strict=True):
                known = best[owners[place]]
                best[owners[place]] = [max(pair) for pair in zip(known, found, strict=True)] if known else found
        return [self._row(scores, cut) for scores, cut in zip(best, truncated, strict=True)]

    def _row(self, scores: Sequence[float], truncated: bool) -> ScoreRow:
        by_category = {f"detoxify.{label}": scores[place] for place, label in self._outputs} if scores else {}
        return ScoreRow(by_category, explanation=self._explanation, truncated=truncated)

    def _windows(self, text: str) -> tuple[list[list[int]], bool]:
        """Token ids of each window, without special tokens; whether something was left out."""
        half = self._max_windows // 2 * self._window * _CHARS_PER_TOKEN
        pieces = [text] if len(text) <= 2 * half else [text[:half], text[-half:]]
        # Fast tokenisers refuse lone surrogates.
        pieces = [piece.encode("utf-8", "replace").decode() for piece in pieces]
        step = self._window - self._window // 8
        windows: list[list[int]] = []
        for ids in self._tokenizer(pieces, add_special_tokens=False, verbose=False)["input_ids"]:
            last = max(len(ids) - self._window // 8, 1)
            windows += [ids[begin : begin + self._window] for begin in range(0, last, step)] if ids else []
        if len(windows) > self._max_windows:
            head = self._max_windows // 2
            return windows[:head] + windows[head - self._max_windows :], True
        return windows, len(pieces) > 1

    def _passes(self, windows: Sequence[list[int]]) -> Iterator[tuple[Sequence[int], list[list[float]]]]:
        """Places of windows, and their scores by output; windows of like length go together."""
        order = sorted(range(len(windows)), key=lambda place: len(windows[place]))
        begin = 0
        while begin < len(order):
            end = begin + 1
            while end < len(order) and len(windows[order[end]]) * (end + 1 - begin) <= self._tokens_per_pass:
                end += 1
            places = order[begin:end]
            yield places, self._forward([windows[place] for place in places])
            begin = end

    def _forward(self, windows: Sequence[list[int]]) -> list[list[float]]:
        torch, tokenizer = self._torch, self._tokenizer
        rows = [tokenizer.build_inputs_with_special_tokens(window) for window in windows]
        width = max(map(len, rows))
        ids = [row + [tokenizer.pad_token_id] * (width - len(row)) for row in rows]
        mask = [[1] * len(row) + [0] * (width - len(row)) for row in rows]
        device = self._model.device
        with torch.inference_mode():
            logits = self._model(
                input_ids=torch.tensor(ids, device=device), attention_mask=torch.tensor(mask, device=device)
            )[0]
            scores: list[list[float]] = torch.sigmoid(logits.float()).cpu().tolist()
        return scores


def _tokenizer_name(transformers: Any, name: str) -> str:
    """The fast tokeniser of the same kind where there is one: the slow ones take longer than the network."""
    fast = f"{name}Fast"
    return fast if not name.endswith("Fast") and hasattr(transformers, fast) else name


def _longest_input(config: Any, tokenizer: Any) -> int:
    """Tokens that the network takes, special ones included."""
    positions = int(getattr(config, "max_position_embeddings", _LONGEST_WINDOW))
    if config.model_type in ("roberta", "xlm-roberta"):
        # RoBERTa counts positions from behind the padding index.
        positions -= int(config.pad_token_id) + 1
    return min(positions, int(tokenizer.model_max_length), _LONGEST_WINDOW)
