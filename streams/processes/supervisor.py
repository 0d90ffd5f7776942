"""Keeps the processes of one worker: starts them together, again when one dies, and ends them all.

Nothing here divides work: each process is a member of the consumer group, and Kafka divides the partitions.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import signal
from typing import Final

from agent.clock import Clock
from agent.errors import ConfigError, HarmwatchError
from agent.metrics.merged import MergedMetrics
from streams.config import WorkerConfig
from streams.config_file import ConfigFile
from streams.processes.life import Life, error_of, launch
from streams.processes.settings import hello_for, with_processes
from streams.processes.wire import Hello

__all__ = ["Supervisor"]

_logger = logging.getLogger(__name__)

_LOOK_SECONDS: Final = 1.0
_FIRST_PAUSE_SECONDS: Final = 0.5
_LONGEST_PAUSE_SECONDS: Final = 30.0
#: Whoever has lived so long begins with the first pause again.
_LIVED_SECONDS: Final = 60.0
#: Beyond the time for draining: for the clients' own ends, and for the last threads.
_MORE_SECONDS: Final = 30.0
#: Of a file's SHA-256, as processes tell it.
_DIGITS: Final = 12


class Supervisor:
    """Of ``count`` processes.

    Parameters
    ----------
    file, config
        What the worker runs, with ``processes`` of the command line in place of the file's.

    Attributes
    ----------
    lives
        By number, the process that runs or ran last.
    """

    def __init__(
        self,
        file: ConfigFile,
        config: WorkerConfig,
        count: int,
        processes: int | str | None,
        metrics: MergedMetrics,
        clock: Clock,
    ) -> None:
        self.count = count
        self.lives: dict[int, Life] = {}
        self._file = file
        self._config = config
        self._processes = processes
        self._metrics = metrics
        self._clock = clock
        # Where the configuration has none, all processes of this worker share one, as if they were one.
        self._hash_key = secrets.token_hex(32)
        self._stop = asyncio.Event()
        self._failure: HarmwatchError | None = None
        self._warned_of_partitions = False
        self._owed_a_look: set[int] = set()

    @property
    def stopping(self) -> bool:
        """It was asked to end, or one of the processes has ended on purpose."""
        return self._stop.is_set()

    def install_signals(self, loop: asyncio.AbstractEventLoop) -> None:
        """SIGTERM and SIGINT drain all; a second one ends all at once. SIGHUP has each look at the file."""

        def drain(number: signal.Signals) -> None:
            if self.stopping:
                self._end_at_once(number)
            _logger.info("draining signal=%s", number.name)
            self._stop.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, drain, number)
        look = self._look_at_the_file
        signal.signal(signal.SIGHUP, lambda _number, _frame: loop.is_closed() or loop.call_soon_threadsafe(look))

    async def run(self) -> None:
        """Start all, and keep them until asked to stop.

        Raises
        ------
        HarmwatchError
            What one of them ended with: the others have drained. ConfigError, before any has begun to work, when the
            configuration does.
        """
        keeping: list[asyncio.Task[None]] = []
        watching = asyncio.create_task(self._watch())
        try:
            await self._start_together()
            keeping = [asyncio.create_task(self._keep(number)) for number in self.lives]
            await self._stop.wait()
        finally:
            for task in keeping:
                task.cancel()
            await asyncio.gather(*keeping, return_exceptions=True)
            await self._end()
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        if self._failure is not None:
            raise self._failure

    def take_counts(self) -> None:
        """Add to the metrics what the processes have told since it was done last."""
        for life in self.lives.values():
            self._take(life)

    async def _start_together(self) -> None:
        """What is wrong with the configuration is told once, before any connects to a broker."""
        for number in range(1, self.count + 1):
            self.lives[number] = await launch(self._hello(number), self._clock)
        building = [asyncio.create_task(life.built()) for life in self.lives.values()]
        stopping = asyncio.create_task(self._stop.wait())
        try:
            waiting: set[asyncio.Task[object]] = {*building}
            while waiting and not self.stopping:
                done, waiting = await asyncio.wait({*waiting, stopping}, return_when=asyncio.FIRST_COMPLETED)
                waiting.discard(stopping)
                for task in done - {stopping}:
                    task.result()
        finally:
            for task in (*building, stopping):
                task.cancel()
            await asyncio.gather(*building, stopping, return_exceptions=True)
        if self.stopping:
            return
        for life in self.lives.values():
            self._metrics.keep_models(life.models)
            life.go()

    async def _keep(self, number: int) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while True:
            life, began = self.lives[number], self._clock.monotonic()
            await life.ended.wait()
            self._take(life)
            if life.failed is not None:
                self._fail(error_of(life.failed))
                return
            _logger.error("process_died process=%d code=%s", number, life.process.returncode)
            if self._clock.monotonic() - began > _LIVED_SECONDS:
                pause = _FIRST_PAUSE_SECONDS
            await asyncio.sleep(pause)
            pause = min(2.0 * pause, _LONGEST_PAUSE_SECONDS)
            self._metrics.process_restarted()
            try:
                was_up = life.again or life.state is not None
                life = self.lives[number] = await launch(self._hello(number), self._clock)
                life.again = was_up
                await life.built()
            except ConfigError as error:
                self._fail(error)
                return
            except (HarmwatchError, OSError) as error:
                _logger.warning("process_not_started process=%d reason=%s", number, error)
                continue
            life.go()

    def _fail(self, error: HarmwatchError) -> None:
        """One that ends on purpose would end on purpose again: a bad deploy stops."""
        if self._failure is None:
            self._failure = error
        if not self.stopping:
            _logger.error("draining reason=%s", error)
        self._stop.set()

    async def _watch(self) -> None:
        """Ask each how it is; end one that has hung for as long as a worker may stand still."""
        while True:
            lives = [life for life in self.lives.values() if life.following and not life.ended.is_set()]
            await asyncio.gather(*(life.look("state", _LOOK_SECONDS) for life in lives))
            self.pass_on_looks()
            self.follow_the_file()
            for life in lives:
                if life.silence > self._config.tap.stall_seconds:
                    _logger.error("process_hung process=%d silent_seconds=%.0f", life.number, life.silence)
                    life.signal(signal.SIGKILL)
            self._warn_of_partitions(lives)
            await asyncio.sleep(_LOOK_SECONDS)

    def _warn_of_partitions(self, lives: list[Life]) -> None:
        partitions = max((life.state.partitions for life in lives if life.state is not None), default=0)
        if not self._warned_of_partitions and 0 < partitions < self.count:
            self._warned_of_partitions = True
            _logger.warning(
                "more_processes_than_partitions processes=%d partitions=%d idle=%d lower=worker.processes",
                *(self.count, partitions, self.count - partitions),
            )

    def pass_on_looks(self) -> None:
        """Have those look at the file who have not been told yet, and can hear it.

        A process that starts does not: SIGHUP would end it, and with it all of them, and one that is being put together
        passes it over. Its first answer says that it can.
        """
        for number in sorted(self._owed_a_look):
            life = self.lives.get(number)
            if life is not None and life.running:
                self._owed_a_look.discard(number)
                life.signal(signal.SIGHUP)

    def _look_at_the_file(self) -> None:
        self._owed_a_look = set(range(1, self.count + 1))
        self.pass_on_looks()

    def _hello(self, number: int) -> Hello:
        return hello_for(self._file, number, self.count, self._hash_key, self._processes)

    def follow_the_file(self) -> None:
        """A process that is started later runs what the others do: what of the file they have taken, and no more.

        What they were not asked to take, or refused, would have it judge by other rules than theirs, or end them all.
        """
        running = {life.state.configuration for life in self.lives.values() if life.running and life.state is not None}
        if not self._file.watchable or running <= {"", self._file.sha256[:_DIGITS]}:
            return
        found = ConfigFile.look(self._file.path)
        if found.sha256 == self._file.sha256 or found.sha256[:_DIGITS] not in running:
            return  # still taking it, or it was changed once more
        with contextlib.suppress(HarmwatchError):
            self._file, self._config = found, with_processes(found.replacement(), self._processes)

    def _take(self, life: Life) -> None:
        snapshot = life.take_snapshot()
        if snapshot is not None:
            self._metrics.take(life.counts, snapshot)

    async def _end(self) -> None:
        """Drain all at once; end those that take too long."""
        lives = [life for life in self.lives.values() if not life.ended.is_set()]
        for life in lives:
            life.signal(signal.SIGTERM)
        tap = self._config.tap
        bound = tap.drain_seconds + tap.revoke_seconds + _MORE_SECONDS
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(bound):
                await asyncio.gather(*(life.process.wait() for life in lives))
        for life in lives:
            if life.process.returncode is None:
                _logger.error("process_killed process=%d reason=it has not drained within %.0f s", life.number, bound)
                self._failure = self._failure or HarmwatchError(f"process {life.number} did not drain in time")
                await life.kill()
            elif life.following and life.process.returncode < 0:
                _logger.error("process_died process=%d code=%s", life.number, life.process.returncode)
        for life in lives:
            if life.following:
                await life.ended.wait()
            self._take(life)
            if life.failed is not None and self._failure is None:
                self._failure = error_of(life.failed)

    def _end_at_once(self, number: signal.Signals) -> None:
        for life in self.lives.values():
            life.signal(signal.SIGKILL)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
