"""From a loaded Hugging Face classifier to a runner: device, precision, the forward pass that fits."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import torch
from torch import Tensor

from agent.errors import ConfigError, ModelError
from agent.scoring.encoders.anatomy import EncoderWeights, take_apart
from agent.scoring.encoders.networks import Network, PackedNetwork, PaddedNetwork
from agent.scoring.encoders.options import LONGEST_WINDOW, EncoderOptions
from agent.scoring.encoders.quantize import Precision, choose_precision, replace_linears
from agent.scoring.encoders.runner import EncoderRunner, RunnerSettings
from agent.scoring.encoders.threads import intra_op_threads
from agent.scoring.encoders.tokenising import Ids, TextTokenizer
from agent.scoring.encoders.varlen import PackedEncoder, varlen_available
from agent.scoring.windowing import Windowing

__all__ = ["Activation", "build_network", "build_runner", "choose_device", "longest_input"]

Activation: TypeAlias = Literal["softmax", "sigmoid"]

_SAMPLES = ("A first text, so that live traffic does not wait.", "先处理一条中文文本。", "a " * 40)
_TOKENS_PER_PASS = {"cpu": 1024}
_TOKENS_PER_PASS_OF_GPUS = 16_384
_COUNTS_FROM_BEHIND_PADDING = ("roberta", "xlm-roberta", "xlm-roberta-xl", "camembert", "mpnet")
_logger = logging.getLogger(__name__)


def build_runner(model: Any, tokenizer: Any, activation: Activation, options: EncoderOptions) -> EncoderRunner:
    """A runner, ready to score. `model` and `tokenizer` are used up: drop them.

    Parameters
    ----------
    model
        A sequence classifier of Hugging Face's transformers, in float32, on the CPU.

    Raises
    ------
    ModelError
        When the device cannot be used, or a window cannot hold a token beside the special ones.
    ConfigError
        When device and precision do not go together, or the overlap is as long as a window.
    """
    device = choose_device(options.scorer, options.device)
    precision = choose_precision(options.precision, device)
    texts = TextTokenizer(tokenizer, parallel=device.type != "cpu")
    length = longest_input(model.config, tokenizer, options.max_length) - texts.specials
    if length < 1:
        raise ModelError(f"scorer {options.scorer}: the network takes no more tokens than its special ones")
    overlap = length // 8 if options.overlap is None else options.overlap
    try:
        windowing = Windowing(length, overlap, options.max_windows)
    except ConfigError as error:
        raise ConfigError(f"scorer {options.scorer}: {error}") from None
    budget = options.tokens_per_pass or _TOKENS_PER_PASS.get(device.type, _TOKENS_PER_PASS_OF_GPUS)
    settings = RunnerSettings(
        device, budget, options.threads if device.type == "cpu" else 0, ahead=device.type == "cuda"
    )
    try:
        with torch.inference_mode(), intra_op_threads(settings.threads):
            network = build_network(model.eval(), texts, precision, device, length, options.scorer)
            if device.type == "cuda" and isinstance(network, PackedNetwork):
                _record(network, texts, device, length + texts.specials, budget, options.scorer)
    except (RuntimeError, AssertionError) as error:
        message = f"scorer {options.scorer}: the device {options.device!r} cannot be used ({type(error).__name__})"
        raise ModelError(message) from error
    _logger.info("encoder.ready scorer=%s device=%s precision=%s threads=%d network=%s",
                 options.scorer, device, precision, settings.threads, type(network).__name__)  # fmt: skip
    return EncoderRunner(network, texts, windowing, _activation(activation), settings, label=options.scorer)


def build_network(
    model: Any, tokenizer: TextTokenizer, precision: Precision, device: torch.device, length: int, label: str
) -> Network:
    """The forward pass without padding where the model's shape is known and gives the model's own logits; else its own.

    Both are compared here, on samples, in float32, before weights are rounded: a version of transformers that names
    things anew must cost speed, not scores.

    Parameters
    ----------
    length
        Tokens of a window, special ones not counted.
    """
    samples = [ids[: min(length, 24)] for ids in tokenizer.encode(_SAMPLES)]
    weights = take_apart(model)
    if weights is not None and _agrees(model, weights, tokenizer, samples):
        return _packed(weights, tokenizer, precision, device, samples, label)
    if weights is not None:
        _logger.warning("encoder.not_understood scorer=%s model=%s", label, type(model).__name__)
    if device.type == "cpu":
        replace_linears(model, precision)
    else:
        model = model.to(getattr(torch, precision))
    return PaddedNetwork(model.to(device), tokenizer, device, length + tokenizer.specials)


def longest_input(config: Any, tokenizer: Any, wanted: int | None = None) -> int:
    """Tokens of one window, special ones included: what is wanted, as far as network and tokeniser take it."""
    positions = int(getattr(config, "max_position_embeddings", 0) or LONGEST_WINDOW)
    if config.model_type in _COUNTS_FROM_BEHIND_PADDING:
        positions -= int(config.pad_token_id) + 1
    return min(positions, int(tokenizer.model_max_length), wanted or LONGEST_WINDOW)


def choose_device(slot: str, name: str) -> torch.device:
    """The device that `name` means: ``auto`` is the first GPU, or the CPU where there is none.

    Raises
    ------
    ModelError
        When it cannot be used.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device: Any = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ModelError(f"scorer {slot}: the device {name!r} cannot be used") from error
    if device.type == "cuda" and device.index is None:
        device = torch.device("cuda", torch.cuda.current_device())
    chosen: torch.device = device
    return chosen


def _activation(name: Activation) -> Any:
    def softmax(logits: Tensor) -> Tensor:
        return torch.softmax(logits.float(), dim=1)

    def sigmoid(logits: Tensor) -> Tensor:
        return torch.sigmoid(logits.float())

    return {"softmax": softmax, "sigmoid": sigmoid}[name]


def _packed(
    weights: EncoderWeights,
    tokenizer: TextTokenizer,
    precision: Precision,
    device: torch.device,
    samples: Sequence[Ids],
    label: str,
) -> PackedNetwork:
    stream = torch.float32 if device.type == "cpu" else getattr(torch, precision)
    encoder = PackedEncoder(weights, precision, device, stream)
    network = PackedNetwork(encoder, tokenizer, device)
    if varlen_available(device, precision):
        reference = _logits(network, tokenizer, samples)
        try:
            encoder.attention = "varlen"
            if not _close(_logits(network, tokenizer, samples), reference, 0.02):
                raise RuntimeError("other logits")
        except RuntimeError as error:
            # Head sizes, devices and versions that it does not take; what is left is slower and right.
            encoder.attention = "groups"
            _logger.warning("encoder.no_flash_attention scorer=%s error_type=%s", label, type(error).__name__)
    return network


def _record(
    network: PackedNetwork, tokenizer: TextTokenizer, device: torch.device, longest: int, budget: int, label: str
) -> None:
    """Record the passes, and keep the recordings if they give the same logits."""
    samples = [ids[: longest - tokenizer.specials] for ids in tokenizer.encode(_SAMPLES)]
    reference = _logits(network, tokenizer, samples)
    try:
        with torch.cuda.device(device):
            network.record(longest, budget)
        if not _close(_logits(network, tokenizer, samples), reference, 0.02):
            raise RuntimeError("other logits")
    except RuntimeError as error:
        # A memory that is too full for them, or a version that cannot: slower, and right.
        network.forget_recordings()
        torch.cuda.empty_cache()
        _logger.warning("encoder.not_recorded scorer=%s error_type=%s", label, type(error).__name__)


def _agrees(model: Any, weights: EncoderWeights, tokenizer: TextTokenizer, samples: Sequence[Ids]) -> bool:
    cpu = torch.device("cpu")
    packed = PackedNetwork(PackedEncoder(weights, "float32", cpu), tokenizer, cpu)
    longest = max(map(len, samples)) + tokenizer.specials
    own = PaddedNetwork(model, tokenizer, cpu, longest)
    return _close(_logits(packed, tokenizer, samples), _logits(own, tokenizer, samples), 1e-3)


def _logits(network: Network, tokenizer: TextTokenizer, windows: Sequence[Ids]) -> Tensor:
    """Of the windows, in order, on the CPU."""
    lengths = np.asarray([len(window) for window in windows], dtype=np.intp) + tokenizer.specials
    found: dict[int, Tensor] = {}
    for planned in network.plan(lengths, 1 << 20):
        logits = network.logits(network.send(planned, windows)).cpu()
        found.update(zip(planned.places.tolist(), logits, strict=True))
    return torch.stack([found[place] for place in range(len(windows))])


def _close(found: Tensor, expected: Tensor, tolerance: float) -> bool:
    largest = float(expected.abs().max()) + 1.0
    return float((found - expected).abs().max()) <= tolerance * largest
