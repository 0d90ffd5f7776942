"""``python -m tests.bench.proxy``: what the proxy adds to a call, beside the same calls without it.

Direct and proxied calls alternate, block by block, so that a busy machine is busy for both. Two loads: ``tokens`` is
what model servers do, a stream with pauses between tokens; ``flat out`` has no pauses, so that with many connections it
shows queues and not the proxy: its CPU is what counts there. Latencies are of the first byte, and of the whole call.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import Any, cast

import uvloop

from tests.proxy.processes import ProxyProcess, model_server

__all__ = ["Load", "measure"]

_HEAD = (
    "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nUser-Agent: OpenAI/Python 1.0\r\nAccept: */*\r\n"
    "Accept-Encoding: gzip, deflate\r\nContent-Type: application/json\r\nAuthorization: Bearer sk-x\r\n"
    "X-Stainless-Lang: python\r\nContent-Length: {}\r\n\r\n"
)


class Load:
    """One kind of call."""

    def __init__(self, name: str, tokens: int, pause_seconds: float) -> None:
        self.name = name
        plan = {"tokens": tokens, "pause_seconds": pause_seconds}
        message = {"role": "user", "content": "Please sum this up. " * 30}
        body = json.dumps({"model": "tiny", "stream": True, "plan": plan, "messages": [message]})
        self.request = (_HEAD.format(len(body)) + body).encode()


class _Client(asyncio.Protocol):
    """Does next to nothing itself: a slow client would hide what is measured."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if not self.first:
            self.first = time.perf_counter()
        self._tail = (self._tail + data)[-5:]
        if self._tail == b"0\r\n\r\n":
            self._done.set_result(time.perf_counter())

    async def ask(self, request: bytes) -> tuple[float, float]:
        """Seconds to the first byte, and to the last."""
        self.first, self._tail = 0.0, b""
        self._done: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        self._transport.write(request)
        last = await self._done
        return self.first - began, last - began

    def close(self) -> None:
        self._transport.close()


async def _block(port: int, load: Load, calls: int, connections: int) -> list[tuple[float, float]]:
    loop, found = asyncio.get_running_loop(), list[tuple[float, float]]()

    async def one() -> None:
        _, client = await loop.create_connection(_Client, "127.0.0.1", port)
        await client.ask(load.request)  # connections are made, on both sides
        for _ in range(calls // connections):
            found.append(await client.ask(load.request))
        client.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    return found


def _share(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def measure(proxy: ProxyProcess, server: int, load: Load, calls: int, connections: int, blocks: int) -> dict[str, Any]:
    """Milliseconds without the proxy and with it, and what the proxy's processes spent on a call."""
    direct: list[tuple[float, float]] = []
    through: list[tuple[float, float]] = []
    plane, tap = proxy.cpu_seconds(proxy.pid), proxy.cpu_seconds(proxy.tap_pid)
    for _ in range(blocks):
        direct += uvloop.run(_block(server, load, calls // blocks, connections))
        through += uvloop.run(_block(proxy.port, load, calls // blocks, connections))
    passed = len(through) + blocks * connections
    row: dict[str, Any] = {"load": load.name, "connections": connections, "calls": len(through)}
    for place, what in ((0, "first_byte"), (1, "whole")):
        for share, name in ((0.5, "p50"), (0.99, "p99")):
            a, b = (1e3 * _share([call[place] for call in calls_], share) for calls_ in (direct, through))
            row[f"{what}_{name}_ms"] = {"direct": round(a, 3), "proxy": round(b, 3), "added": round(b - a, 3)}
    row["plane_cpu_us_a_call"] = round(1e6 * (proxy.cpu_seconds(proxy.pid) - plane) / passed)
    row["tap_cpu_us_a_call"] = round(1e6 * (proxy.cpu_seconds(proxy.tap_pid) - tap) / passed)
    return row


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calls", type=int, default=4000)
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--blocks", type=int, default=10)
    parser.add_argument("--kafka", help="bootstrap servers with a topic inference.events; else taps go to the disk")
    args = parser.parse_args()
    loads = [Load("tokens", 20, 0.005), Load("flat out", 20, 0.0)]
    with model_server() as server, tempfile.TemporaryDirectory(prefix="harmwatch-spool-") as folder:
        config = {
            "kafka": {"bootstrap_servers": args.kafka or "127.0.0.1:9"},
            "proxy": {"tap": {"spool_directory": f"{folder}/spool"}},
        }
        proxy = ProxyProcess(server, config)
        try:
            for load in loads:
                for connections in args.connections:
                    calls = args.calls if load.name == "flat out" else min(args.calls, 150 * connections)
                    row = measure(proxy, server, load, max(calls, args.blocks * connections), connections, args.blocks)
                    print(json.dumps(row), flush=True)
            dropped = {n: v for n, v in proxy.metrics().items() if "dropped" in n and v}
            print(json.dumps({"dropped": dropped}))
        finally:
            proxy.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
