"""Reads a Hugging Face classifier or encoder from disk or hub, without running anything that it brings along."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from agent.errors import ModelError
from agent.scoring.encoders.pinned import check_pickles, check_shards
from agent.scoring.encoders.scorer import import_models
from agent.scoring.encoders.tokenising import knows_words

__all__ = ["activation_of", "load_classifier", "load_encoder"]


#: Checkpoints with code of their own that is no more than a head without a pooler on DeBERTa's first token.
_PLAIN_HEADS = frozenset({"piguard", "PIGuard", "InjecGuard"})


def load_classifier(
    slot: str,
    model: str,
    revision: str | None,
    *,
    allow_pickle: bool,
    sha256: str | None = None,
    local_only: bool = False,
) -> tuple[Any, Any]:
    """The network, in float32 on the CPU, and its tokeniser.

    Parameters
    ----------
    model
        A directory, or the id of a model on the hub (``owner/name``), which transformers then downloads and caches.
        What begins like a path (``/``, ``.``, ``~``) is never looked up on the hub.
    allow_pickle
        Take weights that are no safetensors as well. torch reads them with ``weights_only``, which runs no code, but
        its reader has had holes (CVE-2025-32434): so they are taken from a directory alone, and need their digest.
    sha256
        Of such weights, as `agent.scoring.encoders.pinned.digest_of` makes it.
    local_only
        Take a directory and nothing else.

    Raises
    ------
    ModelError
        When packages or files are missing or damaged, weights are absent, or the model wants code of its own to be run.
    """
    if allow_pickle:
        _check_pickles(slot, model, sha256)
    network, tokenizer, missing = _load(
        slot, model, revision, "AutoModelForSequenceClassification", allow_pickle=allow_pickle, local_only=local_only
    )
    if missing:
        # transformers would fill them with random numbers: a model without its classifier still gives scores.
        raise ModelError(
            f"scorer {slot}: {model} lacks {len(missing)} parameters, first {missing[0]}; it is no trained classifier"
        )
    return network, tokenizer


def _check_pickles(slot: str, model: str, sha256: str | None) -> None:
    folder = Path(model).expanduser()
    if not folder.is_dir():
        raise ModelError(f"scorer {slot}: pickles are taken from a directory alone, and {model} is none; download it")
    check_pickles(slot, folder, sha256)


def load_encoder(slot: str, directory: str) -> tuple[Any, Any]:
    """An encoder without a head, in float32 on the CPU, and its tokeniser; from a directory, safetensors alone.

    Raises
    ------
    ModelError
        As `load_classifier`.
    """
    network, tokenizer, missing = _load(slot, directory, None, "AutoModel", allow_pickle=False)
    # A pooler makes one vector of the first token's; nobody asks it here, and many checkpoints have none.
    absent = [name for name in missing if not name.startswith("pooler.")]
    if absent:
        raise ModelError(
            f"{slot}: {directory} lacks {len(absent)} parameters, first {absent[0]}; it is no trained encoder"
        )
    return network, tokenizer


def _load(
    slot: str, model: str, revision: str | None, kind: str, *, allow_pickle: bool, local_only: bool = False
) -> tuple[Any, Any, list[str]]:
    """Network, tokeniser, and the parameters that the files lack."""
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
        check_shards(
            slot, source, own, transformers, revision=common["revision"], local_files_only=common["local_files_only"]
        )
        plain = _is_plain_head(own) and kind == "AutoModelForSequenceClassification"
        settings = dict(common)
        if plain:
            # Read as what it is, DeBERTa: the code that it brings along is not run.
            kind = "DebertaV2ForSequenceClassification"
            settings["config"] = transformers.DebertaV2Config.from_pretrained(source, **common)
        network, report = getattr(transformers, kind).from_pretrained(
            source, use_safetensors=None if allow_pickle else True, output_loading_info=True, **settings
        )
        # The argument for it has another name in newer versions, which print a line for the old one.
        network = network.float()
        tokenizer = transformers.AutoTokenizer.from_pretrained(source, **settings)
    except ModelError:
        raise
    # Files of all kinds of damage, hubs that cannot be reached, packages that a tokeniser lacks.
    except Exception as error:
        raise ModelError(
            f"scorer {slot}: {model} cannot be loaded ({type(error).__name__}); {_advice(error, kind)}"
        ) from error
    if not knows_words(tokenizer):
        raise ModelError(f"scorer {slot}: {model} cannot be loaded: its tokeniser knows no words; is a file missing?")
    missing = sorted(report["missing_keys"])
    if plain:
        from agent.scoring.encoders.heads import FirstToken

        network.pooler = FirstToken()
        missing = [name for name in missing if not name.startswith("pooler.")]
    return network, tokenizer, missing


def _is_plain_head(config: Mapping[str, Any]) -> bool:
    return not _PLAIN_HEADS.isdisjoint((config.get("model_type"), *(config.get("architectures") or ())))


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


def _advice(error: Exception, kind: str) -> str:
    text, is_encoder = str(error), kind == "AutoModel"
    if "safetensors" in text:
        return "it has no safetensors; convert it" + ("" if is_encoder else ", or set allow_pickle: true")
    if "trust_remote_code" in text:
        return "it needs code of its own, which is never run"
    if isinstance(error, ImportError):
        return "its tokeniser needs a package that is not installed"
    of = "an encoder" if is_encoder else "a sequence classifier"
    return f"it must hold config.json, the weights and the tokeniser of {of}"
