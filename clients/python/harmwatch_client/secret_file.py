"""A token, out of a file or the environment; read anew for every batch, so that a rotated one is taken up by itself."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from harmwatch_client.errors import ConfigurationError

__all__ = ["Secret", "SecretAbsent", "secret"]

_MOST_BYTES = 8192


class SecretAbsent(Exception):
    """It cannot be read, or is none. Says no part of it."""


@dataclass(frozen=True)
class Secret:
    """Where a secret is. Its ``repr`` shows the place, never the secret."""

    path: Path | None
    variable: str | None

    def read(self) -> str:
        """The secret without white space around it.

        Raises
        ------
        SecretAbsent
            When it is not there, empty, too long, or holds what cannot stand in a header.
        """
        if self.path is not None:
            try:
                with self.path.open("rb") as stream:
                    text = stream.read(_MOST_BYTES + 1).decode("ascii").strip()
            except (OSError, UnicodeDecodeError):
                raise SecretAbsent("the token file cannot be read") from None
        else:
            text = os.environ.get(self.variable or "", "").strip()
        if not text or len(text) > _MOST_BYTES or not text.isascii() or not text.isprintable() or " " in text:
            raise SecretAbsent("the token is empty, or is none")
        return text


def secret(file: str | os.PathLike[str] | None, variable: str | None, what: str) -> Secret | None:
    """A secret that is there now; None when neither place is given.

    Raises
    ------
    ConfigurationError
        When both are given, or nothing can be read there.
    """
    if file is None and variable is None:
        return None
    if file is not None and variable is not None:
        raise ConfigurationError(f"{what}: give a file or the name of an environment variable, not both")
    place = Secret(Path(file) if file is not None else None, variable)
    try:
        place.read()
    except SecretAbsent as absent:
        raise ConfigurationError(f"{what}: {absent}; give a path or a variable that holds it") from None
    return place
