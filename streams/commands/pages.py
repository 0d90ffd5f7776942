"""Reports of commands: ``--out`` is checked before long work, since the page replaces what is there; then shown."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from agent.errors import ConfigError
from agent.report import Section, Words, html_report
from streams.commands.same_file import same_file
from streams.commands.sections import render
from streams.commands.writable import check_writable, replace_file

__all__ = ["check_page", "show_report"]


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


def show_report(
    args: argparse.Namespace, figures: Mapping[str, Any], sections: Sequence[Section], heading: str, words: Words
) -> None:
    """The page where ``--out`` says; on standard output the figures with ``--json``, else the sections.

    Raises
    ------
    ConfigError
        When the page cannot be written; one that was there before is there still, and the figures are printed.
    """
    try:
        if args.out:
            replace_file(args.out, html_report(sections, heading, words).encode("utf-8", "replace"), "--out")
    finally:  # they may have taken hours
        if args.json:
            sys.stdout.write(json.dumps(figures, ensure_ascii=False) + "\n")
        else:
            render(sections, heading, Console())
