"""What the client sends decodes, by harmwatch's own decoder, to what was said."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest
from agent.events import InferenceEvent
from hypothesis import given
from hypothesis import strategies as st
from streams.formats import Decoder
from streams.formats.base import mend_surrogates
from streams.ports import Record

from harmwatch_client.events import Facts, Malformed, build_event
from harmwatch_client.plain import MAX_ID, MAX_NAME

NOW = 1_790_000_000.25
MAX_BYTES = 900_000


def decoded(max_bytes: int = MAX_BYTES, **facts: Any) -> InferenceEvent:
    event = build_event(Facts(**facts), NOW, max_bytes)
    assert len(event.value) <= max_bytes and b"\n" not in event.value
    (found,) = Decoder().decode(Record("inference.events", 0, 0, 0.0, event.key, event.value, ()))
    assert (found.format == "native" and event.key == found.model.encode()) or not found.model.isprintable()
    return found


def texts(event: InferenceEvent, direction: Any) -> list[str]:
    payload = event.payload(direction)
    assert payload is not None
    return [part.text for part in payload.texts]


TEXT = st.text(st.characters(), max_size=200) | st.text(st.characters(codec=None), max_size=50)
NAME = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=MAX_NAME)
SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
ROLE = st.sampled_from(["system", "user", "assistant", "tool", "developer", "function"])
MESSAGE = st.fixed_dictionaries({"role": ROLE, "content": TEXT})


@given(NAME, TEXT, TEXT, NAME, NAME, st.floats(0, 9e9), st.lists(TEXT, max_size=5))
def test_a_call_of_texts_comes_as_it_was_said(
    model: str, question: str, answer: str, source: str, tenant: str, time: float, context: list[str]
) -> None:
    event = decoded(
        model=model, input=question, output=answer, source=source, tenant=tenant, time=time, context=context, id="r-1"
    )
    assert (event.model, event.source, event.tenant, event.inference_id) == (model, source, tenant, "r-1")
    assert event.time == pytest.approx(time)
    assert texts(event, "input") == ([mend_surrogates(question)] if question else [])
    assert texts(event, "output") == ([mend_surrogates(answer)] if answer else [])
    assert list(event.context) == [mend_surrogates(passage) for passage in context if passage]
    assert not (event.truncated or event.failed or event.redacted)


@given(st.lists(MESSAGE, min_size=1, max_size=8))
def test_messages_come_in_order_with_their_roles(messages: list[dict[str, str]]) -> None:
    event = decoded(model="m", input=messages)
    assert event.input is not None
    known = {"developer": "system", "function": "tool"}
    assert [(part.role, part.text) for part in event.input.texts] == [
        (known.get(m["role"], m["role"]), mend_surrogates(m["content"])) for m in messages if m["content"]
    ]


@given(st.dictionaries(NAME, SCALAR, max_size=8), st.dictionaries(NAME, SCALAR, max_size=8), SCALAR, SCALAR, SCALAR)
def test_decisions_about_people_come_with_features_and_attributes(
    features: dict[str, Any], attributes: dict[str, Any], decision: Any, score: Any, label: Any
) -> None:
    given_facts = {"attributes": attributes, "decision": decision, "score": score, "label": label}
    event = decoded(model="m", input={"features": features}, **given_facts)
    assert event.input is not None and event.input.features is not None
    assert set(event.input.features) == set(features)
    for name, value in features.items():
        if isinstance(value, (bool, float, type(None))):
            expected = value if not isinstance(value, float) or math.isfinite(value) else None
            assert event.input.features[name] == expected
        if isinstance(value, str):
            assert event.input.features[name] == mend_surrogates(value)
    for name, value in attributes.items():
        if value is None or (isinstance(value, float) and not math.isfinite(value)):
            assert name not in event.attributes
        elif isinstance(value, str) and len(value) <= MAX_NAME:
            assert event.attributes[name] == mend_surrogates(value)
    assert event.label is None or len(event.label) <= MAX_NAME
    given_score = event.output.score if event.output else None
    assert given_score is None or math.isfinite(given_score)


ANYTHING = st.recursive(
    SCALAR | st.binary(max_size=20) | st.dates() | st.decimals() | st.uuids() | st.builds(object),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10) | SCALAR, inner, max_size=4),
    max_leaves=12,
)


@given(st.fixed_dictionaries(dict.fromkeys(Facts.__dataclass_fields__, ANYTHING)))
def test_whatever_is_given_decodes_or_is_no_event(facts: dict[str, Any]) -> None:
    try:
        build_event(Facts(**facts), NOW, MAX_BYTES)
    except Malformed:
        return
    decoded(**facts)


@given(ANYTHING, ANYTHING)
def test_messages_of_any_shape_decode(content: Any, calls: Any) -> None:
    message = {"role": content, "content": content, "tool_calls": calls, "audio": calls, "refusal": content}
    decoded(model="m", input=[message, content, calls], output=[message])
    decoded(model="m", input=[{"role": "user", "content": [{"type": "text", "text": content}, calls, content]}])
    decoded(model="m", output=[{"tool_calls": [{"function": {"name": calls, "arguments": content}}, calls]}])


@pytest.mark.parametrize("filler", ["x", "你", "\x00", "😀", '"', "\ud800"])
@pytest.mark.parametrize("place", ["input", "output", "context", "messages", "features", "attributes", "many"])
def test_what_is_too_large_is_cut_to_fit_and_marked(filler: str, place: str) -> None:
    text = "BEGIN" + filler * 60_000 + "END"
    facts: dict[str, Any] = {"input": "q", "output": "a"}
    if place == "messages":
        facts["input"] = [{"role": "user", "content": text}] * 50
    elif place == "features":
        facts["input"] = {"features": dict.fromkeys(map(str, range(50)), text)}
    elif place == "attributes":
        facts["attributes"] = dict.fromkeys(map(str, range(5000)), text)
    elif place == "many":
        facts["input"] = [{"role": "user", "content": "q"}] * 50_000
    else:
        facts[place] = text if place != "context" else [text] * 20
    event = decoded(20_000, model="m", **facts)
    assert event.truncated
    if place in ("input", "output"):
        (kept,) = texts(event, place)
        assert kept.startswith("BEGIN") and kept.endswith("END") and len(kept) >= 1000
    if place == "messages":
        assert texts(event, "input")[-1].endswith("END")


def test_long_names_are_cut_and_long_ids_stay_different() -> None:
    event = decoded(model="m" * 10_000, input="q", source="s" * 10_000, attributes={"a" * 9999: "b" * 9999})
    assert len(event.model) == len(event.source) == MAX_NAME
    assert [len(name) for name in (*event.attributes, *event.attributes.values())] == [MAX_NAME] * 2
    ids = [decoded(model="m", input="q", id="r" * 600 + end).inference_id for end in ("a", "b", "a")]
    assert ids[0] == ids[2] != ids[1] and max(map(len, ids)) <= MAX_ID


def test_ids_are_uuids_of_version_7_that_sort_by_time() -> None:
    ids = [build_event(Facts(model="m", input="q"), NOW + number, MAX_BYTES) for number in range(100)]
    found = [json.loads(event.value)["id"] for event in ids]
    assert found == sorted(found) and len(set(found)) == 100
    assert all(ident[14] == "7" and ident[19] in "89ab" and len(ident) == 36 for ident in found)
    assert {
        json.loads(build_event(Facts(model="m", input="q"), NOW, MAX_BYTES).value)["id"] for _ in range(500)
    }.__len__() == 500


def test_times_of_all_kinds() -> None:
    moment = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
    for given_time, expected in (
        (moment, moment.timestamp()),
        (5, 5.0),
        ("soon", NOW),
        (-1, NOW),
        (math.nan, NOW),
        (1e300, NOW),
    ):
        assert decoded(model="m", input="q", time=given_time).time == pytest.approx(expected)


def test_pictures_and_unknown_parts_stay_at_home() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 5000}}
    event = build_event(
        Facts(
            model="m", input=[{"role": "user", "content": [{"type": "text", "text": "see"}, picture], "secret": "no"}]
        ),
        NOW,
        MAX_BYTES,
    )
    assert b"AAAA" not in event.value and b"secret" not in event.value and not event.cut
    assert texts(decoded(input=[{"role": "user", "content": ["see", picture]}]), "input") == ["see"]


def test_tool_calls_reasoning_and_refusals_are_told() -> None:
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": {"to": "ann@example.org"}}}
    answer = {"role": "assistant", "content": None, "reasoning_content": "hm", "refusal": "no", "tool_calls": [call]}
    event = decoded(model="m", output=[answer])
    assert event.output is not None
    assert [(part.kind, part.text) for part in event.output.texts] == [
        ("reasoning", "hm"),
        ("refusal", "no"),
        ("tool_arguments", '{"to":"ann@example.org"}'),
    ]


def test_a_whole_answer_of_openai_is_an_output() -> None:
    answer = {"object": "chat.completion", "choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}}]}
    assert texts(decoded(model="m", output=answer), "output") == ["hi"]


def test_an_object_that_raises_takes_no_other_part_with_it() -> None:
    class Raising:
        def __getattribute__(self, name: str) -> Any:
            raise RuntimeError("hands off")

    event = decoded(input=["one", Raising(), "two"], output=Raising(), context=[Raising(), "p"], attributes=Raising())
    assert texts(event, "input") == ["one", "two"] and event.output is None
    assert texts(decoded(input=Raising(), output="a", context=Raising(), model=Raising()), "output") == ["a"]


def test_nothing_is_no_event() -> None:
    for nothing in ({}, {"input": object()}, {"attributes": {"a": "b"}}):
        with pytest.raises(Malformed):
            build_event(Facts(model="m", **nothing), NOW, MAX_BYTES)  # type: ignore[arg-type]


def test_calls_of_tools_that_are_left_out_make_the_event_a_truncated_one() -> None:
    calls = [{"function": {"name": "f", "arguments": "{}"}}] * 1_001
    output = {"messages": [{"role": "assistant", "tool_calls": calls}]}
    assert decoded(model="m", output=output).truncated
    output["messages"][0]["tool_calls"] = calls[1:]
    assert not decoded(model="m", output=output).truncated
