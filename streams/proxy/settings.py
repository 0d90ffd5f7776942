"""The configuration of a proxy: a file, if there is one, and what the command line says instead."""

from __future__ import annotations

from collections.abc import Mapping

from agent.config import validate
from agent.errors import ConfigError
from agent.yaml_file import parse_yaml
from streams.config import WorkerConfig

__all__ = ["proxy_config"]


def proxy_config(content: bytes, origin: str, overrides: Mapping[str, object]) -> WorkerConfig:
    """The file's configuration with the command line's.

    Parameters
    ----------
    overrides
        By dotted key.

    Raises
    ------
    ConfigError
        One line that says what is wrong, where, and never a value.
    """
    document = dict(parse_yaml(content, origin)) if content else {}
    for key, value in overrides.items():
        section = document
        *path, last = key.split(".")
        for name in path:
            inner = section.get(name)
            if inner is not None and not isinstance(inner, dict):
                raise ConfigError(f"{origin}: {name}: must be a section")
            section[name] = dict(inner or {})
            section = section[name]
        section[last] = value
    return validate(WorkerConfig, document, origin)
