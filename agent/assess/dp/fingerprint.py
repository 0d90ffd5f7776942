"""What a ledger knows a data set by."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from agent.errors import ConfigError

__all__ = ["fingerprint", "public_names"]

_PREFIX = "sha256:"


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
            return f"{_PREFIX}{hashlib.file_digest(file, 'sha256').hexdigest()}"
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from None


def public_names(datasets: Iterable[str]) -> dict[str, str]:
    """What to call data sets where it is shown: ``sha256:#1`` for the first one known by its fingerprint, and so on.

    A fingerprint tells whoever sees it, and has a guess at the data, whether the guess is right.
    """
    names: dict[str, str] = {}
    unnamed = 0
    for dataset in datasets:
        if dataset.startswith(_PREFIX):
            unnamed += 1
            names[dataset] = f"{_PREFIX}#{unnamed}"
        else:
            names[dataset] = dataset
    return names
