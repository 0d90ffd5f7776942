"""Writes a trained encoder as an ONNX file with 8-bit weights, for ONNX Runtime on a CPU.

Activations are quantised with scales that are fixed at export: a scale that is taken from each batch would make a
text's score depend on its neighbours. Channels that are much larger than others are divided down and the weights
multiplied accordingly (Xiao et al. 2023, SmoothQuant, arXiv:2211.10438), so that one scale fits all channels of a
layer.

The graph is written operator by operator instead of being traced: it stays small, and what runs is what stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["EncoderShape", "encoder_to_onnx"]

_F32 = NDArray[np.float32]

OPSET = 17
IR_VERSION = 8
_ZERO_POINT = 128
_MASKED = -10_000.0


@dataclass(frozen=True, slots=True)
class EncoderShape:
    """Sizes of a BERT encoder. ``pooling`` is ``mean`` or ``first``."""

    layers: int
    hidden: int
    intermediate: int
    heads: int
    pooling: str
    epsilon: float = 1e-12


@dataclass(slots=True)
class _Graph:
    """Nodes and constants while they are collected."""

    onnx: Any
    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)

    def constant(self, name: str, value: Any) -> str:
        self.constants.append(self.onnx.numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(self, op: str, inputs: list[str], output: str, domain: str = "", **attributes: Any) -> str:
        self.nodes.append(self.onnx.helper.make_node(op, inputs, [output], domain=domain, **attributes))
        return output


def encoder_to_onnx(
    weights: Mapping[str, _F32], shape: EncoderShape, ranges: Mapping[str, _F32], smoothing: float = 0.9
) -> bytes:
    """The file's content.

    Parameters
    ----------
    weights
        ``word`` [V, H], ``position`` [P, H], ``norm.weight``, ``norm.bias``; for each layer *i* ``i.qkv``, ``i.out``,
        ``i.up``, ``i.down`` (``.weight`` [out, in], ``.bias``) and ``i.norm1``, ``i.norm2``; ``head.weight`` [K, H],
        ``head.bias``.
    ranges
        Largest absolute value of each channel of the input of each linear layer (``i.qkv`` etc.), over typical texts.
    smoothing
        0 leaves the channels alone, 1 moves all of the difference into the weights.

    Returns
    -------
    bytes
        Inputs ``ids`` int64 [n, t] and ``mask`` int32 [n, t] (1 = token); output ``logits`` float32 [n, K].
    """
    import onnx

    graph = _Graph(onnx)
    mask = graph.node("Cast", ["mask"], "mask_float", to=onnx.TensorProto.FLOAT)
    graph.constant("one", np.float32(1.0))
    graph.constant("masked", np.float32(_MASKED))
    graph.constant("axes_12", np.array([1, 2]))
    graph.constant("unit", np.float32(1.0))
    graph.constant("unit_zero", np.uint8(_ZERO_POINT))
    absent = graph.node("Mul", [graph.node("Sub", ["one", mask], "absent"), "masked"], "absent_bias")
    graph.node("Unsqueeze", [absent, "axes_12"], "attention_bias")
    x = _embed(graph, weights, shape)
    for index in range(shape.layers):
        x = _layer(graph, weights, shape, ranges, smoothing, index, x)
    pooled = _pool(graph, shape, x, mask)
    graph.constant("head.weight", weights["head.weight"].T.copy())
    graph.constant("head.bias", weights["head.bias"])
    graph.node("Gemm", [pooled, "head.weight", "head.bias"], "logits")
    tensor = onnx.helper.make_tensor_value_info
    built = onnx.helper.make_graph(
        graph.nodes, "encoder",
        [tensor("ids", onnx.TensorProto.INT64, ["n", "t"]), tensor("mask", onnx.TensorProto.INT32, ["n", "t"])],
        [tensor("logits", onnx.TensorProto.FLOAT, ["n", "k"])], graph.constants,
    )  # fmt: skip
    opsets = [onnx.helper.make_opsetid("", OPSET), onnx.helper.make_opsetid("com.microsoft", 1)]
    model = onnx.helper.make_model(built, opset_imports=opsets, producer_name="harmwatch")
    model.ir_version = IR_VERSION
    content: bytes = model.SerializeToString()
    return content


def _embed(graph: _Graph, weights: Mapping[str, _F32], shape: EncoderShape) -> str:
    """Word vectors in 8 bits with a scale each, plus positions."""
    word = weights["word"]
    scale = np.maximum(np.abs(word).max(axis=1, keepdims=True) / 127.0, 1e-9).astype(np.float32)
    graph.constant("word", np.rint(word / scale).astype(np.int8))
    graph.constant("word.scale", scale)
    graph.constant("position", weights["position"])
    graph.constant("zero", np.array([0]))
    graph.constant("axis_1", np.array([1]))
    picked = graph.node("Cast", [graph.node("Gather", ["word", "ids"], "word_int8")], "word_float", to=1)
    words = graph.node("Mul", [picked, graph.node("Gather", ["word.scale", "ids"], "word_scale")], "words")
    length = graph.node("Slice", [graph.node("Shape", ["ids"], "shape"), "axis_1", "axis_2", "zero"], "length")
    graph.constant("axis_2", np.array([2]))
    positions = graph.node("Slice", ["position", "zero", length, "zero"], "positions")
    return _norm(graph, weights, shape, "norm", graph.node("Add", [words, positions], "embedded"))


def _norm(graph: _Graph, weights: Mapping[str, _F32], shape: EncoderShape, name: str, x: str) -> str:
    scale = graph.constant(f"{name}.weight", weights[f"{name}.weight"])
    bias = graph.constant(f"{name}.bias", weights[f"{name}.bias"])
    return graph.node("LayerNormalization", [x, scale, bias], f"{name}.out", axis=-1, epsilon=shape.epsilon)


def _linear(
    graph: _Graph, weights: Mapping[str, _F32], ranges: Mapping[str, _F32], smoothing: float, name: str, x: str
) -> str:
    weight = weights[f"{name}.weight"]
    divisor = _divisors(ranges[name], weight, smoothing)
    spread = np.float32(max(float((ranges[name] / divisor).max()) / 127.0, 1e-9))
    # By multiplication and one scale for all: with a scale for each channel QuantizeLinear takes several times as long.
    graph.constant(f"{name}.in_factor", (1.0 / (divisor * spread)).astype(np.float32))
    scaled = graph.node("Mul", [x, f"{name}.in_factor"], f"{name}.scaled")
    quantised = graph.node("QuantizeLinear", [scaled, "unit", "unit_zero"], f"{name}.in")
    folded = weight * divisor * spread
    scale = np.maximum(np.abs(folded).max(axis=1) / 127.0, 1e-12).astype(np.float32)
    graph.constant(f"{name}.weight", np.rint(folded / scale[:, None]).astype(np.int8).T.copy())
    graph.constant(f"{name}.scale", scale)
    graph.constant(f"{name}.bias", weights[f"{name}.bias"])
    return graph.node(
        "MatMulIntegerToFloat",
        [quantised, f"{name}.weight", "unit", f"{name}.scale", "unit_zero", "", f"{name}.bias"],
        f"{name}.out", domain="com.microsoft",
    )  # fmt: skip


def _divisors(largest: _F32, weight: _F32, smoothing: float) -> _F32:
    """By how much each input channel is divided down."""
    reach = np.maximum(np.abs(weight).max(axis=0), 1e-6)
    divisor = (
        np.maximum(largest, 1e-6) ** smoothing / reach ** (1.0 - smoothing) if smoothing else np.ones_like(largest)
    )
    divisor = divisor / np.exp(np.log(divisor).mean())
    bounded: _F32 = np.clip(divisor, 1e-3, 1e3).astype(np.float32)
    return bounded


def _layer(
    graph: _Graph, weights: Mapping[str, _F32], shape: EncoderShape, ranges: Mapping[str, _F32], smoothing: float,
    index: int, x: str,
) -> str:  # fmt: skip
    def linear(name: str, value: str) -> str:
        return _linear(graph, weights, ranges, smoothing, f"{index}.{name}", value)

    def add(name: str, left: str, right: str) -> str:
        return _norm(graph, weights, shape, f"{index}.{name}", graph.node("Add", [left, right], f"{index}.{name}.in"))

    attended = linear("out", _attention(graph, shape, index, linear("qkv", x)))
    x = add("norm1", attended, x)
    wide = graph.node("Gelu", [linear("up", x)], f"{index}.gelu", domain="com.microsoft")
    return add("norm2", linear("down", wide), x)


def _attention(graph: _Graph, shape: EncoderShape, index: int, qkv: str) -> str:
    width = shape.hidden // shape.heads
    name = f"{index}.attention"
    if index == 0:
        graph.constant("heads", np.array([0, 0, 3, shape.heads, width]))
        graph.constant("flat", np.array([0, 0, shape.hidden]))
        graph.constant("thirds", np.array([1, 1, 1]))
        graph.constant("root", np.float32(width**-0.5))
    split = graph.node("Reshape", [qkv, "heads"], f"{name}.heads")
    split = graph.node("Transpose", [split], f"{name}.apart", perm=[2, 0, 3, 1, 4])
    parts = [f"{name}.{part}" for part in ("q1", "k1", "v1")]
    graph.nodes.append(graph.onnx.helper.make_node("Split", [split, "thirds"], parts, axis=0))
    query, key, value = (graph.node("Squeeze", [part, "zero"], part[:-1]) for part in parts)
    query = graph.node("Mul", [query, "root"], f"{name}.scaled")
    key = graph.node("Transpose", [key], f"{name}.kt", perm=[0, 1, 3, 2])
    scores = graph.node("Add", [graph.node("MatMul", [query, key], f"{name}.dot"), "attention_bias"], f"{name}.biased")
    mixed = graph.node("MatMul", [graph.node("Softmax", [scores], f"{name}.p", axis=-1), value], f"{name}.mixed")
    together = graph.node("Transpose", [mixed], f"{name}.back", perm=[0, 2, 1, 3])
    return graph.node("Reshape", [together, "flat"], f"{name}.out")


def _pool(graph: _Graph, shape: EncoderShape, x: str, mask: str) -> str:
    if shape.pooling == "first":
        graph.constant("first", np.array(0))
        return graph.node("Gather", [x, "first"], "pooled", axis=1)
    column = graph.node("Unsqueeze", [mask, graph.constant("axis_last", np.array([2]))], "mask_column")
    total = graph.node("ReduceSum", [graph.node("Mul", [x, column], "kept"), "axis_1"], "total", keepdims=0)
    count = graph.node("ReduceSum", [column, "axis_1"], "count", keepdims=0)
    return graph.node("Div", [total, count], "pooled")
