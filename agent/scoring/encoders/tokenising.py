"""Texts to token ids: once per batch for all scorers that tokenise alike, in parts that can run ahead of the device."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from agent.scoring.base import Batch
from agent.scoring.windowing import Windowing
from agent.tokens import estimate_tokens

__all__ = ["Ids", "TextTokenizer", "TokenisedBatch", "knows_words", "tokenised"]

Ids: TypeAlias = NDArray[np.int32]


class TextTokenizer:
    """A Hugging Face tokeniser, for classifying single texts.

    What looks like a special token in a text (``[SEP]``, ``</s>``) is read as the letters that it is: the senders of
    texts do not get to end them early.

    Parameters
    ----------
    tokenizer
        As ``from_pretrained`` gives it. Owned from now on: its truncation and padding are switched off.
    parallel
        Use several cores (the tokenisers' own thread pool).

    Attributes
    ----------
    prefix, suffix
        Special tokens around each window.
    key
        Equal for tokenisers that give the same ids.
    """

    def __init__(self, tokenizer: Any, *, parallel: bool) -> None:
        self._backend = getattr(tokenizer, "backend_tokenizer", None)
        self._slow = tokenizer
        self._parallel = parallel
        self.prefix, self.suffix = (np.asarray(each, dtype=np.int32) for each in _frame(tokenizer))
        self.pad_id = int(tokenizer.pad_token_id if tokenizer.pad_token_id is not None else 0)
        if self._backend is not None:
            self._backend.no_truncation()
            self._backend.no_padding()
            self._backend.encode_special_tokens = True
            self.key = hashlib.blake2b(self._backend.to_str().encode(), digest_size=16).hexdigest()
        else:
            self.key = f"slow {id(tokenizer)}"

    @property
    def specials(self) -> int:
        """Special tokens of one window."""
        return len(self.prefix) + len(self.suffix)

    def encode(self, texts: Sequence[str]) -> list[Ids]:
        """Token ids of each text, without special tokens."""
        if not texts:
            return []
        if self._backend is None:
            ids = self._slow(list(texts), add_special_tokens=False, verbose=False, split_special_tokens=True)[
                "input_ids"
            ]
        elif self._parallel:
            encode = getattr(self._backend, "encode_batch_fast", self._backend.encode_batch)
            ids = [each.ids for each in encode(list(texts), add_special_tokens=False)]
        else:
            # One by one stays in this thread; a batch would wake the pool, which has a thread for every core.
            ids = [self._backend.encode(text, add_special_tokens=False).ids for text in texts]
        return [np.asarray(each, dtype=np.int32) for each in ids]


def knows_words(tokenizer: Any) -> bool:
    """Whether its vocabulary has more than special tokens.

    Where the files of one are missing transformers 5 makes up a tokeniser to which every word is unknown.
    """
    return bool(set(tokenizer.get_vocab()) - set(tokenizer.all_special_tokens))


def _frame(tokenizer: Any) -> tuple[list[int], list[int]]:
    """Special tokens before and after a text."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is not None:
        framed = backend.encode("a", add_special_tokens=True)
        own = [place for place, is_special in enumerate(framed.special_tokens_mask) if not is_special]
        if own:
            return framed.ids[: own[0]], framed.ids[own[-1] + 1 :]
    build = tokenizer.build_inputs_with_special_tokens
    specials = {int(token) for token in build([])}
    marker = next(token for token in range(len(specials) + 1) if token not in specials)
    frame = [int(token) for token in build([marker])]
    middle = frame.index(marker)
    return frame[:middle], frame[middle + 1 :]


class TokenisedBatch:
    """The texts of a batch in parts of like length, each tokenised when it is first asked for.

    Parameters
    ----------
    part_tokens
        About how many tokens a part holds; 0 puts all texts into one.

    Attributes
    ----------
    parts
        Places of the texts of each part, long texts first.
    """

    def __init__(self, texts: Sequence[str], tokenizer: TextTokenizer, windowing: Windowing, part_tokens: int) -> None:
        self._texts = texts
        self._tokenizer = tokenizer
        self._windowing = windowing
        self._lock = threading.Lock()
        self._found: dict[int, list[list[Ids]]] = {}
        self.parts: list[list[int]] = []
        order = sorted(range(len(texts)), key=lambda place: -len(texts[place])) if part_tokens else range(len(texts))
        held = part_tokens
        for place in order:
            if held >= part_tokens and (part_tokens or not self.parts):
                self.parts.append([])
                held = 0
            self.parts[-1].append(place)
            held += estimate_tokens(texts[place]) if part_tokens else 0

    def tokens(self, part: int) -> list[list[Ids]]:
        """For each text of a part: the ids of its pieces (`Windowing.pieces`)."""
        with self._lock:
            if part not in self._found:
                pieces = [self._windowing.pieces(self._texts[place]) for place in self.parts[part]]
                ids = iter(self._tokenizer.encode([piece for some in pieces for piece in some]))
                self._found[part] = [[next(ids) for _ in some] for some in pieces]
            return self._found[part]


def tokenised(batch: Batch, tokenizer: TextTokenizer, windowing: Windowing, part_tokens: int) -> TokenisedBatch:
    """The batch's raw texts; the same object for every scorer that tokenises and cuts alike."""
    key = f"tokens {tokenizer.key} {windowing.length} {windowing.max_windows} {part_tokens}"
    return batch.shared(key, lambda asked: TokenisedBatch(asked.texts("raw"), tokenizer, windowing, part_tokens))
