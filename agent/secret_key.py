"""Where an operator's secret key is read from: a file or the environment, never the configuration itself."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from agent.errors import ConfigError

__all__ = ["LEAST_BYTES", "key_from_environment", "key_from_file"]

LEAST_BYTES = 16
"""A shorter key can be tried out. The bytes count as they are: neither hexadecimal digits nor Base64 are decoded."""

_MOST_BYTES = 4096
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII)
_HEX_DIGITS = re.compile(r"[0-9A-Fa-f]")
# Of a path some part has a dot, or it begins at the root; Base64 may hold a few slashes.
_LIKE_A_KEY = re.compile(r"(?!/)(?=[^/]{8})[A-Za-z0-9+/_=-]{32,}", re.ASCII)
_MOST_HEX_DIGITS = 31
_ADVICE = "make one with: openssl rand -hex 32"


def key_from_file(path: Path, subject: str = "key") -> bytes:
    """The content of a file, without white space around it.

    Parameters
    ----------
    subject
        What the key is for, first in messages.

    Raises
    ------
    ConfigError
        When it cannot be read, or is too short, or longer than any key is. A path that may be a key is not shown.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        if _LIKE_A_KEY.fullmatch(str(path)):
            raise ConfigError(
                f"{subject}: the file is not there, and what is given as its path looks like a key; give the path of a "
                "file that holds the key (a new key, if this one may have been seen)"
            ) from None
        raise ConfigError(f"{subject}: the file {path} cannot be read ({error.strerror})") from None
    if len(content) > _MOST_BYTES:
        raise ConfigError(f"{subject}: the file {path} is longer than {_MOST_BYTES} bytes, so hardly a key")
    return _long_enough(content.strip(), subject, f"the file {path}")


def key_from_environment(name: str, subject: str = "key", environment: Mapping[str, str] | None = None) -> bytes:
    """The value of an environment variable, without white space around it.

    Raises
    ------
    ConfigError
        When it is not set, or too short. A name that is none, or may be a key itself, is not shown.
    """
    if not _NAME.fullmatch(name) or len(_HEX_DIGITS.findall(name)) > _MOST_HEX_DIGITS:
        # A key pasted where its name belongs must not end in a log.
        raise ConfigError(
            f"{subject}: what is given as the name of an environment variable is no such name, or looks like a key; "
            "give the name of a variable that holds the key: letters, digits and _, at most 64"
        )
    value = (os.environ if environment is None else environment).get(name, "")
    where = f"the environment variable {name}"
    return _long_enough(value.encode("utf-8", "surrogateescape").strip(), subject, where)


def _long_enough(key: bytes, subject: str, where: str) -> bytes:
    if not key:
        raise ConfigError(f"{subject}: {where} is not set or empty; {_ADVICE}")
    if len(key) < LEAST_BYTES:
        raise ConfigError(f"{subject}: {where} holds {len(key)} bytes, at least {LEAST_BYTES} are needed; {_ADVICE}")
    return key
