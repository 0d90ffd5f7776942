"""A model server for tests of the proxy: random answers that follow from a seed, in every form HTTP/1.1 has.

Run as a process of its own: ``python -m tests.proxy.model_server``; the first line of its output is its port. A request
names its answer: ``POST /v1/chat/completions`` with ``{"seed": 7, ...}`` gets ``planned_answer(7)``. With ``plan`` the
request says what it wants: ``{"plan": {"tokens": 20, "pause_seconds": 0.01}}``.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import random
import sys
import zlib
from dataclasses import dataclass, field
from typing import cast

import uvloop

__all__ = ["Answer", "planned_answer", "serve"]

_LETTERS = 'abcdefghijklmnopqrstuvwxyz 的是不了人在有我他这 😀é\n"\\'


@dataclass(slots=True)
class Answer:
    """What the server sends.

    Attributes
    ----------
    pieces
        The body in the pieces in which it is written.
    framing
        ``length``, ``chunked`` or ``close``.
    """

    status: int
    headers: list[tuple[str, str]]
    pieces: list[bytes]
    framing: str
    pause_seconds: float = 0.0
    trailers: list[tuple[str, str]] = field(default_factory=list)

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)


def _words(chance: random.Random, most: int) -> str:
    return "".join(chance.choices(_LETTERS, k=chance.randint(1, most)))


def _sse(texts: list[str], ident: str) -> list[bytes]:
    events = [
        {"id": ident, "object": "chat.completion.chunk", "created": 1700000000, "model": "tiny",
         "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}
        for text in texts
    ]  # fmt: skip
    return [b"data: " + json.dumps(event).encode() + b"\n\n" for event in events] + [b"data: [DONE]\n\n"]


def planned_answer(seed: int) -> Answer:
    """The answer to a request with this seed."""
    chance = random.Random(seed)
    ident = f"chatcmpl-{seed}"
    streamed = chance.random() < 0.5
    if streamed:
        pieces = _sse([_words(chance, 12) for _ in range(chance.randint(1, 40))], ident)
        headers = [("Content-Type", "text/event-stream; charset=utf-8")]
    else:
        text = _words(chance, chance.choice([10, 300, 3000, 60_000]))
        document = {"id": ident, "object": "chat.completion", "created": 1700000000, "model": "tiny",
                    "choices": [{"index": 0, "message": {"role": "assistant", "content": text},
                                 "finish_reason": "stop"}]}  # fmt: skip
        pieces = [json.dumps(document, ensure_ascii=chance.random() < 0.5).encode()]
        headers = [("Content-Type", "application/json")]
    if chance.random() < 0.25:
        pieces = _compressed(pieces, streamed, chance)
        headers.append(("Content-Encoding", "gzip"))
    if chance.random() < 0.5:
        pieces = _cut_anew(b"".join(pieces), chance)
    headers += [("x-request-id", ident), ("Server", "tiny"), ("Set-Cookie", f"a={seed}"), ("Set-Cookie", "b=2")]
    framing = chance.choice(["length", "chunked", "chunked", "close"])
    trailers = [("X-Checksum", str(zlib.crc32(b"".join(pieces))))] if chance.random() < 0.2 else []
    pause = chance.choice([0.0, 0.0, 0.0, 0.001])
    status = chance.choices([200, 400, 429, 500], weights=[40, 1, 1, 1])[0]
    return Answer(status, headers, pieces, framing, pause, trailers if framing == "chunked" else [])


def _compressed(pieces: list[bytes], streamed: bool, chance: random.Random) -> list[bytes]:
    if not streamed:
        return [gzip.compress(b"".join(pieces), mtime=0)]
    squeeze = zlib.compressobj(wbits=31)
    out = [squeeze.compress(piece) + squeeze.flush(zlib.Z_SYNC_FLUSH) for piece in pieces]
    return [*out, squeeze.flush()]


def _cut_anew(body: bytes, chance: random.Random) -> list[bytes]:
    cuts = sorted(chance.randrange(len(body) + 1) for _ in range(chance.randint(0, 20)))
    return [piece for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True) if (piece := body[a:b])]


def _wanted(document: dict[str, object]) -> Answer:
    plan = document.get("plan")
    if isinstance(plan, dict):
        pieces = _sse([f" token{n}" for n in range(int(plan["tokens"]))], "chatcmpl-plan")
        if plan.get("json"):
            pieces = [
                json.dumps(
                    {
                        "id": "chatcmpl-plan",
                        "object": "chat.completion",
                        "model": "tiny",
                        "choices": [{"index": 0, "message": {"role": "assistant", "content": "x" * int(plan["json"])}}],
                    }
                ).encode()
            ]
        kind = "application/json" if plan.get("json") else "text/event-stream"
        framing = "length" if plan.get("json") else "chunked"
        return Answer(200, [("Content-Type", kind)], pieces, framing, float(plan.get("pause_seconds", 0.0)))
    return planned_answer(int(str(document.get("seed", 0))))


def head_of(answer: Answer) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} Whatever", *(f"{name}: {value}" for name, value in answer.headers)]
    if answer.framing == "length":
        lines.append(f"Content-Length: {len(answer.body)}")
    else:
        lines.append("Transfer-Encoding: chunked" if answer.framing == "chunked" else "Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class _Connection(asyncio.Protocol):
    """Reads requests with Content-Length alone, which is what the clients of the tests send."""

    def __init__(self, gone: list[int]) -> None:
        self._data = b""
        self._task: asyncio.Task[None] | None = None
        self._gone = gone

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._task is not None and not self._task.done():
            self._gone[0] += 1
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        self._data += data
        end = self._data.find(b"\r\n\r\n") + 4
        if end < 4:
            return
        head = self._data[:end].lower()
        place = head.find(b"content-length: ")
        length = int(head[place + 16 : head.index(b"\r", place)]) if place >= 0 else 0
        if len(self._data) < end + length:
            return
        body, self._data = self._data[end : end + length], self._data[end + length :]
        document = json.loads(body) if body else {"seed": 0}
        answer = _wanted(document)
        if answer.pause_seconds == 0.0:
            self.transport.write(head_of(answer) + _framed(answer))
            if answer.framing == "close":
                self.transport.close()
        else:
            self._task = asyncio.get_running_loop().create_task(self._send(answer))

    async def _send(self, answer: Answer) -> None:
        self.transport.write(head_of(answer))
        for piece in answer.pieces:
            await asyncio.sleep(answer.pause_seconds)
            self.transport.write(_chunk(piece) if answer.framing == "chunked" else piece)
        if answer.framing == "chunked":
            self.transport.write(_last(answer))
        if answer.framing == "close":
            self.transport.close()


def _chunk(piece: bytes) -> bytes:
    return b"%X;x=y\r\n%b\r\n" % (len(piece), piece) if len(piece) % 7 == 3 else b"%x\r\n%b\r\n" % (len(piece), piece)


def _last(answer: Answer) -> bytes:
    return b"0\r\n" + b"".join(f"{name}: {value}\r\n".encode() for name, value in answer.trailers) + b"\r\n"


def _framed(answer: Answer) -> bytes:
    if answer.framing != "chunked":
        return answer.body
    return b"".join(map(_chunk, answer.pieces)) + _last(answer)


async def serve(port: int = 0) -> asyncio.Server:
    """Serve in this process, on loopback."""
    gone = [0]
    return await asyncio.get_running_loop().create_server(lambda: _Connection(gone), "127.0.0.1", port, backlog=1024)


async def _main(port: int) -> None:
    server = await serve(port)
    print(server.sockets[0].getsockname()[1], flush=True)
    with contextlib.suppress(asyncio.CancelledError):
        await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_main(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
