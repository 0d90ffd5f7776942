"""Runs a token classifier over texts: windows, passes of like lengths, the best label of each token. Loads torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from agent.errors import ModelError, OutOfDeviceMemory
from agent.scoring.encoders.assembly import choose_device, longest_input
from agent.scoring.encoders.options import EncoderOptions
from agent.scoring.encoders.threads import intra_op_threads
from agent.scoring.encoders.tokenising import TextTokenizer
from agent.scoring.passes import plan_padded
from agent.scoring.windowing import Windowing

__all__ = ["ReadText", "TokenNetwork"]

_TOKENS_PER_PASS = {"cpu": 1024}
_TOKENS_PER_PASS_OF_GPUS = 16_384
_LONGEST_OVERLAP = 64
_ALL_WINDOWS = 1 << 40


class ReadText(NamedTuple):
    """The tokens of a text: offsets in code points, words, best output of each and its probability in (0, 1]."""

    offsets: Sequence[tuple[int, int]]
    words: Sequence[int | None]
    best: NDArray[np.intp]
    share: NDArray[np.float32]


class TokenNetwork:
    """A token classifier on its device. Belongs to one thread at a time.

    Parameters
    ----------
    model, tokenizer
        As ``from_pretrained`` gives them; owned from now on.

    Raises
    ------
    ModelError
        When the device cannot be used, or a window holds no token beside the special ones.
    """

    def __init__(self, model: Any, tokenizer: Any, options: EncoderOptions) -> None:
        self._device = choose_device(options.scorer, options.device)
        self._frame = TextTokenizer(tokenizer, parallel=False)
        self._backend = tokenizer.backend_tokenizer
        self._longest = longest_input(model.config, tokenizer, options.max_length)
        length = self._longest - self._frame.specials
        if length < 1:
            raise ModelError(f"scorer {options.scorer}: ner: the network takes no more tokens than its special ones")
        self._windowing = Windowing(length, min(length // 4, _LONGEST_OVERLAP), _ALL_WINDOWS)
        self._budget = options.tokens_per_pass or _TOKENS_PER_PASS.get(self._device.type, _TOKENS_PER_PASS_OF_GPUS)
        self._threads = options.threads if self._device.type == "cpu" else 0
        self._scorer = options.scorer
        self._model = model.eval().to(self._device)

    def read(self, texts: Sequence[str]) -> list[ReadText]:
        """Every token of every text.

        Raises
        ------
        OutOfDeviceMemory
            When a pass does not fit.
        """
        encoded = [self._backend.encode(text, add_special_tokens=False) for text in texts]
        # Places of tokens are cut as token ids are elsewhere.
        cut = self._windowing.cut_all([[np.arange(len(each.ids), dtype=np.int32)] for each in encoded])
        places = [np.asarray(window) for window in cut.windows]
        owners = cut.owners.tolist()
        ids = [np.asarray(each.ids, dtype=np.int64) for each in encoded]
        found = [
            ReadText(each.offsets, each.word_ids, np.zeros(len(each.ids), np.intp), np.zeros(len(each.ids), np.float32))
            for each in encoded
        ]
        most = [np.full(len(each.ids), -1) for each in encoded]
        try:
            with torch.inference_mode(), intra_op_threads(self._threads):
                for window, best, share in self._passes(
                    [ids[owner][at] for owner, at in zip(owners, places, strict=True)]
                ):
                    owner, at = owners[window], places[window]
                    seen = _surroundings(at, len(ids[owner]))
                    better = seen > most[owner][at]
                    for kept, new in ((most[owner], seen), (found[owner].best, best), (found[owner].share, share)):
                        kept[at[better]] = new[better]
        except torch.OutOfMemoryError:
            pass
        else:
            return found
        # Outside of the handler, whose traceback still holds the tensors of the failed pass.
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        raise OutOfDeviceMemory(f"scorer {self._scorer}: ner: the device's memory is full")

    def _passes(self, windows: Sequence[NDArray[np.int64]]) -> Any:
        """Index, best outputs and their probabilities of each window."""
        prefix, suffix = self._frame.prefix, self._frame.suffix
        lengths = [len(window) + self._frame.specials for window in windows]
        for planned in plan_padded(lengths, self._budget, widest=self._longest) if lengths else ():
            ids = np.full((len(planned.places), planned.width), self._frame.pad_id, np.int64)
            mask = np.zeros_like(ids)
            for row, place in enumerate(planned.places.tolist()):
                framed = np.concatenate((prefix, windows[place], suffix))
                ids[row, : len(framed)] = framed
                mask[row, : len(framed)] = 1
            logits = self._model(
                input_ids=torch.from_numpy(ids).to(self._device), attention_mask=torch.from_numpy(mask).to(self._device)
            ).logits.float()
            share, best = torch.softmax(logits, dim=-1).max(dim=-1)
            shares, bests = share.cpu().numpy(), best.cpu().numpy()
            for row, place in enumerate(planned.places.tolist()):
                own = slice(len(prefix), len(prefix) + len(windows[place]))
                yield place, bests[row, own], shares[row, own]


def _surroundings(places: NDArray[np.int32], tokens: int) -> NDArray[np.intp]:
    """How many tokens a window shows on the poorer side of each; the end of the text itself makes no side poor."""
    count = len(places)
    left = np.arange(count) if places[0] > 0 else np.full(count, tokens)
    right = np.arange(count)[::-1] if places[-1] < tokens - 1 else np.full(count, tokens)
    return np.minimum(left, right).astype(np.intp)
