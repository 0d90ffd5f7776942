"""``harmwatch replay``: what it reads of a file or of standard input."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import os
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from agent.clock import SystemClock
from agent.errors import ConfigError, DataError, TransportError
from streams.cli import main
from streams.commands import replay
from streams.commands.replay import _check_topic, _Reader
from streams.commands.terminal import open_input
from streams.config import KafkaConfig
from streams.memory import MemoryBroker, MemorySink
from streams.ports import Message


def messages_of(path: Path, most: int = 10_000) -> list[Message]:
    with open_input(str(path)) as stream:
        return _Reader(str(path), stream, "t", SystemClock()).take(most)


def test_a_file_of_one_endless_line_is_refused_and_not_held_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "no-lines.json"
    with path.open("wb") as stream:
        stream.write(b'{"id": "r-1", "model": "m"}\n[')
        stream.truncate(1 << 34)  # a hole: it takes no room on the disk
    assert [message.key for message in messages_of(path, 1)] == [b"m"]
    with pytest.raises(DataError, match="line 2 is longer than"):
        messages_of(path)


def test_a_folder_is_not_called_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path, wrong in ((tmp_path, "is no regular file"), (tmp_path / "absent", "no such file")):
        assert main(["replay", str(path), "--topic", "t"]) == 2
        assert f"{path}: {wrong}" in capsys.readouterr().err
    assert main(["replay", "", "--topic", "t"]) == 2
    assert capsys.readouterr().err == "harmwatch replay: '' is no file; name one, or - for standard input\n"


def test_a_topic_that_is_not_there_says_where_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "admin_client", lambda _: SimpleNamespace(close=lambda: None))
    monkeypatch.setattr(replay, "describe_topics", lambda _: {"other": 1})
    _check_topic(KafkaConfig(), "other", None)
    with pytest.raises(ConfigError, match="topic t does not exist at localhost:9092; give --create N to make it with"):
        _check_topic(KafkaConfig(), "t", None)


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
    assert [message.key for message in messages_of(path)] == [b"m", b"n"]
    whole = gzip.compress(b"".join(b'{"n": %d}\n' % (number * 7919) for number in range(5000)))
    for content, wrong in ((whole[:-100], "ends too early"), (whole[:100] + b"\xff" * 400 + whole[500:], "is damaged")):
        path.write_bytes(content)
        with pytest.raises(DataError, match=f"its gzip {wrong}"):
            messages_of(path)


def test_score_reads_packed_events(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    path = tmp_path / "events.jsonl.gz"
    event = {"id": "r-1", "model": "m", "input": {"text": "Mail ann.lee@example.org"}, "time": 1.7e9}
    path.write_bytes(gzip.compress(msgspec.json.encode(event) + b"\n"))
    assert main(["score", str(path), "--quiet", "--format", "native"]) == 0
    assert b"pii.email" in capfdbinary.readouterr().out


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> MemoryBroker:
    class Steady(Sink):
        left = 10**6

    made = MemoryBroker({"t": 1})
    monkeypatch.setattr(replay, "KafkaSink", lambda *_, **__: Steady(made))
    monkeypatch.setattr(replay, "_check_topic", lambda *_: None)
    return made


def test_standard_input_is_read_once_and_to_its_end(
    broker: MemoryBroker, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = b"".join(b'{"model": "m", "n": %d}\n\n' % number for number in range(4500))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines)))
    assert main(["replay", "-", "--topic", "t", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["records"] == len(broker.log("t")) == 4500
    assert {record.key for record in broker.log("t")} == {b"m"}


def test_packed_standard_input_is_no_record(
    broker: MemoryBroker, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(b'{"model": "m"}\n'))))
    assert main(["replay", "-", "--topic", "t"]) == 1
    assert "pipe it through zcat" in capsys.readouterr().err
    assert broker.log("t") == []


def test_what_came_through_a_pipe_is_sent_before_more_comes(
    broker: MemoryBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a writer such as ``tail -f`` two thousand lines may take a day; half a line is waited for."""
    reading, writing = os.pipe()
    seen: list[int] = []

    def write() -> None:
        for place, piece in enumerate((b'{"n": 1}\n{"n"', b": 2}\n", b'{"n": 3}')):
            os.write(writing, piece)
            until = time.monotonic() + 20.0
            while len(broker.log("t")) < (1, 2, 2)[place] and time.monotonic() < until:
                time.sleep(0.01)
            seen.append(len(broker.log("t")))
        os.close(writing)

    monkeypatch.setattr(sys, "stdin", os.fdopen(reading, "r"))
    writer = threading.Thread(target=write)
    writer.start()
    found = asyncio.run(replay._replay("-", "t", None, KafkaConfig()))
    writer.join()
    assert (seen, found["records"]) == ([1, 2, 2], 3)
    assert [record.value for record in broker.log("t")] == [b'{"n": 1}', b'{"n": 2}', b'{"n": 3}']


def test_a_steady_rate(broker: MemoryBroker, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"{}\n" * 60)
    found = asyncio.run(replay._replay(path, "t", 100.0, KafkaConfig()))
    assert found["records"] == 60 and 0.5 <= found["seconds"] < 5.0
