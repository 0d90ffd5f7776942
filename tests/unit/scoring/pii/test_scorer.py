"""The pii scorer: protocol, options, overlaps, hostile texts."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.errors import ConfigError
from agent.events import TextPart
from agent.scoring.base import Batch, Scorer, ScoringItem
from agent.scoring.pii import PACKS, PiiScorer
from agent.scoring.pii.base import Match
from agent.scoring.pii.engine import Engine
from agent.scoring.pii.packs import load_recognizers
from tests.unit.scoring.pii import (
    test_americas,
    test_asia,
    test_cn,
    test_core,
    test_core_contacts,
    test_core_identifiers,
    test_core_labelled,
    test_eu,
    test_hk_mo_tw,
    test_india,
    test_oceania,
    test_secrets,
    test_uk,
    test_us,
    test_vendor_keys,
)
from tests.unit.scoring.pii.cases import Found

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
    paths = [path for paths in PACKS.values() for path in paths]
    recognizers = load_recognizers()
    assert len({r.name for r in recognizers}) == len(recognizers) == len(set(paths))
    folder = Path(importlib.import_module("agent.scoring.pii").__file__ or "").parent
    files = {path for path in folder.rglob("*.py") if "RECOGNIZER = " in path.read_text("utf-8")}
    assert {folder.joinpath(*path.split(".")[3:]).with_suffix(".py") for path in paths} == files
    for path, recognizer in zip(paths, recognizers, strict=True):
        assert recognizer.source
        assert recognizer.category in SCORER.categories
        assert importlib.import_module(path).__doc__


def test_packs_restrict() -> None:
    scorer = PiiScorer(packs=["us"])
    assert set(scorer.categories) == {f"pii.{r.type.lower()}" for r in load_recognizers(["us"])}
    assert not scorer.score_text("a@b.example").spans


@pytest.mark.parametrize("packs", [["core", "atlantis"], [], "core"])
def test_wrong_packs_are_refused_in_one_line(packs: list[str]) -> None:
    with pytest.raises(ConfigError, match="pack") as caught:
        PiiScorer(packs=packs)
    assert "\n" not in str(caught.value)


def test_the_password_in_an_address_is_no_mail_address() -> None:
    text = "https://bob:s3cr3t!x@host.example/"
    assert [(s.type, text[s.start : s.end]) for s in SCORER.score_text(text).spans] == [("SECRET", "s3cr3t!x")]


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


TABLES = (
    test_core,
    test_core_contacts,
    test_core_identifiers,
    test_core_labelled,
    test_secrets,
    test_cn,
    test_hk_mo_tw,
    test_us,
    test_uk,
    test_eu,
    test_india,
    test_oceania,
    test_asia,
    test_americas,
    test_vendor_keys,
)
EXAMPLES = st.sampled_from([text for table in TABLES for text, _ in table.FOUND])


@st.composite
def cut_examples(draw: st.DrawFn) -> str:
    """A part of an example: what is spliced of such parts is nearly something at many places."""
    text = draw(EXAMPLES)
    begin, end = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
    return text[begin:end]


JOINTS = st.sampled_from(["\n", " ", "：", ": ", "", "\nSales Manager\n", "，"])


@settings(max_examples=300)
@given(st.lists(st.one_of(PIECES, EXAMPLES, st.text(max_size=5)), max_size=12).map("".join))
def test_spans_are_ordered_apart_and_inside(text: str) -> None:
    row = SCORER.score_text(text)
    end = 0
    for span in row.spans:
        assert end <= span.start < span.end <= len(text)
        assert row.scores[span.category] >= span.score >= 0.5
        end = span.end


ONE_PASS, ONE_BY_ONE = Engine(load_recognizers()), Engine(load_recognizers(), one_pass=False)


def hits(found: list[Match]) -> list[tuple[int, int, float, str]]:
    return [(match.start, match.end, match.score, match.recognizer.name) for match in found]


@settings(max_examples=700)
@given(st.lists(st.one_of(PIECES, EXAMPLES, cut_examples(), JOINTS, st.text(max_size=5)), max_size=12).map("".join))
def test_one_pass_finds_what_every_pattern_finds_for_itself(text: str) -> None:
    assert hits(ONE_PASS.search(text)) == hits(ONE_BY_ONE.search(text))


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_one_pass_misses_nothing_that_a_pattern_matches(data: st.DataObject) -> None:
    pattern = data.draw(st.sampled_from(load_recognizers())).pattern
    text = data.draw(st.from_regex(pattern))
    assert hits(ONE_PASS.search(text)) == hits(ONE_BY_ONE.search(text))


SPLICED = [
    "name: “王海堂”",
    "0° 2’  N0.020° E",
    "密码-- z481kf",
    "**Passwrd** Qw3rty&91",
    "Password (temporary)  Qw3rty&99",
    "op de Keizersgracht 455 Athe rue OAD",
    "in the rue Morgue",
    "座机( 410-6275 1234",
]


@pytest.mark.parametrize("text", SPLICED)
def test_one_pass_misses_nothing_in_what_was_spliced_once(text: str) -> None:
    assert hits(ONE_PASS.search(text)) == hits(ONE_BY_ONE.search(text))


def test_a_text_full_of_candidates_is_read_pattern_by_pattern() -> None:
    text = "13800138000 4111 1111 1111 1111 " * 2000
    assert len(ONE_PASS.search(text)) == 4000
    assert hits(ONE_PASS.search(text)) == hits(ONE_BY_ONE.search(text))


SURROUNDINGS = st.text(alphabet=st.sampled_from("。，😀👩\u200d🔬e\u0301ญ\u0e31あ한\n "), max_size=30)


@settings(max_examples=300)
@given(SURROUNDINGS, st.sampled_from([case for table in TABLES for case in table.FOUND]), SURROUNDINGS)
def test_offsets_are_those_of_the_raw_text(before: str, case: Found, after: str) -> None:
    """Emoji of several characters, combining marks and three scripts around a value change nothing."""
    example, expected = case
    text = f"{before}。\n{example}\n。{after}"
    spans = SCORER.score_text(text).spans
    assert [(span.type, text[span.start : span.end]) for span in spans] == expected
    assert all(len(before) < span.start < span.end < len(text) - len(after) for span in spans)


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
    "secret_a for a@",
    "password=.",
    "password('a',",
    "token&a=",
    "x password: a(",
    "密码是a",
    "--a-token ",
    "curl -u ",
    "docker login ",
    "mysql a ",
    "Bearer ",
    "?token=a",
    "&a-",
    "id/pw a",
    "1.1.1.1 a/",
    "<password>",
    "password value=",
    "identified by ",
    "machine a login b ",
    "a:5432:b:c:",
    "$2b$12$",
    "$6$a$",
    '"d":"',
    "MIIEaQIBADAN",
    "A" * 64 + " ",
    "Private-Lines: 1\na",
    "mnemonic a",
    "seed phrase abc abc ",
    "AKIAABCDEFGHIJKLMNOP,",
    "ghp_",
    "xoxb-a",
    "Q~",
    "+ASt",
    "eyJrIjoi",
    "hooks.slack.com/services/",
    "5" * 51 + " ",
    "L" + "z" * 51 + " ",
    "路1号",
    "张",
    "张三的",
    "姓名：",
    "省市区县路",
    "微信：a",
    "一三八零",
    "\n电话",
    "\u200b1",
    "sort code 11-11-11 a ",
    "account ",
    "address: A 1, ",
    "address: 1 ",
    "passport ",
    "national id a",
    "PESEL 1 2 ",
    "DOB ",
    "12 Elm ",
    "Elm Elm Street ",
    "rue de la ",
    "Via Elm ",
    "AAAA0AAAAAA 1 ",
    "one two ",
    "1 1-1 ",
    "a at a dot ",
    "GPS 1.111, ",
    "1°1'N ",
    "\nApt ",
    "P.O. Box 1 ",
    "微信 ** | ",
    "QQ：1 2 3 ",
    "姓名 | ** ",
    "身份证 1 2 3 4 ",
    "區A棟",
    "a @ ",
    "a%40a.",
    "a(a)a.",
    "a@a。",
    "mail a@a.aaa ",
    "call 1234567 ",
    "1\u20e3",
    "\u00b9",
    "GB82-",
    "4111_",
]


@pytest.mark.parametrize("unit", HOSTILE)
def test_a_long_text_of_anything_is_read_in_one_go(unit: str) -> None:
    """A pattern that backtracks without bound would hang here; tests/bench measures that time is linear."""
    text = unit * (100_000 // len(unit))
    for span in SCORER.score_text(text).spans[-1:]:
        assert span.end <= len(text)
