"""Whether two paths lead to one file, so that a command does not write over what it reads."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["same_file"]


def same_file(one: Path, other: Path) -> bool:
    """Through symbolic and hard links; of files that do not exist yet, whether they would be one."""
    try:
        return one.samefile(other)
    except (OSError, ValueError):
        return os.path.realpath(one) == os.path.realpath(other)
