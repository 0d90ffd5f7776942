"""Networks as the runner sees them: plan passes, bring one to the device, compute its logits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from agent.scoring.encoders.recorded import RecordedPass, Recordings
from agent.scoring.encoders.tokenising import Ids, TextTokenizer
from agent.scoring.encoders.varlen import PackedEncoder, PackedTexts, Rectangle
from agent.scoring.passes import Group, Lengths, PackedPass, PaddedPass, plan_packed, plan_padded

__all__ = ["Network", "PackedNetwork", "PaddedNetwork", "PaddedTexts"]


class Network(Protocol):
    """One kind of forward pass. Called under ``inference_mode``, from one thread."""

    def plan(self, lengths: Lengths, budget: int) -> Sequence[Any]:
        """Passes over windows of these lengths (special tokens included); each has `places`."""

    def send(self, planned: Any, windows: Sequence[Ids]) -> Any:
        """The inputs of one pass, on the device. On CUDA the copy may still be under way."""

    def logits(self, inputs: Any) -> Tensor:
        """Shape (windows of the pass, outputs), on the device; float32."""


class PackedNetwork:
    """An encoder of BERT's shape without padding (`agent.scoring.encoders.varlen`).

    On CPUs texts of one length are a rectangle of attention, so that nothing at all is padded and a text's arithmetic
    is the same in any company. On GPUs, where each rectangle costs starts of kernels, widths are multiples of 16; flash
    attention needs no rectangles.

    Parameters
    ----------
    multiple
        Widths of rectangles are multiples of it; by device when None.
    """

    def __init__(
        self, encoder: PackedEncoder, tokenizer: TextTokenizer, device: torch.device, *, multiple: int | None = None
    ) -> None:
        self._encoder = encoder
        self._tokenizer = tokenizer
        self._device = device
        self._multiple = multiple or (1 if device.type == "cpu" else 16)
        self._recordings: Recordings | None = None

    def record(self, longest: int, budget: int) -> None:
        """Record passes of flash attention on a GPU, to be replayed from now on. On error all stays as it was.

        Parameters
        ----------
        longest
            Tokens of the longest window, special ones included.
        budget
            Tokens of a pass.
        """
        if self._encoder.attention == "varlen":
            self._recordings = Recordings(self._encoder, self._device, longest, budget)

    def forget_recordings(self) -> None:
        """Start kernels one by one again."""
        self._recordings = None

    def plan(self, lengths: Lengths, budget: int) -> Sequence[PackedPass]:
        return plan_packed(lengths, budget, multiple=self._multiple)

    def send(self, planned: PackedPass, windows: Sequence[Ids]) -> PackedTexts | RecordedPass:
        prefix, suffix = self._tokenizer.prefix, self._tokenizer.suffix
        framed = [part for place in planned.places for part in (prefix, windows[place], suffix)]
        lengths = np.asarray([len(windows[place]) for place in planned.places], dtype=np.int32)
        lengths += self._tokenizer.specials
        bounds = np.concatenate(([0], np.cumsum(lengths, dtype=np.int32))).astype(np.int32)
        positions = np.arange(bounds[-1], dtype=np.int32) - np.repeat(bounds[:-1], lengths)
        if self._recordings is not None:
            recorded = self._recordings.fitting(int(bounds[-1]), len(lengths))
            if recorded is not None:
                recorded.fill(np.concatenate(framed), positions, bounds)
                return recorded
        rectangles = [] if self._encoder.attention == "varlen" else planned.groups
        shapes = [_Shape.of(group, lengths, bounds) for group in rectangles]
        arrays = [np.concatenate(framed), positions, bounds]
        for shape in shapes:
            if shape.gather is not None and shape.scatter is not None and shape.mask is not None:
                arrays += [shape.gather, shape.scatter, shape.mask]
        ids, places, edges, *rest = _to_device(arrays, self._device)
        moved = iter(rest)
        return PackedTexts(ids, places, edges, int(lengths.max()), tuple(shape.on_device(moved) for shape in shapes))

    def logits(self, inputs: PackedTexts | RecordedPass) -> Tensor:
        return inputs.replay() if isinstance(inputs, RecordedPass) else self._encoder(inputs)


class _Shape(NamedTuple):
    """A rectangle before it is on the device."""

    group: Group
    begin: int
    end: int
    gather: Ids | None
    scatter: Ids | None
    mask: Ids | None

    @classmethod
    def of(cls, group: Group, lengths: Ids, bounds: Ids) -> _Shape:
        begin, end, width = int(bounds[group.begin]), int(bounds[group.end]), group.width
        own = lengths[group.begin : group.end]
        if (own == width).all():
            return cls(group, begin, end, None, None, None)
        columns = np.arange(width, dtype=np.int32)
        mask = columns < own[:, None]
        rows = bounds[group.begin : group.end, None] + np.minimum(columns, own[:, None] - 1)
        scatter = np.flatnonzero(mask.reshape(-1)).astype(np.int32)
        return cls(group, begin, end, rows.reshape(-1).astype(np.int32), scatter, mask.reshape(-1).astype(np.int32))

    def on_device(self, moved: Any) -> Rectangle:
        texts, width = self.group.end - self.group.begin, self.group.width
        if self.gather is None:
            return Rectangle(self.begin, self.end, texts, width)
        gather, scatter, mask = next(moved), next(moved), next(moved)
        return Rectangle(self.begin, self.end, texts, width, gather, scatter, mask.view(texts, 1, 1, width).bool())


class PaddedTexts(NamedTuple):
    """Shape (texts, width) each; the mask is 1 where a token is."""

    ids: Tensor
    mask: Tensor


class PaddedNetwork:
    """Any Hugging Face sequence classifier, as it comes: rectangles of like lengths.

    Parameters
    ----------
    model
        Called with ``input_ids`` and ``attention_mask``; the first thing that it returns are logits.
    longest
        Tokens that it takes, special ones included.
    """

    def __init__(self, model: Any, tokenizer: TextTokenizer, device: torch.device, longest: int) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._device = device
        self._longest = longest
        # What a pass costs before its first token, in tokens of a base-sized network.
        self._overhead = 64 if device.type == "cpu" else 1024

    def plan(self, lengths: Lengths, budget: int) -> Sequence[PaddedPass]:
        return plan_padded(lengths, budget, overhead=self._overhead, widest=self._longest)

    def send(self, planned: PaddedPass, windows: Sequence[Ids]) -> PaddedTexts:
        prefix, suffix = self._tokenizer.prefix, self._tokenizer.suffix
        ids = np.full((len(planned.places), planned.width), self._tokenizer.pad_id, dtype=np.int32)
        mask = np.zeros_like(ids)
        for row, place in enumerate(planned.places):
            framed = np.concatenate((prefix, windows[place], suffix))
            ids[row, : len(framed)] = framed
            mask[row, : len(framed)] = 1
        moved = _to_device([ids.reshape(-1), mask.reshape(-1)], self._device)
        shape = (len(planned.places), planned.width)
        # Embeddings of foreign networks may not take 32-bit indices.
        return PaddedTexts(*(each.view(shape).long() for each in moved))

    def logits(self, inputs: PaddedTexts) -> Tensor:
        found: Tensor = self._model(input_ids=inputs.ids, attention_mask=inputs.mask)[0]
        return found.float()


def _to_device(arrays: Sequence[Ids], device: torch.device) -> list[Tensor]:
    """All arrays in one copy; on CUDA from pinned memory and without waiting for it.

    The pinned block may be dropped at once: torch keeps it until the stream has passed the copy.
    """
    whole: Any = torch.from_numpy(np.concatenate(arrays))
    if device.type == "cuda":
        whole = whole.pin_memory().to(device, non_blocking=True)
    elif device.type != "cpu":
        whole = whole.to(device)
    return list(whole.split([len(array) for array in arrays]))
