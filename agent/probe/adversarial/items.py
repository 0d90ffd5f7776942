"""What is attacked: requests, texts to be judged, or rows of features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.probe.perturbations.base import language_of
from agent.probe.rows import Row, by_hash
from agent.probe.served import Features, is_number

__all__ = ["Item", "read_items"]


@dataclass(frozen=True, slots=True, repr=False)
class Item:
    """One row of a probe set.

    Attributes
    ----------
    text
        Empty where there are features.
    label
        What the row says is right, as text; of requests ``1`` marks those that should be refused. None: not known.
    """

    id: str
    text: str
    language: str
    label: str | None = None
    features: Features | None = None

    @property
    def input(self) -> str | Features:
        """What the model is given when nobody attacks it."""
        return self.text if self.features is None else self.features


def read_items(rows: Sequence[Row]) -> list[Item]:
    """Items of rows with ``text``, or with ``features``; in the order of their ids' hashes.

    Raises
    ------
    DataError
        When a row has neither, or some have this and others that; when features are not all of the same names.
    """
    items = [_item(row) for row in rows]
    for row, item in zip(rows, items, strict=True):
        if _names(item) != _names(items[0]):
            raise row.wrong("has other features than the first row, or a text where that has features")
    return list(by_hash(items, lambda item: item.id))


def _names(item: Item) -> tuple[str, ...] | None:
    return None if item.features is None else tuple(item.features)


def _item(row: Row) -> Item:
    label = row.fields.get("label")
    if isinstance(label, bool):
        label = int(label)
    if isinstance(label, float) and label.is_integer():
        label = int(label)
    known = None if label is None else str(label)
    given = row.fields.get("features")
    if given is not None:
        return Item(row.id, "", "-", known, _features(row, given))
    text = row.text("text").encode("utf-8", "replace").decode()
    named = row.fields.get("lang")
    return Item(row.id, text, named if isinstance(named, str) and named.strip() else language_of(text), known)


def _features(row: Row, given: Any) -> Mapping[str, float | str]:
    if not isinstance(given, dict) or not given:
        raise row.wrong("'features' is no object with values")
    return {str(name): _value(row, value) for name, value in given.items()}


def _value(row: Row, value: Any) -> float | str:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str) or is_number(value):
        return value
    raise row.wrong("a feature is neither a number nor a text")
