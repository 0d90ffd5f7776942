"""Encoders of BERT's shape without padding: all tokens of a pass stand in one array, one text after another.

Linear layers, normalisation and activations see that array, shape (tokens, hidden), and so no padding. Attention alone
has to know where texts end:

- ``groups`` (any device): texts of one width are a rectangle, each rectangle one call of scaled dot-product attention.
- ``varlen`` (CUDA, half precision): one call of flash attention over the whole array with the texts' bounds
  (Dao 2023; ``torch.nn.attention.varlen``).

The last layer is computed for each text's first token alone, since the head reads nothing else: of its six parts only
keys and values need the others.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from agent.scoring.encoders.anatomy import EncoderWeights, LayerWeights
from agent.scoring.encoders.quantize import Activation, Precision, fuse, prepare_linear

__all__ = ["Attention", "PackedEncoder", "PackedTexts", "Rectangle", "varlen_available"]

Attention: TypeAlias = Literal["groups", "varlen"]


class Rectangle(NamedTuple):
    """Texts of one padded width in a packed array.

    Attributes
    ----------
    begin, end
        Their tokens' rows in the array.
    texts, width
        Shape of the rectangle.
    gather
        Rows of the array that fill it, shape (texts * width,), where texts are shorter than it; None when they fill it.
    scatter
        Rows of the rectangle that are tokens, shape (end - begin,); None with `gather`.
    mask
        True where a token is, shape (texts, 1, 1, width); None with `gather`.
    """

    begin: int
    end: int
    texts: int
    width: int
    gather: Tensor | None = None
    scatter: Tensor | None = None
    mask: Tensor | None = None


class PackedTexts(NamedTuple):
    """What goes into one forward pass, on the device.

    Attributes
    ----------
    ids, positions
        Shape (tokens,): token, and its place in its text.
    bounds
        Shape (texts + 1,), int32: where each text begins; the last one is the number of tokens.
    longest
        Tokens of the longest text.
    rectangles
        Cover all texts, in order.
    """

    ids: Tensor
    positions: Tensor
    bounds: Tensor
    longest: int
    rectangles: tuple[Rectangle, ...]


class PackedEncoder:
    """A sequence classifier of BERT's shape, for inference.

    Parameters
    ----------
    weights
        Of the network. Tensors are converted and copied; the original may go afterwards.
    stream
        Type of what flows between layers: float32 on CPUs, the type of the products on GPUs, where memory is the limit.
    """

    def __init__(
        self,
        weights: EncoderWeights,
        precision: Precision,
        device: torch.device,
        stream: torch.dtype = torch.float32,
        attention: Attention = "groups",
    ) -> None:
        rounded = torch.float32 if precision == "float32" else torch.bfloat16 if precision == "int8" else None
        words = rounded or getattr(torch, precision)
        self._stream = stream
        self._words = weights.words.detach().to(device, words)
        self._positions = weights.positions.detach().to(device, stream)
        self._norm = _Norm(weights.embedding_norm, device, stream)
        self._layers = [_Layer(layer, precision, weights, device, stream) for layer in weights.layers]
        # Few, and what comes out of them is the score: they stay exact.
        self._dense = prepare_linear(weights.head.dense, "float32", device)
        self._nonlinearity = {"tanh": torch.tanh, "relu": torch.relu}[weights.head.nonlinearity]
        self._out = prepare_linear(weights.head.out, "float32", device)
        self.attention: Attention = attention

    def __call__(self, texts: PackedTexts) -> Tensor:
        """Logits, float32, shape (texts, outputs)."""
        words = functional.embedding(texts.ids, self._words).to(self._stream)
        x = self._norm(words + functional.embedding(texts.positions, self._positions))
        attend = _attend_varlen if self.attention == "varlen" else _attend_groups
        first = texts.bounds[:-1]
        if self.attention == "varlen":
            # Texts without tokens, which pad a recorded pass, may stand behind the last token.
            first = first.clamp(max=len(texts.ids) - 1)
        for layer in self._layers[:-1]:
            x = layer(x, texts, attend, None)
        x = self._layers[-1](x, texts, attend, first)
        logits: Tensor = self._out(self._nonlinearity(self._dense(x.float())))
        return logits


def varlen_available(device: torch.device, precision: Precision) -> bool:
    """Whether flash attention over packed texts can be tried here. The runner compares its results before using it."""
    if device.type != "cuda" or precision not in ("bfloat16", "float16"):
        return False
    try:
        from torch.nn.attention.varlen import varlen_attn  # noqa: F401
    except ImportError:
        return False
    return True


class _Norm:
    def __init__(self, norm: nn.LayerNorm, device: torch.device, dtype: torch.dtype) -> None:
        self._weight = norm.weight.detach().to(device, dtype)
        self._bias = norm.bias.detach().to(device, dtype)
        self._epsilon = norm.eps

    def __call__(self, x: Tensor) -> Tensor:
        return functional.layer_norm(x, self._weight.shape, self._weight, self._bias, self._epsilon)


class _Layer:
    def __init__(
        self,
        layer: LayerWeights,
        precision: Precision,
        weights: EncoderWeights,
        device: torch.device,
        stream: torch.dtype,
    ) -> None:
        def prepared(linear: nn.Linear, activation: Activation = "none") -> nn.Module:
            return prepare_linear(linear, precision, device, activation)

        self._heads = weights.heads
        # On CPUs torch's attention is faster, and nearer, in float32 than in bfloat16, conversion included. On GPUs
        # flash attention takes 16 bits alone.
        self._attention_type = stream if device.type == "cpu" else getattr(torch, precision)
        self._query, self._key_value, self._qkv = None, None, None
        if layer is weights.layers[-1]:
            self._query = prepared(layer.query)
            self._key_value = prepared(fuse(layer.key, layer.value))
        else:
            self._qkv = prepared(fuse(layer.query, layer.key, layer.value))
        self._out = prepared(layer.attention_out)
        self._attention_norm = _Norm(layer.attention_norm, device, stream)
        self._up, self._down = prepared(layer.up, weights.activation), prepared(layer.down)
        self._output_norm = _Norm(layer.output_norm, device, stream)

    def __call__(self, x: Tensor, texts: PackedTexts, attend: Any, first: Tensor | None) -> Tensor:
        """One layer; with `first` (rows of the texts' first tokens) for those rows alone."""
        if first is None:
            assert self._qkv is not None
            projected = self._qkv(x).to(self._attention_type)
            query, key, value = projected.view(len(x), 3, self._heads, -1).unbind(1)
        else:
            assert self._query is not None and self._key_value is not None
            projected = self._key_value(x).to(self._attention_type)
            key, value = projected.view(len(x), 2, self._heads, -1).unbind(1)
            x = x.index_select(0, first)
            query = self._query(x).to(self._attention_type).view(len(x), self._heads, -1)
        context = attend(query, key, value, texts, first is not None)
        x = self._attention_norm(x + self._out(context))
        return self._output_norm(x + self._down(self._up(x)))


def _attend_groups(query: Tensor, key: Tensor, value: Tensor, texts: PackedTexts, first_only: bool) -> Tensor:
    """Attention of (tokens, heads, size) each, rectangle by rectangle; shape (tokens or texts, heads * size)."""
    parts: list[Tensor] = []
    done = 0
    for each in texts.rectangles:
        keys, values = _rectangle(key, each), _rectangle(value, each)
        if first_only:
            queries = query[done : done + each.texts].view(each.texts, 1, *query.shape[1:]).transpose(1, 2)
            done += each.texts
        else:
            queries = _rectangle(query, each)
        found = functional.scaled_dot_product_attention(queries, keys, values, attn_mask=each.mask)
        rows = found.transpose(1, 2).reshape(each.texts * found.shape[2], -1)
        parts.append(rows if first_only or each.scatter is None else rows.index_select(0, each.scatter))
    return parts[0] if len(parts) == 1 else torch.cat(parts)


def _rectangle(packed: Tensor, each: Rectangle) -> Tensor:
    """(tokens, heads, size) to (texts, heads, width, size)."""
    rows = packed[each.begin : each.end] if each.gather is None else packed.index_select(0, each.gather)
    return rows.view(each.texts, each.width, *packed.shape[1:]).transpose(1, 2)


def _attend_varlen(query: Tensor, key: Tensor, value: Tensor, texts: PackedTexts, first_only: bool) -> Tensor:
    from torch.nn.attention.varlen import varlen_attn

    bounds, longest = texts.bounds, texts.longest
    if first_only:
        of_queries = torch.arange(len(bounds), dtype=torch.int32, device=bounds.device)
        found = varlen_attn(query, key, value, of_queries, bounds, 1, longest)
    else:
        found = varlen_attn(query, key, value, bounds, bounds, longest, longest)
    assert isinstance(found, Tensor)
    return found.reshape(len(query), -1)
