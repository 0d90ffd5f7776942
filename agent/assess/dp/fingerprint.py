"""What a ledger knows a data set by."""

from __future__ import annotations

import hashlib
from pathlib import Path

from agent.errors import ConfigError

__all__ = ["fingerprint"]


def fingerprint(path: Path) -> str:
    """``sha256:`` and the hash of the file's bytes.

    It changes with every row, and with the file's format: data that grow, or exist in two forms, need a name.

    Raises
    ------
    ConfigError
        When the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from None
