"""Passwords of the configuration: by value (out of the environment), or from a file that holds nothing else."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from agent.errors import ConfigError

__all__ = ["read_secret", "read_small_file"]

_MOST_BYTES = 65_536


def read_secret(value: SecretStr | None, path: Path | None, key: str) -> str | None:
    """The secret; None when it is given neither way. A file is read anew at each call, so that a changed one counts.

    Parameters
    ----------
    key
        Of the configuration, for messages: ``kafka.sasl_password``.

    Raises
    ------
    ConfigError
        When the file cannot be read or holds nothing. It shows no content; and not the path, in whose place a
        password may have been pasted.
    """
    if value is not None:
        return value.get_secret_value()
    return None if path is None else read_small_file(path, f"{key}_file")


def read_small_file(path: Path, key: str) -> str:
    """The text of a file that `key` of the configuration names, without the white space around it.

    Raises
    ------
    ConfigError
        As `read_secret` does.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        why = (isinstance(error, OSError) and error.strerror) or "no path"
        raise ConfigError(f"{key}: the file cannot be read ({why}); give the path of a file that holds it") from None
    if len(content) > _MOST_BYTES:
        raise ConfigError(f"{key}: the file is longer than {_MOST_BYTES} bytes, so hardly the right one")
    text = content.decode("utf-8", "replace").strip()
    if not text or "\ufffd" in text:
        raise ConfigError(f"{key}: the file holds no text; write the secret into it, as UTF-8")
    return text
