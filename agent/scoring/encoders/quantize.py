"""Matrix products at the precision that the machine is fast at, and the choice of that precision.

Nearly all of an encoder's time is in its linear layers; the rest (normalisation, softmax, additions) stays in float32
on CPUs, where it costs little and keeps scores close. Three kinds of layer:

- float32: as trained.
- bfloat16, float16: weights and inputs are rounded, sums are float32 inside the kernel (oneDNN, cuBLAS).
- int8 (CPU): weights are rounded per output, inputs per token (symmetric, absolute maximum), sums are exact integers.

Rounding never looks beyond one token: with one scale for a whole batch, as the dynamic quantisation of torch and of
ONNX Runtime has it, a text's scores would depend on its neighbours. Nor may the number of rows decide in which order a
sum is taken, since what is rounded next turns its last bit into 1/256 of the value: see `OneDnnLinear`.
"""

from __future__ import annotations

import logging
from typing import Any, Literal, TypeAlias, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from agent.errors import ConfigError

__all__ = [
    "Activation",
    "FusedGeluLinear",
    "Int8Linear",
    "OneDnnLinear",
    "Precision",
    "RoundedLinear",
    "choose_precision",
    "fuse",
    "prepare_linear",
    "replace_linears",
]

Precision: TypeAlias = Literal["float32", "bfloat16", "float16", "int8"]
Activation: TypeAlias = Literal["none", "gelu", "relu"]

_ACTIVATIONS: dict[str, Any] = {"none": lambda x: x, "gelu": functional.gelu, "relu": functional.relu}
_LEVELS = 127
_ROWS = 512  # for which oneDNN chooses its layout; any other number is right as well
_BLOCK, _SMALL_BLOCK = 128, 64  # rows of one of its products
_CPU = torch.device("cpu")
_logger = logging.getLogger(__name__)
_SMALLEST = 1e-30  # instead of a scale of 0, where a token is all zeros


def choose_precision(wanted: str, device: torch.device) -> Precision:
    """The precision to compute with.

    Parameters
    ----------
    wanted
        One of `Precision`, or ``auto``: on a GPU bfloat16 where it has it, else float16; on a CPU bfloat16 where it
        multiplies it in hardware (AVX-512 BF16, AMX), else float32. Never int8, whose scores differ more
        (docs/models.md has the figures): that is for whoever reads them to choose.

    Raises
    ------
    ConfigError
        For int8 off the CPU, or float16 on it.
    """
    if wanted == "auto":
        if device.type == "cuda":
            return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float16"
        return "bfloat16" if device.type == "cpu" and _multiplies_bfloat16() else "float32"
    if wanted == "int8" and device.type != "cpu":
        raise ConfigError("precision int8 is for CPUs; on a GPU take bfloat16 or float16")
    if wanted == "float16" and device.type == "cpu":
        raise ConfigError("precision float16 is for GPUs; on a CPU take bfloat16, int8 or float32")
    return cast(Precision, wanted)


def _multiplies_bfloat16() -> bool:
    # Private until torch 2.6 and later; a torch without them computes in float32, which is right everywhere.
    checks = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(bool(getattr(torch.cpu, check, bool)()) for check in checks)


class RoundedLinear(nn.Module):
    """A linear layer whose weights and inputs are rounded to a floating-point type.

    Parameters
    ----------
    activation
        Applied to the result.
    keep
        Give the result in the type of the input, for networks that are called as they are; otherwise in the rounded
        type, which spares a conversion.
    """

    def __init__(
        self, linear: nn.Linear, dtype: torch.dtype, activation: Activation = "none", *, keep: bool = False
    ) -> None:
        super().__init__()
        self._activate = _ACTIVATIONS[activation]
        self.weight = nn.Parameter(linear.weight.detach().to(dtype), requires_grad=False)
        self.bias = None if linear.bias is None else nn.Parameter(linear.bias.detach().to(dtype), requires_grad=False)
        self._keep = keep

    def forward(self, x: Tensor) -> Tensor:
        """Shape (..., inputs) to (..., outputs)."""
        result: Tensor = self._activate(functional.linear(x.to(self.weight.dtype), self.weight, self.bias))
        return result.to(x.dtype) if self._keep else result


class OneDnnLinear(nn.Module):
    """`RoundedLinear` in bfloat16 on a CPU: weights laid out once as oneDNN wants them, the activation inside.

    Measured on an AMD EPYC with AVX-512 BF16: products 10 % faster than torch's own call, which does so each time,
    and GELU for nothing.

    oneDNN chooses by the number of rows how it splits a sum. Left to it, a network as wide as BERT-base scored texts
    alone by up to 0.026 otherwise than in company (Intel Xeon with AMX; docs/models.md has what this costs). So every
    product is one of 128 rows, or of 64, filled up with zeros; where those two differ in any bit, of 64 alone.
    Differences that remain are of the float32 around it (0.000003).

    Raises
    ------
    RuntimeError
        When this torch has no such operations (they are its compiler's own), or they give something else.
    """

    def __init__(self, linear: nn.Linear, activation: Activation = "none", *, keep: bool = False) -> None:
        super().__init__()
        plain = RoundedLinear(linear, torch.bfloat16, activation)
        operations: Any = torch.ops.mkldnn
        try:
            self._linear: Any = operations._linear_pointwise
            # Under the name that networks look at, some of them, to learn the type.
            self.weight: Any = operations._reorder_linear_weight(plain.weight.detach(), _ROWS)
        except AttributeError as error:
            raise RuntimeError("no such operations") from error
        self._bias = None if plain.bias is None else plain.bias.detach()
        self._activation = activation
        self._keep = keep
        self._outputs = linear.out_features
        # Numbers without a pattern: their sums in another order are other sums.
        sample = torch.randn(_BLOCK, linear.in_features, generator=torch.Generator().manual_seed(1))
        halves = torch.cat([self._product(half, _SMALL_BLOCK) for half in torch.split(sample.bfloat16(), _SMALL_BLOCK)])
        self._block = _BLOCK if torch.equal(self._product(sample.bfloat16(), _BLOCK), halves) else _SMALL_BLOCK
        if not torch.allclose(self(sample).float(), plain(sample).float(), rtol=0.05, atol=0.05):
            raise RuntimeError("other results")

    def forward(self, x: Tensor) -> Tensor:
        """Shape (..., inputs) to (..., outputs)."""
        rows = x.reshape(-1, x.shape[-1]).to(torch.bfloat16)
        blocks = [
            self._product(block, _SMALL_BLOCK if len(block) <= _SMALL_BLOCK else self._block)
            for block in torch.split(rows, self._block)
        ]
        result = blocks[0] if len(blocks) == 1 else torch.cat(blocks)
        return (result.to(x.dtype) if self._keep else result).view(*x.shape[:-1], self._outputs)

    def _product(self, rows: Tensor, size: int) -> Tensor:
        """Of rows that are no more than `size`, filled up to it."""
        filled = functional.pad(rows, (0, 0, 0, size - len(rows))) if len(rows) < size else rows
        result: Tensor = self._linear(filled, self.weight, self._bias, self._activation, [], "none")
        return result[: len(rows)]


class FusedGeluLinear(RoundedLinear):
    """`RoundedLinear` on a GPU with GELU inside the product, by its hyperbolic tangent.

    The sum is not rounded before, so that the result is nearer to the exact one than that of two steps (measured in
    bfloat16: 0.0017 to 0.0024 of the norm), and a pass over the widest array is spared: 194 instead of 259 µs for
    16,384 tokens of BERT-base on an H100.

    Raises
    ------
    RuntimeError
        When this torch has no such operation, or it gives something else.
    """

    def __init__(self, linear: nn.Linear, dtype: torch.dtype, device: torch.device) -> None:
        super().__init__(linear, dtype, "gelu")
        self.to(device)
        if self.bias is None or not hasattr(torch, "_addmm_activation"):
            raise RuntimeError("no such operation")
        sample = torch.linspace(-1.0, 1.0, 16 * linear.in_features, device=device).view(16, -1).to(dtype)
        if not torch.allclose(self(sample).float(), super().forward(sample).float(), rtol=0.05, atol=0.05):
            raise RuntimeError("other results")

    def forward(self, x: Tensor) -> Tensor:
        """Shape (rows, inputs) to (rows, outputs)."""
        fused: Any = torch._addmm_activation
        result: Tensor = fused(self.bias, x.to(self.weight.dtype), self.weight.t(), use_gelu=True)
        return result


class Int8Linear(nn.Module):
    """A linear layer in 8-bit integers: one scale for each output's weights, one for each token. Results are float32.

    The sums are exact, so that a row's result is the same whatever rows stand beside it.
    """

    weight: Tensor
    scales: Tensor
    bias: Tensor

    def __init__(self, linear: nn.Linear, activation: Activation = "none") -> None:
        super().__init__()
        self._activate = _ACTIVATIONS[activation]
        weight = linear.weight.detach().float()
        scales = weight.abs().amax(1).clamp_(min=_SMALLEST) / _LEVELS
        self.register_buffer("weight", (weight / scales[:, None]).round_().to(torch.int8).t())
        self.register_buffer("scales", scales)
        zeros = torch.zeros(weight.shape[0])
        self.register_buffer("bias", zeros if linear.bias is None else linear.bias.detach().float())

    def forward(self, x: Tensor) -> Tensor:
        """Shape (..., inputs) to (..., outputs)."""
        rows = x.reshape(-1, x.shape[-1]).float()
        scales = rows.abs().amax(1, keepdim=True).clamp_(min=_SMALLEST) * (1.0 / _LEVELS)
        sums = torch._int_mm((rows / scales).round_().to(torch.int8), self.weight)
        result: Tensor = self._activate(torch.addcmul(self.bias, sums * self.scales, scales))
        return result.view(*x.shape[:-1], len(self.bias))


def prepare_linear(
    linear: nn.Linear,
    precision: Precision,
    device: torch.device,
    activation: Activation = "none",
    *,
    keep: bool = False,
) -> nn.Module:
    """A layer on the device that computes what `linear` does, at a precision. Weights are converted once, here."""
    if precision == "int8":
        return Int8Linear(linear, activation)
    if precision == "bfloat16" and device.type == "cpu":
        try:
            return OneDnnLinear(linear, activation, keep=keep)
        except RuntimeError:
            _logger.info("encoder.onednn_absent")
    if activation == "gelu" and device.type == "cuda" and precision in ("bfloat16", "float16") and not keep:
        try:
            return FusedGeluLinear(linear, getattr(torch, precision), device)
        except RuntimeError:
            _logger.info("encoder.fused_gelu_absent")
    return RoundedLinear(linear, getattr(torch, precision), activation, keep=keep).to(device)


def replace_linears(model: nn.Module, precision: Precision) -> None:
    """Put prepared layers in place of a network's own, wherever they stand in it, on a CPU. The rest stays float32.

    Subclasses of ``nn.Linear`` are left alone: they compute something else.
    """
    if precision == "float32":
        return
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is nn.Linear:
                setattr(parent, name, prepare_linear(child, precision, _CPU, keep=True))


def fuse(*linears: nn.Linear) -> nn.Linear:
    """One layer that gives the outputs of several, one after another: one product instead of three for attention."""
    weight = torch.cat([linear.weight.detach() for linear in linears])
    fused = nn.Linear(weight.shape[1], weight.shape[0], device="meta")
    fused.weight = nn.Parameter(weight, requires_grad=False)
    biases: list[Any] = [
        linear.bias if linear.bias is not None else torch.zeros(linear.out_features) for linear in linears
    ]
    fused.bias = nn.Parameter(torch.cat([bias.detach() for bias in biases]), requires_grad=False)
    return fused
