"""How a process of our own is started: a fresh interpreter, and nothing from the current folder.

``python -m`` looks for every module in the current folder first, which may be anybody's: a file `msgspec.py` in it
would be run.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

__all__ = ["environment_of_child", "python_command"]

#: Where our packages are, should they have been found by way of the current folder.
_ROOT: Final = Path(__file__).resolve().parents[1]


def python_command(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of ours; with `environment_of_child`."""
    return [sys.executable, "-P", "-m", module, *arguments]


def environment_of_child(**more: str) -> Mapping[str, str]:
    """This process's environment, in which a child finds the modules where this process finds them."""
    paths = os.pathsep.join([*(path for path in sys.path if path), str(_ROOT)])
    return {**os.environ, "PYTHONPATH": paths, **more}
