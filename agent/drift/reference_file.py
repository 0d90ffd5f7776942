"""References in files: a small JSON document of histograms, and JSON Lines of observations to make one from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from random import Random

import msgspec

from agent.atomic_file import write_whole
from agent.drift.reference import CategoryReference, NumberReference, Reference
from agent.errors import ConfigError, DataError

__all__ = ["References", "Sample", "load_references", "read_observations", "save_references"]

VERSION = 1
KIND = "harmwatch.drift.reference"
#: Of a feature's values so many are kept, drawn at random: enough for 256 bins.
MOST_VALUES = 100_000
MOST_FEATURES = 1_000
MOST_BYTES = 64_000_000


class References(msgspec.Struct, frozen=True):
    """What is normal, by feature.

    Attributes
    ----------
    features
        For every model.
    models
        For one model each, before what is for every one.
    """

    features: Mapping[str, Reference] = {}
    models: Mapping[str, Mapping[str, Reference]] = {}

    def find(self, model: str, feature: str) -> Reference | None:
        """The reference of a model's feature, where there is one."""
        return self.models.get(model, {}).get(feature) or self.features.get(feature)

    @property
    def is_empty(self) -> bool:
        """Whether there is none at all."""
        return not self.features and not self.models


class _Document(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    kind: str
    version: int
    features: dict[str, Reference]
    models: dict[str, dict[str, Reference]] = {}


def save_references(path: Path, references: References) -> None:
    """Write references; the file appears when it is whole.

    It holds cut points and counts, and digests of categories: no payload, though the cut points of a feature that has
    few distinct numbers are these numbers.

    Raises
    ------
    ConfigError, DataError
        When it cannot be written: not at all, or not to its end.
    """
    content = msgspec.json.encode(_document(references), order="sorted")
    write_whole(path, content)


def _document(references: References) -> _Document:
    models = {model: dict(features) for model, features in references.models.items()}
    return _Document(KIND, VERSION, dict(references.features), models)


def load_references(path: Path) -> References:
    """References from a saved document or, when the name ends in ``.jsonl``, from observations.

    Raises
    ------
    ConfigError
        When the file cannot be read, or is no reference of a version that is known here.
    DataError
        See `read_observations`.
    """
    try:
        if path.suffix == ".jsonl":
            with path.open("rb") as lines:
                return References(read_observations(lines, str(path)))
        if path.stat().st_size > MOST_BYTES:
            raise ConfigError(f"{path}: is too large to be a drift reference; make it again from its observations")
        document = msgspec.json.decode(path.read_bytes(), type=_Document)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({type(error).__name__})") from None
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise ConfigError(f"{path}: is no drift reference; make one from a .jsonl of observations") from None
    if document.kind != KIND or document.version != VERSION:
        raise ConfigError(f"{path}: is no drift reference of version {VERSION}; make it again")
    return References(document.features, document.models)


def read_observations(lines: Iterable[bytes], origin: str, *, seed: int = 0) -> dict[str, Reference]:
    """References from JSON Lines: flat objects of features, ``{"output.toxicity": 0.03, "input.channel": "web"}``.

    Numbers make a `NumberReference`, strings and truth values a `CategoryReference`, null says nothing.

    Raises
    ------
    DataError
        For a line that is no flat object, a feature that is a number here and a category there, more than 1,000
        features, or no observation at all. Names the line, never what it holds.
    """
    samples: dict[str, Sample] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = msgspec.json.decode(line, type=dict[str, float | str | bool | None])
        except (msgspec.DecodeError, ValueError):
            raise DataError(
                f"{origin}, line {number}: is no flat object of numbers, strings and truth values"
            ) from None
        for feature, value in row.items():
            if value is None:
                continue
            is_number = isinstance(value, float) and not isinstance(value, bool)
            sample = samples.get(feature)
            if sample is None:
                if len(samples) >= MOST_FEATURES:
                    raise DataError(f"{origin}, line {number}: more than {MOST_FEATURES} features")
                sample = samples[feature] = Sample(is_number, Random(seed))
            if sample.is_number is not is_number:
                raise DataError(f"{origin}, line {number}: a feature is a number in one line and a category in another")
            sample.add(value if is_number else category_name(value))
    if not samples:
        raise DataError(f"{origin}: holds no observation")
    return {feature: sample.reference() for feature, sample in samples.items()}


def category_name(value: object) -> str:
    """Truth values in the way JSON writes them."""
    return str(value).lower() if isinstance(value, bool) else str(value)


class Sample:
    """A bounded sample of one feature's values (Vitter's algorithm R).

    Attributes
    ----------
    seen
        Values that it was drawn from.
    """

    def __init__(self, is_number: bool, draw: Random, most: int = MOST_VALUES) -> None:
        self.is_number = is_number
        self._most = most
        self._draw = draw
        self._values: list[float | str] = []
        self.seen = 0

    def add(self, value: float | str) -> None:
        self.seen += 1
        if len(self._values) < self._most:
            self._values.append(value)
        elif (place := self._draw.randrange(self.seen)) < self._most:
            self._values[place] = value

    def reference(self) -> Reference:
        if self.is_number:
            return NumberReference.of([value for value in self._values if isinstance(value, float)])
        return CategoryReference.of([value for value in self._values if isinstance(value, str)])
