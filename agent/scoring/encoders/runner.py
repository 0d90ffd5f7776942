"""Runs a classifier over batches of texts: tokenise, copy, forward, reduce, with the device kept busy.

While the device computes one part of a batch, a thread tokenises the next one; inputs are copied from pinned memory
without waiting; results stay on the device until the last pass is queued and come back in one copy. On a CPU there is
one device and no waiting, so the parts are one and the thread is spared.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from agent.clock import Clock, SystemClock
from agent.errors import OutOfDeviceMemory
from agent.scoring.base import Batch
from agent.scoring.encoders.networks import Network
from agent.scoring.encoders.threads import intra_op_threads
from agent.scoring.encoders.timing import StageClock
from agent.scoring.encoders.tokenising import Ids, TextTokenizer, TokenisedBatch, tokenised
from agent.scoring.windowing import WindowedTexts, Windowing, highest

__all__ = ["EncoderRunner", "RunnerSettings", "ScoredTexts"]

#: Batches after which a budget that was halved for lack of memory is doubled again.
RECOVERY_BATCHES = 64

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RunnerSettings:
    """How to run.

    Attributes
    ----------
    device
        Where.
    tokens_per_pass
        Bound on the tokens of one pass; a window that is longer passes alone.
    threads
        Cores for one operation on a CPU; 0 leaves torch's own number.
    ahead
        Tokenise the next part of a batch in a thread while this one computes.
    """

    device: torch.device
    tokens_per_pass: int
    threads: int = 1
    ahead: bool = False


class ScoredTexts(NamedTuple):
    """What came out, text by text.

    Attributes
    ----------
    scores
        Shape (texts, outputs): of each output the highest over the text's windows, in [0, 1].
    seen
        Whether the text had any token; the scores of one that had none are 0.
    truncated
        Whether part of the text was not looked at.
    """

    scores: NDArray[np.float32]
    seen: NDArray[np.bool_]
    truncated: NDArray[np.bool_]


class EncoderRunner:
    """Scores texts with one network. Belongs to one thread at a time.

    Parameters
    ----------
    activation
        Logits to scores, on the device; both of shape (windows, outputs), float32.
    label
        For the log.
    """

    def __init__(
        self,
        network: Network,
        tokenizer: TextTokenizer,
        windowing: Windowing,
        activation: Callable[[Tensor], Tensor],
        settings: RunnerSettings,
        *,
        label: str = "encoder",
        clock: Clock | None = None,
    ) -> None:
        self._network = network
        self._tokenizer = tokenizer
        self._windowing = windowing
        self._activation = activation
        self._settings = settings
        self._label = label
        self._stages = StageClock(clock or SystemClock(), settings.device)
        self._budget = settings.tokens_per_pass
        self._calm = 0

    @property
    def tokens_per_pass(self) -> int:
        """The bound that holds now: after the device ran out of memory it is lower for a while."""
        return self._budget

    def take_stages(self) -> Mapping[str, float]:
        """Seconds of the stages ``tokenise``, ``copy``, ``forward`` and ``reduce`` since it was last asked."""
        return self._stages.take()

    def run(self, batch: Batch) -> ScoredTexts:
        """Score the raw view of each text.

        Raises
        ------
        OutOfDeviceMemory
            When a pass does not fit. Passes are then half as large for the next `RECOVERY_BATCHES` batches.
        """
        try:
            with torch.inference_mode(), intra_op_threads(self._settings.threads), self._on_device():
                scored = self._run(batch)
        except (torch.OutOfMemoryError, RuntimeError) as error:
            if not _is_out_of_memory(error):
                raise
        else:
            self._recover()
            return scored
        # Outside of the handler, whose traceback still holds the tensors of the failed pass.
        self._relieve()
        raise OutOfDeviceMemory(f"{self._label}: the device's memory is full")

    def _run(self, batch: Batch) -> ScoredTexts:
        texts = len(batch)
        part_tokens = self._settings.tokens_per_pass if self._settings.ahead else 0
        parts = tokenised(batch, self._tokenizer, self._windowing, part_tokens)
        logits: list[Tensor] = []
        order: list[NDArray[np.intp]] = []
        owners: list[NDArray[np.intp]] = []
        truncated = np.zeros(texts, dtype=np.bool_)
        begin = 0
        for places, windowed in self._windowed(parts):
            truncated[places] = windowed.truncated
            owners.append(np.asarray(places, dtype=np.intp)[windowed.owners])
            windows = [np.asarray(window) for window in windowed.windows]
            for found, found_at in self._passes(windows):
                logits.append(found)
                order.append(found_at + begin)
            begin += len(windows)
        if not logits:
            return ScoredTexts(np.zeros((texts, 0), np.float32), np.zeros(texts, np.bool_), truncated)
        with self._stages.on_host("reduce"):
            # The only place that waits for the device.
            scores: NDArray[np.float32] = self._activation(torch.cat(logits)).cpu().numpy()
            owner = np.concatenate(owners)[np.concatenate(order)]
            best = highest(scores, owner, texts)
            seen = np.bincount(owner, minlength=texts) > 0
        self._stages.settle()
        return ScoredTexts(best, seen, truncated)

    def _passes(self, windows: list[Ids]) -> Iterator[tuple[Tensor, NDArray[np.intp]]]:
        """Logits of each pass, on the device, and the places of its windows."""
        lengths = np.asarray([len(window) for window in windows], dtype=np.intp) + self._tokenizer.specials
        for planned in self._network.plan(lengths, self._budget):
            with self._stages.on_host("copy"):
                inputs = self._network.send(planned, windows)
            with self._stages.on_device("forward"):
                found = self._network.logits(inputs)
            yield found, planned.places

    def _windowed(self, parts: TokenisedBatch) -> Iterator[tuple[list[int], WindowedTexts]]:
        """Places and windows of each part."""

        def cut(part: int) -> WindowedTexts:
            with self._stages.on_host("tokenise"):
                return self._windowing.cut_all(parts.tokens(part))

        if not self._settings.ahead or len(parts.parts) < 2:
            for part, places in enumerate(parts.parts):
                yield places, cut(part)
            return
        # A thread of this call alone: an idle one would keep the texts of its last task alive.
        with ThreadPoolExecutor(1, "harmwatch-tokenise") as pool:
            ahead: Future[WindowedTexts] = pool.submit(cut, 0)
            for part, places in enumerate(parts.parts):
                ready = ahead.result()
                if part + 1 < len(parts.parts):
                    ahead = pool.submit(cut, part + 1)
                yield places, ready

    def _on_device(self) -> AbstractContextManager[Any]:
        # Events and copies go to the stream of the current device, which need not be ours.
        device: Any = self._settings.device
        return torch.cuda.device(device) if device.type == "cuda" else nullcontext()

    def _recover(self) -> None:
        if self._budget < self._settings.tokens_per_pass:
            self._calm += 1
            if self._calm >= RECOVERY_BATCHES:
                self._calm = 0
                self._budget = min(self._budget * 2, self._settings.tokens_per_pass)

    def _relieve(self) -> None:
        self._calm = 0
        self._budget = max(self._budget // 2, 1)
        self._stages.take()
        if self._settings.device.type == "cuda":
            torch.cuda.empty_cache()
        _logger.warning("encoder.out_of_memory scorer=%s tokens_per_pass=%d", self._label, self._budget)


#: The allocator of the host has no error class of its own, nor have CUDA's calls and cuBLAS, whose first product in a
#: thread takes memory that torch's allocator has not.
_NO_MEMORY = ("allocate memory", "out of memory", "ALLOC_FAILED")


def _is_out_of_memory(error: Any) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or any(words in str(error) for words in _NO_MEMORY)
