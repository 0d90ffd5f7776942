"""OpenAI's shapes, shared by every format that carries them: requests and whole answers. Pure functions.

Source: OpenAI API reference (chat completions, completions, responses), and what vLLM, TGI and LiteLLM add to it.
Streams are put together in `streams.formats.chat_stream`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from agent.errors import DecodeError
from agent.events import Direction, InferenceEvent, Payload, TextPart
from streams.formats.base import UNKNOWN_MODEL, as_list, bounded_id, bounded_name, parse_time
from streams.formats.items import add_items
from streams.formats.messages import add_text, choice_parts, content_parts, message_parts
from streams.formats.own_forms import asks_tokens, other_texts, own_questions
from streams.formats.passages import request_passages, response_passages
from streams.formats.prompts import prompt_texts

__all__ = [
    "Half",
    "is_request",
    "is_response",
    "join_halves",
    "model_name",
    "request_half",
    "response_half",
]

_REQUEST_KEYS = ("messages", "prompt", "input", "inputs", "instructions")
_RESPONSE_KEYS = ("choices", "output", "error", "generated_text")


@dataclass(frozen=True, slots=True)
class Half:
    """One direction of a call, before it is known which event it belongs to."""

    direction: Direction
    payload: Payload | None
    model: str = ""
    ident: str = ""
    time: float | None = None
    version: str = ""
    truncated: bool = False
    failed: bool = False
    context: tuple[str, ...] = ()


def model_name(value: object) -> str:
    """A model or its version as a body names it, "" when that is no name: servers of one model pass over it."""
    try:
        return bounded_name(value, "model")
    except DecodeError:
        return ""


def is_request(body: dict[str, object]) -> bool:
    """Whether an object looks like a request: it has messages, a prompt or an input, and no answer."""
    return any(key in body for key in _REQUEST_KEYS) and not is_response(body)


def is_response(body: dict[str, object]) -> bool:
    """Whether an object looks like an answer or an error."""
    if "choices" in body or "generated_text" in body or body.get("object") in ("response", "error"):
        return True
    if isinstance(body.get("output"), list) and "messages" not in body:
        return True
    return "error" in body and "messages" not in body and "prompt" not in body and "input" not in body


def request_half(body: dict[str, object], path: str = "") -> Half:
    """A request: chat completions, legacy completions, responses, embeddings, or TGI's ``inputs``.

    Token ids hold no text that anybody could look at: a prompt of them gives an empty payload, and is ``truncated``.
    """
    prefix = f"{path}." if path else ""
    parts: list[TextPart] = []
    content_parts(parts, body.get("instructions"), "system", f"{prefix}instructions")
    # Anthropic's place for it, passed through by gateways.
    content_parts(parts, body.get("system"), "system", f"{prefix}system")
    for key in ("template", "tool_prompt"):  # what stands around the prompt: Ollama, TGI
        if isinstance(body.get(key), str):
            add_text(parts, body[key], "system", f"{prefix}{key}")
    own, tokens = own_questions(body), asks_tokens(body)
    if not own and not tokens and not any(key in body for key in _REQUEST_KEYS):
        raise DecodeError("missing_field", f"{prefix}messages")
    messages = body.get("messages")
    if messages is not None:
        parts += message_parts(as_list(messages, f"{prefix}messages"), "user", f"{prefix}messages")
    for key, prompt in {"prompt": body.get("prompt"), "inputs": body.get("inputs"), **own}.items():
        if prompt is None:
            continue
        texts, among = prompt_texts(prompt, f"{prefix}{key}")
        for text, number in texts:
            add_text(parts, text, "user", key, "text", number)
        tokens = tokens or among
    if isinstance(body.get("suffix"), str):  # of a text that is to be filled in
        add_text(parts, body["suffix"], "user", f"{prefix}suffix")
    given = body.get("input")
    add_items(parts, given, "user", f"{prefix}input")
    tokens = tokens or (isinstance(given, list) and any(isinstance(item, (int, list)) for item in given))
    model = model_name(body.get("model"))
    return Half("input", Payload(tuple(parts)), model, truncated=tokens, context=request_passages(body))


def response_half(body: dict[str, object], path: str = "") -> Half:
    """A whole answer, or an error body: then ``failed`` and no payload."""
    prefix = f"{path}." if path else ""
    half = Half(
        "output",
        None,
        model_name(body.get("model")),
        bounded_id(body.get("id"), f"{prefix}id"),
        parse_time(body.get("created", body.get("created_at"))),
    )
    parts: list[TextPart] = []
    if body.get("choices") is not None:
        parts = choice_parts(body["choices"], f"{prefix}choices")
    elif isinstance(body.get("output"), (list, str)):
        add_items(parts, body["output"], "assistant", f"{prefix}output")
    elif body.get("generated_text") is not None:
        add_text(parts, body["generated_text"], "assistant", f"{prefix}generated_text")
        for number, text in enumerate(other_texts(body), start=1):
            add_text(parts, text, "assistant", f"{prefix}details", "text", number)
    elif body.get("error") is None and body.get("object") != "error":
        if not any(key in body for key in _RESPONSE_KEYS):
            raise DecodeError("missing_field", f"{prefix}choices")
        raise DecodeError("wrong_type", f"{prefix}choices")
    failed = body.get("error") is not None or body.get("object") == "error" or body.get("status") == "failed"
    if failed and not parts:
        return replace(half, failed=True)
    return replace(half, payload=Payload(tuple(parts)), failed=failed, context=response_passages(body))


def join_halves(
    name: str,
    question: Half | None,
    answer: Half | None,
    *,
    ident: str = "",
    model: str = "",
    source: str = "",
    time: float | None = None,
    tenant: str = "",
    trace_id: str = "",
    truncated: bool = False,
) -> InferenceEvent:
    """One event out of its halves. What the caller knows goes before what the bodies say.

    The request's model goes before the answer's, which may be a resolved name that the other half cannot know.
    """
    halves = [half for half in (question, answer) if half is not None]
    said = next((half.model for half in halves if half.model), "")
    return InferenceEvent(
        inference_id=ident or next((half.ident for half in reversed(halves) if half.ident), ""),
        model=model or said or UNKNOWN_MODEL,
        format=name,
        source=source,
        time=time if time is not None else next((half.time for half in halves if half.time is not None), None),
        input=question.payload if question else None,
        output=answer.payload if answer else None,
        context=tuple(passage for half in halves for passage in half.context),
        model_version=next((half.version for half in halves if half.version), ""),
        tenant=tenant,
        trace_id=trace_id,
        truncated=truncated or any(half.truncated for half in halves),
        failed=any(half.failed for half in halves),
    )
