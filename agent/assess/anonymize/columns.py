"""What is done to each column of a data set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from agent.assess.anonymize.cells import leaves
from agent.assess.cells import shown_columns
from agent.assess.policy import ColumnRule, Policy
from agent.assess.protection import Finder
from agent.assess.tables import Batch, TableReader
from agent.assess.tables.parquet_file import has_metadata
from agent.errors import ConfigError

__all__ = ["Columns", "ColumnsSeen", "plan_columns"]

_KEEP, _DROP, _TEXT = ColumnRule(treat="keep"), ColumnRule(treat="drop"), ColumnRule(treat="text")
_OTHERS = {"scan": _TEXT, "keep": _KEEP, "drop": _DROP}


@dataclass(frozen=True, slots=True)
class Columns:
    """Rules by column.

    Attributes
    ----------
    declared
        Those that the policy or the command line name.
    others
        For all others.
    unreadable
        Columns whose type holds no texts, with the type; they are kept.
    numbers
        Columns of Parquet that hold numbers and go on doing so. A value found there nevertheless becomes null.
    texts
        Columns that become text, since values stand in their place.
    loses_metadata
        Whether a Parquet file has metadata, which are not written.
    """

    declared: Mapping[str, ColumnRule]
    others: ColumnRule
    unreadable: Mapping[str, str]
    numbers: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()
    loses_metadata: bool = False

    def rule(self, column: str) -> ColumnRule:
        """What is done to a column."""
        found = self.declared.get(column)
        if found is not None:
            return found
        return _KEEP if column in self.unreadable and self.others.treat == "text" else self.others


class ColumnsSeen:
    """Notices declared columns that never come: a misspelt name must not leave a column unprotected."""

    def __init__(self, columns: Columns) -> None:
        self._missing = set(columns.declared)

    def add(self, columns: Iterable[str]) -> None:
        self._missing.difference_update(columns)

    def check(self, name: str, known: Iterable[str] = ()) -> None:
        """
        Raises
        ------
        ConfigError
            When one has not come.
        """
        if self._missing:
            there = shown_columns(tuple(known))
            missing = shown_columns(sorted(self._missing)[:1])
            raise ConfigError(f"{name}: has no column {missing!r}" + (f"; it has {there}" if there else ""))


def plan_columns(
    policy: Policy, reader: TableReader, sample: Batch | None, finder: Finder, to_parquet: bool
) -> Columns:
    """Rules for the columns of one data set.

    Parameters
    ----------
    sample
        The first rows. A column of numbers in which something is found there becomes text.
    to_parquet
        Whether columns have types in what is written.

    Raises
    ------
    ConfigError
        For a declared column that the data set does not have.
    """
    columns = Columns(policy.columns, _OTHERS[policy.other_columns], {})
    if reader.columns:
        seen = ColumnsSeen(columns)
        seen.add(reader.columns)
        seen.check(reader.name, reader.columns)
    if reader.schema is None:
        return columns
    unreadable, numeric, texts = _types(reader.schema)
    columns = replace(columns, unreadable=unreadable, loses_metadata=has_metadata(reader.schema))
    if not to_parquet:
        return columns
    becoming = {
        column
        for column in reader.columns
        if (rule := columns.rule(column)).treat == "value" and rule.operator != "keep" and column not in texts
    }
    scanned = [column for column in numeric if columns.rule(column).treat == "text"]
    if sample is not None:
        for column in scanned:
            if any(finder.spans(leaf.text, leaf.label) for row in sample.rows for leaf in leaves(row, column)):
                becoming.add(column)
    numbers = frozenset(scanned) - becoming
    return replace(columns, numbers=numbers, texts=frozenset(becoming))


def _types(schema: Any) -> tuple[dict[str, str], list[str], set[str]]:
    """Columns without texts, columns of numbers, and columns that can hold any text already."""
    import pyarrow.types as types

    unreadable: dict[str, str] = {}
    numeric: list[str] = []
    texts: set[str] = set()
    for field in schema:
        kind = field.type.value_type if types.is_dictionary(field.type) else field.type
        storage = getattr(kind, "storage_type", kind)
        if _holds_text(types, storage):
            kind = storage  # JSON, say, is a type of its own, and text all the same
        if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
            numeric.append(field.name)
        elif _holds_text(types, kind):
            texts.add(field.name)
        elif not (
            types.is_nested(kind) or types.is_binary(kind) or types.is_large_binary(kind) or types.is_binary_view(kind)
        ):
            unreadable[field.name] = str(field.type)
    return unreadable, numeric, texts


def _holds_text(types: Any, kind: Any) -> bool:
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))
