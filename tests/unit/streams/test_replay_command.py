"""``harmwatch replay``: what it reads of a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.errors import DataError
from streams.cli import main
from streams.commands.replay import _messages


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
