"""Lines of a pipe that somebody writes to now and then."""

from __future__ import annotations

import io
import os
import random
import subprocess
import sys
import threading
from pathlib import Path

import msgspec
import pytest

from agent.errors import ConfigError
from streams.commands import live_lines
from streams.commands.live_lines import live
from streams.commands.terminal import event_lines, open_input


def test_files_and_what_has_no_descriptor_are_read_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"{}\n")
    with path.open("rb") as stream:
        assert live(stream, lambda: None) is stream
    memory = io.BytesIO()
    assert live(memory, lambda: None) is memory


@pytest.mark.parametrize("ended", [b"", b"\n"])
def test_lines_are_the_same_whatever_pieces_they_come_in(monkeypatch: pytest.MonkeyPatch, ended: bytes) -> None:
    chance = random.Random(5)
    content = b"\n".join(b"x" * chance.choice([0, 1, 7, 64, 65, 200]) for _ in range(300)) + ended
    expected = list(event_lines(io.BytesIO(content), 64))
    for piece in (1, 3, 64, 1 << 16):
        monkeypatch.setattr(live_lines, "_PIECE_BYTES", piece)
        reading, writing = os.pipe()
        os.write(writing, content)  # a pipe holds 64 KiB
        os.close(writing)
        with os.fdopen(reading, "rb") as stream:
            assert list(event_lines(live(stream, lambda: None), 64)) == expected


def test_something_is_done_while_nothing_comes() -> None:
    reading, writing = os.pipe()
    turns: list[int] = []

    def idle() -> None:
        turns.append(1)
        if len(turns) == 2:
            os.write(writing, b"a\nb")
        if len(turns) == 4:
            os.close(writing)

    with os.fdopen(reading, "rb") as stream:
        assert [line for _, line in event_lines(live(stream, idle), 64)] == [b"a", b"b"]
    assert len(turns) == 4


def test_a_named_pipe_is_read_from_its_first_byte(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(b"a\nb\n",))
    writer.start()
    with open_input(str(path)) as stream:
        assert [line for _, line in event_lines(live(stream, lambda: None), 64)] == [b"a", b"b"]
    writer.join()


def test_a_verdict_does_not_wait_for_the_next_event() -> None:
    event = msgspec.json.encode({"id": "r-1", "model": "m", "time": 1.7e9, "output": {"text": "Mail ann@example.org"}})
    command = [sys.executable, "-m", "streams.cli", "score", "--quiet", "--format", "native"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(event + b"\n")
        process.stdin.flush()
        assert b"pii.email" in process.stdout.readline()  # the pipe is still open
        process.stdin.close()
        assert process.wait(60) == 0


def test_an_empty_name_is_no_file() -> None:
    with pytest.raises(ConfigError, match="'' is no file"):
        open_input("")
