"""Texts to vectors with an encoder of Hugging Face's transformers: the mean of its last layer over a text's tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from agent.errors import ModelError
from agent.scoring.encoders.assembly import choose_device, longest_input
from agent.scoring.encoders.loading import load_encoder
from agent.scoring.encoders.networks import PaddedNetwork
from agent.scoring.encoders.threads import intra_op_threads
from agent.scoring.encoders.tokenising import TextTokenizer
from agent.scoring.windowing import Windowing, means

__all__ = ["PooledEncoder"]

_WINDOWS = 2
_TOKENS_PER_PASS = 2048


class _MeanPooled:
    """A network whose only output is the mean over the tokens that are no padding, special ones included; as
    sentence-transformers pools (Reimers and Gurevych 2019)."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def __call__(self, *, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor]:
        layer = self._model(input_ids=input_ids, attention_mask=attention_mask)[0].float()
        mask = attention_mask.unsqueeze(-1).to(layer.dtype)
        return ((layer * mask).sum(dim=1) / mask.sum(dim=1),)


class PooledEncoder:
    """An encoder on its device, in float32, with one core where that is a CPU. Belongs to one thread at a time."""

    def __init__(self, slot: str, model: Any, tokenizer: Any, device: torch.device) -> None:
        self._tokenizer = TextTokenizer(tokenizer, parallel=False)
        longest = longest_input(model.config, tokenizer)
        length = longest - self._tokenizer.specials
        if length < 1:
            raise ModelError(f"{slot}: the network takes no more tokens than its special ones")
        self._windowing = Windowing(length, length // 8, _WINDOWS)
        self._network = PaddedNetwork(_MeanPooled(model.eval().to(device)), self._tokenizer, device, longest)
        self._threads = 1 if device.type == "cpu" else 0

    @classmethod
    def load(cls, slot: str, directory: str) -> PooledEncoder:
        """Read a checkpoint, for the first GPU or else the CPU.

        Raises
        ------
        ModelError
            See `load_encoder`; when the device cannot be used.
        """
        model, tokenizer = load_encoder(slot, directory)
        try:
            return cls(slot, model, tokenizer, choose_device(slot, "auto"))
        except RuntimeError as error:
            raise ModelError(f"{slot}: the device cannot be used ({type(error).__name__})") from error

    def vectors(self, texts: Sequence[str]) -> tuple[list[NDArray[np.float32] | None], list[bool]]:
        """Of each text the mean over its windows, float32 [hidden], None for one without tokens; and whether part of it
        was not looked at."""
        pieces = [self._windowing.pieces(text) for text in texts]
        windows, owners, truncated = self._windowing.cut_all([self._tokenizer.encode(each) for each in pieces])
        if not windows:
            return [None] * len(texts), truncated
        arrays = [np.asarray(window) for window in windows]
        lengths = np.asarray([len(window) for window in arrays], dtype=np.intp) + self._tokenizer.specials
        passes = self._network.plan(lengths, _TOKENS_PER_PASS)
        with torch.inference_mode(), intra_op_threads(self._threads):
            parts = [self._network.logits(self._network.send(planned, arrays)) for planned in passes]
            pooled = torch.cat(parts).cpu().numpy()
        of_window = np.empty_like(pooled)
        of_window[np.concatenate([planned.places for planned in passes])] = pooled
        return means(of_window, owners, len(texts)), truncated
