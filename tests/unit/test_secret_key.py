"""Keys are read from where they are; one that stands where its place belongs is not shown."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from agent.errors import ConfigError
from agent.secret_key import key_from_environment, key_from_file

HEX = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
KEYS = [HEX, HEX[:32], "a" + HEX[:40], base64.b64encode(bytes(range(200, 232))).decode()]


@pytest.mark.parametrize("key", [*KEYS, "correct horse", "9lives", "A" * 65, "pa$$w0rd-of-ours"])
def test_what_is_no_name_of_a_variable_is_not_shown(key: str) -> None:
    with pytest.raises(ConfigError, match="give the name of a variable") as raised:
        key_from_environment(key, environment={})
    assert key not in str(raised.value)


@pytest.mark.parametrize("key", [key for key in KEYS if "/" not in key])
def test_a_key_that_is_given_as_a_path_is_not_shown(key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="give the path of a file") as raised:
        key_from_file(Path(key))
    assert key not in str(raised.value)
    Path(key).write_text(HEX, encoding="utf-8")
    assert key_from_file(Path(key)) == HEX.encode()


def test_names_and_paths_are_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="HARMWATCH_PRIVACY_KEY is not set"):
        key_from_environment("HARMWATCH_PRIVACY_KEY", environment={})
    with pytest.raises(ConfigError, match=r"privacy\.key cannot be read"):
        key_from_file(tmp_path / "privacy.key")
