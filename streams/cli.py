"""The ``harmwatch`` command: one line per command, each loaded only when it is called.

Exit codes: 0 done, 1 the work failed, 2 wrong usage or configuration (one line says what and how to mend it).
"""

from __future__ import annotations

import argparse
import io
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, NoReturn

from agent import __version__
from agent.clock import SystemClock
from agent.errors import ConfigError, HarmwatchError
from streams.commands.printable import printable

__all__ = ["COMMANDS", "main"]

DONE, FAILED, WRONG_USAGE = 0, 1, 2
#: A worker that has ended waits so long for threads of libraries.
_LAST_SECONDS = 5.0


class CommandEntry(NamedTuple):
    """Where a command lives (a module with ``add_arguments(parser)`` and ``run(args) -> int``), and what it does."""

    module: str
    summary: str


COMMANDS: dict[str, CommandEntry] = {
    "demo": CommandEntry(
        "streams.commands.demo", "simulated models on an embedded broker: see planted incidents being found"
    ),
    "run": CommandEntry("streams.commands.run", "the worker, against real Kafka"),
    "proxy": CommandEntry(
        "streams.commands.proxy", "in front of an OpenAI-compatible server: answers pass untouched, and are tapped"
    ),
    "ingest": CommandEntry(
        "streams.commands.ingest",
        "an HTTP receiver for model servers without Kafka: events in, to Kafka by way of a spool",
    ),
    "score": CommandEntry("streams.commands.score", "events in as JSON Lines, verdicts out as JSON Lines; no Kafka"),
    "replay": CommandEntry("streams.commands.replay", "publish JSON Lines to a Kafka topic"),
    "reference": CommandEntry(
        "streams.commands.reference", "what is normal, from a range of a topic or a file of events, for drift.reference"
    ),
    "evaluate": CommandEntry(
        "streams.commands.evaluate", "labelled JSON Lines in, quality figures out, per language and category"
    ),
    "calibrate": CommandEntry(
        "streams.commands.calibrate", "a threshold for a wanted false-positive rate, from labelled JSON Lines"
    ),
    "assess": CommandEntry(
        "streams.commands.assess",
        "personal data in a table, k-anonymity, re-identification risk; or noisy figures of it",
    ),
    "anonymize": CommandEntry(
        "streams.commands.anonymize", "a data set in, the same without personal data out: masked, hashed, pseudonymised"
    ),
    "canaries": CommandEntry(
        "streams.commands.canaries", "register protected values as keyed hashes, or make fresh ones to plant"
    ),
    "probe": CommandEntry(
        "streams.commands.probe", "attacks on a served model, and how many succeed; or how biased its answers are"
    ),
    "doctor": CommandEntry("streams.commands.doctor", "check configuration, broker, topics, models; say how to mend"),
    "bench": CommandEntry("streams.commands.bench", "the speed of every stage on this machine"),
    "schema": CommandEntry(
        "streams.commands.schema", "JSON Schema of events and verdicts, AsyncAPI of the topics, OpenAPI of the port"
    ),
    "sign": CommandEntry("streams.commands.sign", "sign files of models and thresholds, make a key, check signatures"),
}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(WRONG_USAGE, f"{self.prog}: {message}; see '{self.prog} --help'\n")


def _parser(chosen: str | None) -> tuple[_Parser, Mapping[str, _Parser]]:
    """The whole one, and those of the commands."""
    parser = _Parser(prog="harmwatch", description="Is our model harming people right now?")
    parser.add_argument("--version", action="version", version=f"harmwatch {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands", parser_class=_Parser)
    for name, entry in COMMANDS.items():
        subparser = subparsers.add_parser(name, help=entry.summary, description=entry.summary)
        if name == chosen:  # only the module of the command that is called gets imported
            import_module(entry.module).add_arguments(subparser)
    return parser, subparsers.choices


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the return value is the exit code."""
    if sys.stdin is None:  # closed, as some supervisors do: commands that read files must not mind
        sys.stdin = Path(os.devnull).open()  # noqa: SIM115 (as long as the process)
    words = list(sys.argv[1:] if argv is None else argv)
    chosen = next((word for word in words if not word.startswith("-")), None)
    name = chosen or "--help"
    try:
        code = _run(words, chosen)
    except KeyboardInterrupt:
        code = _complain(name, "interrupted", FAILED)
    except SystemExit:  # argparse's, of help and of wrong usage
        if _let_out(name, DONE) != DONE:
            return FAILED
        raise
    code = _let_out(name, code)
    if argv is None and chosen in ("run", "ingest"):  # only then is the end of this call the end of the process
        from streams.ending import leave

        leave(code, SystemClock(), _LAST_SECONDS)
    if argv is None and chosen in ("score", "reference"):
        from streams.ending import leave_lanes

        leave_lanes(code)
    return code


def _run(words: Sequence[str], chosen: str | None) -> int:
    parser, of_commands = _parser(chosen)
    args, unknown = parser.parse_known_args(words)
    if unknown:  # of which argparse would have the whole one complain, whose help says nothing of a command's words
        of_commands.get(args.command, parser).error(f"unrecognized arguments: {' '.join(unknown)}")
    if args.command is None:
        parser.print_help(sys.stderr)
        return WRONG_USAGE
    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            return _complain(args.command, "standard output and standard error must not be closed", WRONG_USAGE)
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal of another encoding must not end the work
    level = os.environ.get("HARMWATCH_LOG_LEVEL", "WARNING").upper()
    if level not in logging.getLevelNamesMapping():
        return _complain(args.command, "HARMWATCH_LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR", WRONG_USAGE)
    logging.basicConfig(
        stream=sys.stderr,
        level=level,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    if level != "DEBUG":
        # Dozens of lines a second while a broker is away; what is wrong shows in our own.
        for noisy in ("aiokafka", "kafka", "faust", "mode"):
            logging.getLogger(noisy).setLevel(logging.CRITICAL)
    try:
        code: int = import_module(COMMANDS[args.command].module).run(args)
    except ConfigError as error:
        return _complain(args.command, error, WRONG_USAGE)
    except HarmwatchError as error:
        return _complain(args.command, error, FAILED)
    except BrokenPipeError:
        return FAILED  # the reader went away (head, less)
    except OSError as error:
        return _complain(args.command, f"{error.strerror or type(error).__name__}", FAILED)
    return code


def _let_out(command: str, code: int) -> int:
    """The exit code when standard output has taken what it still holds. What it does not take is let go: Python would
    try again at the end of the process, and end it with code 120."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if code == DONE and not isinstance(error, BrokenPipeError):
            return _complain(command, error.strerror or type(error).__name__, FAILED)
        return code or FAILED
    return code


def _complain(command: str, error: object, code: int) -> int:
    if sys.stderr is not None:
        line = printable(" ".join(str(error).split()))
        sys.stderr.write(f"harmwatch {command}: {line}\n")
    return code


if __name__ == "__main__":
    raise SystemExit(main())
