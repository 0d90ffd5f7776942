"""The Faust application beside the tap: its agents serve the topics of low rate. The only file that imports faust.

The hot path is the tap's own consumer (DESIGN decision 1). Faust runs in the same event loop, and `Host` owns both; but
the tap does not depend on it: when the application crashes (a stalled or fenced consumer, faust-streaming#175, #523)
it is built anew while the tap goes on. There are no Faust Tables, and no Faust web server.

Each worker is a Faust application, and so a consumer group, of its own: every worker reads all panes. Labels are not
read here but by `streams.label_feed`, since a group's offsets are committed by themselves, and not with window state.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import tempfile
from typing import Any

import faust
from aiokafka.errors import GroupAuthorizationFailedError, IllegalStateError, TopicAuthorizationFailedError
from faust.transport.drivers import aiokafka as driver
from faust.types.auth import CredentialsT
from mode.threads import WorkerThread

from agent.errors import TransportError
from streams.access.clients import client_options
from streams.config import KafkaConfig, WorkerConfig
from streams.kafka_state import KafkaStateReader
from streams.kafka_stop import stop_client
from streams.state_owner import StateOwner
from streams.status import Status
from streams.tap import Tap

__all__ = ["Host", "build_app"]

_logger = logging.getLogger(__name__)

_RESTART_SECONDS = 5.0
_STOP_SECONDS = 5.0
_WARNING_SECONDS = 60.0
_THREAD_SECONDS = 1.0
_ONE_SECONDS = 0.3
_MOST_ALONE = 500


class _Thread(WorkerThread):
    """The thread of Faust's consumer. It commits what was read of panes, which is read anew by a new process."""

    def __init__(self, service: Any, **options: Any) -> None:
        super().__init__(service, **options)
        # Faust's own is none, and Python waits for such a thread before it ends: for minutes while a broker that is
        # there answers nothing.
        self.daemon = True

    def stop(self) -> None:
        """Faust's own waits without a limit, and in our event loop."""
        self.is_stopped.wait(_THREAD_SECONDS)


class _ConsumerThread(driver.AIOKafkaConsumerThread):
    Worker = _Thread

    async def on_thread_stop(self) -> None:
        """Faust's own is ended by aiokafka's cancellation of itself while a broker is away, in the middle."""
        await super(driver.AIOKafkaConsumerThread, self).on_thread_stop()
        if self._consumer is not None:
            await stop_client(self._consumer)

    async def _fetch_records(
        self,
        consumer: Any,
        active_partitions: Any,
        timeout: float | None = None,  # noqa: ASYNC109  Faust's own
        max_records: int | None = None,
    ) -> Any:
        """Faust's own, and its application with it, ends at a record that aiokafka cannot read, at every start anew."""
        fetch = super()._fetch_records
        try:
            return await fetch(consumer, active_partitions, timeout, max_records)
        except UnicodeDecodeError:  # the name of a header, see `streams.kafka_source`
            found: dict[Any, Any] = {}
        for partition in sorted(consumer.assignment()):
            skipped = 0
            with contextlib.suppress(IllegalStateError):  # no longer ours
                following = await consumer.position(partition)
                consumer.seek(partition, following)
                for _ in range(_MOST_ALONE):
                    if consumer.highwater(partition) in (None, following):
                        break
                    try:
                        records = (await fetch(consumer, {partition}, _ONE_SECONDS, 1)).get(partition)
                    except UnicodeDecodeError:
                        skipped += 1
                        following += 1
                        consumer.seek(partition, following)
                        continue
                    if not records:
                        break
                    found.setdefault(partition, []).extend(records)
                    following = records[-1].offset + 1
            if skipped:
                _logger.warning("records_not_readable topic=%s partition=%d records=%d", *partition, skipped)
        return found

    def _log_slow_processing(self, *args: Any, **options: Any) -> None:
        """Faust takes the first record after five quiet minutes for one that nobody has worked at for five minutes.

        It goes by when a record came last, and when it committed last, and not by whether one waited. Panes are merged
        in milliseconds, and nothing waits for their commits. That nothing is fetched any more it says elsewhere.
        """


class _Consumer(driver.Consumer):
    def _new_consumer_thread(self) -> driver.AIOKafkaConsumerThread:
        return _ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    def close(self) -> None:
        """Leave ending to `stop`, which closes in order.

        Faust calls this when it is stopped while it joins its group. Its own closes the connections first, and in
        another thread than theirs; the coordinator, on its way out, then opens two that nobody closes.
        """


class _Transport(driver.Transport):
    Consumer = _Consumer


def side_group(config: WorkerConfig) -> str:
    """Each worker's own, so that each reads all panes."""
    return f"{config.kafka.group_id}-side-{config.kafka.worker_name}"


def build_app(config: WorkerConfig, status: Status, data_directory: str) -> faust.App:
    """The application with its agents, without the tap.

    Parameters
    ----------
    data_directory
        Faust insists on one, although nothing of ours is kept there; its default is the working directory.
    """
    kafka = config.kafka
    app = faust.App(
        side_group(config),
        broker=[f"kafka://{server.strip()}" for server in kafka.bootstrap_servers.split(",")],
        broker_credentials=_credentials(kafka),
        store="memory://",
        datadir=data_directory,
        web_enabled=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        consumer_auto_offset_reset="earliest",
        broker_client_id=f"harmwatch-side-{kafka.worker_name}",
        broker_session_timeout=kafka.session_timeout_seconds,
        broker_heartbeat_interval=max(0.5, kafka.session_timeout_seconds / 10),
        broker_request_timeout=max(90.0, kafka.session_timeout_seconds + 10),
        broker_max_poll_interval=600.0,
        stream_wait_empty=False,
    )

    app.transport = _Transport(app.conf.broker_consumer, app)

    def raw_topic(name: str) -> Any:
        return app.topic(name, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")

    @app.agent(raw_topic(config.topics.panes), name="panes")
    async def panes(stream: faust.StreamT[bytes]) -> None:
        """Window state of all workers, merged for the status page."""
        async for event in stream.events():
            if event.message.value is not None:
                status.take_pane(event.message.value, tuple(dict(event.message.headers or ()).items()))

    return app


class Host:
    """Runs the tap with the application beside it, and ends both."""

    def __init__(
        self,
        config: WorkerConfig,
        tap: Tap,
        status: Status,
        pane_partitions: int,
    ) -> None:
        self._pane_partitions = pane_partitions
        self._config = config
        self._tap = tap
        self._status = status

    async def run(self) -> None:
        """Until the tap has drained.

        Raises
        ------
        HarmwatchError
            What ended the tap.
        """
        side = asyncio.create_task(self._serve_side())
        try:
            await self._tap.run()
        finally:
            side.cancel()
            await asyncio.gather(side, return_exceptions=True)

    async def _serve_side(self) -> None:
        """Read the fleet, then serve the agents; begin anew after whatever goes wrong, while the tap goes on."""
        await self._read_fleet()
        clock, warn_at = asyncio.get_running_loop(), 0.0
        while True:
            try:
                with tempfile.TemporaryDirectory(prefix="harmwatch-side-") as data_directory:
                    await self._serve_app(data_directory)
            except Exception as error:  # whatever Faust dies of, the tap must not
                if clock.time() >= warn_at:  # its group may be denied for as long as there is a worker
                    _logger.warning("side_app_failed error=%s", self._why(error))
                    warn_at = clock.time() + _WARNING_SECONDS
            await asyncio.sleep(_RESTART_SECONDS)

    def _why(self, error: Exception) -> str:
        """A right that is missing by its name: of the error's own text nobody knows what it holds."""
        if isinstance(error, GroupAuthorizationFailedError):
            return f"this user may not read group {side_group(self._config)}; grant READ on it"
        if isinstance(error, TopicAuthorizationFailedError):
            return f"this user may not read topic {self._config.topics.panes}; grant READ on it"
        return type(error).__name__

    async def _serve_app(self, data_directory: str) -> None:
        app = build_app(self._config, self._status, data_directory)
        try:
            await app.start()
            await app.wait_until_stopped()
            if app.crash_reason is not None:
                # A crash of one of its services is no exception of anybody's.
                raise app.crash_reason
        finally:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_STOP_SECONDS):
                    await stop_client(app)

    async def _read_fleet(self) -> None:
        """What all workers have counted so far; the agent goes on from where its group was, which may be later."""
        reader = KafkaStateReader(self._config.kafka, rank=StateOwner.of(self._config).rank)
        try:
            for number in range(self._pane_partitions):
                for record in await reader(self._config.topics.panes, number):
                    if record.value is not None:
                        self._status.take_pane(record.value, record.headers)
                        await asyncio.sleep(0)
        except TransportError as error:
            _logger.warning("fleet_not_read reason=%s", error)


def _credentials(kafka: KafkaConfig) -> CredentialsT | None:
    if kafka.security_protocol == "PLAINTEXT":
        return None
    options = client_options(kafka)
    context = options.get("ssl_context")
    if kafka.security_protocol == "SSL":
        return faust.SSLCredentials(context)
    if kafka.sasl_mechanism == "OAUTHBEARER":
        return faust.OAuthCredentials(oauth_cb=options["sasl_oauth_token_provider"], ssl_context=context)
    return faust.SASLCredentials(
        username=options["sasl_plain_username"],
        password=options["sasl_plain_password"],
        ssl_context=context,
        mechanism=options["sasl_mechanism"],
    )
