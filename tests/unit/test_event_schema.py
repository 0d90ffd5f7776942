"""``harmwatch schema``: what the schema of events refuses is what decoding refuses."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from agent.errors import DecodeError
from streams.commands.schema import asyncapi, json_schema
from streams.formats.native import NativeEvent, NativeFormat

WHOLE = {"id": "r", "model": "m", "input": {"text": "a"}, "output": {"text": "b"}}


@pytest.mark.parametrize(
    ("over", "is_event"),
    [
        ({}, True),
        ({"input": None}, True),
        ({"output": None}, True),
        ({"label": 1, "attributes": {"age": 40}}, True),
        ({"input": None, "output": None}, False),
        ({"id": ""}, False),
        ({"model": ""}, False),
        ({"id": None}, False),
        ({"id": 7}, False),
        ({"input": "a"}, False),
    ],
)
def test_the_schema_and_the_decoder_agree(over: dict[str, Any], is_event: bool) -> None:
    event = {name: value for name, value in (WHOLE | over).items() if value is not None}
    for value in (event, WHOLE | over):
        assert accepts(json_schema(NativeEvent), value) == decodes(value) == is_event, value


def test_the_description_of_the_topics_has_the_same_rules() -> None:
    inside = asyncapi()["components"]["schemas"]["NativeEvent"]
    assert inside["anyOf"] == json_schema(NativeEvent)["$defs"]["NativeEvent"]["anyOf"]
    assert inside["properties"]["id"]["minLength"] == 1


def accepts(schema: dict[str, Any], value: dict[str, Any]) -> bool:
    return bool(jsonschema.Draft202012Validator(schema).is_valid(value))


def decodes(value: dict[str, Any]) -> bool:
    try:
        return len(NativeFormat().decode(json.dumps(value).encode(), ())) == 1
    except DecodeError:
        return False
