"""A server of OpenAI's API with a few fixed answers, for real clients of the openai package."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

WORDS = ["I ", "can ", "help ", "😀", "."]


def chunk(delta: dict[str, Any], index: int = 0) -> dict[str, Any]:
    return {
        "id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": "llama-real",
        "choices": [{"index": index, "delta": delta, "finish_reason": None}],
    }  # fmt: skip


def completion(**message: Any) -> dict[str, Any]:
    return {
        "id": "c-1", "object": "chat.completion", "created": 1, "model": "llama-real",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", **message}}],
    }  # fmt: skip


def response(text: str) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": []}
    message = {"type": "message", "id": "i-1", "role": "assistant", "status": "completed", "content": [part]}
    return {
        "id": "x-1", "object": "response", "created_at": 1, "model": "llama-real", "status": "completed",
        "output": [message], "parallel_tool_calls": True, "tool_choice": "auto", "tools": [],
    }  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if asked["model"] == "broken":
            return self._whole({"error": {"message": "no such model"}}, 404)
        if asked.get("stream"):
            return self._stream(asked)
        if self.path.endswith("/responses"):
            return self._whole(response("".join(WORDS)))
        if self.path.endswith("/chat/completions"):
            return self._whole(completion(content="".join(WORDS)))
        choice = {"index": 0, "text": "".join(WORDS), "finish_reason": "stop", "logprobs": None}
        legacy = {"id": "c", "object": "text_completion", "created": 1, "model": "llama-real"}
        return self._whole({**legacy, "choices": [choice]})

    def _whole(self, body: dict[str, Any], status: int = 200) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _stream(self, asked: dict[str, Any]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        if self.path.endswith("/responses"):
            events = [
                {"type": "response.output_text.delta", "item_id": "i-1", "output_index": 0, "content_index": 0,
                 "sequence_number": number, "logprobs": [], "delta": word} for number, word in enumerate(WORDS)
            ]  # fmt: skip
            events.append({"type": "response.completed", "sequence_number": 9, "response": response("".join(WORDS))})
        else:
            events = [chunk({"role": "assistant", "content": ""}), *(chunk({"content": word}) for word in WORDS)]
            for piece in ('{"to":', '"ann@example.org"}'):
                events.append(chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}))
            events.append({**chunk({}), "choices": []})
        for event in events:
            name = f"event: {event['type']}\n" if "type" in event else ""
            self.wfile.write(f"{name}data: {json.dumps(event)}\n\n".encode())
        if asked["model"] != "cut":
            self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, *args: Any) -> None:
        return


@contextmanager
def fake_model() -> Iterator[str]:
    """The base URL of a server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
