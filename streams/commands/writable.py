"""Files that a command writes: whether they can be written, found out before long work; and writing them."""

from __future__ import annotations

import tempfile
from pathlib import Path

from agent.atomic_file import write_whole
from agent.errors import ConfigError, DataError

__all__ = ["check_folder", "check_writable", "replace_file", "write_file"]


def check_writable(path: Path, option: str) -> None:
    """Make the folder, and open the file without changing it.

    Raises
    ------
    ConfigError
        When that fails.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = not path.exists()
        path.open("ab").close()
        if new:
            path.unlink()
    except OSError as error:
        raise ConfigError(
            f"{option} {path}: cannot be written ({error.strerror}); give a file in a folder that you may write to"
        ) from None


def check_folder(path: Path, option: str) -> None:
    """Make the folder, and see that a file can be made in it.

    Raises
    ------
    ConfigError
        When that fails.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path).close()
    except OSError as error:
        raise ConfigError(
            f"{option} {path}: no files can be written there ({error.strerror}); give a folder that you may write to"
        ) from None


def write_file(path: Path, content: bytes, option: str) -> None:
    """Write a result.

    Raises
    ------
    ConfigError
        When it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise ConfigError(f"{option} {path}: cannot be written ({error.strerror})") from None


def replace_file(path: Path, content: bytes, option: str) -> None:
    """Write a result whole or not at all, for files that somebody reads meanwhile, or that are the only copy.

    As `AtomicFile` does it.

    Raises
    ------
    ConfigError
        When it cannot be written; what was there before is there still.
    """
    try:
        write_whole(path, content)
    except (ConfigError, DataError) as error:
        raise ConfigError(f"{option} {error}") from None
