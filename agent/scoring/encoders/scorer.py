"""What scorers that run an encoder have in common: options, categories of their slot, rows out of scores."""

from __future__ import annotations

import logging
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from agent.errors import ConfigError, ModelError
from agent.events import DIRECTIONS, Direction, TextPart
from agent.scores import Dimension, ScoreRow
from agent.scoring.base import Batch, Lane, ScoringItem
from agent.scoring.encoders.options import EncoderOptions
from agent.scoring.shipped import WARM_UP_TEXTS

if TYPE_CHECKING:
    from agent.scoring.encoders.runner import EncoderRunner

__all__ = ["Classifier", "Column", "EncoderScorer", "category_of", "import_models"]

_INSTALL = "pip install 'harmwatch[models]'"
_CATEGORY = re.compile(r"[a-z][a-z0-9_]{0,31}")
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Column:
    """A category and the outputs of the network that make its score."""

    category: str
    outputs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Classifier:
    """What `EncoderScorer.load` gives.

    Attributes
    ----------
    model, tokenizer
        Of Hugging Face's transformers, on the CPU, in float32.
    activation
        ``sigmoid``: outputs judge each for itself, and the highest of a category's counts. ``softmax``: they exclude
        each other, and those of a category add up.
    """

    model: Any
    tokenizer: Any
    activation: Literal["softmax", "sigmoid"]
    columns: Sequence[Column]


def category_of(slot: str, label: str) -> str:
    """The slot leads, so that no two scorers share a category: ``toxicity`` and ``toxicity.insult`` of slot toxicity.

    Raises
    ------
    ConfigError
        When the label cannot be a part of a metric's label value.
    """
    if not _CATEGORY.fullmatch(label):
        raise ConfigError(f"scorer {slot}: categories are lower-case words of at most 32 letters, digits and _")
    return slot if label == slot else f"{slot}.{label}"


def import_models(slot: str) -> tuple[Any, Any]:
    """torch and transformers.

    Raises
    ------
    ModelError
        When one of them is not installed.
    """
    try:
        import torch
        import transformers
    except ImportError as error:
        raise ModelError(f"scorer {slot}: {error.name} cannot be imported; {_INSTALL}") from error
    return torch, transformers


class EncoderScorer(ABC):
    """Scores texts with a transformer classifier. Reads the raw view.

    Long texts are scored in overlapping windows, the highest score of each category counts. A text of more than
    ``max_windows`` windows keeps its beginning and its end, and its row says that it is truncated.

    Parameters
    ----------
    slot
        The scorer's name.
    labels
        By category, without the slot, its dimension. Not empty.
    threshold
        For every category, in (0, 1].
    directions
        Both when None.

    Raises
    ------
    ConfigError
        When an option is out of range.
    """

    lane: Lane = "device"
    version: str

    def __init__(
        self,
        slot: str,
        options: EncoderOptions,
        labels: Mapping[str, Dimension],
        threshold: float,
        directions: Sequence[str] | None = None,
    ) -> None:
        if not 0.0 < threshold <= 1.0:
            raise ConfigError(f"scorer {slot}: threshold must be more than 0 and at most 1")
        chosen = DIRECTIONS if directions is None else tuple(each for each in DIRECTIONS if each in directions)
        if not chosen or (directions is not None and len(chosen) != len(set(directions))):
            raise ConfigError(f"scorer {slot}: directions takes a list of {' and '.join(DIRECTIONS)}")
        self.name = slot
        self.categories: Mapping[str, Dimension] = {
            category_of(slot, label): dimension for label, dimension in labels.items()
        }
        self.thresholds: Mapping[str, float] = dict.fromkeys(self.categories, threshold)
        self.directions: frozenset[Direction] = frozenset(chosen)
        self._options = options
        self._runner: EncoderRunner | None = None
        self._columns: Sequence[Column] = ()
        self._adds_up = False
        self._explanation = ""

    @abstractmethod
    def load(self) -> Classifier:
        """Read the files. Nothing that they hold may be run as code.

        Raises
        ------
        ModelError
            When packages or files are missing, damaged or hold anything but plain data.
        """

    def warm_up(self) -> None:
        """Load the model, prepare it for its device and score a first batch.

        Raises
        ------
        ModelError
            See `load`.
        """
        if self._runner is not None:
            return
        classifier = self.load()
        from agent.scoring.encoders.assembly import build_runner

        runner = build_runner(classifier.model, classifier.tokenizer, classifier.activation, self._options)
        self._columns = classifier.columns
        self._adds_up = classifier.activation == "softmax"
        self._explanation = f"{self.version.partition('@')[0]} classifier"
        self._runner = runner
        self.score(Batch([ScoringItem(TextPart(text), "input", str) for text in WARM_UP_TEXTS]))
        runner.take_stages()

    def score(self, batch: Batch) -> Sequence[ScoreRow]:
        """Score each text; one without tokens has no scores, which stand for 0.

        Raises
        ------
        OutOfDeviceMemory
            When the device's memory is full.
        """
        if self._runner is None:
            self.warm_up()
        assert self._runner is not None, "this is a bug: warm_up left no runner"
        found = self._runner.run(batch)
        rows = zip(found.scores.tolist(), found.seen.tolist(), found.truncated.tolist(), strict=True)
        return [self._row(scores if seen else None, truncated) for scores, seen, truncated in rows]

    @property
    def tokens_per_pass(self) -> int:
        """The bound on a pass that holds now (`EncoderRunner.tokens_per_pass`); 0 before `warm_up`."""
        return 0 if self._runner is None else self._runner.tokens_per_pass

    def take_stages(self) -> Mapping[str, float]:
        """Seconds by stage since it was last asked (`agent.scoring.stages.Staged`)."""
        return {} if self._runner is None else self._runner.take_stages()

    def _row(self, scores: Sequence[float] | None, truncated: bool) -> ScoreRow:
        by_category: dict[str, float] = {}
        if scores is not None:
            for column in self._columns:
                parts = [scores[output] for output in column.outputs]
                # Over windows each output has its own highest, so that the sum may pass 1.
                by_category[column.category] = min(sum(parts), 1.0) if self._adds_up else max(parts)
        return ScoreRow(by_category, explanation=self._explanation, truncated=truncated)
