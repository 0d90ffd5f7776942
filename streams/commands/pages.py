"""Checks of ``--out`` before long work: the page replaces what is there."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from agent.errors import ConfigError
from streams.commands.same_file import same_file
from streams.commands.writable import check_writable

__all__ = ["check_page"]


def check_page(page: Path, inputs: Iterable[tuple[Path, str]]) -> None:
    """See that a page may be written, and that it is none of the files which the command reads.

    Parameters
    ----------
    inputs
        Each with what it is called in the message.

    Raises
    ------
    ConfigError
        When it may not.
    """
    if page.suffix.lower() not in (".html", ".htm"):
        raise ConfigError(f"--out {page}: is a page; its name must end in .html")
    for path, role in inputs:
        if same_file(page, path):
            raise ConfigError(f"--out {page}: is {role}; name another file")
    check_writable(page, "--out")
