"""Texts with personal data in them, protectors, and the command."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from agent.assess.protection import ProtectionKey, TextProtector, load_operator
from agent.scores import TextSpan
from streams.cli import main

KEY = ProtectionKey(b"a key of the tests, long enough")

#: Values that the pii scorer finds wherever they stand; none is a part of another.
VALUES = (
    "ann.lee@example.org",
    "zhang_wei@mail.example.cn",
    "13912345678",
    "139-1234-5679",
    "+1 (212) 555-0147",
    "4111 1111 1111 1111",
    "5500005555555559",
    "GB82WEST12345698765432",
    "11010519491231002X",
    "203.0.113.77",
    "2001:db8:85a3:8d3:1319:8a2e:370:7348",
)
#: What stands between: Chinese, emoji (also of several code points), combining characters, brackets, line breaks.
FILLERS = (
    " ",
    "，电话",
    "。",
    " and ",
    "😀",
    "👩‍👩‍👧",
    "e\u0301",
    "\n",
    "[",
    "] ",
    " (",
    "「",
    "ǆ",
    "İ",
    "ß ",
    "\u200b ",
    " né ",
    "：",
)


def wide(text: str) -> str:
    """Full-width forms of ASCII."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def forms(value: str) -> Sequence[str]:
    """The ways to write a value that protection has to know for the same."""
    return (value, value.upper(), value.lower(), wide(value), wide(value.upper()))


values_in_forms = st.sampled_from(VALUES).flatmap(lambda value: st.sampled_from(forms(value)))
mixed_texts = st.lists(st.one_of(st.sampled_from(FILLERS), values_in_forms), min_size=1, max_size=12).map(" ".join)


def protector(name: str, **options: object) -> TextProtector:
    """Every type by one operator."""
    return TextProtector(load_operator(name, options, KEY), {})


def span(text: str, value: str, kind: str) -> TextSpan:
    start = text.index(value)
    return TextSpan(start, start + len(value), f"pii.{kind.lower()}", kind)


def run(*words: object) -> int:
    return main(["anonymize", *map(str, words)])


def figures(capsys: pytest.CaptureFixture[str], *words: object) -> dict[str, Any]:
    """What ``--json`` prints, which is one object and nothing else."""
    capsys.readouterr()
    assert run(*words, "--json") == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    found: dict[str, Any] = json.loads(captured.out)
    return found


def write(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
