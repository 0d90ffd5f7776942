"""What the receiver costs beside a bare producer: processor time of the process per request and record, and rates.

``python -m tests.bench.ingest [--events 20000] [--json]``, on a real Kafka of its own, events as in ``make bench``.
Every way is run in a process of its own; the clients that send are in this one. Processor time holds on a busy machine,
rates do not.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from streams.bench.traffic import bench_calls, native_values
from tests.brokers.base import BrokerCluster
from tests.brokers.ports import free_ports
from tests.brokers.processes import BrokerProcess
from tests.brokers.select import start_real_kafka

CONNECTIONS = 32
_TICK = os.sysconf("SC_CLK_TCK")

BARE = """
import asyncio, os, sys
from aiokafka import AIOKafkaProducer
async def main():
    values = open(sys.argv[3], "rb").read().split(b"\\n")
    producer = AIOKafkaProducer(bootstrap_servers=sys.argv[1], acks="all", linger_ms=5)
    await producer.start()
    before, began = os.times(), asyncio.get_running_loop().time()
    for start in range(0, len(values), 2000):
        batch = values[start : start + 2000]
        await asyncio.gather(*[await producer.send(sys.argv[2], value, key=b"m") for value in batch])
    after, seconds = os.times(), asyncio.get_running_loop().time() - began
    print(len(values), after.user + after.system - before.user - before.system, seconds)
    await producer.stop()
asyncio.run(main())
"""


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


async def send(port: int, bodies: Sequence[bytes]) -> None:
    """All bodies over kept connections; each waits for its acknowledgement."""
    waiting = list(reversed(bodies))

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while waiting:
            body = waiting.pop()
            head = f"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            if not answer.startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"refused: {answer[:30]!r}")
            size = int(answer.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await reader.readexactly(size)
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(client() for _ in range(CONNECTIONS)))


async def until_listening(port: int, process: BrokerProcess) -> None:
    async with asyncio.timeout(60.0):
        while True:
            process.check()
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return


async def receiver(cluster: BrokerCluster, folder: Path, values: Sequence[bytes]) -> dict[str, dict[str, float]]:
    """One event a request, a hundred a request, and a hundred while Kafka is away."""
    (port,) = free_ports(1)
    topic = f"in-{uuid.uuid4().hex[:6]}"
    cluster.create_topic(topic, 3)
    config = {
        "kafka": {"bootstrap_servers": cluster.bootstrap},
        "topics": {"events": [topic]},
        "ingest": {"port": port, "spool_directory": str(folder / "spool"), "kafka_patience_seconds": 2.0},
    }
    (folder / "harmwatch.yaml").write_text(json.dumps(config))
    command = [sys.executable, "-m", "streams.cli", "ingest", "--config", str(folder / "harmwatch.yaml")]
    process = BrokerProcess(command, folder / "log")
    process.start()
    found = {}
    try:
        await until_listening(port, process)
        hundreds = [b"\n".join(values[start : start + 100]) for start in range(0, len(values), 100)]
        await send(port, hundreds[:5])
        assert process.pid is not None
        for name, bodies in (("one a request", values), ("100 a request", hundreds), ("100, to the spool", hundreds)):
            if name.endswith("spool"):
                cluster.kill_broker(0)
                await send(port, hundreds[:1])  # which finds out that Kafka is away
            before, began = cpu_seconds(process.pid), time.perf_counter()
            await send(port, bodies)
            seconds, used = time.perf_counter() - began, cpu_seconds(process.pid) - before
            found[name] = {
                "requests_per_second": len(bodies) / seconds,
                "records_per_second": len(values) / seconds,
                "cpu_us_per_record": used / len(values) * 1e6,
                "cpu_us_per_request": used / len(bodies) * 1e6,
            }
        cluster.start_broker(0)
    finally:
        process.kill()
    return found


async def bare(cluster: BrokerCluster, folder: Path, values: Sequence[bytes]) -> dict[str, float]:
    topic = f"bare-{uuid.uuid4().hex[:6]}"
    cluster.create_topic(topic, 3)
    (folder / "values").write_bytes(b"\n".join(values))
    arguments = ("-c", BARE, cluster.bootstrap, topic, str(folder / "values"))
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    count, used, seconds = map(float, out.split())
    return {"records_per_second": count / seconds, "cpu_us_per_record": used / count * 1e6}


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(arguments)
    values = native_values(list(bench_calls(args.events, time.time())))
    cluster = start_real_kafka(1, can_break=True)
    try:
        with tempfile.TemporaryDirectory() as folder:
            result: dict[str, Any] = {"bare producer": asyncio.run(bare(cluster, Path(folder), values))}
            result |= asyncio.run(receiver(cluster, Path(folder), values))
    finally:
        cluster.close()
    result["load"] = os.getloadavg()[0]
    base = result["bare producer"]["cpu_us_per_record"]
    for name, row in result.items():
        if isinstance(row, dict):
            row["cpu_beside_bare"] = row["cpu_us_per_record"] / base
            if not args.json:
                print(f"{name:20}", "  ".join(f"{key} {value:,.1f}" for key, value in row.items()))
    print(json.dumps(result) if args.json else f"load average {result['load']:.1f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
