"""One encoder of the built-in classifier: texts to windows of tokens, windows to logits, in passes of like length."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.errors import ModelError
from agent.scoring.compact.artefact import EncoderSettings
from agent.scoring.passes import plan_padded
from agent.scoring.windowing import WindowedTexts, Windowing, means

__all__ = ["LAYER", "STANDS_ALONE", "CompactEncoder", "of_texts", "with_output"]

LAYER = "4.norm2.out"
"""The name that `agent.models.encoder.export` gives to the layer before the last. The last one has turned to what it
was trained for: there harmless texts about different things hardly differ any more."""


_TOKENS_PER_PASS = 2048
_WIDTH_MULTIPLE = 8
# Chosen on comments and answers of many windows, between seeing one bad sentence and judging a text as a whole.
_HIGHEST = 0.3
_CORRECTION = 0.25
STANDS_ALONE = 1.5
# WordPiece gives up on words of more than 100 characters: a text without blanks would be one unknown token.
_LONG_WORD = re.compile("[a-z0-9]{90}")
_INSTALL = "reinstall harmwatch, or use the kind ngrams"


class CompactEncoder:
    """An ONNX graph with its tokeniser.

    A window's logit does not depend on its neighbours: scales of the 8-bit arithmetic are fixed, and padding is masked.

    Parameters
    ----------
    threads
        Threads of one pass.
    max_windows
        Bound on the work that one text can cause.

    Raises
    ------
    ModelError
        ONNX Runtime or tokenizers cannot be imported, or refuse the files.
    """

    def __init__(
        self, settings: EncoderSettings, graph: bytes, tokenizer: bytes, threads: int, max_windows: int
    ) -> None:
        try:
            import onnxruntime
            from tokenizers import Tokenizer
        except ImportError as error:
            raise ModelError(f"scorer toxicity: {error.name} cannot be imported; {_INSTALL}") from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # A sidecar shares its cores: threads that spin between passes would take them from the model server.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # Without VNNI the processor adds products of eight-bit numbers in pairs in 16 bits, which overflow: scores
        # would depend on the machine. This takes a slower product there and changes nothing elsewhere; it works from
        # the extended level on (kOrtSessionOptionsAvx2PrecisionMode, onnxruntime_session_options_config_keys.h).
        options.add_session_config_entry("session.x64quantprecision", "1")
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        try:
            self._session: Any = onnxruntime.InferenceSession(
                graph,
                options,
                providers=["CPUExecutionProvider"],
                # Addition and layer norm in one operator take five times as long as the two.
                disabled_optimizers=["SkipLayerNormFusion"],
            )
            self._tokenizer = Tokenizer.from_str(tokenizer.decode())
        # Both libraries raise plain or undocumented exceptions for files that they do not like.
        except Exception as error:
            raise ModelError(f"model toxicity: {settings.name} is refused ({type(error).__name__})") from error
        self._settings = settings
        self._windowing = Windowing(settings.window, settings.overlap, max_windows)

    def logits(self, texts: Sequence[str]) -> tuple[NDArray[np.float64], list[bool]]:
        """A calibrated logit for each text, float64 [n], -inf for a text without tokens; and whether part of it was not
        looked at."""
        windows, owners, truncated = self._cut(texts)
        logits = np.full(len(texts), -np.inf)
        if windows:
            scores = self._run(windows, "logits")[:, 0].astype(np.float64)
            logits = self._settings.slope * of_texts(scores, owners, len(texts)) + self._settings.intercept
        return logits, truncated

    def vectors(self, texts: Sequence[str]) -> tuple[list[NDArray[np.float32] | None], list[bool]]:
        """Of each text the mean of `LAYER` over a window's tokens and then over windows, float32 [hidden]; None for one
        without tokens. And whether part of it was not looked at. The graph must give the layer out: see `with_output`.
        """
        windows, owners, truncated = self._cut(texts)
        if not windows:
            return [None] * len(texts), truncated
        return means(self._run(windows, LAYER), owners, len(texts)), truncated

    def _cut(self, texts: Sequence[str]) -> WindowedTexts:
        # One by one stays in this thread; a batch would wake the tokeniser's pool, which has a thread for every core.
        return self._windowing.cut_all(
            [
                self._tokenizer.encode(_LONG_WORD.sub(r"\g<0> ", piece), add_special_tokens=False).ids
                for piece in self._windowing.pieces(text)
            ]
            for text in texts
        )

    def _run(self, windows: Sequence[Any], output: str) -> NDArray[np.float32]:
        """An output of the graph for each window, [windows, columns]; of a layer the mean over tokens."""
        parts: list[NDArray[np.float32]] = []
        order: list[NDArray[np.intp]] = []
        lengths = [len(window) + 2 for window in windows]
        for places, width in plan_padded(lengths, _TOKENS_PER_PASS, multiple=_WIDTH_MULTIPLE):
            parts.append(self._forward([windows[place] for place in places], width, output))
            order.append(places)
        found = np.empty((len(windows), parts[0].shape[1]), dtype=np.float32)
        found[np.concatenate(order)] = np.concatenate(parts)
        return found

    def _forward(self, windows: Sequence[Any], width: int, output: str) -> NDArray[np.float32]:
        settings = self._settings
        ids = np.full((len(windows), width), settings.pad, np.int64)
        mask = np.zeros((len(windows), width), np.int32)
        ids[:, 0] = settings.first
        for row, window in enumerate(windows):
            end = len(window) + 1
            ids[row, 1:end] = window
            ids[row, end] = settings.last
            mask[row, : end + 1] = 1
        found: NDArray[np.float32] = self._session.run([output], {"ids": ids, "mask": mask})[0]
        if found.ndim == 3:
            found = np.einsum("ntk,nt->nk", found, mask.astype(np.float32)) / mask.sum(axis=1, keepdims=True)
        return found.astype(np.float32, copy=False)


def of_texts(windows: NDArray[np.float64], owners: NDArray[np.intp], texts: int) -> NDArray[np.float64]:
    """What the logits of windows say of their texts, float64 [texts]; -inf for a text without windows.

    Three parts of the highest of a text's windows and seven of their mean, less a quarter of the logarithm of their
    number, since the highest of many is high by chance. But never less than their mean: repeating a text does not hide
    it; and never less than the highest less 1.5: one window that is high enough stands alone. For a text of one window
    it is the window's logit.

    Parameters
    ----------
    windows, owners
        [n], the logit of each window and the index of its text.
    """
    highest = np.full(texts, -np.inf)
    np.maximum.at(highest, owners, windows)
    counts = np.maximum(np.bincount(owners, minlength=texts), 1)
    mean = np.where(np.isfinite(highest), np.bincount(owners, windows, texts) / counts, -np.inf)
    together = _HIGHEST * highest + (1.0 - _HIGHEST) * mean - _CORRECTION * np.log(counts)
    return np.maximum(np.maximum(together, mean), highest - STANDS_ALONE)


def with_output(graph: bytes, name: str) -> bytes:
    """An ONNX graph that also gives out the value of this name, which until then was one on the way.

    Appended, and not parsed: where an embedded message comes twice in a protobuf, readers merge the two, field by field
    (https://protobuf.dev/programming-guides/encoding/, "Last One Wins"). What is appended is a ``ModelProto`` of a
    ``graph`` (field 7) of one ``output`` (12) of this ``name`` (1).
    """
    extra = name.encode("ascii")
    for number in (1, 12, 7):
        assert len(extra) < 128, "this is a bug: the length takes one byte here"
        extra = bytes((number << 3 | 2, len(extra))) + extra
    return graph + extra
