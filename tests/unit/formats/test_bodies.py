"""streams.formats.bodies and tensors: bodies told apart, repaired, turned into rows."""

from __future__ import annotations

import gzip
import json
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import DecodeError
from streams.formats.bodies import body_halves, close_truncated
from streams.formats.chat import Half
from streams.formats.oip_json import raw_elements, v2_halves
from streams.formats.tensors import MAX_FEATURES, is_label

CHAT = {
    "model": "m",
    "messages": [{"role": "user", "content": "first"}, {"role": "user", "content": '第二 "quoted" \\ end'}],
}

json_documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=15,
)


def test_the_same_body_in_every_wrapping() -> None:
    text = json.dumps(CHAT)
    wrappings: list[Any] = [CHAT, text, text.encode(), gzip.compress(text.encode()), json.dumps(text), f"\ufeff {text}"]
    results = [body_halves(body, "input", "data") for body in wrappings]
    assert all(result == results[0] for result in results)


@given(st.integers(1, 200))
def test_a_cut_body_keeps_the_texts_before_the_cut(length: int) -> None:
    text = json.dumps(CHAT)
    try:
        (half,) = body_halves(text[:length], "input", "body")
    except DecodeError as error:
        assert error.reason == "truncated_json"
        assert length <= text.index("first")
        return
    assert half.payload is not None
    assert half.truncated is (length < len(text))
    whole = [m["content"] for m in CHAT["messages"]]  # type: ignore[index]
    for part, original in zip(half.payload.texts, whole, strict=False):
        assert original.startswith(part.text) or part.text.endswith("\ufffd")


@given(json_documents, st.data())
def test_closing_any_cut_document_parses_or_says_truncated(document: Any, data: st.DataObject) -> None:
    text = json.dumps(document, ensure_ascii=data.draw(st.booleans()))
    cut = text[: data.draw(st.integers(0, len(text)))]
    try:
        close_truncated(cut)
    except DecodeError as error:
        assert error.reason == "truncated_json"


def test_closing_is_bounded_in_depth_and_reads_what_stands_beside_it() -> None:
    deep = "[" * 100_000
    assert close_truncated('{"a": 1, "b": ' + deep)["a"] == 1  # type: ignore[index]
    closed = close_truncated('{"b": ' + deep + "]" * 100_000 + ', "a": "the en')
    assert closed["a"] == "the en"  # type: ignore[index]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("words", "not_json"),
        ({"rows": 1}, "unknown_format"),
        ([1, 2], "unknown_format"),
        (5, "wrong_type"),
        (b"\xff", "not_json"),
        ('{"mess', "truncated_json"),
    ],
)
def test_bodies_that_cannot_be_used(body: object, why: str) -> None:
    with pytest.raises(DecodeError) as caught:
        body_halves(body, "input", "data")
    assert caught.value.reason == why


def test_plain_text() -> None:
    (half,) = body_halves("只是文字", "output", "data", plain_text=True)
    assert half.payload is not None and half.payload.texts[0].text == "只是文字"


def rows(body: dict[str, Any]) -> list[Half]:
    return v2_halves(body, "")


def v2(*tensors: dict[str, Any], key: str = "inputs") -> dict[str, Any]:
    return {"model_name": "m", key: list(tensors)}


def tensor(name: str, datatype: str, data: Any, *shape: int) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "data": data, "shape": list(shape)}


def test_nested_and_flat_data_are_the_same() -> None:
    flat = rows(v2(tensor("x", "FP32", [1, 2, 3, 4], 2, 2)))
    assert flat == rows(v2(tensor("x", "FP32", [[1, 2], [3, 4]], 2, 2)))
    assert [half.payload.features for half in flat if half.payload] == [{"x[0]": 1, "x[1]": 2}, {"x[0]": 3, "x[1]": 4}]


def test_short_strings_of_several_tensors_are_features_and_long_ones_texts() -> None:
    (half,) = rows(v2(tensor("city", "BYTES", ["武汉"], 1), tensor("note", "BYTES", ["long " * 20], 1)))
    assert half.payload is not None
    assert half.payload.features == {"city": "武汉"}
    assert [part.text for part in half.payload.texts] == ["long " * 20]


def test_answers() -> None:
    (half,) = rows(v2(tensor("a", "BYTES", ['{"label": "POSITIVE", "score": 0.99}'], 1), key="outputs"))
    assert half.payload is not None
    assert (half.payload.decision, half.payload.score) == ("POSITIVE", 0.99)
    (half,) = rows(v2(tensor("text_output", "BYTES", ["Sure"], 1), key="outputs"))
    assert half.payload is not None and half.payload.texts[0].text == "Sure"
    (half,) = rows(v2(tensor("n", "INT64", [7], 1), tensor("label", "INT64", [1], 1), key="outputs"))
    assert half.payload is not None
    assert (half.payload.decision, half.payload.features) == ("1", {"n": 7})


def test_images_are_no_features() -> None:
    size = MAX_FEATURES + 1
    (half,) = rows(v2(tensor("image", "UINT8", [0] * size, 1, size), tensor("age", "INT32", [4], 1)))
    assert half.payload is not None and half.payload.features == {"age": 4}


def test_disagreeing_first_dimensions_are_one_row() -> None:
    (half,) = rows(v2(tensor("x", "FP32", [1, 2], 2), tensor("y", "FP32", [1, 2, 3], 3)))
    assert half.payload is not None and len(half.payload.features or {}) == 5


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (v2(tensor("x", "FP32", [1], 2)), "shape_mismatch"),
        (v2(tensor("x", "FP32", [1], -1)), "shape_mismatch"),
        (v2(tensor("x", "FP32", [1, 1], 1 << 70, 2)), "shape_mismatch"),
        (v2(tensor("x", "BOOL", [True] * 20_000, 20_000)), "too_large"),
        (v2({"name": "x", "data": [1]}), "missing_field"),
        (v2({"name": "x", "datatype": "FP32", "shape": [True], "data": [1]}), "wrong_type"),
        (v2({"name": "x", "datatype": "FP32", "shape": [1], "data": 1}), "wrong_type"),
        (v2(tensor("x", "BYTES", [5], 1)), "wrong_type"),
    ],
)
def test_bad_tensors(body: dict[str, Any], why: str) -> None:
    with pytest.raises(DecodeError) as caught:
        rows(body)
    assert caught.value.reason == why


@pytest.mark.parametrize(
    ("datatype", "raw", "expected"),
    [
        ("FP16", struct.pack("<2e", 0.5, -2), [0.5, -2.0]),
        ("BF16", struct.pack("<f", 1.5)[2:], [1.5]),
        ("BOOL", b"\x01\x00", [True, False]),
        ("INT64", struct.pack("<q", -7), [-7]),
        ("BYTES", b"\x06\0\0\0\xe4\xbd\xa0\xe5\xa5\xbd\0\0\0\0", ["你好", ""]),
        ("BYTES", b"\x01\0\0\0\xff", [None]),
    ],
)
def test_raw_elements(datatype: str, raw: bytes, expected: list[object]) -> None:
    assert raw_elements(raw, datatype) == expected


@pytest.mark.parametrize(
    ("datatype", "raw"), [("FP32", b"123"), ("BF16", b"1"), ("BYTES", b"\x05\0\0\0ab"), ("BYTES", b"\1")]
)
def test_raw_lengths(datatype: str, raw: bytes) -> None:
    with pytest.raises(DecodeError, match="shape_mismatch"):
        raw_elements(raw, datatype)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("approved", True),
        ("LABEL_1", True),
        ("批准", True),
        ("Hello there", False),
        ("我觉得这个人很讨厌。", False),
        ("", False),
    ],
)
def test_labels(text: str, label: bool) -> None:
    assert is_label(text) is label
