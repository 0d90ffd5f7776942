"""``harmwatch replay``: what it reads of a file."""

from __future__ import annotations

import gzip
from pathlib import Path

import msgspec
import pytest

from agent.errors import DataError, TransportError
from streams.cli import main
from streams.commands import replay
from streams.commands.replay import _messages
from streams.memory import MemoryBroker, MemorySink


def test_a_file_of_one_endless_line_is_refused_and_not_held_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "no-lines.json"
    with path.open("wb") as stream:
        stream.write(b'{"id": "r-1", "model": "m"}\n[')
        stream.truncate(1 << 34)  # a hole: it takes no room on the disk
    messages = _messages(path, "t")
    assert next(messages).key == b"m"
    with pytest.raises(DataError, match="line 2 is longer than"):
        next(messages)


def test_a_folder_is_not_called_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path, wrong in ((tmp_path, "is no regular file"), (tmp_path / "absent", "no such file")):
        assert main(["replay", str(path), "--topic", "t"]) == 2
        assert f"{path}: {wrong}" in capsys.readouterr().err


class Sink(MemorySink):
    """Of a broker that goes away after some flushes."""

    left = 2

    async def flush(self) -> None:
        if not self.left:
            raise TransportError("the broker is away")
        self.left -= 1
        await super().flush()

    async def stop(self) -> None:
        return None


def test_one_that_ends_early_says_how_many_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"{}\n" * 5500)
    broker = MemoryBroker({"t": 1})
    monkeypatch.setattr(replay, "KafkaSink", lambda *_, **__: Sink(broker))
    monkeypatch.setattr(replay, "_check_topic", lambda *_: None)
    assert main(["replay", str(path), "--topic", "t"]) == 1
    assert "ended early: 4000 of 5500 records are in t, and of the next 1500 any number" in capsys.readouterr().err
    assert len(broker.log("t")) == 4000


def test_packed_files_are_read_and_damaged_ones_told(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"id": "r-1", "model": "m"}\n\n{"model": "n"}\n'))
    assert [message.key for message in _messages(path, "t")] == [b"m", b"n"]
    whole = gzip.compress(b"".join(b'{"n": %d}\n' % (number * 7919) for number in range(5000)))
    for content, wrong in ((whole[:-100], "ends too early"), (whole[:100] + b"\xff" * 400 + whole[500:], "is damaged")):
        path.write_bytes(content)
        with pytest.raises(DataError, match=f"its gzip {wrong}"):
            list(_messages(path, "t"))


def test_score_reads_packed_events(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    path = tmp_path / "events.jsonl.gz"
    event = {"id": "r-1", "model": "m", "input": {"text": "Mail ann.lee@example.org"}, "time": 1.7e9}
    path.write_bytes(gzip.compress(msgspec.json.encode(event) + b"\n"))
    assert main(["score", str(path), "--quiet", "--format", "native"]) == 0
    assert b"pii.email" in capfdbinary.readouterr().out
