"""The pii scorer: protocol, options, overlaps, hostile texts."""

from __future__ import annotations

import importlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.errors import ConfigError
from agent.events import TextPart
from agent.scoring.base import Batch, Scorer, ScoringItem
from agent.scoring.pii import RECOGNIZERS, PiiScorer
from agent.scoring.pii.base import Facts, facts_of
from agent.scoring.pii.scorer import load_recognizers

SCORER = PiiScorer()


def batch_of(*texts: str) -> Batch:
    return Batch([ScoringItem(TextPart(text), "output", str.lower) for text in texts])


def test_is_a_scorer() -> None:
    assert isinstance(SCORER, Scorer)
    assert set(SCORER.categories) == set(SCORER.thresholds)
    assert set(SCORER.categories.values()) == {"privacy"}
    SCORER.warm_up()


def test_rows_follow_the_batch() -> None:
    rows = SCORER.score(batch_of("nothing", "a@b.example", "还是没有"))
    assert [dict(row.scores) for row in rows] == [{}, {"pii.email": 1.0}, {}]
    assert rows[1].spans[0].type == "EMAIL"
    assert "a@b" not in rows[1].explanation + rows[1].spans[0].explanation


def test_types_restrict() -> None:
    scorer = PiiScorer(types=["PHONE"])
    assert set(scorer.categories) == {"pii.phone"}
    row = scorer.score_text("a@b.example 13800138000")
    assert [span.type for span in row.spans] == ["PHONE"]


@pytest.mark.parametrize("types", [["EMAIL", "SHOE_SIZE"], [], "EMAIL"])
def test_wrong_types_are_refused_in_one_line(types: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        PiiScorer(types=types)
    assert "\n" not in str(caught.value)


def test_the_table_and_the_files_agree() -> None:
    recognizers = load_recognizers()
    assert len(recognizers) == len(RECOGNIZERS)
    assert len({r.name for r in recognizers}) == len(recognizers)
    for recognizer in recognizers:
        assert recognizer.source
        assert recognizer.category in SCORER.categories
        assert importlib.import_module(RECOGNIZERS[recognizers.index(recognizer)]).__doc__


def test_the_password_in_an_address_is_no_mail_address() -> None:
    text = "https://bob:s3cr3t!x@host.example/"
    assert [(s.type, text[s.start : s.end]) for s in SCORER.score_text(text).spans] == [("SECRET", "s3cr3t!x")]


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("a@b", Facts.AT),
        ("12 34-567", Facts.DIGITS_7),
        ("1.2.3.4", Facts.DOTTED_DIGITS),
        ("fe80::1", Facts.COLONS),
        ("x" * 16, Facts.TOKEN),
        ("PassWord", Facts.SECRET_WORD),
        ("密码", Facts.SECRET_WORD),
        ("a://", Facts.CREDENTIAL_URL),
        ("-----BEGIN X", Facts.PEM),
    ],
)
def test_facts(text: str, fact: Facts) -> None:
    assert facts_of(text) & fact == fact
    assert facts_of("nothing of the kind, 没有, 123") == 0


PIECES = st.sampled_from(
    [
        "a@b.example",
        "13800138000",
        "１３８００１３８０００",
        "4111 1111 1111 1111",
        "10.22.33.44",
        "password=Zx9!kq ",
        "::",
        " ",
        "，电话",
        "SSN 536-22-1234",
        "://u:pw7x@h",
        "-----BEGIN PRIVATE KEY-----",
        "İ",
        "\ud800",
        "订单号",
        "😀",
        "1",
        ".",
        "@",
    ]
)


@settings(max_examples=300)
@given(st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=12).map("".join))
def test_spans_are_ordered_apart_and_inside(text: str) -> None:
    row = SCORER.score_text(text)
    end = 0
    for span in row.spans:
        assert end <= span.start < span.end <= len(text)
        assert row.scores[span.category] >= span.score >= 0.5
        end = span.end


HOSTILE = [
    "a@a.a",
    "a.b@x.example ",
    "@",
    "1",
    "0",
    "4111 ",
    "1-",
    "+1 ",
    "(1",
    "call 1 2 3 4 5 6 7 8 ",
    "13800138000 ",
    "1.",
    "1.1.1.1 ",
    "a:",
    "GB82 ",
    "AB12",
    "eyJ",
    "eyJaaaaaaaaaaaa.",
    "://a:",
    "://aaaa:bbbbbbb@",
    "password=",
    "pass ",
    "token: ",
    "密码是",
    "-----BEGIN ",
    "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\nabc",
    "sk-",
    "secret_",
    "１",
    "key: key: ",
]


@pytest.mark.parametrize("unit", HOSTILE)
def test_a_megabyte_of_anything_is_read_in_one_go(unit: str) -> None:
    """A pattern that backtracks without bound would hang here; tests/bench measures that time is linear."""
    text = unit * (1_000_000 // len(unit))
    for span in SCORER.score_text(text).spans[-1:]:
        assert span.end <= len(text)
