"""Whether a file can be written, found out before long work."""

from __future__ import annotations

from pathlib import Path

from agent.errors import ConfigError

__all__ = ["check_writable"]


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
