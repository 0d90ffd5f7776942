"""The key for a served model: from a file or the environment, never from the command line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from agent.errors import ConfigError

__all__ = ["VARIABLE", "read_api_key"]

VARIABLE = "HARMWATCH_PROBE_API_KEY"
_MOST_BYTES = 16_384


def read_api_key(path: Path | None, environment: Mapping[str, str] | None = None) -> str | None:
    """The content of the file, else the variable's value, without white space around it; None when there is neither.

    Raises
    ------
    ConfigError
        When the file cannot be read, or the key cannot stand in a header. Neither key nor path is shown: a key may have
        been pasted in the path's place.
    """
    if path is None:
        value = (os.environ if environment is None else environment).get(VARIABLE, "").strip()
        return _checked(value, f"the variable {VARIABLE}") if value else None
    try:
        with path.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "no path"
        raise ConfigError(
            f"--api-key-file: the file cannot be read ({why}); give the path of a file, not a key"
        ) from None
    if len(content) > _MOST_BYTES:
        raise ConfigError(f"--api-key-file: the file is longer than {_MOST_BYTES} bytes, so hardly a key")
    return _checked(content.decode("utf-8", "replace").strip(), "the file of --api-key-file")


def _checked(key: str, where: str) -> str:
    if not key or not all("!" <= character <= "~" for character in key):
        raise ConfigError(f"{where} must hold one key of printable ASCII characters without blanks")
    return key
