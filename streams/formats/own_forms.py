"""Questions and answers in servers' own forms, which come where OpenAI's are expected, as OpenAI's.

Of llama.cpp (``/completions`` without ``/v1``), TGI (``/generate_stream``), SGLang, Triton and vLLM's demonstration
(``/generate``), Anthropic's messages, which vLLM serves too, and Ollama. A caller who chooses such a path must not make
the call a dead letter, or its answer an empty one.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "RANKED",
    "answer_of",
    "asks_nothing",
    "asks_tokens",
    "choice_of",
    "holds_no_text",
    "increments",
    "other_texts",
    "own_questions",
    "ranks",
]

#: Where a prompt stands: SGLang, Triton, llama.cpp's ``/infill``.
_QUESTIONS = ("text", "text_input", "input_prefix", "input_suffix", "input_extra")
#: What is ranked, compared or edited (vLLM, TEI, LocalAI). Of these alone nobody can tell that a body is a question:
#: gateways write ``query`` of an address.
_BESIDE = ("query", "queries", "text_1", "text_2", "data_1", "data_2", "instruction")
#: What is ranked, beside a query.
RANKED: Final = ("documents", "texts", "items")
#: Where tokens stand, or what becomes of them, in place of a text.
_TOKENS = frozenset({"input_ids", "input_embeds", "prompt_embeds", "prompt_token_ids", "token_ids"})
#: What Ollama is sent to load a model, or to let go of it.
_LOADING = frozenset({"model", "name", "keep_alive", "stream", "options"})
#: Of what an answer lists: embeddings, pictures, what a moderation says, ranks.
_TEXTLESS = frozenset({"embedding", "b64_json", "url", "flagged", "relevance_score"})


def own_questions(body: dict[str, object], *, certain: bool = False) -> dict[str, object]:
    """Prompts of a request under names of the server's own; when `certain`, under those that nothing else has."""
    found: dict[str, object] = {key: value for key in _QUESTIONS if isinstance(value := body.get(key), (str, list))}
    if not certain:
        found |= {key: value for key in _BESIDE if _is_text(value := body.get(key))}
    return found


def _is_text(value: object) -> bool:
    """A text, several, or (vLLM) an object around one; of other objects, gateways write what an address asks."""
    if isinstance(value, dict):
        return not value.keys().isdisjoint(("content", "text"))
    return isinstance(value, (str, list))


def ranks(body: dict[str, object]) -> bool:
    """Whether texts are ranked or compared: two fields tell it."""
    if any(body.get(f"{name}_1") and body.get(f"{name}_2") for name in ("text", "data")):
        return True
    asked = own_questions(body)
    return any(asked.get(key) for key in ("query", "queries")) and any(body.get(key) for key in RANKED)


def asks_tokens(body: dict[str, object]) -> bool:
    """Whether tokens, which nobody can judge, are asked: SGLang reads them in place of the text beside them."""
    return any(body[key] for key in _TOKENS & body.keys())


def asks_nothing(body: dict[str, object]) -> bool:
    """Whether a model is loaded and nothing is asked of it."""
    return "model" in body and body.keys() <= _LOADING


def answer_of(body: object) -> dict[str, object] | None:
    """An answer with ``choices``, of a list of answers one with a choice of each; None when it is none of these."""
    if isinstance(body, list):
        messages = [_message_of(one) for one in body]
        if not messages or any(message is None for message in messages):
            return None
        return {"choices": [{"index": n, "message": message} for n, message in enumerate(messages)]}
    if isinstance(body, dict) and (texts := _listed(body)):
        return body | {"choices": [{"index": n, "text": text} for n, text in enumerate(texts)]}
    message = _message_of(body)
    if message is None or not isinstance(body, dict):
        return None
    return body | {"choices": [{"index": 0, "message": message}]}


def other_texts(body: dict[str, object]) -> list[str]:
    """Of TGI, asked for the best of several: those that were not the best, which the caller is given as well."""
    details = body.get("details")
    others = details.get("best_of_sequences") if isinstance(details, dict) else None
    texts = [one.get("generated_text") for one in others if isinstance(one, dict)] if isinstance(others, list) else []
    return [text for text in texts if isinstance(text, str)]


def holds_no_text(body: dict[str, object]) -> bool:
    """Whether an answer is of a call that gives no text. What was asked of it is a text all the same."""
    listed = body.get("data", body.get("results"))
    return isinstance(listed, list) and all(isinstance(one, dict) and not _TEXTLESS.isdisjoint(one) for one in listed)


def _message_of(body: object) -> dict[str, object] | None:
    if not isinstance(body, dict):
        return None
    content = body.get("content")
    if isinstance(content, str) or (body.get("type") == "message" and isinstance(content, list)):
        return {"role": "assistant", "content": content}
    for key in ("text", "text_output"):
        if isinstance(body.get(key), str):
            return {"role": "assistant", "content": body[key]}
    if isinstance(body.get("response"), str) and isinstance(body.get("done"), bool):
        return {"role": "assistant", "content": body["response"], "thinking": body.get("thinking")}
    message = body.get("message")
    return message if isinstance(message, dict) and "role" in message else None


def _listed(body: dict[str, object]) -> list[object]:
    """Of vLLM's demonstration, and of Triton where it answers several."""
    texts = body.get("text", body.get("text_output"))
    return texts if isinstance(texts, list) else []


def increments(chunks: list[dict[str, object]]) -> list[dict[str, object]]:
    """Chunks as they are; of SGLang and vLLM's demonstration one for each text.

    Their pieces say again all that came before, or (an option of SGLang's server) do not. Nothing may be counted twice,
    and no piece be lost that only looks like the one before: so it is what all of them show.
    """
    own = any(isinstance(chunk.get("meta_info"), dict) or _listed(chunk) for chunk in chunks)
    if not own or any("choices" in chunk for chunk in chunks):
        return chunks
    said: dict[int, list[str]] = {}
    ended: set[int] = set()
    for chunk in chunks:
        index, info = chunk.get("index"), chunk.get("meta_info")
        index = index if isinstance(index, int) else 0
        for number, text in enumerate(_listed(chunk) or [chunk.get("text")], start=index):
            if isinstance(text, str):
                said.setdefault(number, []).append(text)
        if _listed(chunk):
            ended.update(said)  # nothing says where it ends
        elif isinstance(info, dict) and info.get("finish_reason") is not None:
            ended.add(index)
    whole = {
        index: pieces[-1] if all(map(str.startswith, pieces[1:], pieces)) else "".join(pieces)
        for index, pieces in said.items()
    }
    rest = [{key: value for key, value in chunk.items() if key in ("id", "model", "error")} for chunk in chunks]
    return [*rest, *({"index": index, "content": text, "stop": index in ended} for index, text in whole.items())]


def choice_of(chunk: dict[str, object]) -> dict[str, object] | None:
    """A piece of a stream as an item of ``choices``; None when it is none of these."""
    token, kind, content = chunk.get("token"), chunk.get("type"), chunk.get("content")
    if isinstance(token, dict) and isinstance(token.get("text"), str):
        text = "" if token.get("special") is True else token["text"]
        return _item(0, {"content": text}, ended=chunk.get("generated_text") is not None)
    if kind == "content_block_start":
        return _item(0, _block(chunk.get("content_block")), ended=False)
    if kind == "content_block_delta":
        return _item(0, _block_delta(chunk), ended=False)
    if kind == "message_stop":
        return _item(0, {}, ended=True)
    if isinstance(chunk.get("done"), bool):
        message = chunk.get("message")
        delta = message if isinstance(message, dict) else {"content": chunk.get("response")}
        return _item(0, {**delta, "reasoning_content": delta.get("thinking")}, ended=chunk["done"] is True)
    if isinstance(chunk.get("text_output"), str):
        return _item(0, {"content": chunk["text_output"]}, ended=True)  # nothing says where it ends
    if listed := _listed(chunk):
        return _item(0, {"content": "".join(text for text in listed if isinstance(text, str))}, ended=True)
    if isinstance(content, str):
        return _item(chunk.get("index"), {"content": content}, ended=chunk.get("stop") is True)
    return None


def _block(block: object) -> dict[str, object]:
    """How a block begins; servers usually leave it empty."""
    if not isinstance(block, dict):
        return {}
    delta: dict[str, object] = {"content": block.get("text"), "reasoning_content": block.get("thinking")}
    if block.get("input"):
        delta["tool_calls"] = [{"index": 0, "function": {"arguments": block["input"]}}]
    return delta


def _block_delta(chunk: dict[str, object]) -> dict[str, object]:
    delta = chunk.get("delta")
    if not isinstance(delta, dict):
        return {}
    if isinstance(delta.get("partial_json"), str):
        return {"tool_calls": [{"index": chunk.get("index"), "function": {"arguments": delta["partial_json"]}}]}
    return {"content": delta.get("text"), "reasoning_content": delta.get("thinking")}


def _item(index: object, delta: dict[str, object], *, ended: bool) -> dict[str, object]:
    return {"index": index, "delta": delta, "finish_reason": "stop" if ended else None}
