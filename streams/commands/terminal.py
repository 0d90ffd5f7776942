"""What the commands have in common on a terminal: the bar of long work and its end, the input."""

from __future__ import annotations

import gzip
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from agent.errors import ConfigError, DataError
from agent.packed import DAMAGED, is_packed
from streams.commands.live_lines import LineSource

__all__ = ["ending_cleanly", "event_lines", "open_file", "open_input", "progress_bar"]


@contextmanager
def progress_bar(verb: str, total: int | None, *, quiet: bool, counts: bool = True) -> Iterator[Callable[[int], None]]:
    """A bar on standard error where that is a terminal; gives the function that moves it on by so many.

    Parameters
    ----------
    verb
        What is being done: ``scoring``.
    total
        None where it is not known.
    quiet
        No bar at all.
    counts
        False for per cent, where the number itself is nobody's business.
    """
    console = Console(stderr=True)
    state = MofNCompleteColumn() if counts else TaskProgressColumn()
    columns = (TextColumn("{task.description}"), BarColumn(), state, TimeRemainingColumn())
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal, transient=True) as progress:
        task = progress.add_task(verb, total=total)
        yield lambda count: progress.advance(task, count)


@contextmanager
def ending_cleanly() -> Iterator[None]:
    """A request to end (SIGTERM, SIGHUP) becomes an interrupt, so that no unfinished file is left."""

    def interrupt(number: int, frame: object) -> None:
        signal.signal(number, signal.SIG_IGN)  # a second one must not end the clearing up
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield  # no other may set handlers
        return
    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def open_input(name: str) -> BinaryIO:
    """A file by its path, as `open_file`, or standard input for ``-``.

    Raises
    ------
    ConfigError
        When it cannot be read.
    """
    if name == "-":
        return sys.stdin.buffer
    if not name:
        raise ConfigError("'' is no file; name one, or - for standard input")  # of a path it would be this folder
    try:
        return open_file(Path(name))
    except OSError as error:
        raise ConfigError(f"{name}: cannot be read ({error.strerror})") from None


def open_file(path: Path) -> BinaryIO:
    """A file to read lines of, unpacked as it is read when its content is gzip's; a pipe as it is.

    Raises
    ------
    OSError
        When it cannot be read. That it is damaged is a `DataError` of ``readline``.
    """
    stream = path.open("rb")
    # Nothing is taken of a pipe: it cannot be opened again, and `live` reads its descriptor.
    if not path.is_file() or not is_packed(stream):
        return stream
    stream.close()
    return _Unpacked(path)  # type: ignore[return-value]  # a BinaryIO in all but name


class _Unpacked(gzip.GzipFile):
    def readline(self, size: int | None = -1) -> bytes:
        try:
            return super().readline(size)
        except DAMAGED as error:
            cut = isinstance(error, EOFError)
            raise DataError(f"{self.name}: its gzip {'ends too early' if cut else 'is damaged'}") from None


def event_lines(stream: LineSource, most_bytes: int) -> Iterator[tuple[int, bytes]]:
    """Number and content of lines that are not blank. Of a line over the limit only its beginning, which is refused."""
    number = 0
    while line := stream.readline(most_bytes + 1):
        number += 1
        whole = line
        while len(whole) > most_bytes and not whole.endswith(b"\n"):
            whole = stream.readline(most_bytes + 1)  # the rest is not an event of its own
        if line.strip():
            yield number, line.rstrip(b"\r\n") if len(line) > most_bytes else line.strip()
