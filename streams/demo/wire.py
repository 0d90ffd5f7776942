"""Puts one call on the wire: the native event, an OpenAI pair, KServe's halves, and what no decoder takes."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec

from agent.clock import iso_time
from streams.demo.loans import Application
from streams.ports import Headers

__all__ = [
    "CLOUDEVENTS_HEADERS",
    "UNDECODABLE_KINDS",
    "ChatCall",
    "kserve_request",
    "kserve_response",
    "native_chat",
    "native_loan",
    "openai_pair",
    "undecodable",
]

#: What Knative's KafkaSink writes beside a structured CloudEvent.
CLOUDEVENTS_HEADERS: Final[Headers] = (("content-type", b"application/cloudevents+json; charset=UTF-8"),)

#: In the order in which they are sent.
UNDECODABLE_KINDS: Final[tuple[str, ...]] = (
    "cut_json",
    "not_utf8",
    "no_model",
    "input_is_number",
    "json_number",
    "empty",
)

_encode: Final = msgspec.json.Encoder().encode


class ChatCall(NamedTuple):
    """A call of a chat model."""

    id: str
    time: float
    model: str
    version: str
    tenant: str
    question: str
    answer: str


def native_chat(call: ChatCall, source: str) -> bytes:
    """The native event (docs/events.md) with both directions."""
    return _encode(
        {
            "id": call.id,
            "source": source,
            "time": iso_time(call.time),
            "model": call.model,
            "model_version": call.version,
            "input": {"text": call.question},
            "output": {"text": call.answer},
            "tenant": call.tenant,
            "trace_id": call.id.replace("-", "0").rjust(32, "0"),
        }
    )


def native_loan(call_id: str, time: float, model: str, version: str, drawn: Application, source: str) -> bytes:
    """The native event of a deciding model: features in, decision and score out."""
    event: dict[str, object] = {
        "id": call_id,
        "source": source,
        "time": iso_time(time),
        "model": model,
        "model_version": version,
        "input": {"features": drawn.features},
        "output": {"decision": drawn.decision, "score": drawn.score},
        "attributes": drawn.attributes,
    }
    if drawn.label is not None:
        event["label"] = drawn.label
    return _encode(event)


def openai_pair(call: ChatCall) -> bytes:
    """Request and response of OpenAI's chat completions in one record, as a gateway logs them."""
    return _encode(
        {"id": call.id, "time": iso_time(call.time), "request": _request(call), "response": _response(call)},
    )


def kserve_request(call: ChatCall) -> bytes:
    """The request half: a structured CloudEvent of KServe's logger."""
    return _cloudevent(call, "org.kubeflow.serving.inference.request", call.time, _request(call))


def kserve_response(call: ChatCall, time: float) -> bytes:
    """The response half, with the id of its request and a later time."""
    return _cloudevent(call, "org.kubeflow.serving.inference.response", time, _response(call))


def undecodable(kind: str, number: int) -> bytes:
    """A record that is no event of any format; ``kind`` is one of `UNDECODABLE_KINDS`."""
    return {
        "cut_json": b'{"id": "bad-%d", "model": "chat-assistant", "input": {"te' % number,
        "not_utf8": b'{"id": "bad-%d", "model": "chat-assistant", "input": {"text": "\xff\xfe"}}' % number,
        "no_model": b'{"id": "bad-%d", "input": {"text": "Who am I talking to?"}}' % number,
        "input_is_number": b'{"id": "bad-%d", "model": "chat-assistant", "input": 7}' % number,
        "json_number": b"%d" % number,
        "empty": b"",
    }[kind]


def _request(call: ChatCall) -> dict[str, Any]:
    return {"model": call.model, "messages": [{"role": "user", "content": call.question}]}


def _response(call: ChatCall) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{call.id}",
        "object": "chat.completion",
        "created": int(call.time),
        "model": call.model,
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": call.answer}, "finish_reason": "stop"},
        ],
    }


def _cloudevent(call: ChatCall, kind: str, time: float, data: dict[str, Any]) -> bytes:
    return _encode(
        {
            "specversion": "1.0",
            "id": call.id,
            "source": f"http://{call.model}-predictor:9081/",
            "type": kind,
            "time": iso_time(time),
            "datacontenttype": "application/json",
            "inferenceservicename": call.model,
            "namespace": "demo",
            "component": "predictor",
            "endpoint": "default",
            "data": data,
        }
    )
