"""streams.formats.base: headers, times, names, gzip, careful JSON."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import DecodeError
from agent.metrics.label_values import clean_label
from streams.formats.base import (
    MAX_ID,
    MAX_NAME,
    bounded_id,
    bounded_name,
    epoch_seconds,
    gunzip,
    header,
    label_text,
    mend_surrogates,
    parse_json,
    parse_time,
)
from streams.formats.nesting import shallow


def reason(call: Any, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(DecodeError) as caught:
        call(*args, **kwargs)
    return caught.value.reason


def test_header_names_are_case_insensitive_and_the_last_wins() -> None:
    headers = (("X-Request-ID", b"a"), ("x-request-id", b"b"), ("other", b"c"))
    assert header(headers, "x-request-id") == "b"
    assert header(headers, "missing") == ""
    assert header((("k", b"\xff"),), "k") == "\ufffd"


@pytest.mark.parametrize(
    ("given_time", "seconds"),
    [
        ("2026-11-23T10:00:00Z", 1795428000.0),
        ("2026-11-23T18:00:00+08:00", 1795428000.0),
        ("2026-11-23T10:00:00", 1795428000.0),
        (" 2026-11-23T10:00:00Z ", 1795428000.0),
        ("2026-08-21T10:00:00.123456789Z", 1787306400.123456),
        ("2016-12-31T23:59:60Z", 1483228799.0),
        (1_787_306_400, 1787306400.0),
        (1_787_306_400_123, 1787306400.123),
        (1_787_306_400_123_456, 1787306400.123456),
        (1_787_306_400_123_456_789, 1787306400.1234568),
        ("1787306400", 1787306400.0),
        ("1787306400.5", 1787306400.5),
    ],
)
def test_times(given_time: object, seconds: float) -> None:
    assert parse_time(given_time) == pytest.approx(seconds, abs=1e-6)


@pytest.mark.parametrize(
    "given_time",
    [None, True, "", "yesterday", "2026-13-01", "0001-01-01T00:00:00+14:00", -1, 10**400, float("nan"), float("inf"),
     [], "9" * 300, "1969-12-31T00:00:00Z"],
)  # fmt: skip
def test_no_times(given_time: object) -> None:
    assert parse_time(given_time) is None


@given(st.text() | st.floats() | st.integers() | st.text(alphabet="0123456789-:.TZ+ "))
def test_parse_time_never_raises(value: object) -> None:
    found = parse_time(value)
    assert found is None or found >= 0


def test_epoch_units_do_not_overlap() -> None:
    assert epoch_seconds(99_999_999_999) == 99_999_999_999
    assert epoch_seconds(100_000_000_000) == 100_000_000


def test_gzip_bombs_are_not_inflated() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    assert reason(gunzip, bomb, 1_000_000) == "too_large"
    exact = gzip.compress(b"x" * 1000)
    assert gunzip(exact, 1000) == b"x" * 1000
    assert reason(gunzip, exact, 999) == "too_large"


def test_gzip_members_and_damage() -> None:
    two = gzip.compress(b"one ") + gzip.compress(b"two")
    assert gunzip(two) == b"one two"
    assert reason(gunzip, gzip.compress(b"abcdef")[:-6]) == "bad_gzip"
    assert reason(gunzip, b"\x1f\x8bgarbage") == "bad_gzip"
    assert gunzip(b"plain") == b"plain"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'"\\ud83d"', "\ufffd"),
        (b'"\\ud83d\\ude00"', "😀"),
        (b'"\\\\ud83d"', "\\ud83d"),
        (b'"\\ude00x"', "\ufffdx"),
        (b'"\\ud83d\\ud83d\\ude00"', "\ufffd😀"),
        (b"[NaN, -Infinity, 1]", [None, None, 1]),
        (b"[1e999, -1e400, 1.5, 3]", [None, None, 1.5, 3]),
        (b"[" + b"1" * 5000 + b", 2]", [None, 2]),
        (b'\xef\xbb\xbf[1e999, "\\ud83d"]', [None, "\ufffd"]),
        (b"[NaN, 1e999]", [None, None]),
        (
            b"[NaN, " + b"1" * 250 + b"e99, " + b"1" * 150 + b"e99, 1e0001]",
            [None, None, float("1" * 150 + "e99"), 10.0],
        ),
        (b'[1e999, "a \\" 1e999 NaN", 1E+2, -0.5e-3]', [None, 'a " 1e999 NaN', 100.0, -0.0005]),
        (b'\xef\xbb\xbf{"a": "\xe4\xbd\xa0"}', {"a": "你"}),
    ],
)
def test_lenient_json(text: bytes, expected: object) -> None:
    assert parse_json(text) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b'{"a": 1', "truncated_json"),
        (b'{"a": "x', "truncated_json"),
        (b"", "truncated_json"),
        (b"{a: 1}", "not_json"),
        (b'{"a": 1e999, b}', "not_json"),
        (b'{"a": 1e999, "b": 2', "truncated_json"),
        (b'{"a": NaN, "b": "x', "truncated_json"),
        (b'"\xff"', "bad_utf8"),
        (b'"\xed\xa0\xbd"', "bad_utf8"),
        (b"[" * 100_000, "truncated_json"),
        (b"[NaN," * 100_000, "truncated_json"),
        (b"]" * 100_000, "not_json"),
        (b"[" * 100_000 + b"]" * 100_001, "not_json"),
    ],
)
def test_bad_json(text: bytes, why: str) -> None:
    assert reason(parse_json, text) == why


@pytest.mark.parametrize("keep_surrogates", [False, True])
@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a\\"[":[NaN,"\\ud800",', b"[[]," * 3])
def test_what_is_nested_deeper_than_the_parser_follows_hides_nothing_beside_it(
    opening: bytes, keep_surrogates: bool
) -> None:
    closing = opening.replace(b"[]", b"").replace(b'"a\\"["', b"")[::-1].translate(bytes.maketrans(b"[{", b"]}"))
    deep = opening * 5000 + b"0" + bytes(one for one in closing if one in b"]}") * 5000
    text = b'{"x": ' + deep + b', "messages": ["[{", 1], "y": ' + deep + b', "model": "m"}'
    found = parse_json(text, keep_surrogates=keep_surrogates)
    assert isinstance(found, dict)
    assert list(found) == ["x", "messages", "y", "model"]
    assert found["messages"] == ["[{", 1]
    assert found["model"] == "m"


@given(st.recursive(st.none() | st.text(max_size=3), lambda s: st.lists(s) | st.dictionaries(st.text(max_size=3), s)))
def test_what_is_shallow_stays_as_it_is(document: object) -> None:
    text = json.dumps(document).encode()
    assert shallow(text, 64) == text
    json.loads(shallow(text, 1))


@given(st.text(alphabet=st.sampled_from('ab\\"\ud83d\ude00你😀')))
def test_no_lone_surrogate_survives(text: str) -> None:
    found = parse_json(json.dumps(text))
    assert isinstance(found, str)
    found.encode("utf-8")
    assert found == mend_surrogates(text)


def test_kept_surrogates_join() -> None:
    kept = parse_json(b'["\\ud83d", "\\ude00"]', keep_surrogates=True)
    assert isinstance(kept, list)
    assert mend_surrogates("".join(kept)) == "😀"


def test_names_that_differ_in_a_control_character_stay_different() -> None:
    names = [bounded_name(name, "model") for name in ("a\x01b", "a\x02b", "a\nb", "a\u2028b", "ab", r"a\u0001b")]
    assert len(set(names)) == len({clean_label(name) for name in names}) == len(names)
    assert clean_label(names[0]) == r"a\u0001b"


def test_names() -> None:
    assert bounded_name("a\x00b\u2028c\ud83d", "model") == "a\x00b\u2028c\ufffd"
    assert bounded_name("模型", "model") == "模型"
    assert bounded_name(7, "model_version") == "7"
    assert bounded_name(None, "source") == ""
    assert bounded_id("a\nb", "id") == "a\nb"
    long = bounded_name("x" * (MAX_NAME + 1), "model")
    assert len(long) == MAX_NAME
    assert long != bounded_name("x" * (MAX_NAME + 2), "model")
    assert len(bounded_id("\ud800" * 5000, "id")) == MAX_ID
    assert reason(label_text, "x" * (MAX_NAME + 1), "label") == "field_too_long"
    assert reason(bounded_name, True, "model") == "wrong_type"
    assert reason(bounded_id, 10**100_000, "id") == "field_too_long"
    assert reason(bounded_id, 1.5, "id") == "wrong_type"


@pytest.mark.parametrize(
    ("value", "label"),
    [(1, "1"), (1.0, "1"), ("1", "1"), (True, "true"), (0.5, "0.5"), (None, None), ("批准", "批准"), (1e300, "1e+300")],
)
def test_labels(value: object, label: str | None) -> None:
    assert label_text(value, "label") == label
