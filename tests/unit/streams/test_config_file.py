"""streams.config_file: what one look at a file finds."""

from __future__ import annotations

import hashlib
import os
import pwd
from pathlib import Path
from threading import Thread

import pytest

from agent.errors import ConfigError
from streams.config_file import ConfigFile, user_name

TEXT = b"log_level: DEBUG\nweb: {token: a-secret-of-ours-here}\n"


def test_content_hash_owner_and_time_are_those_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "harmwatch.yaml"
    path.write_bytes(TEXT)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    found = ConfigFile.look(path)
    assert found.sha256 == hashlib.sha256(TEXT).hexdigest() == found.mark
    assert found.owner == pwd.getpwuid(os.geteuid()).pw_name
    assert (found.modified, found.problem, found.watchable) == (1_700_000_000.0, "", True)
    assert found.config().log_level == "DEBUG"
    assert "secret" not in repr(found)
    assert ConfigFile.at_start(path) == found


def test_a_user_without_a_name_is_a_number() -> None:
    assert user_name(3_999_999_999) == "3999999999"


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        ("absent", "cannot be read (FileNotFoundError)"),
        ("directory", "is no regular file"),
        ("loop", "cannot be read (OSError)"),
        ("pipe", "is no regular file"),
        ("large", "is too large for a configuration"),
    ],
)
def test_what_cannot_be_read_says_why_and_keeps_nobody_waiting(tmp_path: Path, kind: str, problem: str) -> None:
    path = tmp_path / "harmwatch.yaml"
    if kind == "directory":
        path.mkdir()
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "large":
        path.write_bytes(b"#" * (16 * 1024 * 1024 + 1))
    found = ConfigFile.look(path)
    assert (found.problem, found.sha256, found.content, found.mark) == (problem, "", b"", problem)
    with pytest.raises(ConfigError, match=r"harmwatch\.yaml: (is|cannot)"):
        found.config()


def test_a_file_of_others_says_whose_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "harmwatch.yaml"
    path.write_bytes(TEXT)

    def refused(*_: object) -> int:
        raise PermissionError

    # The mode of a file stops everybody but root, who runs tests in containers.
    monkeypatch.setattr(os, "open", refused)
    found = ConfigFile.look(path)
    assert (found.problem, found.owner) == ("cannot be read (PermissionError)", user_name(os.geteuid()))


def test_at_the_start_a_pipe_may_give_the_configuration_once(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = Thread(target=path.write_bytes, args=(TEXT,))
    writer.start()
    found = ConfigFile.at_start(path)
    writer.join()
    assert (found.content, found.sha256, found.watchable) == (TEXT, hashlib.sha256(TEXT).hexdigest(), False)


@pytest.mark.parametrize("kind", ["absent", "directory"])
def test_at_the_start_what_is_no_file_is_wrong_usage(tmp_path: Path, kind: str) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read|is no regular file"):
        ConfigFile.at_start(tmp_path if kind == "directory" else tmp_path / "absent.yaml")
