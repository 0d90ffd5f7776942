"""The receiver's bounds: who may send, how much, how slowly, and what is said when it does not go."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.errors import ConfigError
from streams.ingest.routes import ROUTES
from streams.memory import MemoryBroker, MemorySink
from streams.web.connections import Connection
from tests.unit.ingest.rig import TOPIC, new_broker, site, until

JSON = {"Content-Type": "application/json"}
TOKEN = "a-token-that-is-long-enough"


def event(number: int, size: int = 0) -> bytes:
    return json.dumps({"id": f"{number}", "model": "m", "input": {"text": "x" * size}}).encode()


async def test_kafka_away_is_acknowledged_from_the_disk_and_shown(tmp_path: Path) -> None:
    broker = new_broker()
    async with site(broker, tmp_path) as here:
        broker.away = True
        reply = await here.post("/v1/events", event(1), JSON)
        assert (reply.status, json.loads(reply.body)["held"]) == (200, "spool")
        metrics = (await here.get("/metrics")).body.decode()
        assert 'harmwatch_ingest_records_total{held="spool"} 1.0' in metrics
        assert "harmwatch_ingest_spool_records 1.0" in metrics
        assert "harmwatch_ingest_kafka_connected 0.0" in metrics
        assert (await here.get("/readyz")).status == 200
        assert (await here.get("/livez")).status == 200
        health = await here.get("/healthz")
        assert health.status == 503
        assert json.loads(health.body)["reason"]
        broker.away = False
        await until(lambda: len(broker.log(TOPIC)) == 1)
        await until(lambda: here.courier.state().problem == "" and here.courier.counts.drained == 1)
        assert (await here.get("/healthz")).status == 200
        assert "harmwatch_ingest_drained_total 1.0" in (await here.get("/metrics")).body.decode()


async def test_kafka_away_without_a_spool_asks_to_come_again() -> None:
    broker = new_broker()
    broker.away = True
    async with site(broker) as here:
        reply = await here.post("/v1/events", event(1), JSON)
        assert reply.status == 503
        assert int(reply.headers["Retry-After"]) >= 1
        assert (await here.get("/readyz")).status == 503
        reply = await here.post("/v1/logs", b"{}", JSON)
        assert (reply.status, json.loads(reply.body)["code"]) == (503, 14)
        assert int(reply.headers["Retry-After"]) >= 1
        assert 'harmwatch_ingest_refused_total{reason="away"} 2.0' in (await here.get("/metrics")).body.decode()


async def test_a_full_spool_asks_to_come_again_and_keeps_what_it_has(tmp_path: Path) -> None:
    broker = new_broker()
    broker.away = True
    async with site(broker, tmp_path, spool_max_bytes=64 * 1024) as here:
        answers = [await here.post("/v1/events", event(number, 5000), JSON) for number in range(30)]
        taken = [number for number, reply in enumerate(answers) if reply.status == 200]
        assert 5 < len(taken) < 30
        assert {reply.status for reply in answers} == {200, 503}
        broker.away = False
        await until(lambda: len(broker.log(TOPIC)) == len(taken))
        assert [json.loads(value)["id"] for value in here.values()] == [str(number) for number in taken]


class GatedSink(MemorySink):
    """A broker that answers when it is let."""

    def __init__(self, broker: MemoryBroker, gate: asyncio.Event) -> None:
        super().__init__(broker)
        self._gate = gate

    async def flush(self) -> None:
        await self._gate.wait()
        await super().flush()


async def test_more_than_memory_may_hold_gets_429_and_no_answer_comes_before_kafkas() -> None:
    broker, gate = new_broker(), asyncio.Event()
    async with site(broker, new_sink=lambda: GatedSink(broker, gate), pending_bytes=64 * 1024) as here:
        calls = [asyncio.create_task(here.post("/v1/events", event(n, 10_000), JSON)) for n in range(20)]
        await until(lambda: sum(call.done() for call in calls) >= 10)
        early = [call.result() for call in calls if call.done()]
        assert {reply.status for reply in early} == {429}
        assert all("Retry-After" in reply.headers for reply in early)
        assert broker.log(TOPIC) == []
        gate.set()
        statuses = [reply.status for reply in await asyncio.gather(*calls)]
        assert statuses.count(200) == len(broker.log(TOPIC)) > 0


async def test_bodies_together_take_no_more_than_their_budget() -> None:
    broker, gate = new_broker(), asyncio.Event()
    async with site(
        broker, new_sink=lambda: GatedSink(broker, gate), bodies_bytes=1 << 20, max_record_bytes=1 << 20
    ) as here:
        calls = [asyncio.create_task(here.post("/v1/events", event(n, 400_000), JSON)) for n in range(8)]
        await until(lambda: sum(call.done() for call in calls) >= 5)
        gate.set()
        statuses = [reply.status for reply in await asyncio.gather(*calls)]
        assert statuses.count(429) >= 5
        assert here.courier.counts.refused["busy"] == statuses.count(429)
        assert statuses.count(200) == len(broker.log(TOPIC)) >= 1


@pytest.mark.parametrize("packed", [False, True])
async def test_a_body_that_is_too_large_is_not_read_to_its_end(packed: bool) -> None:
    async with site(new_broker(), max_body_bytes=100_000) as here:
        body = event(1, 50_000_000)
        headers = {**JSON, "Content-Encoding": "gzip"} if packed else JSON
        reply = await here.post("/v1/events", gzip.compress(body, 1) if packed else iter_of(body), headers)
        assert reply.status == 413
        assert here.metrics.value("harmwatch_ingest_requests_total", "events", "too_large") == 1
        assert here.server._bodies.used == 0


async def iter_of(body: bytes):  # type: ignore[no-untyped-def]
    """Without an announced length."""
    for start in range(0, len(body), 65536):
        yield body[start : start + 65536]
        await asyncio.sleep(0)


async def test_a_body_without_announced_length_is_taken() -> None:
    async with site(new_broker()) as here:
        assert (await here.post("/v1/events", iter_of(event(1, 200_000)), JSON)).status == 200
        assert len(here.values()) == 1


async def test_many_empty_streams_in_one_body_cost_no_time() -> None:
    async with site(new_broker()) as here:
        body = gzip.compress(b"") * 50_000
        reply = await here.post("/v1/events", body, {**JSON, "Content-Encoding": "gzip"})
        assert reply.status == 400
        assert b"too many streams" in reply.body


async def test_a_body_that_does_not_come_is_given_up() -> None:
    async with site(new_broker(), body_seconds=0.2) as here:
        reader, writer = await asyncio.open_connection("127.0.0.1", here.server.port)
        writer.write(b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc")
        answer = await reader.read(-1)
        assert answer.startswith(b"HTTP/1.1 408")
        writer.close()
        assert here.server._bodies.used == 0


async def test_a_client_that_leaves_in_the_middle_leaves_nothing_behind() -> None:
    async with site(new_broker()) as here:
        _, writer = await asyncio.open_connection("127.0.0.1", here.server.port)
        writer.write(b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc")
        await writer.drain()
        await until(lambda: here.server._bodies.used > 0)
        writer.close()
        await until(lambda: here.server._bodies.used == 0)


@pytest.mark.parametrize("size", [10, 500_000])
async def test_a_client_that_has_closed_its_side_gets_its_answer(size: int) -> None:
    async with site(new_broker()) as here:
        reader, writer = await asyncio.open_connection("127.0.0.1", here.server.port)
        body = event(1, size)
        head = b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body)
        writer.write(head + body)
        writer.write_eof()
        async with asyncio.timeout(30.0):
            answer = await reader.read(-1)
        assert answer.startswith(b"HTTP/1.1 200") and answer.count(b"HTTP/1.1") == 1
        writer.close()
        assert len(here.values()) == 1


@pytest.mark.parametrize("head, more", [
    (b"Content-Length: 100\r\n\r\nabc", b"d"),
    (b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc", b"\r\n"),
])  # fmt: skip
async def test_who_is_let_go_while_a_body_comes_leaves_no_word_in_the_log(
    head: bytes, more: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with site(new_broker()) as here:
        reader, writer = await asyncio.open_connection("127.0.0.1", here.server.port)
        writer.write(b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\n" + head)
        await until(lambda: here.server._bodies.used > 0)
        (connection,) = here.server._runner.server.connections  # type: ignore[union-attr]
        # In one turn of the loop, as a crowd of clients has it: more comes, and room is made before anybody reads it.
        assert isinstance(connection, Connection)
        connection.data_received(more)
        connection.let_go()
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()
        await until(lambda: here.server._bodies.used == 0)
    assert not caplog.records


async def test_a_token_is_asked_for_and_guessing_ends() -> None:
    async with site(new_broker(), token=TOKEN) as here:
        assert (await here.post("/v1/events", event(1), JSON)).status == 401
        right = {**JSON, "Authorization": f"Bearer {TOKEN}"}
        assert (await here.post("/v1/events", event(1), right)).status == 200
        assert (await here.get("/metrics")).status == 200
        statuses = {
            (await here.post("/v1/events", event(1), {**JSON, "Authorization": f"Bearer wrong{n}"})).status
            for n in range(20)
        }
        assert statuses == {401, 429}
        # Behind a NAT or an ingress all senders have one address: who has the token is kept out by nobody.
        assert (await here.post("/v1/events", event(1), right)).status == 200
        wrong = await here.post("/v1/logs", b"{}", {**JSON, "Authorization": "Bearer wrong"})
        assert wrong.status == 429
        assert 5 <= int(wrong.headers["Retry-After"]) <= 6, "one more wrong token each six seconds"
    assert TOKEN not in repr(here.server._config)


async def test_beyond_loopback_a_token_is_a_must() -> None:
    with pytest.raises(ConfigError, match=r"ingest: host 0\.0\.0\.0 is beyond loopback"):
        async with site(new_broker(), host="0.0.0.0"):
            pass


async def test_a_page_in_a_browser_may_not_send() -> None:
    async with site(new_broker()) as here:
        assert (await here.post("/v1/events", event(1), {**JSON, "Origin": "https://evil.example"})).status == 403
        assert (await here.post("/v1/events", event(1), {**JSON, "Host": "evil.example"})).status == 421
        assert here.values() == []


async def test_other_paths_methods_and_types() -> None:
    async with site(new_broker()) as here:
        assert (await here.post("/v2/events", event(1), JSON)).status == 404
        assert (await here.get("/v1/events")).status == 405
        assert (await here.post("/metrics", b"")).status == 405
        assert (await here.post("/v1/litellm", event(1), {"Content-Type": "image/png"})).status == 415
        assert (await here.post("/v1/events", event(1), {**JSON, "Content-Encoding": "br"})).status == 415
        assert (await here.post("/v1/events", b"", JSON)).status == 400


async def test_a_record_larger_than_kafkas_limit_is_413() -> None:
    broker = new_broker()
    broker.largest[TOPIC] = 1000
    async with site(broker) as here:
        assert (await here.post("/v1/events", event(1, 5000), JSON)).status == 413
        assert (await here.post("/v1/events", event(1, 10), JSON)).status == 200
    async with site(new_broker(), max_record_bytes=2000) as here:
        assert (await here.post("/v1/events", event(1, 5000), JSON)).status == 413


async def test_stopping_finishes_what_is_under_way() -> None:
    broker, gate = new_broker(), asyncio.Event()
    async with site(broker, new_sink=lambda: GatedSink(broker, gate)) as here:
        call = asyncio.create_task(here.post("/v1/events", event(1), JSON))
        await until(lambda: here.courier.state().pending_bytes > 0)
        stopping = asyncio.create_task(here.server.stop())
        await asyncio.sleep(0)
        gate.set()
        assert (await call).status == 200
        await stopping
        assert len(broker.log(TOPIC)) == 1


HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Content-Type": st.sampled_from(
            [
                "application/json",
                "application/x-protobuf",
                "application/cloudevents+json",
                "application/cloudevents-batch+json",
                "text/event-stream",
                "application/x-ndjson",
                "",
            ]
        ),
        "Content-Encoding": st.sampled_from(["gzip", "deflate", "identity"]),
        "ce-type": st.sampled_from(["org.kubeflow.serving.inference.request", "%zz", "x"]),
        "ce-id": st.text("abc%20\t", max_size=8),
        "ce-metadata": st.sampled_from(['{"a":["b"]}', "[", '{"Inference-Header-Content-Length":["3"]}']),
        "x-request-id": st.text("ab-", max_size=8),
    },
)
FRAGMENTS = st.sampled_from(
    [
        *(b"{", b"}", b"[", b"]", b",", b"\n", b"0", b"NaN", b"\\ud800", b"\x1f\x8b", b"\x0a\x02\x12\x00"),
        *(b'"id":"1"', b'"model":"m"', b'"input":{"text":"x"}', b'{"call_type":"x"}'),
        b'{"specversion":"1.0","type":"a.request","data":{}}',
    ]
)
BODIES = st.binary(max_size=200) | st.lists(FRAGMENTS, max_size=12).map(b"".join)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(sorted(ROUTES)), body=BODIES, headers=HEADERS, pack=st.booleans())
def test_no_bytes_on_any_path_are_an_internal_error_or_stay_in_memory(
    path: str, body: bytes, headers: dict[str, str], pack: bool
) -> None:
    async def check() -> None:
        async with site(new_broker()) as here:
            reply = await here.post(path, gzip.compress(body) if pack else body, headers)
            assert reply.status in (200, 202, 400, 413, 415), (reply.status, reply.body)
            assert here.server._bodies.used == 0
            assert here.courier.state().pending_bytes == 0
            here.events()  # raises when a worker could not read what was acknowledged

    asyncio.run(check())
