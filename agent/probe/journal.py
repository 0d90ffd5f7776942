"""What came of each question, in a file that survives a stop: nothing is asked twice.

JSON Lines. The first line says which model was asked, and how; each other line a question's mark and its outcome.
Neither questions nor answers stand in it, only which answer was chosen. A question whose text changed has another mark
and is asked anew. Outcomes of failed requests are not kept: the next run asks again.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import msgspec

from agent.errors import ConfigError, DataError
from agent.probe.question import Outcome, Question

__all__ = ["Journal"]

_FORMAT = "harmwatch probe journal 1"
_MOST_BYTES = 1 << 30


class _Line(msgspec.Struct):
    mark: str
    status: str
    value: float | None = None
    decision: str | None = None


class Journal:
    """Outcomes by question. Without a path they live as long as the object.

    Parameters
    ----------
    path
        Made when it is not there; gone on with when it is.
    target
        The model's description: what was answered by another model, or to other settings, is not mixed in.

    Raises
    ------
    ConfigError
        When the file cannot be opened, is in use by another run, belongs to another target, or is no journal.
    DataError
        When a line in the middle is damaged, with its number.
    """

    def __init__(self, path: Path | None, target: Mapping[str, str | float]) -> None:
        self._outcomes: dict[str, Outcome] = {}
        self._new: set[str] = set()
        self._stream: BinaryIO | None = None
        self._path = path
        if path is None:
            return
        try:
            self._open(path, dict(target))
        except OSError as error:
            raise ConfigError(f"--resume {path}: cannot be read and written ({error.strerror})") from None

    def __len__(self) -> int:
        return len(self._outcomes)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; outcomes stay readable."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def get(self, question: Question) -> Outcome | None:
        """What came of a question earlier."""
        return self._outcomes.get(question.mark)

    def decisions(self) -> Iterator[str]:
        """What answers were found to decide, earliest first; see `Outcome.decision`."""
        return (outcome.decision for outcome in self._outcomes.values() if outcome.decision is not None)

    def is_new(self, question: Question) -> bool:
        """Whether what came of a question was put in here since this object was made, and not by an earlier run."""
        return question.mark in self._new

    def put(self, question: Question, outcome: Outcome) -> None:
        """Keep what came of a question. It is with the operating system when this returns, so that a killed process
        loses nothing; a machine that loses power may lose the last lines.

        Raises
        ------
        DataError
            When the file takes no more (its disk is full).
        """
        self._outcomes[question.mark] = outcome
        self._new.add(question.mark)
        if self._stream is not None:
            line: dict[str, str | float] = {"mark": question.mark, "status": outcome.status}
            if outcome.value is not None:
                line["value"] = outcome.value
            if outcome.decision is not None:
                line["decision"] = outcome.decision
            self._write(line)

    def _open(self, path: Path, target: dict[str, Any]) -> None:
        if path.exists() and not path.is_file() and not path.is_dir():
            raise ConfigError(f"--resume {path}: is a device or pipe, which keeps nothing; name a file")
        stream = path.open("r+b" if path.exists() else "x+b")
        try:
            _lock(path, stream)
            if path.stat().st_size > _MOST_BYTES:
                raise ConfigError(f"--resume {path}: is too large to be a journal; name another file")
            good = self._read(path, stream, target)
            # What a stop cut off in the middle of a line goes.
            stream.seek(good)
            stream.truncate()
        except BaseException:
            stream.close()
            raise
        self._stream = stream
        if not good:
            self._write({"journal": _FORMAT, "target": target})

    def _read(self, path: Path, stream: BinaryIO, target: dict[str, Any]) -> int:
        """Take in what is there; where the last whole line ends."""
        good = 0
        for number, line in enumerate(stream, start=1):
            whole = line.endswith(b"\n")
            if number == 1:
                if not whole and json.dumps({"journal": _FORMAT}).encode()[:-1].startswith(line[:20]):
                    return 0
                _check_head(path, line, target)
            elif whole:
                try:
                    found = msgspec.json.decode(line, type=_Line)
                    kept = {"status": found.status, "value": found.value, "decision": found.decision}
                    self._outcomes[found.mark] = msgspec.convert(kept, Outcome, strict=False)
                except (msgspec.DecodeError, msgspec.ValidationError):
                    raise DataError(
                        f"{path}: line {number}: is damaged; remove it, and its question is asked anew"
                    ) from None
            if whole:
                good += len(line)
        return good

    def _write(self, line: Mapping[str, Any]) -> None:
        if self._stream is None:
            return
        try:
            self._stream.write(json.dumps(line, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
            self._stream.flush()
        except OSError as error:
            stream, self._stream = self._stream, None
            with suppress(OSError):  # it tries once more to write what is left
                stream.close()
            raise DataError(
                f"--resume {self._path}: cannot be written any more ({error.strerror}); what stands in it is good: "
                "make room, then run the same command again"
            ) from None


def _lock(path: Path, stream: BinaryIO) -> None:
    """Keep the file for this process until it is closed: two runs would write over each other's lines."""
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ConfigError(
            f"--resume {path}: another run is writing it; wait for it to end, or name another file"
        ) from None
    except OSError:
        pass  # a file system that knows no locks


def _check_head(path: Path, line: bytes, target: dict[str, Any]) -> None:
    try:
        head = json.loads(line)
    except (ValueError, RecursionError):
        head = None
    if not isinstance(head, dict) or head.get("journal") != _FORMAT:
        raise ConfigError(f"--resume {path}: is there and is no journal of a probe; name another file")
    was = head.get("target")
    if was != json.loads(json.dumps(target)):
        known = was if isinstance(was, dict) else {}
        names = sorted(name for name in {*target, *known} if known.get(name) != target.get(name))
        raise ConfigError(
            f"--resume {path}: holds answers of another target or to other settings ({', '.join(names)} differ); "
            "name another file"
        )
