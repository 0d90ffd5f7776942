"""A server that speaks OpenAI's API on loopback and answers by a rule; it can also be ill in several ways."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["KEY", "RuleServer", "serve"]

KEY = "test-key-0123456789"

#: What a server does in place of answering a request, or None to answer: given how many requests came before.
Illness = Callable[[int, dict[str, Any]], "tuple[int, bytes, dict[str, str]] | None"]


class RuleServer:
    """What the server does, and what it saw.

    Parameters
    ----------
    answer
        From a prompt to the answer's text.
    log_likelihood
        From a text to the log-probability of each of its words; None: ``/v1/completions`` takes no notice of ``echo``.
    """

    def __init__(
        self,
        answer: Callable[[str], str],
        log_likelihood: Callable[[str], list[float]] | None = None,
        *,
        illness: Illness = lambda before, body: None,
        models: tuple[str, ...] = ("rule-1",),
    ) -> None:
        self.answer, self.log_likelihood, self.illness, self.models = answer, log_likelihood, illness, models
        self.prompts: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.url = ""
        self._lock = threading.Lock()

    def reply(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
        with self._lock:
            before = len(self.prompts)
            prompt = body["messages"][0]["content"] if "messages" in body else body["prompt"]
            self.prompts.append(prompt)
            self.headers.append(headers)
        ill = self.illness(before, body)
        if ill is not None:
            return ill
        if path == "/v1/chat/completions":
            message = {"role": "assistant", "content": self.answer(prompt)}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            return 200, json.dumps({"object": "chat.completion", "choices": [choice]}).encode(), {}
        if path == "/v1/completions":
            return 200, json.dumps(self._completion(prompt)).encode(), {}
        return 404, b"{}", {}

    def _completion(self, prompt: str) -> dict[str, Any]:
        if self.log_likelihood is None:
            logprobs = {"tokens": [" and"], "token_logprobs": [-0.5]}
            return {"choices": [{"text": " and", "logprobs": logprobs}], "usage": {"prompt_tokens": 7}}
        words = prompt.split(" ")
        tokens = [word if place == 0 else f" {word}" for place, word in enumerate(words)]
        values: list[float | None] = [None, *self.log_likelihood(prompt)[1:]]
        logprobs = {"tokens": [*tokens, " and"], "token_logprobs": [*values, -0.1]}
        return {
            "choices": [{"text": f"{prompt} and", "logprobs": logprobs}],
            "usage": {"prompt_tokens": len(tokens), "completion_tokens": 1},
        }


@contextmanager
def serve(server: RuleServer) -> Iterator[RuleServer]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet, or each answer waits for an acknowledgement

        def do_GET(self) -> None:
            self._send(200, json.dumps({"data": [{"id": name} for name in server.models]}).encode(), {})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._send(*server.reply(self.path, body, dict(self.headers)))

        def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
            if status == 0:  # hang up
                self.close_connection = True
                return
            if "Date" in headers:  # it has a clock of its own
                self.send_response_only(status)
            else:
                self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Clients that were killed, or ran out of patience, are part of the tests."""

    httpd = Quiet(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    server.url = f"http://127.0.0.1:{httpd.server_port}"
    try:
        yield server
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()
