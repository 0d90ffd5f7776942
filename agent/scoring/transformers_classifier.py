"""Any sequence classifier of Hugging Face's transformers, from a directory or the hub: bring your own model.

In the slot ``adversarial`` that is any guard checkpoint: Llama Prompt Guard 2, ProtectAI's, PIGuard, one's own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from agent.errors import ConfigError, ModelError
from agent.scores import DIMENSIONS, Dimension
from agent.scoring.encoders.options import EncoderOptions
from agent.scoring.encoders.scorer import Classifier, Column, EncoderScorer, category_of
from agent.scoring.guard_labels import attack_labels

__all__ = ["TransformersScorer"]

_NUMBERED = re.compile(r"LABEL_([0-9]{1,4})")
_ACTIVATIONS = ("auto", "softmax", "sigmoid")


class TransformersScorer(EncoderScorer):
    """Scores texts with a sequence classifier whose labels the configuration maps to categories.

    Parameters
    ----------
    model
        Directory with ``config.json``, weights and tokeniser, or id of a model on the hub.
    checkpoint
        Instead of ``model``: a directory and nothing else, so that nothing is ever looked up on the hub.
    labels
        The checkpoint's labels by name, or by number (``LABEL_1``), and the category that each means, such as
        ``toxicity``, ``hate``, ``sexual``, ``violence``, ``self_harm`` or ``unsafe``. Labels that are not named are
        ignored, so leave out the harmless one. Several may mean one category. Of the dimension ``adversarial`` they may
        be left out: labels that are called as guard checkpoints call them are known (`agent.scoring.guard_labels`).
    revision
        Of the hub; a commit, so that a model does not change under a running system.
    activation
        ``softmax``, ``sigmoid``, or ``auto``: what the checkpoint's ``problem_type`` says.
    dimension
        Of harm, for every category; ``adversarial`` in the slot of that name, else ``output``.
    directions
        List of ``input`` and ``output``; inputs alone for the dimension ``adversarial``, else both.
    threshold
        For every category.
    allow_pickle
        See `agent.scoring.encoders.loading.load_classifier`.
    device, precision, threads, max_length, overlap, max_windows, tokens_per_pass
        See `EncoderOptions`.
    slot
        The scorer's name.
    sha256
        Of pickled weights, which need one.

    Raises
    ------
    ConfigError
        When an option is out of range.
    """

    version = "transformers@1"

    def __init__(
        self,
        model: str | None = None,
        labels: Mapping[str, str] | None = None,
        checkpoint: str | None = None,
        revision: str | None = None,
        activation: str = "auto",
        dimension: str | None = None,
        directions: Sequence[str] | None = None,
        threshold: float = 0.5,
        allow_pickle: bool = False,
        device: str = "auto",
        precision: str = "auto",
        threads: int = 1,
        max_length: int | None = None,
        overlap: int | None = None,
        max_windows: int = 64,
        tokens_per_pass: int | None = None,
        slot: str = "transformers",
        sha256: str | None = None,
    ) -> None:
        options = EncoderOptions(slot, device, precision, threads, max_length, overlap, max_windows, tokens_per_pass)
        if activation not in _ACTIVATIONS:
            raise ConfigError(f"scorer {slot}: activation must be one of {', '.join(_ACTIVATIONS)}")
        dimension = dimension or ("adversarial" if slot == "adversarial" else "output")
        if dimension not in DIMENSIONS or dimension not in ("output", "adversarial"):
            raise ConfigError(f"scorer {slot}: dimension must be output or adversarial")
        if (model is None) == (checkpoint is None):
            raise ConfigError(f"scorer {slot}: give either checkpoint (a directory) or model (a directory or a hub id)")
        if labels is not None or dimension != "adversarial":
            labels = _checked(slot, labels)
        if dimension == "adversarial" and directions is None:
            directions = ("input",)
        categories = dict.fromkeys([slot] if labels is None else labels.values(), cast(Dimension, dimension))
        super().__init__(slot, options, categories, threshold, directions)
        self.limits: tuple[str, ...] = ()
        self._model = str(model if checkpoint is None else checkpoint)
        self._local_only = checkpoint is not None
        self._labels = labels
        self._revision = revision
        self._activation = activation
        self._allow_pickle = allow_pickle
        self._sha256 = sha256

    def load(self) -> Classifier:
        """Read the model.

        Raises
        ------
        ModelError
            When it cannot be read, or has no label of a name that `labels` gives; without `labels`, when its labels
            are called in a way that nobody knows.
        """
        from agent.scoring.encoders.loading import activation_of, load_classifier

        network, tokenizer = load_classifier(self.name, self._model, self._revision, allow_pickle=self._allow_pickle,
                                             sha256=self._sha256, local_only=self._local_only)  # fmt: skip
        activation = activation_of(self.name, network.config, self._activation)
        return Classifier(network, tokenizer, activation, self._columns_of(network.config))

    def _columns_of(self, config: Any) -> list[Column]:
        count = int(config.num_labels)
        names = {str(name): int(place) for place, name in (config.id2label or {}).items()}
        if self._labels is None:
            return [Column(self.name, self._attack_outputs(sorted(names, key=names.__getitem__), count))]
        outputs: dict[str, list[int]] = {}
        for label, category in self._labels.items():
            place = names.get(label)
            numbered = _NUMBERED.fullmatch(label)
            if place is None and numbered:
                place = int(numbered.group(1))
            if place is None or not 0 <= place < count:
                known = ", ".join(sorted(names, key=names.__getitem__)[:20])
                raise ModelError(f"scorer {self.name}: {self._model} has no label {label!r}; it has {known}")
            if place not in outputs.setdefault(category, []):
                outputs[category].append(place)
        return [Column(category_of(self.name, category), tuple(places)) for category, places in outputs.items()]

    def _attack_outputs(self, names: list[str], count: int) -> tuple[int, ...]:
        outputs = (0,) if count == 1 else attack_labels(names)
        if outputs is None or len(names) != count:
            raise ModelError(
                f"scorer {self.name}: which labels of {self._model} mean an attack is not known; set labels, such as "
                f"{{{names[-1] if names else 'LABEL_1'}: {self.name}}}; it has {', '.join(names[:20])}"
            )
        if all(map(_NUMBERED.fullmatch, names)):
            self.limits = (f"{self.name}: the labels have no names; the last of {count} is taken for an attack",)
        return outputs


def _checked(slot: str, labels: Mapping[str, str] | None) -> Mapping[str, str]:
    if not isinstance(labels, Mapping) or not labels or not all(isinstance(each, str) for each in labels.values()):
        raise ConfigError(f"scorer {slot}: labels must map labels of the model to categories, as {{toxic: toxicity}}")
    return {str(label): category for label, category in labels.items()}
