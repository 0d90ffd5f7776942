"""The events of a measurement: chat calls in English and Chinese, nearly all texts distinct, a few of them harmful."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from streams.demo import texts, wire
from streams.ports import Headers

__all__ = ["FORMAT_SAMPLES", "TrafficFigures", "bench_calls", "figures_of", "native_values"]

SEED: Final = 20
MODELS: Final = tuple(f"bench-model-{number:02d}" for number in range(24))
_CHINESE_SHARE: Final = 0.4
#: Sentences in a text: one alone repeats itself often, several together hardly ever do.
_SENTENCES: Final = (1, 2, 2)
#: A quiet day: about two calls in a hundred are harmful in some way.
_HARM: Final = (("toxic", 0.006), ("leak", 0.006), ("attack", 0.006), ("echo", 0.004))
_encode: Final = msgspec.json.Encoder().encode


class TrafficFigures(NamedTuple):
    """What the events are like; texts are inputs and outputs."""

    events: int
    mean_bytes: float
    mean_text_characters: float
    chinese_share: float
    repeated_text_share: float


def bench_calls(events: int, start_time: float, seed: int = SEED) -> Iterator[wire.ChatCall]:
    """Chat calls, one millisecond apart from ``start_time`` on; the same for the same seed.

    Parameters
    ----------
    events
        How many.
    start_time
        Seconds since the Unix epoch.
    """
    rng = random.Random(f"bench/{seed}")
    for number in range(events):
        language: texts.Language = "zh" if rng.random() < _CHINESE_SHARE else "en"
        exchange = _exchange(rng, language)
        yield wire.ChatCall(
            id=f"{seed:x}-{number:08x}",
            time=start_time + number / 1000.0,
            model=MODELS[rng.randrange(len(MODELS))],
            version="7",
            tenant=rng.choice(("harbor", "lantern", "maple", "orchid")),
            question=exchange.question,
            answer=exchange.answer,
        )


def native_values(calls: Sequence[wire.ChatCall]) -> list[bytes]:
    """The calls as native events."""
    return [wire.native_chat(call, "bench-gateway") for call in calls]


def figures_of(calls: Sequence[wire.ChatCall], values: Sequence[bytes]) -> TrafficFigures:
    """Mean sizes and how far texts repeat themselves, counted, not assumed."""
    said = [text for call in calls for text in (call.question, call.answer)]
    chinese = sum(1 for call in calls if not call.question.isascii())
    return TrafficFigures(
        events=len(calls),
        mean_bytes=round(sum(map(len, values)) / len(values), 1),
        mean_text_characters=round(sum(map(len, said)) / len(said), 1),
        chinese_share=round(chinese / len(calls), 3),
        repeated_text_share=round(1.0 - len(set(said)) / len(said), 4),
    )


def _exchange(rng: random.Random, language: texts.Language) -> texts.Exchange:
    draw = rng.random()
    for nature, share in _HARM:
        if draw < share:
            if nature == "toxic":
                return _several(rng, language)._replace(answer=texts.toxic(rng, language))
            if nature == "leak":
                return texts.leak(rng, language)
            return texts.attack(rng, language) if nature == "attack" else texts.echo(rng, language)
        draw -= share
    return _several(rng, language)


def _several(rng: random.Random, language: texts.Language) -> texts.Exchange:
    """Chinese says in half the characters what English says: twice the sentences make texts of like length."""
    count = rng.choice(_SENTENCES) * (2 if language == "zh" else 1)
    parts = [texts.benign(rng, language, rng.choice(texts.TOPICS)) for _ in range(count)]
    glue = " " if language == "en" else ""
    return texts.Exchange(glue.join(part.question for part in parts), glue.join(part.answer for part in parts))


# -- the other wire formats ------------------------------------------------------------------------------------------


def _cloudevents(call: wire.ChatCall) -> bytes:
    return wire.kserve_request(call)


def _litellm(call: wire.ChatCall) -> bytes:
    return _encode(
        {
            "id": f"chatcmpl-{call.id}",
            "trace_id": call.id,
            "call_type": "acompletion",
            "stream": False,
            "status": "success",
            "custom_llm_provider": "openai",
            "startTime": call.time,
            "endTime": call.time + 1.0,
            "model": call.model,
            "model_group": "chat",
            "metadata": {"user_api_key_hash": "h", "user_api_key_team_id": call.tenant},
            "messages": [{"role": "user", "content": call.question}],
            "response": {
                "id": call.id,
                "object": "chat.completion",
                "created": int(call.time),
                "model": call.model,
                "choices": [
                    {"index": 0, "message": {"role": "assistant", "content": call.answer}, "finish_reason": "stop"}
                ],
                "usage": {"prompt_tokens": 30, "completion_tokens": 30, "total_tokens": 60},
            },
            "request_tags": [],
        }
    )


def _otlp(call: wire.ChatCall) -> bytes:
    def said(role: str, text: str) -> str:
        return _encode([{"role": role, "parts": [{"type": "text", "content": text}]}]).decode()

    pairs = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": call.model,
        "gen_ai.response.model": call.model,
        "gen_ai.response.id": call.id,
        "gen_ai.input.messages": said("user", call.question),
        "gen_ai.output.messages": said("assistant", call.answer),
    }
    nanoseconds = str(int(call.time * 1e9))
    span: dict[str, Any] = {
        "traceId": call.id.replace("-", "0").rjust(32, "0"),
        "spanId": "00f067aa0ba902b7",
        "name": f"chat {call.model}",
        "kind": 3,
        "startTimeUnixNano": nanoseconds,
        "endTimeUnixNano": nanoseconds,
        "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in pairs.items()],
    }
    service = {"attributes": [{"key": "service.name", "value": {"stringValue": "bench"}}]}
    return _encode({"resourceSpans": [{"resource": service, "scopeSpans": [{"spans": [span]}]}]})


def _oip(call: wire.ChatCall) -> bytes:
    text = {"name": "text", "shape": [1], "datatype": "BYTES", "data": [call.question]}
    return _encode({"id": call.id, "model_name": call.model, "inputs": [text]})


class FormatSample(NamedTuple):
    """How one wire format's records are made: the value of a call, and the headers beside it."""

    value: Any
    headers: Headers = ()


#: By row of ``streams.formats.FORMATS``; the native format is the measured path itself.
FORMAT_SAMPLES: Final[Mapping[str, FormatSample]] = {
    "cloudevents": FormatSample(_cloudevents, wire.CLOUDEVENTS_HEADERS),
    "oip": FormatSample(_oip, (("seldon-infer-type", b"json/inferModelRequest"),)),
    "otlp": FormatSample(_otlp),
    "litellm": FormatSample(_litellm),
    "openai": FormatSample(wire.openai_pair),
}
