"""Labelled rows: JSON Lines, plain or gzip, from files, folders or standard input. No message ever quotes a text."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeAlias, cast

import msgspec

from agent.errors import ConfigError, DataError
from agent.packed import DAMAGED, is_packed
from agent.quality.choice import FileChoice, RowChoice

__all__ = [
    "TASKS",
    "UNKNOWN_LANGUAGE",
    "LabelledFile",
    "LabelledRow",
    "SpanNote",
    "Task",
    "files_in",
    "numbered_lines",
    "read_files",
    "read_training",
    "without_seen",
]

Task: TypeAlias = Literal["toxicity", "adversarial", "pii"]
TASKS: tuple[Task, ...] = ("toxicity", "adversarial", "pii")

UNKNOWN_LANGUAGE = "und"
"""ISO 639's code for a language that nobody named."""

_SUFFIXES = (".jsonl", ".jsonl.gz")
_MAX_LINE = 8 * 1024 * 1024


class SpanNote(msgspec.Struct, frozen=True, gc=False):
    """An annotated span, ``[start, end)`` in code points."""

    start: int
    end: int
    type: str = ""


class LabelledRow(msgspec.Struct, frozen=True, kw_only=True):
    """One text. `label` None: nobody judged it. `spans` None: not annotated. `context`: passages that a model had been
    given for it. `hard`: a negative that was called one by `RowChoice`."""

    text: str
    lang: str = UNKNOWN_LANGUAGE
    label: int | None = None
    category: str | None = None
    functionality: str | None = None
    spans: tuple[SpanNote, ...] | None = None
    other_spans: tuple[SpanNote, ...] = ()
    context: tuple[str, ...] = ()
    hard: bool = False


class _Line(msgspec.Struct):
    """What a line may hold; other fields do not matter."""

    text: str
    lang: str | None = None
    label: int | bool | msgspec.UnsetType | None = msgspec.UNSET
    category: str | int | None = None
    functionality: str | int | None = None
    context: str | tuple[str, ...] | None = None


class _TrainingLine(msgspec.Struct):
    text: str
    label: int | None


class _Spans(msgspec.Struct):
    """Read for PII alone: other data sets use the name for other things."""

    spans: tuple[SpanNote, ...] | msgspec.UnsetType | None = msgspec.UNSET
    other_spans: tuple[SpanNote, ...] | None = None


@dataclass(frozen=True, slots=True)
class LabelledFile:
    """The labelled rows of one file, how many rows have no label, and how many were left out as asked."""

    name: str
    rows: Sequence[LabelledRow]
    unlabelled: int
    left_out: int = 0


def read_files(
    names: Sequence[str], task: Task, stdin: BinaryIO, choice: RowChoice | None = None
) -> list[LabelledFile]:
    """Read files, all JSON Lines in folders, and standard input for ``-``.

    Parameters
    ----------
    choice
        Rows that are left out, and hard negatives, whose label becomes 0.

    Raises
    ------
    ConfigError
        When a file cannot be read, a folder holds none, or what is chosen fits no row.
    DataError
        When a row is not what docs/quality.md says, with file and line; when there is no row at all.
    """
    sources: list[tuple[str, Path | None]] = []
    for name in names:
        sources += [("standard input", None)] if name == "-" else [(str(path), path) for path in files_in(Path(name))]
    places = [path.resolve() if path else name for name, path in sources]
    twice = next((name for name, place in zip(sources, places, strict=True) if places.count(place) > 1), None)
    if twice is not None:
        raise ConfigError(f"{twice[0]}: given twice")
    shorts = [_told(_short(name)) for name, _ in sources]
    choice = choice or RowChoice()
    files: list[LabelledFile] = []
    for (name, path), short in zip(sources, shorts, strict=True):
        # The short name where that tells files apart.
        label = short if shorts.count(short) == 1 else _told(name)
        try:
            with nullcontext(stdin) if path is None else path.open("rb") as stream:
                files.append(_labelled(label, name, stream, task, choice.of_file(path)))
        except OSError as error:
            raise ConfigError(f"{name}: cannot be read ({error.strerror or type(error).__name__})") from None
    if not any(file.rows or file.unlabelled or file.left_out for file in files):
        raise DataError(f"{', '.join(names[:3])}: holds no rows")
    choice.check_used()
    return files


def read_training(path: Path) -> tuple[list[str], list[int]]:
    """Texts and labels for training: 1 is positive, any other label is not, rows without one are left out.

    Raises
    ------
    ConfigError
        When the file cannot be read.
    DataError
        When a row has no text or label, with its line; when a class is missing.
    """
    texts: list[str] = []
    labels: list[int] = []
    try:
        with path.open("rb") as stream:
            for number, line in numbered_lines(str(path), stream):
                try:
                    row = msgspec.convert(json.loads(line), _TrainingLine)
                except (msgspec.ValidationError, ValueError, RecursionError):
                    raise DataError(f"{path}: line {number}: has no text or no whole number as label") from None
                if row.label is not None:
                    texts.append(row.text)
                    labels.append(int(row.label == 1))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror or type(error).__name__})") from None
    if len(set(labels)) != 2:
        raise DataError(f"{path}: holds no rows of both labels to train on")
    return texts, labels


def without_seen(files: Sequence[LabelledFile], train: Path) -> list[LabelledFile]:
    """Files without the rows whose text is in a training file; what goes is counted as left out.

    Texts that are longer than any in the training file are compared by as many characters: training files often hold
    only the beginning. Near-duplicates are not found.

    Raises
    ------
    ConfigError, DataError
        As `read_training`.
    """
    seen = set(read_training(train)[0])
    longest = max(map(len, seen))
    found = []
    for file in files:
        rows = [row for row in file.rows if row.text[:longest] not in seen]
        found.append(replace(file, rows=rows, left_out=file.left_out + len(file.rows) - len(rows)))
    return found


def files_in(path: Path) -> list[Path]:
    """The path itself; of a folder all JSON Lines in it.

    Raises
    ------
    ConfigError
        When a folder holds none.
    """
    if not path.is_dir():
        return [path]
    found = sorted(child for child in path.rglob("*") if child.name.endswith(_SUFFIXES) and child.is_file())
    if not found:
        raise ConfigError(f"{path}: holds no .jsonl or .jsonl.gz file")
    return found


def _short(name: str) -> str:
    short = Path(name).name
    for suffix in reversed(_SUFFIXES):
        short = short.removesuffix(suffix)
    return short


def _told(name: str) -> str:
    """A name of a file that need not be UTF-8, as it can be stored: it stands in reports and calibrations."""
    return name.encode("utf-8", "backslashreplace").decode()


def _labelled(label: str, name: str, stream: BinaryIO, task: Task, choice: FileChoice) -> LabelledFile:
    rows: list[LabelledRow] = []
    unlabelled = left_out = 0
    for number, line in numbered_lines(name, stream):
        try:
            plain = _plain(line)
            if choice.leaves_out(plain):
                left_out += 1
                continue
            row = _row(plain, task, choice.makes_hard(plain))
        except _Wrong as error:
            raise DataError(f"{name}: line {number}: {error}") from None
        if row is None:
            unlabelled += 1
        else:
            rows.append(row)
    return LabelledFile(label, rows, unlabelled, left_out)


def numbered_lines(name: str, stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Number and content of lines that are not blank."""
    reader = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(cast(Any, stream))
    # By content: standard input has no suffix.
    lines = gzip.GzipFile(fileobj=reader) if is_packed(reader) else reader
    number = 0
    try:
        while line := lines.readline(_MAX_LINE + 1):
            number += 1
            if len(line) > _MAX_LINE:
                raise DataError(f"{name}: line {number}: longer than {_MAX_LINE} bytes")
            if line.strip():
                yield number, line
    except DAMAGED:
        raise DataError(f"{name}: the gzip data is damaged after line {number}") from None


class _Wrong(Exception):
    """What is wrong with a line."""


def _plain(line: bytes) -> dict[str, Any]:
    try:
        # Not msgspec's decoder: that refuses the lone surrogates which hostile texts hold.
        plain = json.loads(line)
    except UnicodeDecodeError:
        raise _Wrong("is not UTF-8; save the file as UTF-8") from None
    except (ValueError, RecursionError):
        raise _Wrong("is no valid JSON") from None
    if not isinstance(plain, dict):
        raise _Wrong("is no JSON object")
    return plain


def _row(plain: Mapping[str, Any], task: Task, hard: bool) -> LabelledRow | None:
    """The row of a line; None without a label."""
    try:
        found = msgspec.convert(plain, _Line)
    except msgspec.ValidationError as error:
        raise _Wrong(str(error)) from None
    label = None
    spans: tuple[SpanNote, ...] | None = None
    other: tuple[SpanNote, ...] = ()
    if task == "pii":
        try:
            marked = msgspec.convert(plain, _Spans)
        except msgspec.ValidationError as error:
            raise _Wrong(str(error)) from None
        if isinstance(marked.spans, msgspec.UnsetType):
            raise _Wrong("has no spans; [] says that the text holds no personal data, null that nobody looked")
        if marked.spans is None:
            return None
        spans, other = marked.spans, marked.other_spans or ()
        _check_spans(spans, len(found.text), "spans")
        _check_spans(other, len(found.text), "other_spans")
        label = int(bool(spans))
    else:
        if isinstance(found.label, msgspec.UnsetType):
            raise _Wrong("has no label; it takes 0, 1, or null where nobody judged")
        if found.label is None:
            return None
        if found.label not in (0, 1):
            raise _Wrong("label must be 0, 1 or null")
        label = int(found.label and not hard)
    return LabelledRow(
        text=found.text,
        lang=_name(found.lang) or UNKNOWN_LANGUAGE,
        label=label,
        category=_name(found.category),
        functionality=_name(found.functionality),
        spans=spans,
        other_spans=other,
        context=(found.context,) if isinstance(found.context, str) else found.context or (),
        hard=hard,
    )


def _name(given: str | int | None) -> str | None:
    """What figures are grouped by: it is printed and stored, which lone surrogates cannot be."""
    return None if given is None else str(given).encode("utf-8", "replace").decode()


def _check_spans(spans: Sequence[SpanNote], length: int, field: str) -> None:
    for place, span in enumerate(spans):
        if not 0 <= span.start < span.end <= length:
            raise _Wrong(f"{field}[{place}] does not lie inside of the text")
        if not span.type and field == "spans":
            raise _Wrong(f"{field}[{place}] has no type")
