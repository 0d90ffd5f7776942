"""agent.leaks: leak or echo."""

from __future__ import annotations

import pytest

from agent.leaks import SeenText, leaked_flags
from agent.scores import TextSpan


def span(text: str, value: str, kind: str) -> TextSpan:
    start = text.index(value)
    return TextSpan(start, start + len(value), f"pii.{kind.lower()}", kind)


@pytest.mark.parametrize(
    ("seen", "value", "kind"),
    [
        ("mail me at Anna.Lee@Example.org please", "anna.lee@example.org", "EMAIL"),
        ("my number is 13800138000", "138 0013 8000", "PHONE"),
        ("my number is 13800138000", "+86 138-0013-8000", "PHONE"),
        ("call +44 20 7946 0958", "020 7946 0958", "PHONE"),
        ("卡号６２２５８８０７８３０３６５６２２", "6225 8807 8303 6562 2", "CARD"),
        ("11010519491231002x", "11010519491231002X", "NATIONAL_ID"),
        ("my host 10.1.2.33 is down", "10.1.2.33", "IP"),
        ("pw: a-1!b", "a-1!b", "SECRET"),
    ],
)
def test_echo(seen: str, value: str, kind: str) -> None:
    assert SeenText([seen]).holds(value, kind)


@pytest.mark.parametrize(
    ("seen", "value", "kind"),
    [
        ("what is Anna's address?", "anna.lee@example.org", "EMAIL"),
        ("my number is 13800138000", "13900139000", "PHONE"),
        ("host 10.1.2.33", "10.1.2.3", "IP"),
        ("host 110.1.2.3", "10.1.2.3", "IP"),
        ("number 10123", "10.1.2.3", "IP"),
        ("a1 b", "a-1b", "SECRET"),
        ("", "13800138000", "PHONE"),
    ],
)
def test_leak(seen: str, value: str, kind: str) -> None:
    assert not SeenText([seen]).holds(value, kind)


def test_two_texts_do_not_run_together() -> None:
    assert not SeenText(["code 1380013", "8000 units"]).holds("13800138000", "PHONE")


def test_context_counts_as_given() -> None:
    text = "Write to bob@corp.example or ring 010-62751234."
    spans = [span(text, "bob@corp.example", "EMAIL"), span(text, "010-62751234", "PHONE")]
    seen = SeenText(["How do I reach Bob?", "Directory: bob@corp.example"])
    assert leaked_flags(text, spans, seen) == [False, True]


def test_unseen_input_gives_no_answer() -> None:
    text = "bob@corp.example"
    assert leaked_flags(text, [span(text, text, "EMAIL")], None) == [None]


def test_no_spans_no_work() -> None:
    seen = SeenText(["x" * 10])
    assert leaked_flags("nothing here", [], seen) == []
    assert seen._folded is None  # built lazily
