"""Any sequence classification checkpoint trained for natural language inference, through transformers.

Source: the labels of SNLI and MNLI (Bowman et al. 2015, Williams et al. 2018). Checkpoints order them as they like.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.errors import ModelError, OutOfDeviceMemory
from agent.scoring.encoders.loading import load_classifier

__all__ = ["TransformersEntailment"]

_COLUMNS = {"entailment": 0, "neutral": 1, "contradiction": 2}
# Two-way checkpoints do not say which of the two it is; not to be entailed is no more than neutral.
_ALIASES = {"not_entailment": "neutral", "entailed": "entailment", "contradictory": "contradiction"}


class TransformersEntailment:
    """Implements `agent.scoring.grounding.entailment.EntailmentModel`. No code of the checkpoint is run.

    Parameters
    ----------
    model
        Directory, or hub id.
    labels
        Output by name, for checkpoints whose own names say nothing.
    device, max_tokens, tokens_per_pass
        See `EntailmentOptions`.
    """

    def __init__(
        self, model: str, labels: Mapping[str, int] | None, device: str, max_tokens: int, tokens_per_pass: int
    ) -> None:
        self._name = model
        self._labels = labels
        self._device = device
        self._max_tokens = max_tokens
        self._tokens_per_pass = tokens_per_pass
        self._torch: Any = None
        self._model: Any = None
        self._tokenizer: Any = None
        self._outputs: list[tuple[int, int]] = []

    def warm_up(self) -> None:
        """Load the checkpoint and move it to the device.

        Raises
        ------
        ModelError
            When packages or files are missing, or its labels are not those of inference.
        """
        if self._model is not None:
            return
        model, tokenizer = load_classifier("groundedness", self._name, None, allow_pickle=False)
        import torch

        from agent.scoring.encoders.assembly import choose_device, longest_input

        # A text that spells a special token must not become one.
        if tokenizer.is_fast:
            tokenizer.backend_tokenizer.encode_special_tokens = True
        self._outputs = _outputs(model.config, self._labels)
        model = model.to(choose_device("groundedness", self._device)).eval()
        self._max_tokens = longest_input(model.config, tokenizer, self._max_tokens)
        self._torch, self._tokenizer, self._model = torch, tokenizer, model

    def entail(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """See `EntailmentModel.entail`."""
        if self._model is None:
            self.warm_up()
        try:
            return self._judge(pairs)
        except self._torch.cuda.OutOfMemoryError:
            pass
        # Outside of the handler, whose traceback still holds the tensors of the failed pass.
        if self._torch.cuda.is_available():
            self._torch.cuda.empty_cache()
        raise OutOfDeviceMemory("scorer groundedness: the device's memory is full")

    def _judge(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        encoded = [self._encode(premise, hypothesis) for premise, hypothesis in pairs]
        result = np.zeros((len(pairs), 3), np.float32)
        order = sorted(range(len(pairs)), key=lambda place: len(encoded[place]["input_ids"]))
        begin = 0
        while begin < len(order):
            end = begin + 1
            while end < len(order) and self._fits(len(encoded[order[end]]["input_ids"]), end + 1 - begin):
                end += 1
            places = order[begin:end]
            result[places] = self._forward([encoded[place] for place in places])
            begin = end
        return result

    def _fits(self, width: int, rows: int) -> bool:
        return width * rows <= self._tokens_per_pass

    def _encode(self, premise: str, hypothesis: str) -> Any:
        # Fast tokenisers refuse lone surrogates.
        premise, hypothesis = (text.encode("utf-8", "replace").decode() for text in (premise, hypothesis))
        # The premise gives way first; a sentence that fills the window alone is cut as well.
        hypothesis_ids = self._tokenizer(hypothesis, add_special_tokens=False, verbose=False)["input_ids"]
        room = self._max_tokens - self._tokenizer.num_special_tokens_to_add(pair=True)
        strategy = "only_first" if len(hypothesis_ids) < room else "longest_first"
        return self._tokenizer(premise, hypothesis, truncation=strategy, max_length=self._max_tokens, verbose=False)

    def _forward(self, rows: Sequence[Any]) -> NDArray[np.float32]:
        torch = self._torch
        padded = self._tokenizer.pad(list(rows), return_tensors="pt", verbose=False).to(self._model.device)
        with torch.inference_mode():
            logits = self._model(**padded).logits.float()
        scores = torch.softmax(logits, dim=-1).cpu().numpy()
        judged = np.zeros((len(rows), 3), np.float32)
        for output, column in self._outputs:
            judged[:, column] += scores[:, output]
        return judged


def _outputs(config: Any, labels: Mapping[str, int] | None) -> list[tuple[int, int]]:
    """Output and column of each label."""
    named = dict(labels) if labels is not None else {str(name): int(i) for i, name in config.id2label.items()}
    found: dict[int, int] = {}
    for name, output in named.items():
        folded = name.lower().replace("-", "_").replace(" ", "_")
        column = _COLUMNS.get(_ALIASES.get(folded, folded))
        if column is not None and 0 <= output < int(config.num_labels):
            found[output] = column
    if 0 not in found.values() or len(found) != int(config.num_labels):
        raise ModelError(
            "scorer groundedness: the checkpoint's labels are not entailment, neutral and contradiction; set "
            "nli.labels, such as {entailment: 0, neutral: 1, contradiction: 2}"
        )
    return sorted(found.items())
