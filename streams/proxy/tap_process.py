"""The tap's process: makes records of copies, delivers or scores them, and serves the web port.

``python -m streams.proxy.tap_process FD`` with one end of a socket pair; started by `streams.proxy.handover`. It ends
when the other end does, whatever became of the data plane, and settles before what it has.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import platform
import signal
import socket
import sys
from collections import Counter
from typing import Any, Final

import msgspec

from agent import __version__
from agent.clock import Clock, SystemClock
from agent.errors import ConfigError, HarmwatchError, InUse
from agent.metrics.catalogue_edge import PROXY_METRICS
from agent.metrics.edge import EdgeMetrics
from agent.metrics.frozen import FrozenMetrics
from streams.config import WorkerConfig
from streams.courier.build import quieten
from streams.proxy import messages
from streams.proxy.capture import Captured
from streams.proxy.core_sink import CoreSink
from streams.proxy.counts import Counts
from streams.proxy.custody import Custody
from streams.proxy.events import EventMaker, RecentIds
from streams.proxy.kafka_sink import CourierTapSink
from streams.proxy.settings import proxy_config
from streams.web import ConsoleApi, Health, Readiness, WebServer
from streams.web.tls import server_tls

__all__ = ["TapProcess", "main"]

_logger = logging.getLogger(__name__)

#: So long without a word from the data plane, and it counts as stuck.
_SILENCE_SECONDS: Final = 10.0
#: A dropped tap is what health tells for so long.
_DROPPED_SECONDS: Final = 60.0
_ANSWER_SECONDS: Final = 0.1
_LIFE_SECONDS: Final = 5.0  # far below the silence after which `streams.proxy.handover` starts another process
_ATTEMPT_SECONDS: Final = 1.0
_NICENESS: Final = 5
_TEXTS_A_TURN: Final = 16


class TapProcess:
    """The parts, put together from the configuration.

    Raises
    ------
    ConfigError
        When it cannot be done so.
    """

    def __init__(self, config: WorkerConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        tap, web = config.proxy.tap, config.web
        topic = tap.topic or config.topics.events[0]
        self.metrics = EdgeMetrics(PROXY_METRICS)
        self.metrics.set("harmwatch_proxy_build_info", 1.0, __version__, platform.python_version())
        self.metrics.set("harmwatch_proxy_start_time_seconds", clock.now())
        self._core = CoreSink(config, topic, clock) if tap.sink == "core" else None
        self._courier = CourierTapSink(config, topic, clock) if tap.sink == "kafka" else None
        sink = self._core or self._courier
        assert sink is not None
        self.sink: CoreSink | CourierTapSink = sink
        self._maker = EventMaker(topic, tap.source, tap.ids == "own", tap.max_record_bytes, RecentIds())
        self.custody = Custody(sink, self._maker, tap.max_queue_bytes, clock)
        self.counts = Counts()
        self._heard = clock.monotonic()
        self._dropped = 0
        self._dropped_at = float("-inf")
        status = self._core.status if self._core is not None else None
        self.web = WebServer(
            web.host,
            web.port,
            self.freeze_metrics,
            self.health,
            self.readiness,
            web.token.get_secret_value() if web.token else None,
            status.snapshot if status is not None else self._nothing_to_show,
            live=self.liveness,
            api=ConsoleApi(status.console, None) if status is not None else None,
            tokens_file=web.tokens_file,
            tls=server_tls(web.tls, clock=clock),
            limits=web.limits.rates,
        )

    def take_counts(self, counts: Counts) -> None:
        """The data plane has told how it is."""
        self.counts = counts
        self._heard = self._clock.monotonic()
        dropped = sum(counts.dropped.values()) + self.custody.dropped.total()
        if dropped > self._dropped:
            self._dropped, self._dropped_at = dropped, self._heard

    # -- what the web port tells -------------------------------------------------------------------------------------

    def health(self) -> Health:
        """Well: the data plane passes requests, and no tap is lost."""
        live = self.liveness()
        if not live.alive:
            return live
        if self._clock.monotonic() - self._dropped_at < _DROPPED_SECONDS:
            return Health(False, "taps have been dropped in the last minute")
        if self._courier is not None and self._courier.waits_for:
            return Health(False, self._courier.waits_for)
        return self._core.status.health() if self._core is not None else Health(True, "running")

    def liveness(self) -> Health:
        """A restart helps when the data plane is stuck, and never because of a tap: requests would fail for it."""
        silence = self._clock.monotonic() - self._heard
        if silence > _SILENCE_SECONDS:
            return Health(False, f"the data plane has said nothing for {silence:.0f} s")
        return Health(True, "running")

    def readiness(self) -> Readiness:
        """Requests are taken. That models are warm, or Kafka is there, they do not wait for."""
        return Readiness(not self.counts.draining, ("draining",) if self.counts.draining else ())

    def freeze_metrics(self) -> FrozenMetrics:
        """What a scrape sees."""
        self._tell_metrics()
        own = self.metrics.freeze()
        return own if self._core is None else self._core.status.freeze_metrics().beside(own)

    def _tell_metrics(self) -> None:
        counts = self.counts

        def total(name: str, value: float, *labels: str) -> None:
            self.metrics.set(f"harmwatch_proxy_{name}", float(value), *labels)

        for outcome, number in counts.requests.items():
            total("requests_total", number, outcome)
        for reason, number in counts.passed_untapped.items():
            total("not_tapped_total", number, reason)
        for status_class in range(1, 6):
            number = sum(n for status, n in counts.statuses.items() if status // 100 == status_class)
            if number:
                total("responses_total", number, f"{status_class}xx")
        dropped = Counter(counts.dropped) + self.custody.dropped
        if self._courier is not None and self._courier.too_large:
            dropped["too_large"] += self._courier.too_large
        for reason, number in dropped.items():
            total("taps_dropped_total", number, reason)
        total("response_bytes_total", counts.response_bytes)
        total("taps_total", counts.copied)
        total("taps_truncated_total", counts.truncated)
        total("taps_cut_total", counts.cut)
        total("repeated_ids_total", self._maker.repeated_ids)
        total("tap_restarts_total", counts.restarts)
        total("connections", counts.clients, "client")
        total("connections", counts.servers, "server")
        total("open_requests", counts.open_requests)
        total("slowest_turn_seconds", counts.slowest_turn_seconds)
        total("held_bytes", counts.captured_bytes, "open")
        total("held_bytes", counts.backlog_bytes, "backlog")
        total("held_bytes", self.custody.queued_bytes, "queue")
        if self._courier is None:
            total("taps_kept_total", self.custody.settled - self.custody.dropped.total(), "core")
            return
        to_kafka, to_spool = self._courier.kept
        total("taps_kept_total", to_kafka, "kafka")
        total("taps_kept_total", to_spool, "spool")
        state = self._courier.state()
        total("kafka_connected", float(state.connected))
        limit = self._config.proxy.tap.spool_max_bytes
        total("spool_limit_bytes", 0 if state.spool is None else limit)
        if state.spool is not None:
            total("held_bytes", state.spool.bytes, "spool")
            total("spool_records", state.spool.records)
            total("spool_damaged_total", state.spool.damaged_segments, "segment")
            total("spool_damaged_total", state.spool.set_aside_records, "record")

    def _nothing_to_show(self) -> dict[str, Any]:
        return {"version": __version__, "now": self._clock.now()}

    # -- its life ------------------------------------------------------------------------------------------------------

    async def open_web(self) -> int:
        """Serve the web port; gives it back, or 0 when it comes later: who has our spool has the port as well.

        Raises
        ------
        ConfigError
            When it cannot be bound.
        """
        try:
            await self.web.start()
        except InUse:
            if self._courier is None or not self._courier.waits_for:
                raise
            return 0
        return self.web.port

    async def run(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take copies until the data plane's end, then settle what there is."""
        starting = asyncio.create_task(self.sink.start())
        working = asyncio.create_task(self._work(starting))
        telling = asyncio.create_task(self._tell(writer))
        reading = asyncio.create_task(self._read(reader))
        opening = asyncio.create_task(self._open_web_later(starting))
        try:
            await asyncio.wait([working, reading], return_when=asyncio.FIRST_COMPLETED)
            for task in (working, reading):
                if task.done():
                    task.result()
            if not self.counts.draining:  # the data plane was killed: the next one's tap is to have the port
                opening.cancel()
                await self.web.stop()
            await self.custody.finish(self._config.proxy.tap.stop_seconds)
            await self.sink.stop()
        finally:
            tasks = (starting, working, telling, reading, opening)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._tell_custody(writer)
            await self.web.stop()

    async def _open_web_later(self, starting: asyncio.Task[None]) -> None:
        await asyncio.wait([starting])
        while not self.web.listens:
            await asyncio.sleep(_ATTEMPT_SECONDS)
            with contextlib.suppress(ConfigError):
                await self.web.start()

    async def _work(self, starting: asyncio.Task[None]) -> None:
        await starting
        await self.custody.run()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        taken = 0
        while (word := await messages.read_word(reader)) is not None:
            if isinstance(word, Captured):
                self.custody.take(word)
                taken += 1
                if taken % _TEXTS_A_TURN == 0:
                    await asyncio.sleep(0)  # what is buffered is read without a pause otherwise
            elif isinstance(word, Counts):
                self.take_counts(word)

    async def _tell(self, writer: asyncio.StreamWriter) -> None:
        told, told_at = -1, float("-inf")
        while True:
            now = self._clock.monotonic()
            if self.custody.settled != told or now - told_at >= _LIFE_SECONDS:
                told, told_at = self.custody.settled, now
                self._tell_custody(writer)
            await asyncio.sleep(_ANSWER_SECONDS)

    def _tell_custody(self, writer: asyncio.StreamWriter) -> None:
        if not writer.is_closing():
            writer.write(messages.encode(_encoder, messages.Custody(self.custody.settled)))


_encoder = msgspec.msgpack.Encoder()


async def _serve(descriptor: int) -> int:
    quieten(asyncio.get_running_loop())
    reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=descriptor), limit=1 << 20)
    hello = await messages.read_word(reader)
    if not isinstance(hello, messages.Hello):
        return 1
    try:
        config = proxy_config(hello.content, hello.origin, hello.overrides)
        logging.getLogger().setLevel(config.log_level)
        process = TapProcess(config, SystemClock())
        web_port = await process.open_web()
    except HarmwatchError as error:
        writer.write(messages.encode(_encoder, messages.Failed(str(error), isinstance(error, ConfigError))))
        await writer.drain()
        return 2
    writer.write(messages.encode(_encoder, messages.Ready(web_port)))
    try:
        await process.run(reader, writer)
    except HarmwatchError as error:
        _logger.error("tap_process_failed error=%s", error)
        return 1
    finally:
        writer.close()
    return 0


def main(descriptor: int) -> int:
    """Serve on one end of a socket pair until the other end closes; gives back the exit code."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # meant for the data plane, whose calls have yet to be settled here
    with contextlib.suppress(OSError):
        os.nice(_NICENESS)
    logging.basicConfig(
        stream=sys.stderr,
        level=os.environ.get("HARMWATCH_LOG_LEVEL", "WARNING").upper(),
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    for noisy in ("aiokafka", "kafka", "faust", "mode"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    return asyncio.run(_serve(descriptor))


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1])))
