"""Reads a Hugging Face classifier from a directory or from the hub, without running anything that it brings along."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from agent.errors import ModelError
from agent.scoring.encoders.scorer import import_models

__all__ = ["activation_of", "load_classifier"]


#: Checkpoints with code of their own that is no more than a head without a pooler on DeBERTa's first token.
_PLAIN_HEADS = frozenset({"piguard", "PIGuard", "InjecGuard"})


def load_classifier(
    slot: str, model: str, revision: str | None, *, allow_pickle: bool, local_only: bool = False
) -> tuple[Any, Any]:
    """The network, in float32 on the CPU, and its tokeniser.

    Parameters
    ----------
    model
        A directory, or the id of a model on the hub (``owner/name``), which transformers then downloads and caches.
        What begins like a path (``/``, ``.``, ``~``) is never looked up on the hub.
    allow_pickle
        Take weights that are no safetensors as well. torch reads them with ``weights_only``, which runs no code, but
        its reader has had holes (CVE-2025-32434).
    local_only
        Take a directory and nothing else.

    Raises
    ------
    ModelError
        When packages or files are missing or damaged, weights are absent, or the model wants code of its own to be run.
    """
    _, transformers = import_models(slot)
    path = Path(model).expanduser()
    if not path.is_dir() and (local_only or path.is_absolute() or model.startswith((".", "~"))):
        raise ModelError(
            f"scorer {slot}: {model} is no directory; put config.json, the weights and the tokeniser there"
        )
    source = str(path) if path.is_dir() else model
    common = {"revision": revision or "main", "trust_remote_code": False, "local_files_only": path.is_dir()}
    try:
        own, _ = transformers.PretrainedConfig.get_config_dict(source, **common)
        plain = not _PLAIN_HEADS.isdisjoint((own.get("model_type"), *(own.get("architectures") or ())))
        kind, settings = transformers.AutoModelForSequenceClassification, dict(common)
        if plain:
            # Read as what it is, DeBERTa: the code that it brings along is not run.
            kind = transformers.DebertaV2ForSequenceClassification
            settings["config"] = transformers.DebertaV2Config.from_pretrained(source, **common)
        network, report = kind.from_pretrained(
            source, use_safetensors=None if allow_pickle else True, output_loading_info=True, torch_dtype="float32",
            **settings,
        )  # fmt: skip
        tokenizer = transformers.AutoTokenizer.from_pretrained(source, **settings)
    # Files of all kinds of damage, hubs that cannot be reached, packages that a tokeniser lacks.
    except Exception as error:
        raise ModelError(
            f"scorer {slot}: {model} cannot be loaded ({type(error).__name__}); {_advice(error)}"
        ) from error
    absent = sorted(report["missing_keys"])
    if plain:
        from agent.scoring.encoders.heads import FirstToken

        network.pooler = FirstToken()
        absent = [name for name in absent if not name.startswith("pooler.")]
    if absent:
        # transformers would fill them with random numbers: a model without its classifier still gives scores.
        raise ModelError(
            f"scorer {slot}: {model} lacks {len(absent)} parameters, first {absent[0]}; it is no trained classifier"
        )
    return network, tokenizer


def activation_of(slot: str, config: Any, wanted: str) -> Literal["softmax", "sigmoid"]:
    """How logits become scores.

    ``auto`` follows transformers' own pipeline: sigmoid for several labels at once and for a single output, softmax for
    one label out of several.

    Raises
    ------
    ModelError
        For a regression, whose outputs are no logits, when nothing else is asked for.
    """
    if wanted == "softmax":
        return "softmax"
    if wanted == "sigmoid":
        return "sigmoid"
    if config.problem_type == "regression":
        raise ModelError(
            f"scorer {slot}: the model is a regression; set activation to sigmoid if its outputs are logits"
        )
    if config.problem_type == "multi_label_classification" or config.num_labels == 1:
        return "sigmoid"
    return "softmax"


def _advice(error: Exception) -> str:
    text = str(error)
    if "safetensors" in text:
        return "it has no safetensors; convert it, or set allow_pickle: true"
    if "trust_remote_code" in text:
        return "it needs code of its own, which is never run"
    if isinstance(error, ImportError):
        return "its tokeniser needs a package that is not installed"
    return "it must hold config.json, the weights and the tokeniser of a sequence classifier"
