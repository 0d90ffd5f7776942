"""Pickles are read only when their SHA-256 is known: `weights_only` runs no code, but its reader has had holes."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from pathlib import Path

from agent.errors import ModelError

__all__ = ["check_pin", "digest_of"]


def digest_of(files: Sequence[Path]) -> str:
    """SHA-256 of a file; of several that of the lines which ``sha256sum`` prints of them, by name.

    Raises
    ------
    OSError
        When one cannot be read.
    """
    lines = []
    for path in sorted(files):
        with path.open("rb") as stream:
            lines.append(f"{hashlib.file_digest(stream, 'sha256').hexdigest()}  {path.name}\n")
    return lines[0][:64] if len(lines) == 1 else hashlib.sha256("".join(lines).encode()).hexdigest()


def check_pin(slot: str, files: Sequence[Path], sha256: str | None) -> None:
    """Compare with what the configuration says.

    Raises
    ------
    ModelError
        When they are not pinned, and then with what to write; when they are others than was said; when they cannot be
        read.
    """
    shown = str(files[0]) if len(files) == 1 else f"{len(files)} files in {files[0].parent}"
    try:
        found = digest_of(files)
    except OSError as error:
        raise ModelError(f"scorer {slot}: {shown} cannot be read ({error.strerror})") from None
    if sha256 is None:
        raise ModelError(
            f"scorer {slot}: {shown} is a pickle and is not pinned; if it is the one that you mean, set sha256: {found}"
        )
    if not hmac.compare_digest(found.encode(), sha256.lower().encode("utf-8", "replace")):
        raise ModelError(f"scorer {slot}: {shown} is not what sha256 says: it has been exchanged, or the pin is old")
