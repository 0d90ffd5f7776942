"""YAML files of configuration: strict, bounded, with variables of the environment in their strings.

``${NAME}`` and ``${NAME:-default}`` are expanded, so that secrets stay out of files. Every mistake becomes a one-line
`ConfigError` that shows no value.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from agent.errors import ConfigError

__all__ = ["StrictLoader", "load_yaml", "parse_yaml", "whole_text"]

_MAX_VALUES = 20_000
#: Keys that may be shown in messages: others may be anything.
_NAME = re.compile(r"[\w .\-*]{1,64}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


class _Budget:
    """How many values a file may hold once its aliases are written out: a few lines of YAML can make billions."""

    def __init__(self, values: int) -> None:
        self._left = values

    def spend(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise ConfigError("the file holds too many values, or aliases that refer to themselves")


def _expand(value: Any, environment: Mapping[str, str], path: str, budget: _Budget) -> Any:
    budget.spend()
    if isinstance(value, str):

        def replace(match: re.Match[str]) -> str:
            name, default = match.group(1), match.group(2)
            if name in environment:
                return whole_text(environment[name], f"{path}: the environment variable {name}")
            if default is not None:
                return default
            raise ConfigError(f"{path}: the environment variable {name} is not set")

        return _VARIABLE.sub(replace, whole_text(value, path))
    if isinstance(value, dict):
        names = {key: whole_text(str(key), f"a key in {path}" if path else "a key") for key in value}
        return {
            name: _expand(value[key], environment, f"{path}.{name}" if path else name, budget)
            for key, name in names.items()
        }
    if isinstance(value, list):
        return [_expand(item, environment, f"{path}[{index}]", budget) for index, item in enumerate(value)]
    return value


def whole_text(text: str, where: str) -> str:
    """A text in which both halves of a character, as JSON escapes it, are that character; half of one is none, and
    nothing could write it.

    Raises
    ------
    ConfigError
        When it holds half of one; ``where`` it stands comes first.
    """
    if not _SURROGATE.search(text):
        return text
    try:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError:
        raise ConfigError(f"{where}: is no text, but holds bytes that are not UTF-8, or half of a character") from None


class StrictLoader(yaml.SafeLoader):
    """YAML 1.1 with unique keys, as its specification demands: of two sections `columns` one would be lost."""

    most_values = _MAX_VALUES

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        # Keys are nodes, too. Counted while they are read: to read megabytes first takes minutes, and gigabytes.
        self._budget = _Budget(2 * self.most_values)

    def compose_node(self, parent: Any, index: Any) -> Any:
        self._budget.spend()
        return super().compose_node(parent, index)

    # Of the composed nodes, since later `<<` is written out in them, and what it brings in may be given again.
    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else None
            if name is None or key.tag == "tag:yaml.org,2002:merge":
                continue
            if name in seen:
                shown = f"{name!r} " if _NAME.fullmatch(name) else ""
                raise ConfigError(f"line {key.start_mark.line + 1}: the key {shown}stands twice; keep one of them")
            seen.add(name)
        return node


def load_yaml(path: Path, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Read a YAML mapping and expand environment variables in its strings.

    Raises
    ------
    ConfigError
        When the file is missing, is no YAML, has a key twice in a mapping, or is no mapping.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({type(error).__name__})") from None
    return parse_yaml(content, str(path), environment)


def parse_yaml(content: bytes, origin: str, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """As `load_yaml`, of bytes that have been read; ``origin`` is what messages call them.

    Raises
    ------
    ConfigError
        As `load_yaml` does.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{origin}: line {line} is not UTF-8; save the file as UTF-8") from None
    try:
        data = yaml.load(text, StrictLoader)  # noqa: S506 - a SafeLoader
    except ConfigError as error:
        raise ConfigError(f"{origin}: {error}") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "somewhere"
        # In `{port: 1, token: ${NAME}}` a mapping begins behind the dollar.
        variable = mark is not None and text[max(mark.index - 1, 0) : mark.index + 1] == "${"
        advice = ": put ${...} into quotes inside of { } and [ ]" if variable else ""
        raise ConfigError(f"{origin}: is no valid YAML at {where}{advice}") from None
    # The others: a tag whose value is no such thing (`!!int x`), a date that does not exist. Their text quotes values.
    except (yaml.YAMLError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise ConfigError(f"{origin}: is no valid YAML") from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigError(f"{origin}: the top level must be a mapping")
    try:
        expanded: dict[str, Any] = _expand(
            data, os.environ if environment is None else environment, "", _Budget(_MAX_VALUES)
        )
    except ConfigError as error:
        raise ConfigError(f"{origin}: {error}") from None
    except RecursionError:
        raise ConfigError(f"{origin}: is nested too deeply") from None
    return expanded
