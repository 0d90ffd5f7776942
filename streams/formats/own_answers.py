"""Questions and answers in servers' own forms, which come where OpenAI's are expected, as OpenAI's.

Of llama.cpp (``/completions`` without ``/v1``), TGI (``/generate_stream``), SGLang, Triton and vLLM's demonstration
(``/generate``), Anthropic's messages, which vLLM serves too, and Ollama. A caller who chooses such a path must not make
the call a dead letter, or its answer an empty one.
"""

from __future__ import annotations

__all__ = ["answer_of", "choice_of", "holds_no_text", "increments", "own_questions"]

#: Where a prompt stands: SGLang, Triton, llama.cpp's ``/infill``.
_QUESTIONS = ("text", "text_input", "input_prefix", "input_suffix")
#: Of what an answer lists: embeddings, pictures, what a moderation says, ranks.
_TEXTLESS = frozenset({"embedding", "b64_json", "url", "flagged", "relevance_score"})


def own_questions(body: dict[str, object]) -> list[str]:
    """The keys of a request that hold prompts under names of the server's own."""
    return [key for key in _QUESTIONS if isinstance(body.get(key), (str, list))]


def answer_of(body: object) -> dict[str, object] | None:
    """An answer with ``choices``, of a list of answers one with a choice of each; None when it is none of these."""
    if isinstance(body, list):
        messages = [_message_of(one) for one in body]
        if not messages or any(message is None for message in messages):
            return None
        return {"choices": [{"index": n, "message": message} for n, message in enumerate(messages)]}
    if isinstance(body, dict) and isinstance(texts := body.get("text"), list):  # vLLM's demonstration
        return body | {"choices": [{"index": n, "text": text} for n, text in enumerate(texts)]}
    message = _message_of(body)
    if message is None or not isinstance(body, dict):
        return None
    return body | {"choices": [{"index": 0, "message": message}]}


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
        return {"role": "assistant", "content": body["response"]}
    message = body.get("message")
    return message if isinstance(message, dict) and "role" in message else None


def increments(chunks: list[dict[str, object]]) -> list[dict[str, object]]:
    """Chunks with what each adds, where they are SGLang's: those say again all that came before."""
    if not chunks or not all(isinstance(chunk.get("meta_info"), dict) for chunk in chunks):
        return chunks
    so_far: dict[object, str] = {}
    added: list[dict[str, object]] = []
    for chunk in chunks:
        text, index, info = chunk.get("text"), chunk.get("index"), chunk["meta_info"]
        text, index = text if isinstance(text, str) else "", index if isinstance(index, int) else 0
        before = so_far.get(index, "")
        so_far[index] = text
        new = text[len(before) :] if text.startswith(before) else text
        ended = isinstance(info, dict) and info.get("finish_reason") is not None
        added.append(
            {"index": index, "content": new, "stop": ended, "id": chunk.get("id"), "error": chunk.get("error")}
        )
    return added


def choice_of(chunk: dict[str, object]) -> dict[str, object] | None:
    """A piece of a stream as an item of ``choices``; None when it is none of these."""
    token, kind, content = chunk.get("token"), chunk.get("type"), chunk.get("content")
    if isinstance(token, dict) and isinstance(token.get("text"), str):
        text = "" if token.get("special") is True else token["text"]
        return _item(0, {"content": text}, ended=chunk.get("generated_text") is not None)
    if kind == "content_block_delta":
        return _item(0, _block_delta(chunk), ended=False)
    if kind == "message_stop":
        return _item(0, {}, ended=True)
    if isinstance(chunk.get("done"), bool):
        message = chunk.get("message")
        delta = message if isinstance(message, dict) else {"content": chunk.get("response")}
        return _item(0, {**delta, "reasoning_content": delta.get("thinking")}, ended=chunk["done"] is True)
    if isinstance(chunk.get("text_output"), str):
        return _item(0, {"content": chunk["text_output"]}, ended=False)
    if isinstance(content, str):
        return _item(chunk.get("index"), {"content": content}, ended=chunk.get("stop") is True)
    return None


def _block_delta(chunk: dict[str, object]) -> dict[str, object]:
    delta = chunk.get("delta")
    if not isinstance(delta, dict):
        return {}
    if isinstance(delta.get("partial_json"), str):
        return {"tool_calls": [{"index": chunk.get("index"), "function": {"arguments": delta["partial_json"]}}]}
    return {"content": delta.get("text"), "reasoning_content": delta.get("thinking")}


def _item(index: object, delta: dict[str, object], *, ended: bool) -> dict[str, object]:
    return {"index": index, "delta": delta, "finish_reason": "stop" if ended else None}
