"""Files that commands write: whole or not at all, and never half of one in the place of another."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.errors import ConfigError
from streams.commands.writable import replace_file


def test_a_replaced_file_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "result"
    replace_file(path, b"first", "--out")
    replace_file(path, b"second", "--out")
    assert path.read_bytes() == b"second" and list(path.parent.iterdir()) == [path]


def test_what_cannot_be_replaced_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "result"
    path.mkdir()
    with pytest.raises(ConfigError, match=r"^--out .*: cannot be written \("):
        replace_file(path, b"content", "--out")
    assert path.is_dir() and list(tmp_path.iterdir()) == [path]


def test_what_a_link_leads_to_is_replaced_and_a_pipe_is_written_to(tmp_path: Path) -> None:
    path, link = tmp_path / "result", tmp_path / "link"
    link.symlink_to(path)
    replace_file(link, b"content", "--out")
    assert link.is_symlink() and path.read_bytes() == b"content"
    replace_file(Path("/dev/null"), b"content", "--out")
    assert Path("/dev/null").is_char_device()
