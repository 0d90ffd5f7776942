"""``harmwatch schema``: JSON Schema of messages, AsyncAPI of the topics, OpenAPI of the web port, the categories."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

import msgspec

from agent import __version__
from agent.errors import ConfigError
from agent.scores import CampaignEvidence, Evidence, FilteredTexts, SanitisedTexts, Verdict
from agent.taxonomy import as_json
from streams.audit import ConfigChange, FindingMarked
from streams.config import TopicsConfig
from streams.console.feedback import Feedback
from streams.formats.native import NativeEvent
from streams.labels import Label
from streams.web.openapi import openapi

__all__ = ["add_arguments", "asyncapi", "json_schema", "run"]

_DEFINITIONS = "#/components/schemas/{name}"
_PARTS: dict[str, Any] = {
    "event": NativeEvent,
    "verdict": Verdict,
    "evidence": Evidence,
    "campaign": CampaignEvidence,
    "label": Label,
    "feedback": Feedback,
    "filtered": FilteredTexts,
    "sanitised": SanitisedTexts,
    "audit": ConfigChange,
    "marks": FindingMarked,
}
#: What decoding demands of an event beyond its types (`streams.formats.native`).
_EVENT_RULES: dict[str, Any] = {
    "anyOf": [{"required": [half], "properties": {half: {"type": "object"}}} for half in ("input", "output")]
}
_NEVER_EMPTY = ("id", "model")
#: These topics have no names until they are given some.
_FILTERED_EXAMPLE = "harm.filtered"
_SANITISED_EXAMPLE = "harm.sanitised"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--taxonomy", action="store_true", help="the categories, with their names in MLCommons AILuminate and OWASP LLM"
    )
    parser.add_argument("--openapi", action="store_true", help="OpenAPI of the web port; the same as --part openapi")
    parser.add_argument(
        "--part",
        choices=(*_PARTS, "asyncapi", "openapi"),
        help="only this part; everything, as AsyncAPI with the schemas inside, when left out",
    )


def run(args: argparse.Namespace) -> int:
    if sum(map(bool, (args.taxonomy, args.part, args.openapi))) > 1:
        raise ConfigError("give one of --taxonomy, --part and --openapi")
    if args.taxonomy:
        document = as_json()
    elif args.openapi or args.part == "openapi":
        document = openapi()
    elif args.part in _PARTS:
        document = json_schema(_PARTS[args.part])
    else:
        document = asyncapi()
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    return 0


def json_schema(kind: Any) -> dict[str, Any]:
    """JSON Schema (2020-12) of one message."""
    schema = msgspec.json.schema(kind)
    _add_event_rules(schema["$defs"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _add_event_rules(schemas: dict[str, Any]) -> None:
    if (event := schemas.get(NativeEvent.__name__)) is not None:
        event |= _EVENT_RULES
        for name in _NEVER_EMPTY:
            event["properties"][name] |= {"minLength": 1}


def asyncapi() -> dict[str, Any]:
    """AsyncAPI 3.0 of all topics, under their default names. Source:
    https://www.asyncapi.com/docs/reference/specification/v3.0.0"""
    topics = TopicsConfig()
    _, schemas = msgspec.json.schema_components(tuple(_PARTS.values()), ref_template=_DEFINITIONS)
    _add_event_rules(schemas)
    dead_letter_headers = ("reason", "detail", "format", "topic", "partition", "offset", "time")
    schemas["DeadLetterHeaders"] = {
        "type": "object",
        "properties": {name: {"type": "string"} for name in dead_letter_headers},
    }
    channels = {
        "events": (topics.events[0], "receive", _message("NativeEvent", "or any other supported format; key: model")),
        "labels": (str(topics.labels), "receive", _message("Label", "delayed ground truth; key: inference id")),
        "verdicts": (topics.verdicts, "send", _message("Verdict", "one per direction of each event; key: model")),
        "evidence": (topics.evidence, "send", {
            **_message("Evidence", "redacted; compacted; key: verdict id, or the id of a campaign"),
            "payload": {"oneOf": [{"$ref": _DEFINITIONS.format(name=n)} for n in ("Evidence", "CampaignEvidence")]},
        }),
        "feedback": (str(topics.feedback), "send", _message("Feedback", _FEEDBACK)),
        "filtered": (_FILTERED_EXAMPLE, "send", _message("FilteredTexts", _FILTERED)),
        "sanitised": (_SANITISED_EXAMPLE, "send", _message("SanitisedTexts", _SANITISED)),
        "panes": (topics.panes, "send", {"contentType": "application/msgpack", "summary": _PANES}),
        "decisions": (topics.decisions, "send", {"contentType": "application/msgpack", "summary": _DECISIONS}),
        "audit": (str(topics.audit), "send", {
            **_message("ConfigChange", _AUDIT),
            "payload": {"oneOf": [{"$ref": _DEFINITIONS.format(name=n)} for n in ("ConfigChange", "FindingMarked")]},
        }),
        "deadLetters": (topics.dlq, "send", {
            "contentType": "application/octet-stream",
            "summary": "the original bytes, key and headers, with ours last",
            "headers": {"$ref": _DEFINITIONS.format(name="DeadLetterHeaders")},
        }),
    }  # fmt: skip
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "harmwatch", "version": __version__, "license": {"name": "Apache-2.0"}},
        "defaultContentType": "application/json",
        "channels": {
            name: {"address": address, "messages": {name: message}} for name, (address, _, message) in channels.items()
        },
        "operations": {
            f"{action}{name[0].upper()}{name[1:]}": {
                "action": action,
                "channel": {"$ref": f"#/channels/{name}"},
                "messages": [{"$ref": f"#/channels/{name}/messages/{name}"}],
            }
            for name, (_, action, _) in channels.items()
        },
        "components": {"schemas": schemas},
    }


_PANES = (
    "mergeable window state; compacted; key: model; partition i holds the state of source partition i; header group"
)
_DECISIONS = "decisions about people that wait for a label on its own topic; written to named partitions"
_AUDIT = "which configuration a worker started with, and every changed file since, and marks; key: worker"
_FEEDBACK = "what operators say of findings, on the console; compacted; key: verdict id, colon, category"
_FILTERED = "texts as the policy lets them out; only when topics.filtered names it; key: model"
_SANITISED = "inputs without disguises, with an account; only when topics.sanitised names it; key: model"


def _message(schema: str, summary: str) -> dict[str, Any]:
    return {
        "contentType": "application/json",
        "summary": summary,
        "payload": {"$ref": _DEFINITIONS.format(name=schema)},
    }
