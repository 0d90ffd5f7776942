"""A Detoxify checkpoint of a few thousand random weights, made on the spot: the real format, nothing downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agent.scoring.encoders.pinned import digest_of
from tests.unit.scoring.tiny_encoders import POSITIONS, make_network, tokenizer_name, write_network

__all__ = ["LABELS", "POSITIONS", "pinned", "write_tiny_detoxify"]

LABELS = ["toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate"]


def write_tiny_detoxify(folder: Path, kind: str = "bert", *, seed: int = 7, **over: Any) -> tuple[Path, Path]:
    """Write a checkpoint and the directory of its network.

    Parameters
    ----------
    kind
        A row of `tests.unit.scoring.tiny_encoders.KINDS`: the published checkpoints are ``bert`` (original),
        ``roberta`` (unbiased), ``xlm-roberta`` (multilingual) and ``albert`` (the small ones).
    over
        Replaces entries of the checkpoint's architecture, e.g. ``num_classes``.

    Returns
    -------
    tuple of Path
        Checkpoint file, directory with config.json and the tokeniser's vocabulary.
    """
    import torch

    directory = write_network(folder / "network", kind, num_labels=len(LABELS))
    model = make_network(directory, kind, seed=seed)
    architecture = {
        "model_type": str(directory), "model_name": type(model).__name__, "tokenizer_name": tokenizer_name(kind),
        "num_classes": len(LABELS),
    } | over  # fmt: skip
    checkpoint = folder / "tiny.ckpt"
    content = {
        "config": {"arch": {"args": architecture}, "dataset": {"args": {"classes": LABELS}}},
        "state_dict": model.state_dict(),
    }
    torch.save(content, checkpoint)
    return checkpoint, directory


def pinned(checkpoint: Path) -> dict[str, Any]:
    """Options that name a checkpoint, with the digest that a pickle needs."""
    return {"checkpoint": str(checkpoint), "sha256": digest_of([checkpoint])}
