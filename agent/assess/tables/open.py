"""Readers and writers by the suffix of a file's name."""

from __future__ import annotations

import gzip
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from agent.assess.tables.base import Batch, CsvForm, TableReader, TableWriter
from agent.assess.tables.counting import Progress
from agent.assess.tables.csv_file import CsvReader, CsvRows
from agent.assess.tables.jsonl_file import JsonlReader, JsonlRows
from agent.assess.tables.parquet_file import ParquetReader, ParquetRows, schema_with
from agent.atomic_file import AtomicFile
from agent.errors import ConfigError, DataError

__all__ = ["SUFFIXES", "kind_of", "open_reader", "open_writer", "stem_and_suffix"]

SUFFIXES: dict[str, str] = {
    ".csv": "csv",
    ".csv.gz": "csv",
    ".tsv": "csv",
    ".tsv.gz": "csv",
    ".jsonl": "jsonl",
    ".jsonl.gz": "jsonl",
    ".ndjson": "jsonl",
    ".ndjson.gz": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
"""Suffix, in any case, to format. ``.gz`` is gzip."""


class _Rows(Protocol):
    def write(self, batch: Batch) -> None: ...
    def finish(self) -> None: ...


def stem_and_suffix(path: Path) -> tuple[str, str]:
    """The name of a file in two: ``("visits", ".csv.gz")``. The suffix is empty when it is not one of `SUFFIXES`."""
    name = path.name
    suffix = max((known for known in SUFFIXES if name.lower().endswith(known)), key=len, default="")
    return (name[: -len(suffix)], name[-len(suffix) :]) if suffix else (name, "")


def kind_of(path: Path) -> str:
    """The format: ``csv``, ``jsonl`` or ``parquet``.

    Raises
    ------
    ConfigError
        For a suffix that stands for none.
    """
    suffix = stem_and_suffix(path)[1]
    if not suffix:
        raise ConfigError(f"{path}: unknown kind of file; its name must end in {', '.join(SUFFIXES)}")
    return SUFFIXES[suffix.lower()]


def open_reader(path: Path, *, stdin: BinaryIO | None = None, batch_rows: int = 1000) -> TableReader:
    """A reader for a file, or for JSON Lines on standard input when the path is ``-``. Close it.

    Raises
    ------
    ConfigError
        When the file cannot be opened, or its suffix is not known.
    DataError
        When its beginning cannot be read.
    """
    if str(path) == "-":
        if stdin is None:
            raise ConfigError("-: standard input is not read here; give a file")
        return JsonlReader(stdin, "standard input", Progress(stdin, None), batch_rows=batch_rows)
    kind = kind_of(path)
    try:
        if kind == "parquet":
            path.open("rb").close()  # pyarrow's own message is of several lines
            return ParquetReader(path, batch_rows=batch_rows)
        if path.name.lower().endswith(".gz"):
            zipped = gzip.open(path, "rb")  # noqa: SIM115
            stream, raw = cast(BinaryIO, zipped), cast(BinaryIO, zipped.fileobj)
        else:
            stream = raw = path.open("rb")
        progress = Progress(raw, path.stat().st_size)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror or type(error).__name__})") from None
    if kind == "jsonl":
        return JsonlReader(stream, str(path), progress, batch_rows=batch_rows)
    try:
        delimiter = "\t" if _is_tsv(path) else None
        return CsvReader(stream, str(path), progress, delimiter=delimiter, batch_rows=batch_rows)
    except DataError:
        stream.close()
        raise


def open_writer(
    path: Path,
    like: TableReader,
    *,
    changed: Collection[str] = (),
    dropped: Collection[str] = (),
    texts: Collection[str] = (),
    floats: Collection[str] = (),
    private: bool = False,
) -> TableWriter:
    """A writer for rows that come from a reader.

    Parameters
    ----------
    path
        Its suffix says the format, which need not be the reader's.
    like
        Where the rows come from. A CSV file keeps its delimiter, line ends and byte order mark; a Parquet file its
        schema, and the very data of columns that are not changed.
    changed
        Columns whose cells may differ from what was read.
    dropped
        Columns that the rows no longer have.
    texts
        Columns that have become text, whatever they were.
    floats
        Columns of numbers that have become 64-bit floats, and such as are new; Parquet has to know. Columns of text
        stay text.
    private
        Whether nobody but the owner may read the file.

    Raises
    ------
    ConfigError
        For an unknown suffix, for the file that is being read, and for a place that cannot be written to.
    """
    kind = kind_of(path)
    with suppress(OSError):
        if path.samefile(like.name):
            raise ConfigError(f"{path}: is the file that is being read; give another name with --out")
    changes = _Changes(
        frozenset((*changed, *texts, *floats)), frozenset(dropped), frozenset(texts), tuple(dict.fromkeys(floats))
    )
    return _Writer(path, kind, like, changes, private)


def _is_tsv(path: Path) -> bool:
    return path.name.lower().endswith((".tsv", ".tsv.gz"))


@dataclass(frozen=True, slots=True)
class _Changes:
    """What `open_writer` is told of columns."""

    changed: frozenset[str]
    dropped: frozenset[str]
    texts: frozenset[str]
    floats: tuple[str, ...]


class _Writer:
    """Opens its form with the first batch, since JSON Lines has no columns before."""

    def __init__(self, path: Path, kind: str, like: TableReader, changes: _Changes, private: bool) -> None:
        self._kind, self._like, self._changes = kind, like, changes
        self._tabs = _is_tsv(path)
        self._file = AtomicFile(path, compressed=path.name.lower().endswith(".gz"), private=private)
        self._rows: _Rows | None = None

    def write(self, batch: Batch) -> None:
        with self._file.clear_errors():
            if self._rows is None:
                self._rows = self._open(batch.columns)
            self._rows.write(batch)

    def commit(self) -> None:
        with self._file.clear_errors():
            if self._rows is None:
                self._rows = self._open(self._like.columns)
            self._rows.finish()
            self._file.commit()

    def discard(self) -> None:
        self._file.discard()

    def _open(self, columns: tuple[str, ...]) -> _Rows:
        if self._kind == "jsonl":
            return JsonlRows(self._file.stream)
        kept = tuple(column for column in columns if column not in self._changes.dropped)
        if self._kind == "csv":
            return CsvRows(self._file.stream, kept, self._form())
        return ParquetRows(self._file.stream, self._schema(kept), self._changes.changed)

    def _form(self) -> CsvForm:
        form = self._like.form or CsvForm(newline="\n")
        if self._tabs == _is_tsv(Path(self._like.name)):
            return form
        return CsvForm("\t" if self._tabs else ",", form.newline, form.byte_order_mark)

    def _schema(self, kept: tuple[str, ...]) -> Any:
        if self._like.schema is not None:
            return schema_with(self._like.schema, self._changes.dropped, self._changes.texts, self._changes.floats)
        if self._like.kind == "csv":
            import pyarrow as pa

            new = set(self._changes.floats) - set(self._like.columns)
            return pa.schema([pa.field(name, pa.float64() if name in new else pa.string()) for name in kept])
        return None
