"""The configuration of a running worker: its file is looked at, and taken as a whole or not at all."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Callable, Sequence

from agent import __version__
from agent.clock import Clock, iso_time
from agent.errors import ConfigError, HarmwatchError
from agent.metrics import Metrics
from streams.audit import AuditLog, ConfigChange, Outcome, Trigger
from streams.config import WorkerConfig
from streams.config_file import ConfigFile, user_name
from streams.live_keys import changed_keys, is_live

__all__ = ["Reloader"]

_logger = logging.getLogger(__name__)

#: How long a changed file must stay as it is before it is taken: editors write in several steps, and half a
#: configuration may well be a valid one.
_SETTLE_SECONDS = 1.0


class Reloader:
    """Looks at the file on SIGHUP and every ``reload.watch_seconds``, and hands a changed configuration on.

    A change is found by content, whether the file was written, renamed into place, or is behind a link that was turned
    to another. Of several changes within a second only the last is seen. SIGHUP takes the file as it is; it also tries
    again one that was refused, which the watch leaves alone until it is changed.

    Parameters
    ----------
    file, config
        What the worker was started with.
    apply
        Makes a configuration run that differs in live keys alone (`streams.live_keys`), at once and wholly.
        ConfigError refuses it, and nothing may have changed then.
    check
        Raises ConfigError for what is wrong with a configuration that needs a restart, where that can be told without
        starting a worker. It is called in a thread, and changes nothing but the reason of the refusal.
    revise
        Makes of what the file says what this process is to run.

    Attributes
    ----------
    config
        What runs.
    """

    def __init__(
        self,
        file: ConfigFile,
        config: WorkerConfig,
        *,
        apply: Callable[[WorkerConfig], None],
        check: Callable[[WorkerConfig], object],
        audit: AuditLog,
        metrics: Metrics,
        clock: Clock,
        revise: Callable[[WorkerConfig], WorkerConfig] = lambda config: config,
    ) -> None:
        self.config = config
        self._revise = revise
        self._running = file
        self._apply = apply
        self._check = check
        self._audit = audit
        self._metrics = metrics
        self._clock = clock
        self._seen = file.mark
        self._noticed = ""
        self._asked = asyncio.Event()
        self._looking = asyncio.Lock()

    def request(self) -> None:
        """Look now; for a signal handler of the event loop."""
        self._asked.set()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Watch, and write down what happens; the start first."""
        self._note("start", self._running, "", "started")
        tasks = [asyncio.create_task(self._watch()), asyncio.create_task(self._audit.run())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._audit.close()

    async def look(self, trigger: Trigger, by: str = "") -> ConfigChange | None:
        """One look at the file; what came of it, None when there was nothing to take or to refuse.

        ``by`` is who asked over HTTP. One look at a time: two would take the same file twice.
        """
        async with self._looking:
            return await self._look(trigger, by)

    async def _look(self, trigger: Trigger, by: str) -> ConfigChange | None:
        found = await asyncio.to_thread(ConfigFile.look, self._running.path)
        if trigger == "file":
            if found.mark == self._seen:
                self._noticed = ""
                return None
            if found.mark != self._noticed:
                self._noticed = found.mark
                return None
        elif found.mark == self._running.mark == self._seen:
            _logger.info("config_unchanged trigger=%s", trigger)
            return None
        self._seen, self._noticed = found.mark, ""
        return await self._take(found, trigger, by)

    async def _take(self, found: ConfigFile, trigger: Trigger, by: str) -> ConfigChange:
        old, keys, restart = self._running.sha256, [], []
        try:
            config = self._revise(await asyncio.to_thread(found.replacement))
            keys = changed_keys(self.config, config)
            restart = [key for key in keys if not is_live(key)]
            if restart:
                await asyncio.to_thread(self._check, config)
                raise ConfigError(f"{found.path}: restart the worker to change {', '.join(restart)}; nothing was taken")
            self._apply(config)
        except HarmwatchError as error:
            return self._refused(found, trigger, str(error), keys, restart, by)
        # Whatever it is, the worker goes on with what it has.
        except Exception as error:
            return self._refused(
                found, trigger, f"cannot be taken ({type(error).__name__}); this is a bug", keys, [], by
            )
        self.config, self._running = config, found
        self._metrics.config_reload(self._clock.now(), applied=True, sha256=found.sha256)
        return self._note(trigger, found, old, "applied", keys=keys, by=by)

    def _refused(
        self, found: ConfigFile, trigger: Trigger, reason: str, keys: Sequence[str], restart: Sequence[str], by: str
    ) -> ConfigChange:
        self._metrics.config_reload(self._clock.now(), applied=False)
        line = " ".join(reason.split())
        return self._note(trigger, found, self._running.sha256, "refused", line, keys, restart, by)

    def _note(
        self,
        trigger: Trigger,
        found: ConfigFile,
        old_sha256: str,
        outcome: Outcome,
        reason: str = "",
        keys: Sequence[str] = (),
        restart_keys: Sequence[str] = (),
        by: str = "",
    ) -> ConfigChange:
        kafka = self.config.kafka
        change = ConfigChange(
            time=iso_time(self._clock.now()),
            worker=kafka.worker_name,
            group=kafka.group_id,
            version=__version__,
            trigger=trigger,
            file=str(found.path),
            owner=found.owner,
            user=user_name(os.geteuid()),
            modified=iso_time(found.modified) if found.modified else "",
            old_sha256=old_sha256,
            new_sha256=found.sha256,
            outcome=outcome,
            reason=reason,
            keys=list(keys),
            restart_keys=list(restart_keys),
            by=by,
        )
        self._audit.note(change)
        return change

    async def _watch(self) -> None:
        if not self._running.watchable:
            _logger.info("config_not_watched reason=it is no regular file")
        while True:
            trigger: Trigger = "signal" if await self._asked_within(self._pause()) else "file"
            try:
                await self.look(trigger)
            # Watching must outlive whatever a look dies of.
            except Exception as error:
                _logger.warning("config_not_looked_at error=%s", type(error).__name__)

    def _pause(self) -> float | None:
        watch = self.config.reload.watch_seconds
        if not (watch and self._running.watchable):
            return None
        return min(watch, _SETTLE_SECONDS) if self._noticed else watch

    async def _asked_within(self, seconds: float | None) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._asked.wait()
        except TimeoutError:
            return False
        self._asked.clear()
        return True
