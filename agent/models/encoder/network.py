"""The encoder while it is trained: BERT (Devlin et al. 2019) with one linear head, in torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as functional
from numpy.typing import NDArray
from torch import Tensor, nn

from agent.models.encoder.export import EncoderShape

__all__ = ["Encoder"]


class _Layer(nn.Module):
    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.qkv = nn.Linear(shape.hidden, 3 * shape.hidden)
        self.out = nn.Linear(shape.hidden, shape.hidden)
        self.norm1 = nn.LayerNorm(shape.hidden, shape.epsilon)
        self.up = nn.Linear(shape.hidden, shape.intermediate)
        self.down = nn.Linear(shape.intermediate, shape.hidden)
        self.norm2 = nn.LayerNorm(shape.hidden, shape.epsilon)

    def forward(self, x: Tensor, mask: Tensor, dropout: float) -> Tensor:
        rows, length, hidden = x.shape
        parts = self.qkv(x).view(rows, length, 3, self.heads, hidden // self.heads).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(parts[0], parts[1], parts[2], attn_mask=mask)
        mixed = self.out(mixed.transpose(1, 2).reshape(rows, length, hidden))
        x = self.norm1(x + functional.dropout(mixed, dropout, self.training))
        wide = self.down(functional.gelu(self.up(x)))
        result: Tensor = self.norm2(x + functional.dropout(wide, dropout, self.training))
        return result


class Encoder(nn.Module):
    """Token ids [n, t] and mask [n, t] (True = token) to one logit a text, [n]."""

    def __init__(self, shape: EncoderShape, vocabulary: int, positions: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.shape = shape
        self.dropout = dropout
        self.word = nn.Embedding(vocabulary, shape.hidden)
        self.position = nn.Embedding(positions, shape.hidden)
        self.norm = nn.LayerNorm(shape.hidden, shape.epsilon)
        self.layers = nn.ModuleList(_Layer(shape) for _ in range(shape.layers))
        self.head = nn.Linear(shape.hidden, 1)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        x = self.word(ids) + self.position.weight[: ids.shape[1]]
        x = functional.dropout(self.norm(x), self.dropout, self.training)
        for layer in self.layers:
            x = layer(x, mask[:, None, None, :], self.dropout)
        if self.shape.pooling == "first":
            pooled = x[:, 0]
        else:
            share = mask[..., None].to(x.dtype)
            pooled = (x * share).sum(1) / share.sum(1)
        logits: Tensor = self.head(functional.dropout(pooled, self.dropout, self.training)).squeeze(-1)
        return logits

    def load(self, weights: Mapping[str, NDArray[np.float32]]) -> None:
        """Take over pre-trained weights, named as `encoder_to_onnx` wants them; the head stays as it is."""
        state = {_torch_name(name): torch.from_numpy(np.array(value)) for name, value in weights.items()}
        own = {name for name, _ in self.named_parameters()} - {"head.weight", "head.bias"}
        if set(state) != own:
            raise ValueError("the weights do not fit the shape")
        self.load_state_dict(state, strict=False)

    def named_weights(self) -> dict[str, NDArray[np.float32]]:
        """All weights, float32, named as `encoder_to_onnx` wants them."""
        return {
            _export_name(name): value.detach().float().cpu().numpy().copy() for name, value in self.named_parameters()
        }

    def linear_inputs(self, ids: Tensor, mask: Tensor) -> dict[str, NDArray[np.float32]]:
        """The largest absolute value of each input channel of each linear layer, over the tokens of these texts."""
        ranges: dict[str, NDArray[np.float32]] = {}
        hooks = []

        def watch(name: str) -> Any:
            def hook(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
                ranges[name] = inputs[0].detach()[mask].abs().amax(0).float().numpy()

            return hook

        for index, layer in enumerate(self.layers):
            hooks += [
                getattr(layer, part).register_forward_pre_hook(watch(f"{index}.{part}"))
                for part in ("qkv", "out", "up", "down")
            ]
        with torch.inference_mode():
            self(ids, mask)
        for handle in hooks:
            handle.remove()
        return ranges


def _torch_name(name: str) -> str:
    if name in ("word", "position"):
        return f"{name}.weight"
    return f"layers.{name}" if name[0].isdigit() else name


def _export_name(name: str) -> str:
    if name in ("word.weight", "position.weight"):
        return name.removesuffix(".weight")
    return name.removeprefix("layers.")
