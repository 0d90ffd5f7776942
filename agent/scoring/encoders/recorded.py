"""Passes that are recorded once and replayed: one call for the hundred and fifty kernels of a network (CUDA graphs).

Started one by one, the kernels of a pass keep a core busy for milliseconds, longer than the device computes for up to
eight thousand tokens; and each start gives up the interpreter's lock, which a busy event loop then keeps for as long as
it is let. A replay starts them all at once.

A recording has fixed shapes, so passes are padded to the next recorded size: tokens that belong to no text, which
attention never looks at, and texts without tokens, whose logits are dropped.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from agent.scoring.encoders.tokenising import Ids
from agent.scoring.encoders.varlen import PackedEncoder, PackedTexts

__all__ = ["RecordedPass", "Recordings", "sizes_up_to"]

_SIZES: Final = (256, 512, 1024, 2048, 3072, 4096, 6144, 8192, 10_240, 12_288, 14_336, 16_384, 20_480, 24_576, 32_768)
#: Tokens of a text: recordings hold as many texts as their tokens are enough for. Attention starts work for each text
#: that there could be, so that room for short ones costs the long ones; a pass of still shorter ones is not replayed.
_TOKENS_OF_TEXTS: Final = (48, 16, 4)


def sizes_up_to(budget: int) -> list[int]:
    """Tokens of the recorded passes: those of all passes within the budget, or of the first 32,768 tokens."""
    within = [size for size in _SIZES if size < budget]
    return [*within, min(size for size in _SIZES if size >= budget)] if budget <= _SIZES[-1] else within


class RecordedPass:
    """One recording, with inputs of its own, which stay where they are.

    Parameters
    ----------
    tokens, texts
        Room.
    longest
        Tokens of the longest text that there can be.
    pool
        Memory that all recordings of a network share: they are replayed one after another, and results are copied.
    """

    def __init__(
        self, encoder: PackedEncoder, device: torch.device, tokens: int, texts: int, longest: int, pool: Any
    ) -> None:
        self.tokens, self.texts = tokens, texts
        self._used = 0
        self._inputs = inputs = torch.zeros(2 * tokens + texts + 1, dtype=torch.int32, device=device)
        packed = PackedTexts(inputs[:tokens], inputs[tokens : 2 * tokens], inputs[2 * tokens :], longest, ())
        encoder(packed)  # kernels are loaded and chosen outside of the recording
        self._graph: Any = torch.cuda.CUDAGraph()
        # Other threads may use the device meanwhile.
        with torch.cuda.graph(self._graph, pool=pool, capture_error_mode="thread_local"):
            self._logits: Any = encoder(packed)

    def fill(self, ids: Ids, positions: Ids, bounds: Ids) -> None:
        """Copy the inputs of the next replay, padded, behind what the device is still doing."""
        array = np.zeros(2 * self.tokens + self.texts + 1, dtype=np.int32)
        array[: len(ids)] = ids
        array[self.tokens : self.tokens + len(ids)] = positions
        array[2 * self.tokens :] = bounds[-1]
        array[2 * self.tokens : 2 * self.tokens + len(bounds)] = bounds
        self._used = len(bounds) - 1
        self._inputs.copy_(torch.from_numpy(array).pin_memory(), non_blocking=True)

    def replay(self) -> Tensor:
        """Logits of the texts that were filled in: a copy, the next replay writes over its own."""
        self._graph.replay()
        found: Tensor = self._logits[: self._used].clone()
        return found


class Recordings:
    """The recordings of one network, the largest made first, so that the others find room in its memory."""

    def __init__(self, encoder: PackedEncoder, device: torch.device, longest: int, budget: int) -> None:
        self._sizes = sizes_up_to(budget)
        self._passes: dict[tuple[int, int], RecordedPass] = {}
        pool: Any = torch.cuda.graph_pool_handle()
        for size in reversed(self._sizes):
            for each in reversed(_TOKENS_OF_TEXTS):
                self._passes[size, each] = RecordedPass(encoder, device, size, size // each, longest, pool)

    def fitting(self, tokens: int, texts: int) -> RecordedPass | None:
        """The smallest recording that holds so much; None when none does."""
        place = bisect_left(self._sizes, tokens)
        if place == len(self._sizes):
            return None
        size = self._sizes[place]
        return next((self._passes[size, each] for each in _TOKENS_OF_TEXTS if texts <= size // each), None)
