"""Texts in configuration are whole characters."""

from __future__ import annotations

import pytest

from agent.errors import ConfigError
from agent.yaml_file import parse_yaml


def test_halves_of_a_character_as_json_escapes_them_are_that_character() -> None:
    assert parse_yaml(b'{"a\\ud83d\\ude00": ["\\ud83d\\ude00"]}', "f") == {"a😀": ["😀"]}


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b'{"columns": {"value": {"\\ud800": "redact"}}}', "f: a key in columns.value: is no text"),
        (b'{"\\ud800": 1}', "f: a key: is no text"),
        (b'{"columns": ["x\\udfffy"]}', r"f: columns\[0\]: is no text"),
        (b"{a: '${BAD}'}", "f: a: the environment variable BAD: is no text"),
    ],
)
def test_half_a_character_is_refused_in_one_line(content: bytes, where: str) -> None:
    with pytest.raises(ConfigError, match=where) as refused:
        parse_yaml(content, "f", {"BAD": "x\udcff"})
    assert str(refused.value).isprintable()
