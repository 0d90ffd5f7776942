"""Any sequence classifier of Hugging Face's transformers, from a directory or the hub: bring your own model."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from agent.errors import ConfigError, ModelError
from agent.scores import DIMENSIONS, Dimension
from agent.scoring.encoders.options import EncoderOptions
from agent.scoring.encoders.scorer import Classifier, Column, EncoderScorer, category_of

__all__ = ["TransformersScorer"]

_NUMBERED = re.compile(r"LABEL_([0-9]{1,4})")
_ACTIVATIONS = ("auto", "softmax", "sigmoid")


class TransformersScorer(EncoderScorer):
    """Scores texts with a sequence classifier whose labels the configuration maps to categories.

    Parameters
    ----------
    model
        Directory with ``config.json``, weights and tokeniser, or id of a model on the hub.
    labels
        The checkpoint's labels by name, or by number (``LABEL_1``), and the category that each means, such as
        ``toxicity``, ``hate``, ``sexual``, ``violence``, ``self_harm`` or ``unsafe``. Labels that are not named are
        ignored, so leave out the harmless one. Several may mean one category.
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

    Raises
    ------
    ConfigError
        When an option is out of range.
    """

    version = "transformers@1"

    def __init__(
        self,
        model: str,
        labels: Mapping[str, str],
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
    ) -> None:
        options = EncoderOptions(slot, device, precision, threads, max_length, overlap, max_windows, tokens_per_pass)
        if activation not in _ACTIVATIONS:
            raise ConfigError(f"scorer {slot}: activation must be one of {', '.join(_ACTIVATIONS)}")
        dimension = dimension or ("adversarial" if slot == "adversarial" else "output")
        if dimension not in DIMENSIONS or dimension not in ("output", "adversarial"):
            raise ConfigError(f"scorer {slot}: dimension must be output or adversarial")
        if not isinstance(labels, Mapping) or not labels or not all(isinstance(each, str) for each in labels.values()):
            raise ConfigError(
                f"scorer {slot}: labels must map labels of the model to categories, as {{toxic: toxicity}}"
            )
        if dimension == "adversarial" and directions is None:
            directions = ("input",)
        categories = dict.fromkeys(labels.values(), cast(Dimension, dimension))
        super().__init__(slot, options, categories, threshold, directions)
        self._model = str(model)
        self._labels = {str(label): category for label, category in labels.items()}
        self._revision = revision
        self._activation = activation
        self._allow_pickle = allow_pickle

    def load(self) -> Classifier:
        """Read the model.

        Raises
        ------
        ModelError
            When it cannot be read, or has no label of a name that `labels` gives.
        """
        from agent.scoring.encoders.loading import activation_of, load_classifier

        network, tokenizer = load_classifier(self.name, self._model, self._revision, allow_pickle=self._allow_pickle)
        activation = activation_of(self.name, network.config, self._activation)
        return Classifier(network, tokenizer, activation, self._columns_of(network.config))

    def _columns_of(self, config: Any) -> list[Column]:
        count = int(config.num_labels)
        names = {str(name): int(place) for place, name in (config.id2label or {}).items()}
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
