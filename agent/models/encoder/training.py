"""Fine-tunes an encoder end to end on a CPU: bfloat16 arithmetic, float32 master weights.

All batches have the same number of tokens, padding included, in a few lengths: oneDNN compiles a kernel for every new
shape, which takes longer than the step itself.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from agent.models.encoder.network import Encoder
from agent.models.encoder.vocabulary import PrunedVocabulary

__all__ = ["LENGTHS", "TrainingSettings", "fit_encoder", "predict_windows"]

LENGTHS = (8, 16, 24, 32, 48, 64, 96, 128)
_CLIP = 1.0


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """``tokens`` of one step, padding included; ``smoothing`` of the labels, since many are noisy."""

    rate: float
    head_rate: float = 10.0
    tokens: int = 1536
    warm_up: float = 0.06
    decay: float = 0.01
    smoothing: float = 0.03
    seed: int = 20240611


def fit_encoder(
    encoder: Encoder, vocabulary: PrunedVocabulary, epochs: Sequence[Sequence[tuple[list[int], float]]],
    settings: TrainingSettings, progress: Callable[[int, int, float], None],
) -> None:  # fmt: skip
    """Train in place.

    Parameters
    ----------
    epochs
        For each epoch its rows: token ids without special tokens, at most ``LENGTHS[-1] - 2``, and label.
    progress
        Called with the steps done, all steps, and the loss.
    """
    torch.manual_seed(settings.seed)
    rng = random.Random(settings.seed)
    batches = [batch for rows in epochs for batch in _batches(rows, settings.tokens, rng)]
    encoder.bfloat16()
    names = dict(encoder.named_parameters())
    parameters: list[Tensor] = list(names.values())
    masters = [parameter.detach().float().clone().requires_grad_() for parameter in parameters]
    groups: dict[tuple[float, float], list[Tensor]] = {}
    for name, master in zip(names, masters, strict=True):
        rate = settings.rate * (settings.head_rate if name.startswith("head") else 1.0)
        groups.setdefault((rate, settings.decay if master.ndim > 1 else 0.0), []).append(master)
    optimizer = torch.optim.AdamW(
        [{"params": members, "lr": rate, "weight_decay": decay} for (rate, decay), members in groups.items()],
        betas=(0.9, 0.98), fused=True,
    )  # fmt: skip
    rates = [group["lr"] for group in optimizer.param_groups]
    encoder.train()
    for step, batch in enumerate(batches):
        done = step / len(batches)
        factor = min(done / settings.warm_up, 1.0) * max(1.0 - done, 0.02)
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * factor
        ids, mask = _tensors([row[0] for row in batch], vocabulary, settings.tokens)
        labels = torch.tensor([row[1] for row in batch]) * (1 - 2 * settings.smoothing) + settings.smoothing
        loss = binary_cross_entropy_with_logits(encoder(ids, mask)[: len(batch)].float(), labels)
        loss.backward()  # type: ignore[no-untyped-call]
        for master, parameter in zip(masters, parameters, strict=True):
            master.grad = None if parameter.grad is None else parameter.grad.float()
            parameter.grad = None
        torch.nn.utils.clip_grad_norm_(masters, _CLIP)
        optimizer.step()
        with torch.no_grad():
            torch._foreach_copy_(parameters, masters)
        progress(step + 1, len(batches), float(loss.detach()))
    encoder.float()
    with torch.no_grad():
        for parameter, master in zip(encoder.parameters(), masters, strict=True):
            parameter.copy_(master)
    encoder.eval()


def predict_windows(
    encoder: Encoder, vocabulary: PrunedVocabulary, windows: Sequence[list[int]], tokens: int = 3072
) -> NDArray[np.float64]:
    """Logit of each window (token ids without special tokens), float64 [n]."""
    order = sorted(range(len(windows)), key=lambda place: len(windows[place]))
    scores = np.zeros(len(windows))
    encoder.eval()
    begin = 0
    with torch.inference_mode():
        while begin < len(order):
            # The longest of the batch decides its length; the order rises, so look ahead once.
            count = max(tokens // _length(len(windows[order[min(begin + tokens // 8, len(order)) - 1]])), 1)
            places = order[begin : begin + count]
            ids, mask = _tensors([windows[place] for place in places], vocabulary, None)
            scores[places] = encoder(ids, mask).float().numpy()
            begin += count
    return scores


def _length(tokens: int) -> int:
    return next(length for length in LENGTHS if length >= tokens + 2)


def _batches(
    rows: Sequence[tuple[list[int], float]], tokens: int, rng: random.Random
) -> list[list[tuple[list[int], float]]]:
    """Batches of one length each, in random order; what does not fill a batch is filled up with repetitions."""
    by_length: dict[int, list[tuple[list[int], float]]] = {}
    for row in rows:
        by_length.setdefault(_length(len(row[0])), []).append(row)
    batches = []
    for length, members in by_length.items():
        rng.shuffle(members)
        size = tokens // length
        for begin in range(0, len(members), size):
            batch = members[begin : begin + size]
            batches.append(batch + rng.choices(members, k=size - len(batch)))
    rng.shuffle(batches)
    return batches


def _tensors(rows: Sequence[list[int]], vocabulary: PrunedVocabulary, tokens: int | None) -> tuple[Tensor, Tensor]:
    length = _length(max(map(len, rows)))
    ids = torch.full((len(rows) if tokens is None else tokens // length, length), vocabulary.pad)
    for place, row in enumerate(rows):
        ids[place, : len(row) + 2] = torch.tensor([vocabulary.first, *row, vocabulary.last])
    mask = ids != vocabulary.pad
    mask[len(rows) :, 0] = True  # attention over nothing would be not a number
    return ids, mask
