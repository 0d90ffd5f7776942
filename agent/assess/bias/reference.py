"""The population that a table should stand for: shares of its groups, out of a small file or a second table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import yaml

from agent.assess.analysis import read_through
from agent.assess.bias.columns import ColumnTexts
from agent.assess.bias.groups import Attributes, Cells
from agent.assess.cells import cell_text
from agent.assess.tables import Batch, open_reader
from agent.errors import ConfigError
from agent.yaml_file import StrictLoader, whole_text

__all__ = ["Reference", "read_reference"]

Reference = Mapping[str, Mapping[str, float]]
"""Attribute (or two, joined by ``+``) to group (likewise) to its share; the shares of an attribute add up to 1."""

_SUFFIXES = (".yaml", ".yml", ".json")
_SLACK = 0.01
_LARGEST = 1_000_000


class _Loader(StrictLoader):
    most_values = _LARGEST  # the file's own limit


def read_reference(path: Path, protected: Sequence[str]) -> Reference:
    """Read it whole.

    Parameters
    ----------
    path
        ``.yaml`` or ``.json``: attribute to group to share, or to whole numbers of people. Any table that `assess`
        reads: each row stands for one person, and intersections are counted too. Either is taken for the population
        itself, without error.
    protected
        The attributes looked at, at least one of which must be there.

    Raises
    ------
    ConfigError
        When it cannot be read, says nothing of `protected`, or shares do not add up to 1.
    DataError
        When the table is damaged.
    """
    found = _of_file(path) if path.suffix.lower() in _SUFFIXES else _of_table(path, protected)
    if not found.keys() & set(protected):
        raise ConfigError(f"--reference {path}: says nothing of {', '.join(protected)}")
    return found


def _of_file(path: Path) -> Reference:
    try:
        if path.stat().st_size > _LARGEST:
            raise ConfigError(f"--reference {path}: is too large for shares of groups; is it a table?")
        content = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a SafeLoader
    except OSError as error:
        raise ConfigError(f"--reference {path}: cannot be read ({error.strerror})") from None
    except ConfigError as error:
        raise ConfigError(f"--reference {path}: {error}") from None
    except (yaml.YAMLError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise ConfigError(f"--reference {path}: is no YAML or JSON") from None
    if not isinstance(content, dict):
        raise ConfigError(f"--reference {path}: must hold attribute: {{group: share}}")
    return {_name(path, attribute): _shares(path, attribute, groups) for attribute, groups in content.items()}


def _name(path: Path, key: Any) -> str:
    if isinstance(key, bool) or key is None:
        raise ConfigError(f"--reference {path}: YAML reads a name as {key}; put it in quotes")
    return whole_text(cell_text(key), f"--reference {path}: a name")


def _shares(path: Path, attribute: Any, groups: Any) -> dict[str, float]:
    if not isinstance(groups, dict) or len(groups) < 2:
        raise ConfigError(f"--reference {path}: {attribute} needs two groups or more with their shares")
    found = {_name(path, group): value for group, value in groups.items()}
    numbers = [value for value in found.values() if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(numbers) < len(groups) or not all(0.0 <= number < float("inf") for number in numbers):
        raise ConfigError(f"--reference {path}: the shares of {attribute} must be numbers from 0 on")
    total = sum(numbers)
    people = all(isinstance(number, int) for number in numbers) and total > 1
    if not people and abs(total - 1.0) > _SLACK:
        raise ConfigError(
            f"--reference {path}: the shares of {attribute} add up to {total:g}; they must add up to 1, or be whole "
            "numbers of people"
        )
    return {group: value / total for group, value in found.items()}


class _Population:
    def __init__(self, attributes: Attributes) -> None:
        self._attributes = attributes
        self._cells: dict[str, Cells] = {name: Counter() for name in attributes.names}

    def observe(self, batch: Batch) -> None:
        self._attributes.count(self._cells, batch)

    def shares(self) -> Reference:
        found = {name: self._attributes.group_rows(name, cells) for name, cells in self._cells.items()}
        return {
            name: {group: count / sum(rows.values()) for group, count in rows.items()}
            for name, rows in found.items()
            if rows
        }


def _of_table(path: Path, protected: Sequence[str]) -> Reference:
    counted: list[_Population] = []

    def make(columns: tuple[str, ...]) -> Sequence[_Population]:
        present = [column for column in protected if column in columns]
        counted.append(_Population(Attributes(ColumnTexts(), present)))
        return counted

    with closing(open_reader(path)) as reader:
        read_through(reader, make, (), lambda _: None)
    return counted[0].shares()
