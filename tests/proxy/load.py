"""A load generator that speaks HTTP by h11, keeps every byte, and knows what it should have got."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field

import h11

from .model_server import planned_answer

__all__ = ["Result", "ask_seeds"]

_SECONDS = 300.0
#: Of one hop: these may differ.
_HOP = {b"transfer-encoding", b"connection", b"content-length", b"keep-alive"}


@dataclass
class Result:
    """Attributes: what failed or differed, one line each; latencies of whole calls in seconds."""

    asked: int = 0
    wrong: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)


class _Client:
    def __init__(self, port: int) -> None:
        self._port = port
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self, body: bytes) -> tuple[int, list[tuple[bytes, bytes]], bytes, list[tuple[bytes, bytes]]]:
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
            self._state = h11.Connection(h11.CLIENT)
        state = self._state
        headers = [("Host", "test"), ("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        headers.append(("Authorization", "Bearer sk-of-a-client"))
        sent = state.send(h11.Request(method="POST", target="/v1/chat/completions", headers=headers))
        self._writer.write(
            (sent or b"") + (state.send(h11.Data(data=body)) or b"") + (state.send(h11.EndOfMessage()) or b"")
        )
        pieces: list[bytes] = []
        response: h11.Response | None = None
        while True:
            event = state.next_event()
            if event is h11.NEED_DATA:
                state.receive_data(await self._reader.read(65536))
            elif isinstance(event, h11.Response):
                response = event
            elif isinstance(event, h11.Data):
                pieces.append(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                trailers = list(event.headers)
                break
            else:
                raise ConnectionError(f"unexpected {type(event).__name__}")
        assert response is not None
        if state.our_state is h11.DONE and state.their_state is h11.DONE:
            state.start_next_cycle()
        else:
            self.close()
        return response.status_code, list(response.headers), b"".join(pieces), trailers

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def request_of(seed: int) -> bytes:
    """The request that gets the answer of a seed; its text names it, to be found again in the topic."""
    return json.dumps(
        {"model": "tiny", "seed": seed, "messages": [{"role": "user", "content": f"call {seed}"}]}
    ).encode()


async def ask_seeds(port: int, seeds: list[int], connections: int, result: Result) -> None:
    """Ask for each of them, and hold what comes against what the server is known to send."""
    waiting = iter(seeds)

    async def one() -> None:
        client = _Client(port)
        for seed in waiting:
            began = time.perf_counter()
            result.asked += 1
            try:
                async with asyncio.timeout(_SECONDS):
                    status, headers, body, trailers = await client.ask(request_of(seed))
            except (OSError, TimeoutError, h11.ProtocolError) as error:
                result.wrong.append(f"{seed}: {type(error).__name__} {error}")
                client.close()
                continue
            result.seconds.append(time.perf_counter() - began)
            result.statuses[status] = result.statuses.get(status, 0) + 1
            planned = planned_answer(seed)
            wanted = [(name.lower().encode(), value.encode()) for name, value in planned.headers]
            got = [(name, value) for name, value in headers if name not in _HOP]
            if status != planned.status or body != planned.body or got != wanted:
                result.wrong.append(f"{seed}: status {status}, {len(body)} bytes of {len(planned.body)}")
            if trailers != [(name.lower().encode(), value.encode()) for name, value in planned.trailers]:
                result.wrong.append(f"{seed}: trailers")
        client.close()

    await asyncio.gather(*(one() for _ in range(connections)))
