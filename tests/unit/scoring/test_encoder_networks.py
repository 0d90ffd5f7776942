"""Our forward pass without padding gives the logits of the network that it was taken from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.unit.scoring.tiny_encoders import KINDS, SENTENCES, make_network, write_network

pytestmark = pytest.mark.layer("models")

#: Same width twice, and widths that differ by less than a multiple.
LENGTHS = (1, 3, 3, 8, 9, 17, 17, 32)
OTHER_SHAPES = ("albert", "deberta-v2")


def windows(count: int = 30) -> list[Any]:
    rng = np.random.default_rng(2)
    return [rng.integers(5, count, length).astype(np.int32) for length in LENGTHS]


def tokenizer_of(directory: Path) -> Any:
    import transformers

    from agent.scoring.encoders.tokenising import TextTokenizer

    return TextTokenizer(transformers.AutoTokenizer.from_pretrained(directory), parallel=False)


def own_logits(model: Any, tokenizer: Any, window: Any) -> Any:
    import torch

    ids = np.concatenate((tokenizer.prefix, window, tokenizer.suffix))
    with torch.inference_mode():
        return model(input_ids=torch.tensor(ids)[None].long())[0][0].numpy()


def logits_by_place(network: Any, some: list[Any], specials: int, budget: int) -> dict[int, Any]:
    import torch

    found: dict[int, Any] = {}
    with torch.inference_mode():
        for planned in network.plan([len(window) + specials for window in some], budget):
            logits = network.logits(network.send(planned, some)).numpy()
            found.update(zip(planned.places.tolist(), logits, strict=True))
    return found


@pytest.mark.parametrize("multiple", [1, 16], ids=["exact", "rounded"])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in OTHER_SHAPES])
def test_logits_are_those_of_the_network(kind: str, multiple: int, tmp_path: Path) -> None:
    """Widths of 16 are what GPUs get: rectangles with gaps, gathered, masked and scattered."""
    import torch

    from agent.scoring.encoders.anatomy import take_apart
    from agent.scoring.encoders.networks import PackedNetwork
    from agent.scoring.encoders.varlen import PackedEncoder

    directory = write_network(tmp_path, kind)
    model, tokenizer = make_network(directory, kind), tokenizer_of(directory)
    weights = take_apart(model)
    assert weights is not None
    cpu = torch.device("cpu")
    with torch.inference_mode():
        network = PackedNetwork(PackedEncoder(weights, "float32", cpu), tokenizer, cpu, multiple=multiple)
    for budget in (40, 4096):
        found = logits_by_place(network, windows(), tokenizer.specials, budget)
        for place, window in enumerate(windows()):
            np.testing.assert_allclose(found[place], own_logits(model, tokenizer, window), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("kind", OTHER_SHAPES)
def test_networks_of_other_shapes_run_as_they_come(kind: str, tmp_path: Path) -> None:
    import torch

    from agent.scoring.encoders.assembly import build_network
    from agent.scoring.encoders.networks import PaddedNetwork

    directory = write_network(tmp_path, kind)
    model, tokenizer = make_network(directory, kind), tokenizer_of(directory)
    network = build_network(model, tokenizer, "float32", torch.device("cpu"), 32, "test")
    assert isinstance(network, PaddedNetwork)
    found = logits_by_place(network, windows(), tokenizer.specials, 128)
    for place, window in enumerate(windows()):
        np.testing.assert_allclose(found[place], own_logits(model, tokenizer, window), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("kind", ["bert", "distilbert"])
def test_a_network_that_computes_something_else_is_not_taken_apart_in_earnest(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    import torch

    from agent.scoring.encoders.assembly import build_network
    from agent.scoring.encoders.networks import PackedNetwork, PaddedNetwork

    directory = write_network(tmp_path, kind)
    model, tokenizer = make_network(directory, kind), tokenizer_of(directory)
    cpu = torch.device("cpu")
    with torch.inference_mode():
        assert isinstance(build_network(model, tokenizer, "float32", cpu, 32, "test"), PackedNetwork)
    # As a version of transformers that does one thing more than we know of would.
    model.classifier.register_forward_hook(lambda module, inputs, output: output + 0.5)
    with torch.inference_mode():
        assert isinstance(build_network(model, tokenizer, "float32", cpu, 32, "test"), PaddedNetwork)
    assert "encoder.not_understood scorer=test" in caplog.text


def test_relative_positions_are_not_taken_apart(tmp_path: Path) -> None:
    from agent.scoring.encoders.anatomy import take_apart

    directory = write_network(tmp_path, "bert", position_embedding_type="relative_key")
    assert take_apart(make_network(directory, "bert")) is None


def test_special_tokens_in_a_text_are_letters(tmp_path: Path) -> None:
    import transformers

    directory = write_network(tmp_path, "roberta")
    plain = transformers.AutoTokenizer.from_pretrained(directory)
    special = plain.eos_token_id
    assert special in plain("a </s> b", add_special_tokens=False)["input_ids"]
    (ids,) = tokenizer_of(directory).encode(["a </s> b"])
    assert special not in ids.tolist()
    assert len(ids) > 5


@pytest.mark.parametrize("kind", KINDS)
def test_ids_are_those_of_the_tokeniser(kind: str, tmp_path: Path) -> None:
    import transformers

    from agent.scoring.encoders.tokenising import TextTokenizer

    directory = write_network(tmp_path, kind)
    expected = transformers.AutoTokenizer.from_pretrained(directory)(list(SENTENCES))["input_ids"]
    for parallel in (False, True):
        made = TextTokenizer(transformers.AutoTokenizer.from_pretrained(directory), parallel=parallel)
        for ids, whole in zip(made.encode(SENTENCES), expected, strict=True):
            assert [*made.prefix, *ids, *made.suffix] == whole
    assert made.encode([]) == []
